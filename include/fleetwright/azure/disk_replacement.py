"""How the OS disks of one kind of scale set are replaced and put back, and what every such call makes sure of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import is_exact_version
from fleetwright.domain.instances import Instance
from fleetwright.rollout.ports.leases import Guard

ALL_INSTANCES = "*"  # what Azure reads as the whole set; never sent


class DiskReplacement(Protocol):
    """One way to replace OS disks; ids and versions have been checked. No ``begin_`` waits."""

    def split_calls(self, instance_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Which instances go into one call."""
        ...

    def keep_disks(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> Mapping[str, str]:
        """As the driver's ``keep_disks``: the one step beside ``prepare_rollback`` that waits."""
        ...

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Replace the disks by the version's; return the operation's poll URL."""
        ...

    def prepare_rollback(self, fleet: Fleet, disks: Mapping[str, str], guard: Guard) -> Mapping[str, str]:
        """As the driver's ``prepare_rollback``."""
        ...

    def begin_rollback(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Put the previous version back; return the operation's poll URL."""
        ...


def checked_ids(fleet: Fleet, instance_ids: Sequence[str]) -> list[str]:
    """The ids as they are sent: without any, or with ``*``, Azure would take the whole set.

    :raises ConfigurationError: when there is no id, or one that does not name one instance
    """
    ids = list(dict.fromkeys(instance_ids))
    if not ids or any(not name.strip() or name == ALL_INSTANCES for name in ids):
        raise ConfigurationError(
            f"{fleet.name}: a change needs an explicit list of instance ids, not {ids!r}"
        )
    return ids


def exact_version(fleet: Fleet, version: str) -> str:
    """The version as it is sent: ``latest`` would be whatever is newest by then (R2).

    :raises ConfigurationError: when it is not dotted numbers
    """
    if not is_exact_version(version):
        raise ConfigurationError(
            f"{fleet.name}: a swap needs an exact version such as 18.04.202401010, not {version!r}"
        )
    return version
