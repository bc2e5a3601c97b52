"""What the ledger remembers about one publication in one phase: rebuilt from events, like a rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from fleetwright.domain.publications import Publication


class PhaseState(StrEnum):
    """Where a publication stands in a phase."""

    WAITING = "waiting"  # nothing may begin yet, and it is looked at again: the reason says why
    ROLLING = "rolling"  # rollouts of its fleets are started, within the limit
    BAKING = "baking"
    SUCCEEDED = "succeeded"  # the next phase may begin
    FAILED = "failed"  # the version did harm: it is quarantined, and goes no further
    HELD = "held"  # not enough was proven, and nothing is known against the version
    REJECTED = "rejected"  # a person said no, or nobody said yes in time
    SUPERSEDED = "superseded"  # a newer version has come as far before anything began here


ENDED_PHASES = frozenset(
    {PhaseState.SUCCEEDED, PhaseState.FAILED, PhaseState.HELD, PhaseState.REJECTED, PhaseState.SUPERSEDED}
)
"""States in which nothing of the phase is under way; a new attempt may begin from all but SUCCEEDED."""


class FleetResult(StrEnum):
    """What a phase came to on one fleet."""

    STARTED = "started"  # its rollout is under way
    COMPLETED = "completed"
    NOTHING_TO_DO = "nothing to do"
    FAULTED = "faulted"
    CANCELLED = "cancelled"
    OPTED_OUT = "opted out"  # its owner took it away in the middle (O3): nothing is known against the version
    GONE = "gone"  # its owner deleted it
    HELD = "held"
    SUPERSEDED = "superseded"  # a newer version went first
    LOST = "lost"  # its run ended without a word in the ledger


# The rollout ended before it was through: a person has to look at the fleet, whatever the version can do for it.
STOPPED = frozenset({FleetResult.FAULTED, FleetResult.CANCELLED, FleetResult.LOST})
PROVEN = frozenset({FleetResult.COMPLETED, FleetResult.NOTHING_TO_DO})


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A fleet of the phase's regions that the phase does not start.

    :param settled: it never needs this version (opted out, another image, on it already); else it may later
    """

    fleet_id: str
    reason: str
    settled: bool = True


@dataclass(frozen=True, slots=True)
class FleetStart:
    """A fleet whose rollout the phase starts.

    :param predicted_seconds: how long its rollout is expected to take
    """

    fleet_id: str
    location: str
    instances: int
    batches: int
    predicted_seconds: float


@dataclass(frozen=True, slots=True)
class FleetOutcome:
    """What the phase came to on one fleet.

    :param starts: how often its rollout was started: again where one was left unfinished, or another version's went on
    :param failed: instances upgraded and not ready, or rolled back, when the rollout ended
    :param went_bad: those of them that ran the version; one whose swap Azure refused or broke says nothing about it
    :param judged: instances whose health counted when the phase was judged
    :param unhealthy: those of them that are ill, or back on their previous version (R47)
    :param signs: what they show, one line an instance, the first few
    """

    fleet_id: str
    result: FleetResult
    rollout_id: str = ""
    instances: int = 0
    upgraded: int = 0
    rolled_back: int = 0
    failed: int = 0
    went_bad: int = 0
    judged: int = 0
    unhealthy: int = 0
    reason: str = ""
    starts: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    signs: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing of it is left to do; else its rollout is to be started again, and the reason says why."""
        return self.result is not FleetResult.STARTED

    @property
    def is_harmed(self) -> bool:
        """Whether its rollout was stopped, and the version went bad on it: what speaks against the version (R47)."""
        return self.result is FleetResult.FAULTED and bool(self.went_bad or self.unhealthy)


@dataclass(frozen=True, slots=True)
class ApprovalAnswer:
    """What a person said before a phase.

    :param actor: empty where nobody answered by the deadline
    """

    approved: bool
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PhaseRun:
    """One publication in one phase.

    :param attempt: 1 for the first; a failed phase may be run again once its version is released
    :param owner: who runs it, in words that lead there
    :param reason: why it waits, or why it ended as it did
    :param look_again_at: while it waits: when that may have changed
    :param outcomes: by fleet key
    """

    phase: str
    publication: Publication
    state: PhaseState
    attempt: int = 1
    owner: str = ""
    reason: str = ""
    opened_at: datetime | None = None
    look_again_at: datetime | None = None
    rolling_since: datetime | None = None
    baking_since: datetime | None = None
    ended_at: datetime | None = None
    starts: tuple[FleetStart, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    outcomes: Mapping[str, FleetOutcome] = field(default_factory=dict)
    approval: ApprovalAnswer | None = None

    @property
    def key(self) -> str:
        """Its key in the ledger: ``phase_0_canary|image|version``."""
        return phase_run_key(self.phase, self.publication)

    @property
    def is_ended(self) -> bool:
        """Whether nothing of it is under way."""
        return self.state in ENDED_PHASES

    def outcome_of(self, fleet_id: str) -> FleetOutcome | None:
        """What has become of a fleet so far; None where its turn has not come."""
        return self.outcomes.get(fleet_id.lower())


def phase_run_key(label: str, publication: Publication) -> str:
    """The key of a publication in a phase."""
    return f"{label}|{publication.key}"


class PhaseEventKind(StrEnum):
    """Everything that is ever written down about a phase."""

    OPENED = "phase opened"
    WAITED = "phase waits"
    APPROVAL_ANSWERED = "phase approval answered"
    ROLLING_BEGAN = "phase rolls"  # which fleets it starts, and why not the others
    FLEET_STARTED = "fleet started"
    FLEET_ENDED = "fleet ended"
    BAKING_BEGAN = "phase bakes"
    JUDGED = "phase judged"  # the health of its fleets, as read then
    ENDED = "phase ended"


@dataclass(frozen=True, slots=True)
class PhaseEvent:
    """One fact about a phase.

    :param happened_at: on the phase's clock, aware, UTC
    :param payload: plain JSON
    """

    kind: PhaseEventKind
    happened_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
