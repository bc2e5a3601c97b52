"""Clocks for the record: what a call saw as the time is part of what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.clock import ClockError

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.clock import Clock


class RememberingClock:
    """Another clock, and every instant that it told since it was last asked for them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: list[datetime] = []

    @property
    def mode(self) -> str:
        """The other clock's."""
        return self._clock.mode

    def now(self) -> datetime:
        """The other clock's time, remembered."""
        self._told.append(self._clock.now())
        return self._told[-1]

    def start_at(self, instant: datetime) -> None:
        """Start the other clock."""
        self._clock.start_at(instant)

    def move_to(self, instant: datetime) -> None:
        """Move the other clock.

        :raises ClockError: it moves by itself.
        """
        self._clock.move_to(instant)

    def take_told(self) -> list[datetime]:
        """What it told since the last time; from here on it remembers anew."""
        told, self._told = self._told, []
        return told


class RepeatingClock:
    """Says again what a remembering clock said.

    :param mode: of the clock that spoke first.
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self._to_tell: list[datetime] = []

    def tell(self, instants: list[datetime]) -> None:
        """What to say next, in order."""
        self._to_tell = list(instants)

    def now(self) -> datetime:
        """The next instant; the last one stays."""
        return self._to_tell.pop(0) if len(self._to_tell) > 1 else self._to_tell[0]

    def start_at(self, instant: datetime) -> None:
        """Nothing: what it will say is known."""

    def move_to(self, instant: datetime) -> None:
        """Nothing, but a clock that refused then refuses now.

        :raises ClockError: the first clock was not manual.
        """
        if self.mode != "manual":
            raise ClockError(
                f"the clock cannot be moved to {instant.isoformat()}: it is {self.mode}, not manual"
            )
