"""Long-running operations: what a 202 promises, and what its polls answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ErrorDetail

if TYPE_CHECKING:
    from datetime import datetime

COMPUTE = "Microsoft.Compute"
CONTAINER_SERVICE = "Microsoft.ContainerService"


class OperationStatus(StrEnum):
    """``status`` of an asynchronous operation."""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELED = "Canceled"


@dataclass(slots=True)
class Operation:
    """One accepted call and the instances, or nodes, that it still waits for.

    :param resource: the key of the scale set, cluster or agent pool that it changes.
    :param result_path: what a finished ``Location`` gives: the path of a resource, or None for an empty 200.
    :param stuck: it never ends.
    :param collection: the word for operations in its address: galleries have one of their own.
    :param polls: how often its ``Location`` was asked for, which makes each address a new one.
    :param provider: the namespace in its address.
    :param api_version: of the call that began it, by which its result is shown; empty where that makes no difference.
    :param canceled: somebody called it off.
    """

    id: str
    subscription: str
    location: str
    resource: str
    started: datetime
    pending: set[str] = field(default_factory=set)
    failures: list[ErrorDetail] = field(default_factory=list)
    ended: datetime | None = None
    stuck: bool = False
    result_path: str | None = None
    polls: int = 0
    collection: str = "operations"
    provider: str = COMPUTE
    api_version: str = ""
    canceled: bool = False

    @property
    def status(self) -> OperationStatus:
        """How it stands."""
        if self.ended is None:
            return OperationStatus.IN_PROGRESS
        if self.canceled:
            return OperationStatus.CANCELED
        return OperationStatus.FAILED if self.failures else OperationStatus.SUCCEEDED

    def settle(self, instance: str, at: datetime, failure: ErrorDetail | None = None) -> None:
        """One instance is done; the last one ends the operation."""
        self.pending.discard(instance)
        if failure is not None:
            self.failures.append(failure)
        self.end_if_settled(at)

    def end_if_settled(self, at: datetime) -> None:
        """End it when nothing is waited for any more."""
        if not self.pending and not self.stuck and self.ended is None:
            self.ended = at

    def cancel(self, at: datetime) -> None:
        """Call it off; one that has ended stays as it is."""
        if self.ended is None:
            self.pending.clear()
            self.canceled, self.ended = True, at

    @property
    def error(self) -> ErrorDetail | None:
        """The first failure, which gives the operation's own code and message."""
        return self.failures[0] if self.failures else None
