"""The first step: everything is checked before anything changes, and every reason is told at once."""

from __future__ import annotations

import logging
from dataclasses import replace

from fleetwright.domain.eligibility import Facts, judge_eligibility
from fleetwright.domain.errors import ConfigurationError, HeldError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import LATEST
from fleetwright.domain.instances import left_behind
from fleetwright.domain.pool_notes import keeps_waiting, tell_pool
from fleetwright.domain.records import RolloutSettings, TriggerKind
from fleetwright.domain.strategy import Strategy
from fleetwright.rollout.cancelling import find_ongoing
from fleetwright.rollout.heeding import about_window, why_held
from fleetwright.rollout.opening import warn_where_left_closed
from fleetwright.rollout.pairing import Pairs, find_pairs
from fleetwright.rollout.planning import predict_end
from fleetwright.rollout.ports.catalogue import ImageCatalogue
from fleetwright.rollout.quarantining import why_not_again
from fleetwright.rollout.repairs import warn_where_left_suspended
from fleetwright.rollout.request import RolloutRequest, Validated
from fleetwright.rollout.session import Ports
from fleetwright.rollout.surging import surge_warnings
from fleetwright.rollout.targets import (
    Search,
    Target,
    require_listed,
    search_target,
    versions_left_behind,
    why_no_way_back,
)
from fleetwright.rollout.whose_upgrade import strategy_for, why_not_awaited

log = logging.getLogger(__name__)

__all__ = ["RolloutRequest", "examine", "find_unfinished", "validate"]


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
        return examine(ports, request)
    except HeldError as held:
        key = parse_fleet_id(request.fleet_id).key
        ports.ledger.record_held(key, held.reasons, actor=actor, now=ports.clock.now())
        warn_where_left_suspended(ports.ledger, parse_fleet_id(request.fleet_id))
        warn_where_left_closed(ports.ledger, parse_fleet_id(request.fleet_id))
        raise


def find_unfinished(ports: Ports, request: RolloutRequest) -> Validated | None:
    """The fleet's rollout that is not over, with its own settings; whoever begins now goes on with it.

    :raises ConfigurationError: when another version was asked for, and it does not exist
    """
    fleet_id = parse_fleet_id(request.fleet_id)
    view = find_ongoing(ports.ledger, fleet_id.key)
    if view is None:
        return None
    fleet = ports.driver.fetch_fleet(fleet_id)
    settings = view.rollout.settings
    warnings = (
        *_not_this_time(ports, request, fleet, settings.target_version),
        *keeps_waiting(fleet, settings.drain, request.drain),
    )
    return Validated(fleet, ports.driver.list_instances(fleet), settings, warnings)


def _not_this_time(ports: Ports, request: RolloutRequest, fleet: Fleet, target: str) -> tuple[str, ...]:
    if request.version in {LATEST, target}:
        return ()
    asked = request.version
    require_listed(ports.catalogue, fleet, asked)
    return (
        f"{asked} was asked for, but a rollout to {target} is not over: that goes on; start again for {asked}",
    )


def examine(ports: Ports, request: RolloutRequest) -> Validated:
    """The same checks without a trace: reads only."""
    driver = ports.driver
    fleet = driver.fetch_fleet(parse_fleet_id(request.fleet_id))
    instances = driver.list_instances(fleet)
    if not instances:
        raise ConfigurationError(
            f"{fleet.kind.words} {fleet.fleet_id.resource_id} has no {fleet.kind.member}s: nothing to upgrade"
        )
    ports.catalogue.forget()
    search = search_target(ports.catalogue, fleet, request.version)
    foreign, awaited = driver.fetch_foreign_rollout(fleet), driver.fetch_awaited_version(fleet)
    fleet = replace(fleet, strategy=strategy_for(fleet, awaited))
    facts = Facts(fleet, instances, foreign, awaited, request.requires_deferral)
    pairs = find_pairs(ports.regions, fleet)
    settings = replace(_settings(request, fleet, search.version), paired_regions=pairs.regions)
    return _judged(ports, Validated(fleet, instances, settings, ()), facts, search, pairs)


def _judged(ports: Ports, validated: Validated, facts: Facts, search: Search, pairs: Pairs) -> Validated:
    """What was found, with its warnings.

    :raises HeldError: with every reason at once, that of the version among them
    :raises ConfigurationError: when nothing but the version is wrong
    """
    fleet, target = facts.fleet, search.target
    eligibility = judge_eligibility(
        replace(
            facts,
            surroundings=ports.driver.fetch_surroundings(fleet, search.version),
            predicted_end=predict_end(ports, validated) if target else ports.clock.now(),
        )
    )
    stops, notes = _about_target(ports, validated) if target else ((), ())
    shut, closed = about_window(fleet, validated.settings.trigger, ports.clock.now())
    not_awaited = _not_awaited(ports.catalogue, facts, search.version)
    held = why_held(ports.ledger, validated.settings)
    reasons = (*held, *shut, *eligibility.reasons, *not_awaited, *stops, *pairs.reasons)
    if reasons:
        raise HeldError((*reasons, *search.reasons))
    if target is None:
        raise search.obstacle or HeldError(search.reasons)
    left = left_behind(facts.instances, target.version)
    surges = surge_warnings(ports, fleet, left, target.version)
    work = tell_pool(fleet, facts.instances, target.version, validated.settings.drain)
    found = (*work, *eligibility.warnings, *pairs.warnings, *_passed_over(target), *notes, *closed, *surges)
    return replace(validated, warnings=found)


def _about_target(ports: Ports, validated: Validated) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the version itself holds, and what it only warns of: no way back (O6), and stops that it caused."""
    settings = validated.settings
    no_way_back = _no_way_back(ports.catalogue, validated)
    stopped_before = why_not_again(ports.ledger, validated)
    stops = (
        *(no_way_back if settings.rollback else ()),
        *(stopped_before if settings.trigger is TriggerKind.AUTOMATIC else ()),
    )
    return stops, (*no_way_back, *stopped_before)


def _not_awaited(catalogue: ImageCatalogue, facts: Facts, target: str) -> tuple[str, ...]:
    if not target or facts.fleet.strategy is not Strategy.APPROVE:
        return ()
    reason = why_not_awaited(catalogue, facts.fleet, facts.awaited_version, target)
    return (reason,) if reason else ()


def _no_way_back(catalogue: ImageCatalogue, validated: Validated) -> tuple[str, ...]:
    left = versions_left_behind(validated.instances, validated.settings.target_version)
    reason = why_no_way_back(catalogue, validated.fleet, left)
    return (reason,) if reason else ()


def _passed_over(target: Target) -> tuple[str, ...]:
    return tuple(f"version {passed}: it is not rolled out" for passed in target.passed_over)


def _settings(request: RolloutRequest, fleet: Fleet, target: str) -> RolloutSettings:
    automatic = request.trigger is TriggerKind.AUTOMATIC
    # C12: an automatic rollout rolls back unless the fleet disables it; a manual one only when asked to.
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
        strategy=fleet.strategy,
        phase=request.phase,
        drain=request.drain,
    )
