"""What every trigger of ours that waits shares: how it is stored, and how its wait ends.

A trigger's class path and arguments are stored in Airflow's database: plain JSON, no secrets.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from airflow.triggers.base import BaseTrigger, TriggerEvent

from fleetwright.domain.errors import FleetwrightError


class WaitTrigger(BaseTrigger):
    """Waits, and fires once."""

    ARGUMENTS: ClassVar[tuple[str, ...]]
    """The names of its arguments, each an attribute as well."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, as Airflow stores them."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            name: getattr(self, name) for name in self.ARGUMENTS
        }

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then fire with ``ok``, or with the error's kind and line for the task to raise."""
        try:
            await self._wait()
        except FleetwrightError as error:
            yield TriggerEvent({"status": "error", "kind": error.kind, "message": str(error)})
        else:
            yield TriggerEvent({"status": "ok"})

    @abstractmethod
    async def _wait(self) -> None:
        """Return when there is nothing more to wait for."""
