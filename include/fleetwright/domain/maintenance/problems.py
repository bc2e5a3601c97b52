"""Every problem of a body is told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from fleetwright.domain.errors import ConfigurationError

Value = TypeVar("Value")


class Problems:
    """What is wrong with a body, in the order in which it was read."""

    __slots__ = ("_told",)

    def __init__(self) -> None:
        self._told: list[str] = []

    def read(self, reader: Callable[[], Value], instead: Value) -> Value:
        """What the reader reads; where it refuses, that is noted, and ``instead`` serves until the others are read."""
        try:
            return reader()
        except ConfigurationError as error:
            self._told.append(str(error))
            return instead

    def raise_any(self) -> None:
        """End the reading.

        :raises ConfigurationError: with every problem that was noted, in one line
        """
        if self._told:
            raise ConfigurationError("; ".join(self._told))
