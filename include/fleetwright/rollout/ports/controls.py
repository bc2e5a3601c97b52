"""What a person may say to a rollout between batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.records import RolloutRecord


class ControlKind(StrEnum):
    """What a person may say to a rollout between batches."""

    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Control:
    """One such word: who, when, why.

    :param rollout_id: the rollout it is meant for; empty for whichever runs on the fleet then
    :param owner: the run it is meant for, where that had not taken the fleet when the word was said
    """

    kind: ControlKind
    actor: str
    reason: str
    at: datetime
    rollout_id: str = ""
    owner: str = ""

    def is_for(self, rollout: RolloutRecord | NodeRollout) -> bool:
        """Whether the rollout is meant; a word for its run may be older than itself."""
        if self.owner:
            return self.owner == rollout.owner
        is_of_its_time = rollout.started_at is None or self.at >= rollout.started_at
        return is_of_its_time and self.rollout_id in {"", rollout.rollout_id}
