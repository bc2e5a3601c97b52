"""Managed disks: whether one is attached, and deleting one that is not."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence

from fleetwright.azure.bodies import Body, bodies_at, text_at, texts_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.urls import DISKS, arm_url
from fleetwright.domain.errors import ConfigurationError, ProviderError
from fleetwright.rollout.ports.driver import DiskState
from fleetwright.rollout.ports.leases import Guard

log = logging.getLogger(__name__)

WORTH_A_LIST = 4  # disks of one resource group; fewer are read one by one

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
            return _state(self._client.get(self._url(disk_id)))
        except NotFoundError:
            return DiskState.GONE

    def fetch_states(self, disk_ids: Sequence[str]) -> Mapping[str, DiskState]:
        """How disks stand, by one list for the many of a resource group; what could not be read is not among them.

        A disk that its list does not show is asked for by itself: a list shows what one may read, not what there is.
        """
        states: dict[str, DiskState] = {}
        for folder, ids in _by_folder(disk_ids).items():
            listed = self._list(folder) if len(ids) >= WORTH_A_LIST else {}
            for disk_id in ids:
                state = listed.get(disk_id.lower()) or self._try_to_fetch(disk_id)
                if state is not None:
                    states[disk_id] = state
        return states

    def _list(self, folder: str) -> Mapping[str, DiskState]:
        try:
            bodies = self._client.list_items(arm_url(self._client.url, folder, DISKS))
        except ProviderError as error:
            log.warning("the disks of %s were not listed, each is read by itself: %s", folder, error)
            return {}
        return {text_at(body, "id").lower(): _state(body) for body in bodies}

    def _try_to_fetch(self, disk_id: str) -> DiskState | None:
        try:
            return self.fetch_state(disk_id)
        except (ProviderError, ConfigurationError) as error:
            log.warning("how disk %s stands was not told: %s", disk_id, error)
            return None

    def begin_delete(self, disk_id: str, guard: Guard) -> str:
        """Delete a disk; Azure refuses that while it is attached."""
        return self._client.change("DELETE", self._url(disk_id), None, guard)

    def _url(self, disk_id: str) -> str:
        if not _DISK_ID.fullmatch(disk_id):
            raise ConfigurationError(f"{disk_id!r} is not the id of a managed disk")
        return arm_url(self._client.url, disk_id, DISKS)


def _by_folder(disk_ids: Iterable[str]) -> Mapping[str, list[str]]:
    """The disks of each list: their ids without the name; what is no disk's id stands alone and is never listed."""
    found: dict[str, list[str]] = {}
    for disk_id in disk_ids:
        is_disk = _DISK_ID.fullmatch(disk_id)
        found.setdefault(disk_id.rpartition("/")[0].lower() if is_disk else disk_id, []).append(disk_id)
    return found


def _state(body: Body) -> DiskState:
    is_managed = text_at(body, "managedBy") or texts_at(body, "managedByExtended")
    shares = bodies_at(body, "properties", "shareInfo")
    is_free = text_at(body, "properties", "diskState").lower() == "unattached"
    return DiskState.UNATTACHED if is_free and not is_managed and not shares else DiskState.ATTACHED
