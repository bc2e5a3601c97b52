"""What a rollout needs from the world, as Protocols: clock, fleet driver, image catalogue, ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeAlias

from fleetwright.domain.events import Event
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import Instance
from fleetwright.domain.quarantine import Quarantined
from fleetwright.domain.quotas import Usage
from fleetwright.domain.records import RolloutSettings, RolloutView
from fleetwright.domain.repairs import RepairsAction, RepairsState
from fleetwright.domain.surroundings import Surroundings


class Clock(Protocol):
    """The only way to know or to pass time; health, pauses and retries use it, leases never."""

    def now(self) -> datetime:
        """The present instant, aware, UTC."""
        ...

    def wait_until(self, instant: datetime) -> None:
        """Return when ``now()`` is at or after the instant."""
        ...


# Called right before every attempt of a mutating call; raises ``LeaseLostError`` when the fleet is not ours any more.
Guard: TypeAlias = Callable[[], None]


class OperationState(StrEnum):
    """What a long-running operation came to."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    FORGOTTEN = "forgotten"  # over, and the provider does not know any more how it ended


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """One look at a long-running operation.

    :param url: where to look next: the newest header, byte for byte
    :param error: one line, ``code: message``, of an operation that failed
    """

    url: str
    state: OperationState
    error: str = ""


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

    def list_instances(self, fleet: Fleet, only: frozenset[str] | None = None) -> tuple[Instance, ...]:
        """Read all instances with their health, ordered by number.

        :param only: what the caller looks at; where each instance costs a call of its own no other is read, and one
            of these that is plainly at work may be left as the list shows it
        """
        ...

    async def list_instances_async(
        self, fleet: Fleet, only: frozenset[str] | None = None
    ) -> tuple[Instance, ...]:
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

    def fetch_disk(self, fleet: Fleet, disk_id: str) -> DiskState:
        """How a disk stands right now."""
        ...

    def begin_delete_disk(self, fleet: Fleet, disk_id: str, guard: Guard) -> str:
        """Delete a disk that is attached to nothing; return the operation's poll URL. Errors as for a swap."""
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


class ImageCatalogue(Protocol):
    """Which versions of an image exist for a region."""

    def list_versions(self, fleet: Fleet, image: ImageReference) -> tuple[str, ...]:
        """Every exact version that the catalogue lists for the fleet, oldest first (R41).

        :raises ConfigurationError: when the image does not exist
        """
        ...

    def why_not_rolled_out(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why no rollout of the fleet goes to the version (R26, R27); empty where one may."""
        ...

    def why_not_deployable(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why the fleet's region cannot deploy the version, be it rolled out or not (O6); empty where it can."""
        ...

    def why_not_any_more(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why a rollout to the version has to stop, asked anew before each batch; empty where it may go on."""
        ...

    def forget(self) -> None:
        """Read anew whatever is asked from here on: until then answers are remembered."""
        ...


@dataclass(frozen=True, slots=True)
class LeaseTerms:
    """How long a holder may be silent before it counts as dead; wall time."""

    expiry: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to change one fleet, while the token is the newest.

    :param token: grows with every taking; an older one is refused for ever
    """

    fleet_key: str
    holder: str
    token: int
    terms: LeaseTerms


@dataclass(frozen=True, slots=True)
class Acquired:
    """A rollout and the right to carry it out.

    :param resumed: an earlier holder's rollout goes on: same id, version and counts
    """

    view: RolloutView
    lease: Lease
    resumed: bool


class ControlKind(StrEnum):
    """What a person may say to a rollout between batches."""

    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Control:
    """One such word: who, when, why.

    :param rollout_id: the rollout it is meant for; empty for whichever runs on the fleet then
    """

    kind: ControlKind
    actor: str
    reason: str
    at: datetime
    rollout_id: str = ""

    def is_for(self, rollout_id: str) -> bool:
        """Whether the rollout is meant."""
        return self.rollout_id in {"", rollout_id}


class Ledger(Protocol):
    """The memory of intent. Every method raises ``LedgerError`` when it cannot be read or written."""

    def begin(self, settings: RolloutSettings, *, owner: str, now: datetime, terms: LeaseTerms) -> Acquired:
        """Take the fleet and start a rollout, or resume the fleet's unfinished one, in one transaction.

        :param owner: unique to the run; the same owner takes its own lease back with a new token
        :raises HeldError: at once, naming the holder, while another owner's lease is alive
        """
        ...

    def retake(self, rollout_id: str, *, owner: str, terms: LeaseTerms, is_teardown: bool = False) -> Lease:
        """Take the rollout's own lease back with a new token: every earlier token is dead from here on.

        :param is_teardown: what is left to do comes after the rollout's end
        :raises LeaseLostError: when another owner has the fleet, or the rollout is finished and this is no teardown
        """
        ...

    def check(self, lease: Lease) -> None:
        """Renew the heartbeat; call it before every mutating call.

        :raises LeaseLostError: when the token is not the newest any more
        """
        ...

    def release(self, rollout_id: str, *, owner: str) -> None:
        """Give the fleet back, whatever happened; harmless when it is not held by the owner."""
        ...

    def append(self, rollout_id: str, events: Sequence[Event], *, lease: Lease) -> RolloutView:
        """Write events and return the rollout as they leave it; one transaction, token checked inside.

        :raises LeaseLostError: nothing was written: the token is not the newest
        """
        ...

    def load(self, rollout_id: str) -> RolloutView:
        """The rollout as its events tell it."""
        ...

    def record_held(self, fleet_key: str, reasons: Sequence[str], *, actor: str, now: datetime) -> None:
        """Write down an evaluation that changed nothing."""
        ...

    def list_rollouts(self, fleet_key: str) -> tuple[RolloutView, ...]:
        """Every rollout of the fleet, newest first."""
        ...

    def add_control(self, fleet_key: str, control: Control) -> None:
        """Write down what a person said."""
        ...

    def list_controls(self, fleet_key: str, *, since: datetime) -> tuple[Control, ...]:
        """What was said about the fleet since an instant, oldest first."""
        ...

    def list_quarantined(self) -> tuple[Quarantined, ...]:
        """Every image version that was ever put away, oldest first, released ones included."""
        ...
