"""What the referee has to say, without what it cannot know: a person's word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from fleetwright.domain.records import TriggerKind
from fleetwright_demo.journeys.evidence import Evidence


def objections(evidence: Evidence) -> Iterator[str]:
    """No violation, pairs never overlap (R46), one zone at a time (R48; inside a set that crosses them C8 lifts it)."""
    audit = evidence.audit
    for violation in audit["violations"]:
        if not _is_a_persons_word(evidence, violation):
            yield f"{violation['rule']} at {violation['at']}: {violation['detail']} ({violation['resource']})"
    if audit["pairs"]["overlapSeconds"]:
        yield f"R46: paired regions were in flight together for {audit['pairs']['overlapSeconds']} s"
    crossing = {fleet.region for fleet in evidence.world.fleets if fleet.crosses_zones}
    for region, found in audit["regions"].items():
        count = found["maxZonesInFlightPerImage"]
        if count > 1 and region not in crossing:
            yield f"R48: {count} zones of {region} were in flight for one image version"


def _is_a_persons_word(evidence: Evidence, violation: Mapping[str, str]) -> bool:
    """Whether a person rolled the fleet out by hand before: what failed then is tried again, or the other way round (R42)."""
    if violation["rule"] != "R44":
        return False
    at = datetime.fromisoformat(violation["at"])
    fleet = next(fleet for fleet in evidence.world.fleets if fleet.fleet_id == violation["resource"])
    rollouts = (view.rollout for view in evidence.rollouts[fleet.name])
    return any(
        one.settings.trigger is TriggerKind.MANUAL and one.started_at is not None and one.started_at <= at
        for one in rollouts
    )
