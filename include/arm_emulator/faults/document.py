"""A fault as world documents and ``POST /_emulator/faults`` write it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from arm_emulator.world.words import Document, Duration, InstanceId

NOT_SERVED = ("zoneDown", "tokenExpires")
"""Effects that the contract knows and this version does not serve."""

_KINDS = ("status", "latency", "reset", "applyThenReset", "operation", "partial")


class MatchDocument(Document):
    """Which calls a fault is about; what is not given matches all."""

    method: str | None = None
    path: str | None = None
    instances: list[InstanceId] | None = None


class EffectDocument(Document):
    """What happens to them: exactly one of status, latency, reset, applyThenReset, operation and partial."""

    status: int | None = Field(default=None, ge=400, le=599)
    retryAfter: int | None = Field(default=None, ge=0)
    latency: Duration | None = None
    reset: Literal[True] | None = None
    applyThenReset: Literal[True] | None = None
    operation: Literal["Failed", "stuck"] | None = None
    partial: list[InstanceId] | None = None
    code: str | None = None
    message: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_unserved(cls, value: object) -> object:
        for kind in NOT_SERVED:
            if isinstance(value, dict) and kind in value:
                raise ValueError(f"the effect {kind} is not served by this version of the emulator")
        return value

    @property
    def kind(self) -> str:
        """Which of the six it is."""
        return self._given()[0]

    def _given(self) -> list[str]:
        return [kind for kind in _KINDS if getattr(self, kind) is not None]

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> Self:
        given = self._given()
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"an effect is exactly one of {', '.join(_KINDS)}; there is {found}")
        return self


class FaultDocument(Document):
    """One fault.

    ``after`` lets the first matching calls through, ``times`` hits the next ones, ``seconds`` ends it that many world
    seconds after it was added.
    """

    match: MatchDocument = Field(default_factory=MatchDocument)
    effect: EffectDocument
    after: int = Field(default=0, ge=0)
    times: int | None = Field(default=None, ge=0)
    seconds: Duration | None = None
