"""Long-running operations: ids that carry what they stand for, and what has become of them.

Nothing is kept in memory: an id names a DAG run or a rollout, and Airflow and the ledger know the rest, so that
a client's poll goes on after a restart of the app, or at another copy of it.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fleetwright.arm_api.errors import ResourceNotFoundError, error_body


class Kind(StrEnum):
    """What a client asked for."""

    START = "start"
    CANCEL = "cancel"
    EARLY_CANCEL = "early cancel"


class Status(StrEnum):
    """An operation's ``status``, in Azure's words."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


@dataclass(frozen=True, slots=True)
class OperationId:
    """What an operation stands for.

    :param subject: the DAG run of a start and of an early cancel, the rollout of a cancel
    """

    kind: Kind
    fleet_key: str
    subject: str

    def encode(self) -> str:
        """As one segment of a URL."""
        text = json.dumps([self.kind, self.fleet_key, self.subject], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> OperationId:
        """Read the segment.

        :raises ResourceNotFoundError: when it is none of ours
        """
        try:
            raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
            kind, fleet_key, subject = json.loads(raw)
            return cls(Kind(kind), str(fleet_key), str(subject))
        except (binascii.Error, ValueError, TypeError):
            raise ResourceNotFoundError(f"The operation '{text[:40]}' was not found.") from None


@dataclass(frozen=True, slots=True)
class OperationState:
    """One look at an operation.

    :param code: of its error, empty where there is none
    :param began: as Airflow or the ledger writes times; empty where nobody knows
    """

    status: Status
    code: str = ""
    message: str = ""
    began: str = ""
    ended: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.status is not Status.IN_PROGRESS

    def to_dict(self, name: str) -> dict[str, Any]:
        """The answer at ``Azure-AsyncOperation``."""
        body: dict[str, Any] = {"name": name, "status": str(self.status)}
        body |= {"startTime": self.began} if self.began else {}
        body |= {"endTime": self.ended} if self.ended and self.is_over else {}
        if self.code:
            body |= error_body(self.code, self.message)
        return body
