"""One mapping of the phases file: its fields, each checked for its kind, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from fleetwright.domain.durations import parse_span
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.phase_checks import Place, PlanProblem, nearest


class Fields:
    """A mapping whose keys are read in camelCase or snake_case; a field without a value has its default.

    :param whose: what errors begin with: ``phase canary``; may be empty
    :param problems: where everything wrong is added
    """

    def __init__(
        self, value: object, known: Iterable[str], *, whose: str, place: Place, problems: list[PlanProblem]
    ) -> None:
        self._whose, self._place, self._problems = whose, place, problems
        self._known = tuple(known)
        self._values: dict[str, Any] = {}
        if isinstance(value, Mapping):
            for key, found in value.items():
                self._keep(str(key), found)
        else:
            self.refuse(f"{_shown(value)} is no mapping with keys such as {', '.join(self._known[:3])}")

    def get(self, key: str) -> Any:  # noqa: ANN401 - whatever the file says
        """The value as it stands in the file, None where there is none."""
        return self._values.get(key)

    def refuse(self, text: str, *more: str | int) -> None:
        """Add a problem.

        :param more: the way from here to what is wrong
        """
        whose = f"{self._whose}: " if self._whose else ""
        self._problems.append(PlanProblem(whose + text, (*self._place, *more)))

    def inner(self, key: str, known: Iterable[str]) -> Fields:
        """The mapping under a key, an empty one where there is none."""
        value = {} if self.get(key) is None else self.get(key)
        whose = f"{self._whose}: {key}"
        return Fields(value, known, whose=whose, place=(*self._place, key), problems=self._problems)

    def whole(self, key: str, usual: int, lowest: int, highest: int | None = None) -> int:
        """A whole number within its range."""
        value = self.get(key)
        if value is None:
            return usual
        if type(value) is int and lowest <= value and (highest is None or value <= highest):
            return value
        wanted = f"from {lowest} to {highest}" if highest is not None else f"of {lowest} or more"
        self.refuse(f"{key} is {_shown(value)}; it must be a whole number {wanted}", key)
        return usual

    def span(self, key: str, usual: timedelta) -> timedelta:
        """A length of time; a bare number has no unit and is refused."""
        value = self.get(key)
        if value is None:
            return usual
        try:
            return parse_span(value if isinstance(value, str) else f"{value}")
        except ConfigurationError:
            self.refuse(
                f"{key} is {_shown(value)}; it must be a length of time such as PT1H, 90m or 30s, 0s or more",
                key,
            )
            return usual

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of words, or one word."""
        value = self.get(key)
        items = [value] if isinstance(value, str) else value
        if items is None:
            return ()
        if not isinstance(items, list):
            self.refuse(f"{key} is {_shown(value)}; it must be a list of names", key)
            return ()
        for index, item in enumerate(items):
            if not isinstance(item, str) or not item.strip():
                self.refuse(f"{key} holds {_shown(item)}, which is no name", key, index)
        return tuple(item.strip() for item in items if isinstance(item, str) and item.strip())

    def _keep(self, written: str, value: object) -> None:
        key = re.sub(r"_+(\w)", lambda match: match[1].upper(), written)
        if key not in self._known:
            self.refuse(
                f"key {written} is unknown{nearest(key, self._known) or '; known: ' + ', '.join(self._known)}",
                written,
            )
        elif key in self._values:
            self.refuse(f"{key} is given twice, as {written} too", written)
        else:
            self._values[key] = value


def _shown(value: object) -> str:
    words = repr(value)
    return words if len(words) <= 60 else f"{words[:57]}..."
