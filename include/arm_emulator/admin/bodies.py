"""What the emulator's own routes take."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from arm_emulator.compute.rolling_upgrade_documents import RollingUpgradeDocument
from arm_emulator.images.behaviours import HealthWord
from arm_emulator.world.words import Document, Duration, InstanceId, Instant


class Scale(Document):
    """How many instances a scale set is to have."""

    id: str
    capacity: int = Field(ge=0, le=1000)


class TouchInstances(Document):
    """Something that happens to instances from outside; at least one of health, power and customMetrics (null takes them away)."""

    id: str
    instances: list[InstanceId] = Field(min_length=1)
    health: HealthWord | None = Field(default=None, strict=False)
    power: Literal["running", "stopped", "deallocated"] | None = None
    customMetrics: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_work(cls, value: object) -> object:
        if isinstance(value, dict) and "running" in value:
            raise ValueError(
                "this version of the emulator serves no Batch nodes, so nothing has work that is running"
            )
        return value

    @model_validator(mode="after")
    def _something_happens(self) -> Self:
        if self.health is None and self.power is None and "customMetrics" not in self.model_fields_set:
            raise ValueError("one of health and power is needed, or customMetrics")
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
