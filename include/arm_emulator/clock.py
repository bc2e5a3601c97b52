"""The world's clocks. The state asks nobody for the time: each request brings it along from one of these."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from arm_emulator.instants import DEFAULT_NOW

if TYPE_CHECKING:
    from collections.abc import Callable


class ClockError(ValueError):
    """A clock that does not exist, or one that was told to do what it cannot."""

    kind = "ClockError"


class Clock(Protocol):
    """Where the world's time comes from."""

    @property
    def mode(self) -> str:
        """The word that ``--clock`` takes for it."""

    def now(self) -> datetime:
        """The world's time."""

    def start_at(self, instant: datetime) -> None:
        """A world was loaded whose time is this instant."""

    def move_to(self, instant: datetime) -> None:
        """Move the world's time on; never back.

        :raises ClockError: this clock moves by itself.
        """


class RealClock:
    """The time of the machine; what a world says about now is ignored."""

    mode = "real"

    def now(self) -> datetime:
        """The machine's time."""
        return datetime.now(UTC)

    def start_at(self, instant: datetime) -> None:
        """Nothing: the machine's time is what it is."""

    def move_to(self, instant: datetime) -> None:
        """Refuse: this clock moves by itself."""
        raise ClockError(f"the clock cannot be moved to {instant.isoformat()}: it is real, not manual")


class ScaledClock:
    """Starts at the world's time and runs ``factor`` times as fast as the machine."""

    def __init__(self, factor: float, *, ticks: Callable[[], float] = time.monotonic) -> None:
        self.mode = f"scaled:{factor:g}"
        self._factor = factor
        self._ticks = ticks
        self.start_at(DEFAULT_NOW)

    def now(self) -> datetime:
        """The start, plus the machine's seconds since then times the factor."""
        return self._start + timedelta(seconds=(self._ticks() - self._started) * self._factor)

    def start_at(self, instant: datetime) -> None:
        """Run on from this instant."""
        self._start = instant
        self._started = self._ticks()

    def move_to(self, instant: datetime) -> None:
        """Refuse: this clock moves by itself."""
        raise ClockError(f"the clock cannot be moved to {instant.isoformat()}: it is {self.mode}, not manual")


class ManualClock:
    """Stands still until it is moved."""

    mode = "manual"

    def __init__(self) -> None:
        self._now = DEFAULT_NOW

    def now(self) -> datetime:
        """Where it was moved last."""
        return self._now

    def start_at(self, instant: datetime) -> None:
        """Stand at this instant, be it earlier or later."""
        self._now = instant

    def move_to(self, instant: datetime) -> None:
        """Stand at this instant; one in the past changes nothing, so that a repeated call is harmless."""
        self._now = max(self._now, instant)


def clock_named(word: str) -> Clock:
    """The clock that ``--clock`` means: ``real``, ``manual`` or ``scaled:FACTOR``.

    :raises ClockError: no such clock.
    """
    if word == "real":
        return RealClock()
    if word == "manual":
        return ManualClock()
    kind, _, factor = word.partition(":")
    if kind == "scaled" and _is_positive(factor):
        return ScaledClock(float(factor))
    raise ClockError(
        f"no clock {word!r}: it is real, manual or scaled:FACTOR with a factor above 0, such as scaled:60"
    )


def _is_positive(text: str) -> bool:
    try:
        return 0 < float(text) < float("inf")
    except ValueError:
        return False
