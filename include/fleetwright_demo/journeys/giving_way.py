"""Processes that give way: before some of their calls everybody else who is due goes first.

On one virtual clock nothing happens between two waits of a process. Real processes have no such luck: whatever one
has read, another may change before the first one acts on it.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from fleetwright_demo.journeys.shared_clock import SharedClock


class GivingWay:
    """A port before some calls of which others go first, as chance has it.

    :param share: of the calls
    """

    def __init__(self, inner: object, clock: SharedClock, chance: Random, share: float) -> None:
        self._inner = inner
        self._clock = clock
        self._chance = chance
        self._share = share

    def __str__(self) -> str:
        return str(self._inner)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has under that name
        found = getattr(self._inner, name)
        if not callable(found) or name.endswith("_async"):
            return found
        return self._slowed(found)

    def _slowed(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def slowed(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - handed on unread
            if self._chance.random() < self._share:
                self._clock.let_others()
            return call(*given, **named)

        return slowed
