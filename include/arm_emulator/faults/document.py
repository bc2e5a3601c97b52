"""A fault as world documents and ``POST /_emulator/faults`` write it."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from arm_emulator.world.words import Document, Duration, InstanceId, Location

_KINDS = ("status", "latency", "reset", "applyThenReset", "operation", "partial", "zoneDown", "tokenExpires")


class MatchDocument(Document):
    """Which calls a fault is about; what is not given matches all."""

    method: str | None = None
    path: str | None = None
    instances: list[InstanceId] | None = None


class EffectDocument(Document):
    """What happens to them: exactly one of status, latency, reset, applyThenReset, operation, partial, zoneDown and tokenExpires.

    ``zoneDown`` may have a ``location``; without one the zone is down in every region.
    """

    status: int | None = Field(default=None, ge=400, le=599)
    retryAfter: int | None = Field(default=None, ge=0)
    latency: Duration | None = None
    reset: Literal[True] | None = None
    applyThenReset: Literal[True] | None = None
    operation: Literal["Failed", "stuck"] | None = None
    partial: list[InstanceId] | None = None
    zoneDown: InstanceId | None = None
    location: Location | None = None
    tokenExpires: Literal[True] | None = None
    code: str | None = None
    message: str | None = None

    @property
    def kind(self) -> str:
        """Which of them it is."""
        return self._given()[0]

    def _given(self) -> list[str]:
        return [kind for kind in _KINDS if getattr(self, kind) is not None]

    @model_validator(mode="after")
    def _exactly_one_kind(self) -> Self:
        given = self._given()
        if len(given) != 1:
            found = " and ".join(given) or "none"
            raise ValueError(f"an effect is exactly one of {', '.join(_KINDS)}; there is {found}")
        if self.location is not None and self.zoneDown is None:
            raise ValueError("location belongs to zoneDown")
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

    @property
    def begins_at_once(self) -> bool:
        """Whether a zone is down from the start: no call is named that it waits for."""
        return self.effect.zoneDown is not None and not (self.after or self.match.model_fields_set)

    @property
    def hits_at_most(self) -> int | None:
        """How many matching calls it hits; None for all.

        One token expires unless ``times`` says more: else the new one would expire as well. A zone that is down is
        not counted in calls.
        """
        if self.effect.tokenExpires:
            return 1 if self.times is None else self.times
        return None if self.effect.zoneDown is not None else self.times
