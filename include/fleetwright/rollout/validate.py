"""The first step: everything is checked before anything changes, and every reason is told at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from fleetwright.domain.eligibility import Facts, judge_eligibility
from fleetwright.domain.errors import ConfigurationError, HeldError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import LATEST, is_exact_version, is_older, newest
from fleetwright.domain.instances import Instance
from fleetwright.domain.records import RolloutSettings, TriggerKind
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.domain.thresholds import name_ids
from fleetwright.rollout.ports import FleetDriver, ImageCatalogue
from fleetwright.rollout.quarantining import check_quarantine
from fleetwright.rollout.session import Ports

log = logging.getLogger(__name__)

MAX_HEALTH_TIMEOUT_SECONDS = 24 * 3600
MAX_POLL_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RolloutRequest:
    """What a person or a schedule asks for.

    :param fleet_id: ARM id of the scale set
    :param version: ``latest`` or an exact image version
    :param rollback: roll back on a manual run too (R43: off unless asked for)
    """

    fleet_id: str
    version: str = LATEST
    trigger: TriggerKind = TriggerKind.MANUAL
    rollback: bool = False
    health_timeout_seconds: float = 300.0
    poll_seconds: float = 5.0
    requires_deferral: bool = False

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


def validate(ports: Ports, request: RolloutRequest, *, actor: str) -> Validated:
    """Check every requirement; a hold is written to the ledger with all its reasons.

    A rollout that is not over is never held: its instances may be in flight, and need their verdicts first.

    :raises ConfigurationError: when something that was asked for does not exist or is no valid value
    :raises HeldError: when the fleet may not be upgraded now
    """
    unfinished = find_unfinished(ports, request)
    if unfinished is not None:
        return unfinished
    try:
        return check_quarantine(ports.ledger, examine(ports.driver, ports.catalogue, request))
    except HeldError as held:
        key = parse_fleet_id(request.fleet_id).key
        ports.ledger.record_held(key, held.reasons, actor=actor, now=ports.clock.now())
        raise


def find_unfinished(ports: Ports, request: RolloutRequest) -> Validated | None:
    """The fleet's rollout that is not over, with its own settings; whoever begins now goes on with it.

    :raises ConfigurationError: when another version was asked for, and it does not exist
    """
    fleet_id = parse_fleet_id(request.fleet_id)
    for view in ports.ledger.list_rollouts(fleet_id.key):
        if view.rollout.state not in TERMINAL_STATES:
            fleet = ports.driver.fetch_fleet(fleet_id)
            warnings = _not_this_time(ports, request, fleet, view.rollout.settings.target_version)
            return Validated(fleet, ports.driver.list_instances(fleet), view.rollout.settings, warnings)
    return None


def _not_this_time(ports: Ports, request: RolloutRequest, fleet: Fleet, target: str) -> tuple[str, ...]:
    if request.version in {LATEST, target}:
        return ()
    asked = _target(request.version, ports.catalogue.list_versions(fleet, fleet.image), fleet)
    return (
        f"{asked} was asked for, but a rollout to {target} is not over: that goes on; start again for {asked}",
    )


def examine(driver: FleetDriver, catalogue: ImageCatalogue, request: RolloutRequest) -> Validated:
    """The same checks without a trace: reads only."""
    fleet = driver.fetch_fleet(parse_fleet_id(request.fleet_id))
    instances = driver.list_instances(fleet)
    if not instances:
        raise ConfigurationError(
            f"scale set {fleet.fleet_id.resource_id} has no instances: nothing to upgrade"
        )
    facts = Facts(fleet, instances, driver.fetch_foreign_rollout(fleet), request.requires_deferral)
    eligibility = judge_eligibility(facts)
    if eligibility.reasons:
        raise HeldError(eligibility.reasons)
    versions = catalogue.list_versions(fleet, fleet.image)
    target = _target(request.version, versions, fleet)
    settings = _settings(request, fleet, target)
    gone = _gone_versions(instances, versions, target)
    if gone and settings.rollback:
        raise HeldError((_no_way_back(gone),))
    warnings = (*eligibility.warnings, *((_no_way_back(gone),) if gone else ()))
    return Validated(fleet, instances, settings, warnings)


def _target(version: str, versions: tuple[str, ...], fleet: Fleet) -> str:
    if version == LATEST:
        found = newest(versions)
        if found is None:
            raise ConfigurationError(f"image {fleet.image.name} has no version in {fleet.location}")
        return found
    if version not in versions:
        raise ConfigurationError(
            f"version {version} of {fleet.image.name} does not exist in {fleet.location}; "
            f"the newest there is {newest(versions) or 'none'}"
        )
    return version


def _settings(request: RolloutRequest, fleet: Fleet, target: str) -> RolloutSettings:
    automatic = request.trigger is TriggerKind.AUTOMATIC
    # C12: an automatic rollout rolls back unless the set disables it; a manual one only when asked to.
    rollback = not fleet.policy.disable_automatic_rollback if automatic else request.rollback
    return RolloutSettings(
        fleet_id=fleet.fleet_id.resource_id,
        target_version=target,
        trigger=request.trigger,
        rollback=rollback,
        health_timeout_seconds=request.health_timeout_seconds,
        poll_seconds=request.poll_seconds,
        location=fleet.location,
        image=fleet.image.to_dict(),
    )


def _gone_versions(
    instances: tuple[Instance, ...], versions: tuple[str, ...], target: str
) -> dict[str, list[str]]:
    gone: dict[str, list[str]] = {}
    for instance in instances:
        if instance.protected or not is_older(instance.version, target):
            continue  # never swapped, so never rolled back
        if instance.version not in versions:
            gone.setdefault(instance.version or "unknown", []).append(instance.instance_id)
    return gone


def _no_way_back(gone: Mapping[str, list[str]]) -> str:
    named = "; ".join(
        f"{version} (instances {name_ids(tuple(ids))})" for version, ids in sorted(gone.items())
    )
    return f"rollback is impossible: previous version {named} is gone from the catalogue (O6)"
