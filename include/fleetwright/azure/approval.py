"""Sets whose upgrade Azure defers: a swap is our approval, a rollback a ``reimage`` (N24, O1)."""

from __future__ import annotations

from collections.abc import Sequence

from fleetwright.azure.reimaging import Reimaging
from fleetwright.domain.fleets import Fleet
from fleetwright.rollout.ports.leases import Guard


class Approval(Reimaging):
    """The ``DiskReplacement`` of sets whose deferred upgrade is approved: Azure swaps, we choose and judge.

    An approval cannot be taken back, so a rollback is the same ``reimage`` as for any other Uniform set (O7).
    """

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], _version: str, guard: Guard) -> str:
        """Approve: the version is the one that Azure's upgrade goes to, which is read back afterwards."""
        url = self._client.scale_set_url(f"{fleet.fleet_id.resource_id}/approveRollingUpgrade")
        return self._client.post(url, {"instanceIds": list(instance_ids)}, guard)
