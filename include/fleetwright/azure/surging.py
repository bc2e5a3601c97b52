"""The calls of a surge: quota, instances more, instances deleted by their ids (N15, N16)."""

from __future__ import annotations

from collections.abc import Sequence

from fleetwright.azure.client import ArmClient
from fleetwright.azure.usages import list_usages
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.quotas import Usage
from fleetwright.rollout.ports.leases import Guard


class Surging:
    """Surges of Uniform sets."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def list_usages(self, fleet: Fleet) -> tuple[Usage, ...]:
        """Read what is used of the quotas of the fleet's region."""
        return list_usages(self._client, fleet.fleet_id.subscription, fleet.location)

    def begin_scaling(self, fleet: Fleet, capacity: int, guard: Guard) -> str:
        """Set ``sku.capacity``; return the operation's poll URL. The same number sent twice changes nothing more."""
        url = self._client.scale_set_url(fleet.fleet_id.resource_id)
        return self._client.change("PATCH", url, {"sku": {"capacity": capacity}}, guard)

    def begin_deletion(self, fleet: Fleet, instance_ids: Sequence[str], guard: Guard) -> str:
        """Delete exactly these instances; the capacity falls with them. Return the operation's poll URL."""
        url = self._client.scale_set_url(f"{fleet.fleet_id.resource_id}/delete")
        return self._client.post(url, {"instanceIds": list(instance_ids)}, guard)
