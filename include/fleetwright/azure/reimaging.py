"""Uniform scale sets: a swap is a ``reimage`` with ``exactVersion``, a rollback another one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleetwright.azure.client import ArmClient
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance
from fleetwright.rollout.ports.leases import Guard


class Reimaging:
    """The ``DiskReplacement`` of Uniform sets: one call carries a whole batch."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def split_calls(self, instance_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """All in one."""
        return (tuple(instance_ids),)

    def keep_disks(self, _fleet: Fleet, _instances: Sequence[Instance], _guard: Guard) -> Mapping[str, str]:
        """Nothing to make sure of: a Uniform set keeps no old disk (O7)."""
        return {}

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Reimage to the version (O5)."""
        return self._reimage(fleet, instance_ids, version, guard)

    def prepare_rollback(self, _fleet: Fleet, _disks: Mapping[str, str], _guard: Guard) -> Mapping[str, str]:
        """Nothing to put back before the call (O7)."""
        return {}

    def begin_rollback(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Put the previous version on a new disk: a Uniform set does not give the old disk back (O7)."""
        return self._reimage(fleet, instance_ids, version, guard)

    def _reimage(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        url = self._client.scale_set_url(f"{fleet.fleet_id.resource_id}/reimage")
        return self._client.post(url, {"instanceIds": list(instance_ids), "exactVersion": version}, guard)
