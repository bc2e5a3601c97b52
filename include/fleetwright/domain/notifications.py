"""What a rollout tells the world about itself, as Azure's activity log does: three notifications.

They are the submission, its outcome with every error, and the outcome of the whole with its error
(learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-automatic-upgrade).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.states import RolloutState


class Stage(StrEnum):
    """What a notification is about."""

    SUBMISSION = "submission"
    SUBMISSION_OUTCOME = "submission outcome"
    COMPLETION_OUTCOME = "completion outcome"


class Status(StrEnum):
    """How it stands, in the activity log's words."""

    STARTED = "Started"
    ACCEPTED = "Accepted"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


@dataclass(frozen=True, slots=True)
class Notification:
    """One of them.

    :param rollout_id: empty where a hold kept the rollout from coming about
    :param errors: one line each, none where all went well
    """

    at: datetime
    rollout_id: str
    stage: Stage
    status: Status
    errors: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "time": self.at.isoformat(),
            "rolloutId": self.rollout_id,
            "notification": str(self.stage),
            "status": str(self.status),
            "errors": list(self.errors),
        }


_STATUS = {
    RolloutState.COMPLETED: Status.SUCCEEDED,
    RolloutState.CANCELLED: Status.CANCELED,
}


def notifications_of(event: Event, rollout_id: str) -> tuple[Notification, ...]:
    """The notifications that an event of the ledger stands for; most stand for none.

    :param rollout_id: of the event, empty where it belongs to a fleet alone
    """
    at, body = event.happened_at, event.payload
    match event.kind:
        case EventKind.STARTED:
            outcome = Notification(at, rollout_id, Stage.SUBMISSION_OUTCOME, Status.ACCEPTED)
        case EventKind.HELD:
            reasons = tuple(body["reasons"])
            outcome = Notification(at, rollout_id, Stage.SUBMISSION_OUTCOME, Status.FAILED, reasons)
        case EventKind.FINISHED:
            return (_completion(event, rollout_id),)
        case _:
            return ()
    return Notification(at, rollout_id, Stage.SUBMISSION, Status.STARTED), outcome


def _completion(event: Event, rollout_id: str) -> Notification:
    body = event.payload
    status = _STATUS.get(RolloutState(body["state"]), Status.FAILED)
    errors = () if status is Status.SUCCEEDED else (f"{body['code']}: {body['message']}",)
    return Notification(event.happened_at, rollout_id, Stage.COMPLETION_OUTCOME, status, errors)
