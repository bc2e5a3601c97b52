"""What a rollout is asked to do, and what its validation found: the values around the first step."""

from __future__ import annotations

from dataclasses import dataclass, field

from fleetwright.domain.drains import DrainPolicy
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import LATEST, is_exact_version
from fleetwright.domain.instances import Instance
from fleetwright.domain.records import RolloutSettings, TriggerKind

MAX_HEALTH_TIMEOUT_SECONDS = 24 * 3600
MAX_POLL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RolloutRequest:
    """What a person or a schedule asks for.

    :param fleet_id: ARM id of the scale set or Batch pool
    :param version: ``latest`` or an exact image version
    :param rollback: roll back on a manual run too (R43: off unless asked for)
    :param phase: label of the phase that starts it (R45); empty where no phase does
    :param drain: how long the nodes of a pool that waits for its work are waited for, and what then (R55)
    """

    fleet_id: str
    version: str = LATEST
    trigger: TriggerKind = TriggerKind.MANUAL
    rollback: bool = False
    health_timeout_seconds: float = 300.0
    poll_seconds: float = 5.0
    requires_deferral: bool = False
    phase: str = ""
    drain: DrainPolicy = field(default_factory=DrainPolicy)

    def __post_init__(self) -> None:
        if self.version != LATEST and not is_exact_version(self.version):
            raise ConfigurationError(
                f"version {self.version!r} is neither 'latest' nor dotted numbers such as 18.04.202402010"
            )
        for name, seconds, most in (
            ("health timeout", self.health_timeout_seconds, MAX_HEALTH_TIMEOUT_SECONDS),
            ("time between polls", self.poll_seconds, MAX_POLL_SECONDS),
        ):
            if not 0 < seconds <= most:
                raise ConfigurationError(
                    f"{name} is {seconds:g} s; it must be more than 0 and at most {most} s"
                )


@dataclass(frozen=True, slots=True)
class Validated:
    """A fleet that may be upgraded, and to what.

    :param warnings: what a person should know before the first batch
    """

    fleet: Fleet
    instances: tuple[Instance, ...]
    settings: RolloutSettings
    warnings: tuple[str, ...]
