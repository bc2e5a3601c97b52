r"""``-o custom-columns=HEADING:.path,…``: values as Go prints them, ``map[app:web]`` and ``[a b]``.

Of JSONPath there are names, escaped dots (``.metadata.labels.kubernetes\.azure\.com/agentpool``) and ``[*]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.aks.kubectl.outcomes import KubectlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from arm_emulator.compute.model import JsonObject

CUSTOM_COLUMNS = "custom-columns="
_MISSING = "<none>"
_STEP = re.compile(r"\.?(?P<name>(?:\\.|[^.\[\\])+)|(?P<all>\[\*\])")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    :param steps: names on the way to its value; ``[*]`` for every item of a list
    """

    heading: str
    steps: tuple[str, ...]

    def text(self, found: JsonObject) -> str:
        """What it shows of an object."""
        values = list(_values(found, self.steps))
        return ",".join(map(_in_go, values)) if values else _MISSING


def parse_columns(form: str) -> tuple[Column, ...]:
    """Read the value of ``-o``.

    :raises KubectlError: it is no such specification
    """
    words = form.removeprefix(CUSTOM_COLUMNS).split(",")
    if not all(words):
        raise KubectlError("error: custom-columns format specified but no custom columns given")
    return tuple(map(_column, words))


def column_lines(
    columns: Sequence[Column], objects: Iterable[JsonObject], *, has_headings: bool
) -> list[list[str]]:
    """The cells of every object, line by line."""
    headings = [[column.heading for column in columns]] if has_headings else []
    return [*headings, *([column.text(found) for column in columns] for found in objects)]


def _column(word: str) -> Column:
    heading, colon, path = word.partition(":")
    steps = tuple(_step(match) for match in _STEP.finditer(path))
    if not colon or _STEP.sub("", path) or not steps:
        raise KubectlError(
            f"error: unexpected custom-columns spec: {word}, expected <header>:<json-path-expr>"
        )
    return Column(heading, steps)


def _step(match: re.Match[str]) -> str:
    return match["all"] or re.sub(r"\\(.)", r"\1", match["name"])


def _values(found: object, steps: Sequence[str]) -> Iterator[object]:
    if not steps:
        yield found
    elif steps[0] == "[*]":
        for item in found if isinstance(found, list) else ():
            yield from _values(item, steps[1:])
    elif isinstance(found, dict) and steps[0] in found:
        yield from _values(found[steps[0]], steps[1:])


def _in_go(value: object) -> str:
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_in_go(value[key])}' for key in sorted(value))}]"
    if isinstance(value, list):
        return f"[{' '.join(map(_in_go, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return "<nil>" if value is None else str(value)
