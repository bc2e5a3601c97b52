"""What the files did not say, and what is assumed in its place: a line for each thing, whatever number of instances."""

from __future__ import annotations

from dataclasses import dataclass, field

_SHOWN = 10


@dataclass(slots=True)
class Notes:
    """The notes of an import, in the order in which the things were met."""

    _lines: dict[str, list[str]] = field(default_factory=dict)

    def note(self, words: str, *, instance: str | None = None) -> None:
        """Something that is missing or assumed.

        :param words: one line; of an instance it follows the ids: ``have no instanceView; assumed …``.
        """
        ids = self._lines.setdefault(words, [])
        if instance is not None:
            ids.append(instance)

    def lines(self) -> list[str]:
        """All of them."""
        return [f"{_named(ids)}{words}" for words, ids in self._lines.items()]


def _named(ids: list[str]) -> str:
    if not ids:
        return ""
    shown = ", ".join(ids[:_SHOWN])
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"{'instance' if len(ids) == 1 else 'instances'} {shown}{more}: "
