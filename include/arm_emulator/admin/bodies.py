"""What the emulator's own routes take."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from arm_emulator.compute.rolling_upgrade_documents import RollingUpgradeDocument
from arm_emulator.images.behaviours import HealthWord
from arm_emulator.world.words import LONGEST_SECONDS, Document, Duration, InstanceId, Instant


class Scale(Document):
    """How many instances a scale set is to have."""

    id: str
    capacity: int = Field(ge=0, le=1000)


class TouchInstances(Document):
    """Something that happens to instances from outside; at least one of health, power and customMetrics (null takes them away).

    Nodes of a pool may have ``running``: the seconds of work that are left of theirs, -1 for work that never ends, 0 for none.
    """

    id: str
    instances: list[InstanceId] = Field(min_length=1)
    health: HealthWord | None = Field(default=None, strict=False)
    power: Literal["running", "stopped", "deallocated"] | None = None
    customMetrics: dict[str, Any] | None = None
    running: float | None = Field(default=None, ge=-1, le=LONGEST_SECONDS, allow_inf_nan=False)

    @model_validator(mode="after")
    def _something_happens(self) -> Self:
        given = (self.health, self.power, self.running)
        if all(value is None for value in given) and "customMetrics" not in self.model_fields_set:
            raise ValueError(
                "one of health and power is needed, or customMetrics, or running for a pool's nodes"
            )
        if self.running is not None and -1 < self.running < 0:
            raise ValueError(f"running: {self.running} is neither a number of seconds nor -1 for ever")
        return self


class MoveClock(Document):
    """How far to move, or to when: one of the two."""

    advance: Duration | None = None
    to: Instant | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.advance is None) == (self.to is None):
            raise ValueError("exactly one of advance and to is needed")
        return self


class SetRollingUpgrade(Document):
    """The rolling upgrade that somebody else runs; null takes it away."""

    id: str
    rollingUpgrade: RollingUpgradeDocument | None
