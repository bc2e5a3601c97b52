"""One kind of fleet at its provider: how it is read, and everything that changes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.instances import Instance
from fleetwright.domain.quotas import Usage
from fleetwright.domain.repairs import RepairsAction, RepairsState
from fleetwright.domain.surroundings import Surroundings
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationStatus


class DiskState(StrEnum):
    """How a managed disk stands."""

    ATTACHED = "attached"  # to a machine, running or not
    UNATTACHED = "unattached"
    GONE = "gone"


class FleetDriver(Protocol):
    """One kind of fleet at its provider. Every mutating call takes an explicit, non-empty list of ids.

    All methods raise ``ProviderError`` (or a leaf of it) when Azure refuses or does not answer.
    """

    def fetch_fleet(self, fleet_id: FleetId) -> Fleet:
        """Read the fleet's model."""
        ...

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """Read all instances with their health, ordered by number."""
        ...

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same read for a trigger: no thread waits for it."""
        ...

    def fetch_instance(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """Read one instance itself: never behind, as a list may be; None when it does not exist any more."""
        ...

    async def fetch_instance_async(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """The same read for a trigger."""
        ...

    def fetch_foreign_rollout(self, fleet: Fleet) -> str:
        """One line about a rolling upgrade that somebody else has under way, empty where there is none (O4).

        The provider's own upgrade that waits for our approvals is nobody else's.
        """
        ...

    def fetch_surroundings(self, fleet: Fleet, version: str) -> Surroundings:
        """Read once what decides beside the model (R22, R34, R35, R53); what cannot be read is no error.

        :param version: one that the fleet's image has, empty where none is known
        """
        ...

    def fetch_awaited_version(self, fleet: Fleet) -> str:
        """The version for which the provider's deferred upgrade waits to be approved; empty where none waits (O1).

        ``latest`` where the provider does not say which one it is.
        """
        ...

    def prepare(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> None:
        """Bring what is not on the latest model to it, and wait for that; the OS disk stays (R31)."""
        ...

    def keep_disks(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> Mapping[str, str]:
        """Make sure that a swap leaves the old OS disks behind, where this kind of fleet can give them back (O7).

        :returns: why an instance must not be swapped, by its id; empty where all is well
        """
        ...

    def list_usages(self, fleet: Fleet) -> tuple[Usage, ...]:
        """Read the quotas of the fleet's region (N16)."""
        ...

    def begin_scaling(self, fleet: Fleet, capacity: int, guard: Guard) -> str:
        """Set how many instances there are to be; errors and answer as for a swap (N15)."""
        ...

    def begin_deletion(self, fleet: Fleet, instance_ids: Sequence[str], guard: Guard) -> str:
        """Delete exactly these instances, and the capacity with them; errors and answer as for a swap (N15)."""
        ...

    def split_calls(self, fleet: Fleet, instance_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Which instances one swap or rollback call may carry together."""
        ...

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Replace the OS disks by the version's; return the operation's poll URL, never wait.

        A call that was refused before anything changed raises ``CallRefusedError``; one whose answer
        was lost raises ``AnswerLostError``: the caller reads the instances before it does anything else.
        """
        ...

    def begin_rollback(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Put the previous version back; return the operation's poll URL, never wait. Errors as for a swap."""
        ...

    def prepare_rollback(self, fleet: Fleet, disks: Mapping[str, str], guard: Guard) -> Mapping[str, str]:
        """Put preserved OS disks back, up to the point where ``begin_rollback`` ends it; waits (O7).

        Each step reads its instance first, so that whoever comes after a crash goes on where it was.

        :param disks: the disk that each instance gets back, by its id
        :returns: why an instance did not get its disk back, by its id; empty where all is well
        """
        ...

    def fetch_disks(self, fleet: Fleet, disk_ids: Sequence[str]) -> Mapping[str, DiskState]:
        """How disks stand right now, by their ids; one that could not be read is not among them, and never raised."""
        ...

    def begin_delete_disk(self, fleet: Fleet, disk_id: str, guard: Guard) -> str:
        """Delete a disk that is attached to nothing; return the operation's poll URL. Errors as for a swap."""
        ...

    def disable_scheduling(
        self, fleet: Fleet, instance_id: str, guard: Guard, *, requeue: bool = False
    ) -> None:
        """Give an instance no new work; what runs on it runs to its end (R55). Returns once Azure has taken it.

        Errors as for a swap; one whose scheduling is disabled already raises ``CallRefusedError``. Only Batch nodes
        are given work by their provider: for others this does nothing.

        :param requeue: what runs on it is ended and queued again, whether its scheduling is disabled already or not
        """
        ...

    def enable_scheduling(self, fleet: Fleet, instance_id: str, guard: Guard) -> None:
        """Give an instance new work again; one that takes work already, or is gone, is left as it is."""
        ...

    def fetch_repairs_state(self, fleet: Fleet) -> RepairsState:
        """How the set's automatic repairs stand (O8)."""
        ...

    def begin_repairs_action(self, fleet: Fleet, action: RepairsAction, guard: Guard) -> str:
        """Suspend or resume automatic repairs; return the operation's poll URL. May be sent again."""
        ...

    def fetch_operation(self, url: str) -> OperationStatus:
        """Look at an operation once."""
        ...

    async def fetch_operation_async(self, url: str) -> OperationStatus:
        """The same look for a trigger."""
        ...
