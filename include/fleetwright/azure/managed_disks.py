"""Managed disks: whether one is attached, and deleting one that is not."""

from __future__ import annotations

import re

from fleetwright.azure.bodies import bodies_at, text_at, texts_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.urls import DISKS, arm_url
from fleetwright.domain.errors import ConfigurationError
from fleetwright.rollout.ports.driver import DiskState
from fleetwright.rollout.ports.leases import Guard

_DISK_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/disks/[^/?#]+", re.IGNORECASE
)


class ManagedDisks:
    """The disks of one endpoint, by their ARM ids."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def fetch_state(self, disk_id: str) -> DiskState:
        """How a disk stands; whatever is not plainly unattached counts as attached."""
        try:
            body = self._client.get(self._url(disk_id))
        except NotFoundError:
            return DiskState.GONE
        is_managed = text_at(body, "managedBy") or texts_at(body, "managedByExtended")
        shares = bodies_at(body, "properties", "shareInfo")
        is_free = text_at(body, "properties", "diskState").lower() == "unattached"
        return DiskState.UNATTACHED if is_free and not is_managed and not shares else DiskState.ATTACHED

    def begin_delete(self, disk_id: str, guard: Guard) -> str:
        """Delete a disk; Azure refuses that while it is attached."""
        return self._client.change("DELETE", self._url(disk_id), None, guard)

    def _url(self, disk_id: str) -> str:
        if not _DISK_ID.fullmatch(disk_id):
            raise ConfigurationError(f"{disk_id!r} is not the id of a managed disk")
        return arm_url(self._client.url, disk_id, DISKS)
