"""Everything that is ever written down about a rollout: one fact, one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from fleetwright.domain.records import RolloutSettings


class EventKind(StrEnum):
    """Everything that is ever written down about a rollout."""

    STARTED = "rollout started"
    RESUMED = "rollout resumed"
    PLANNED = "rollout planned"
    INTENDED = "batch intended"
    SENDING = "call about to be sent"
    ACCEPTED = "call accepted"
    MOVED = "operation moved"
    SURGED = "new instances seen"
    SWAPPED = "disks replaced"
    REFUSED = "call refused"
    JUDGED = "instances judged"
    ROLLBACK_INTENDED = "rollback intended"
    RESTORING_OPENED = "restoring opened"  # earlier batches' unhealthy instances, before the rollout ends
    REPAIRS_SUSPENDED = (
        "repairs suspended"  # before the call: from here on whoever ends the rollout resumes them
    )
    NODES_CLOSED = (
        "scheduling about to be disabled"  # before the calls: from here on they are ours to enable again
    )
    NODES_OPENED = "scheduling enabled again"  # after the calls, and after the rollout's end as well
    LEFT_BUSY = "nodes left busy"  # they did not become idle in time, and are not upgraded
    REPAIRS_RESUMED = "repairs resumed"  # after the call, and after the rollout's end as well
    WAITED = "waited"  # for whoever had to go first in its zones or in a paired region (R46, R48)
    SETTLED = "batch settled"
    SWEPT = "disks swept"  # disks that swaps left unattached are gone; told after the end as well
    DECIDED = "ending decided"  # with the batch that decided it, so that a resumed rollout cannot go past it
    FINISHED = "rollout finished"
    HELD = "held"  # an evaluation that changed nothing: it belongs to a fleet, not to a rollout
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact.

    :param happened_at: on the rollout's clock, aware, UTC; the ledger adds when it was recorded
    :param payload: plain JSON
    """

    kind: EventKind
    happened_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


def start_event(rollout_id: str, settings: RolloutSettings, owner: str, now: datetime) -> Event:
    """The event that every rollout begins with."""
    payload = {"rollout_id": rollout_id, "owner": owner, "settings": settings.to_dict()}
    return Event(EventKind.STARTED, now, payload)
