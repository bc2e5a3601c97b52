"""What a person may say to a rollout between batches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
