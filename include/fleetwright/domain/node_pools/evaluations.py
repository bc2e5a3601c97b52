"""What a scheduled evaluation of a cluster ends in: one word and its reasons, always."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from fleetwright.domain.node_pools.channels import NodeOsChannel


class Outcome(StrEnum):
    """How an evaluation ends."""

    STARTED = "started"
    NOTHING_TO_DO = "nothing to do"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One cluster, looked at by a schedule.

    :param reasons: why; for one that is started, what it is going to do
    :param not_before: when its rollout begins, spread inside the window (N31); None where none is started
    """

    fleet_id: str
    channel: NodeOsChannel | None
    outcome: Outcome
    reasons: tuple[str, ...]
    at: datetime
    not_before: datetime | None = None

    def __str__(self) -> str:
        name = self.fleet_id.rpartition("/")[2]
        return f"{name}: {self.outcome}: {'; '.join(self.reasons)}"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "fleet": self.fleet_id,
            "channel": str(self.channel) if self.channel else "",
            "outcome": str(self.outcome),
            "reasons": list(self.reasons),
            "at": self.at.isoformat(),
            "not_before": self.not_before.isoformat() if self.not_before else "",
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> Evaluation:
        """From plain JSON, as ``to_dict`` wrote it."""
        return cls(
            body["fleet"],
            NodeOsChannel(body["channel"]) if body["channel"] else None,
            Outcome(body["outcome"]),
            tuple(body["reasons"]),
            datetime.fromisoformat(body["at"]),
            datetime.fromisoformat(body["not_before"]) if body["not_before"] else None,
        )
