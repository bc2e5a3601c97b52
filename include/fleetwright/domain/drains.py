"""Work on the nodes of a fleet: who waits for whom to finish, for how long, and what then (R55)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from fleetwright.domain.errors import ConfigurationError

LONGEST_WAIT = timedelta(days=30)


class WhenBusy(StrEnum):
    """What becomes of a node that is not idle at its deadline."""

    SKIP = "skip"  # it is left as it is, its scheduling enabled again, and reported
    REQUEUE = "requeue"  # after the grace its tasks are ended and queued again, and it is upgraded
    WAIT = "wait"  # it is waited for, however long that takes


@dataclass(frozen=True, slots=True)
class DrainPolicy:
    """How long nodes that run tasks are waited for, and what then.

    :param deadline: for each node, from the moment at which its scheduling was disabled; not heeded by ``WAIT``
    :param grace: between a node's deadline and the end of its tasks, for ``REQUEUE``
    """

    deadline: timedelta = timedelta(minutes=30)
    when_busy: WhenBusy = WhenBusy.SKIP
    grace: timedelta = timedelta(minutes=5)

    def __post_init__(self) -> None:
        for name, span in (("deadline", self.deadline), ("grace", self.grace)):
            if not timedelta(0) <= span <= LONGEST_WAIT:
                raise ConfigurationError(
                    f"the {name} for nodes to become idle is {span.total_seconds():g} s; it must be from 0 s to 30 days"
                )

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON, in seconds."""
        return {
            "deadline_seconds": self.deadline.total_seconds(),
            "when_busy": str(self.when_busy),
            "grace_seconds": self.grace.total_seconds(),
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> DrainPolicy:
        """From plain JSON, as ``to_dict`` wrote it; what was never written has its default."""
        usual = cls()
        return cls(
            timedelta(seconds=body.get("deadline_seconds", usual.deadline.total_seconds())),
            WhenBusy(body.get("when_busy", usual.when_busy)),
            timedelta(seconds=body.get("grace_seconds", usual.grace.total_seconds())),
        )


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A task at work on a node.

    :param name: ``job/task``
    :param since: when it began, None where the provider does not say
    """

    name: str
    since: datetime | None = None
