"""Whether versions arrived: a good one comes to every eligible fleet (R1), once (R2), and no gallery waits for phases (R50)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from fleetwright_demo.journeys.drawn import OLD_VERSIONS, DrawnFleet, DrawnVersion
from fleetwright_demo.journeys.evidence import Evidence

# Found by the next look after half an hour, begun at the look after the half hour of R29, behind other fleets' turns.
_LATEST_START = timedelta(hours=3)


def not_reached(evidence: Evidence) -> Iterator[str]:
    """Every eligible fleet of a calm world that is not on the newest version, or came there in more than one run."""
    world = evidence.world
    for fleet in world.fleets:
        if fleet.is_opted_out:
            continue
        version = _newest(evidence, fleet)
        if fleet.is_gallery:
            yield from _late_gallery(evidence, fleet, version)
        if world.is_calm:
            yield from _behind(evidence, fleet, version)


def _newest(evidence: Evidence, fleet: DrawnFleet) -> DrawnVersion | None:
    found = [version for version in evidence.world.versions if version.is_gallery == fleet.is_gallery]
    return max(found, key=lambda version: version.version, default=None)


def _behind(evidence: Evidence, fleet: DrawnFleet, version: DrawnVersion | None) -> Iterator[str]:
    target = version.version if version else OLD_VERSIONS[fleet.is_gallery]
    behind = {i: found for i, found in evidence.versions[fleet.name].items() if found != target}
    if behind:
        yield f"R1: {target} did not come to {fleet.name}: {behind}"
    begun = [view for view in evidence.rollouts[fleet.name] if view.swaps]
    targets = [view.rollout.settings.target_version for view in begun]
    if len(targets) != len(set(targets)):
        yield f"R2: {fleet.name} had more than one rollout to one version: {targets}"


def _late_gallery(evidence: Evidence, fleet: DrawnFleet, version: DrawnVersion | None) -> Iterator[str]:
    """A gallery's version begins once it is in the region, whatever phases do (R50)."""
    if version is None or not evidence.world.is_calm:
        return
    there = version.published_at + timedelta(seconds=dict(version.replicas)[fleet.region])
    begun = [view.rollout.started_at for view in evidence.rollouts[fleet.name] if view.swaps]
    first = min((began for began in begun if began is not None), default=None)
    yield from _judge_start(fleet, there, first)


def _judge_start(fleet: DrawnFleet, there: datetime, began: datetime | None) -> Iterator[str]:
    if began is None or began > there + _LATEST_START:
        yield f"R50: {fleet.name} had its version in its region at {there}, and began at {began}"
    elif began < there:
        yield f"R26: {fleet.name} began at {began}, before its version was in its region at {there}"
