"""A world document that is wrong: where, and what would be right."""

from __future__ import annotations

_LONGEST_QUOTE = 120


class WorldError(ValueError):
    """The first thing that is wrong with a world document.

    :param path: the keys and positions that lead to it.
    :param line: of the file, where there is one.
    """

    kind = "InvalidWorld"

    def __init__(self, message: str, *, path: tuple[str | int, ...] = (), line: int | None = None) -> None:
        self.path = path
        self.line = line
        self.message = message
        super().__init__(f"{path_words(path)}: {message}" if path else message)


def shortened(value: object) -> str:
    """A value as an error quotes it: a long one is cut, so that the error stays one readable line."""
    text = repr(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"


def path_words(path: tuple[str | int, ...]) -> str:
    """``scaleSets[0].resource.location``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text
