"""How the instances of one kind of scale set are read."""

from __future__ import annotations

from typing import Protocol

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance


class InstanceReading(Protocol):
    """One way to read instances with their health; each method is the driver's of the same name."""

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """All of them, ordered by number."""
        ...

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same read for a trigger."""
        ...

    def fetch_instance(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """One instance itself; None when it does not exist any more."""
        ...

    async def fetch_instance_async(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """The same read for a trigger."""
        ...
