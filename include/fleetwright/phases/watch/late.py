"""Rollouts of fleets that no phase takes with it any more: freshly enabled ones, and those that missed their turn (R1, R29)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from fleetwright.domain.errors import ConfigurationError, HeldError, ProviderError
from fleetwright.domain.holds import Hold
from fleetwright.domain.images import IN_GALLERIES
from fleetwright.domain.instances import left_behind
from fleetwright.domain.late_fleets import (
    LateFleet,
    Standing,
    judge_late,
    proven_in_phase,
    proven_in_region,
)
from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.domain.records import TriggerKind
from fleetwright.domain.seen_images import Memory, SeenFleet, WatchTimes
from fleetwright.phases.watch.late_findings import LateFinding, LateStart, name_over_limit
from fleetwright.phases.watch.scene import Scene, phase_of
from fleetwright.phases.watch.watch_ports import WatchPorts
from fleetwright.rollout.request import RolloutRequest
from fleetwright.rollout.session import Ports
from fleetwright.rollout.validate import examine


@dataclass(frozen=True, slots=True)
class _Round:
    """What all fleets of one look are judged by."""

    ports: WatchPorts
    memory: Memory
    times: WatchTimes
    runs: tuple[PhaseRun, ...]
    holds: tuple[Hold, ...]
    seen: Mapping[str, SeenFleet]
    now: datetime

    def standing(self, late: LateFleet) -> Standing | None:
        """What is known about the fleet; None where it is known to be on its version."""
        seen = self.seen.get(late.fleet.key)
        if seen is None or seen.reached == late.target.key:
            return None
        rollouts = self.ports.ledger.list_rollouts(late.fleet.key)
        return Standing(seen, rollouts, self.runs, self.holds)


def find_late(ports: WatchPorts, scene: Scene, memory: Memory, times: WatchTimes) -> tuple[LateFinding, ...]:
    """Which fleets are behind a version that has proven itself, and whose rollouts begin now.

    A fleet of which the ledger does not know on what it is costs a look at it; what that shows is written down.
    """
    judging = _begin_round(ports, memory, times)
    found: list[LateFinding] = []
    for late in _with_target(judging, scene):
        left = times.late_starts - sum(finding.start is not None for finding in found)
        finding = _judge(judging, late, left)
        found += [finding] if finding is not None else []
    return (*(finding for finding in found if not finding.is_over_limit), *name_over_limit(found))


def list_ready(ports: WatchPorts, scene: Scene, memory: Memory, times: WatchTimes) -> tuple[LateFleet, ...]:
    """The fleets at which a look would look closely; nothing is asked about them and nothing written."""
    judging = _begin_round(ports, memory, times)
    return tuple(late for late in _with_target(judging, scene) if _is_ready(judging, late))


def _is_ready(judging: _Round, late: LateFleet) -> bool:
    standing = judging.standing(late)
    if standing is None:
        return False
    verdict = judge_late(late, standing, judging.memory, judging.times, judging.now)
    return not verdict.is_done and not verdict.words


def _begin_round(ports: WatchPorts, memory: Memory, times: WatchTimes) -> _Round:
    ledger = ports.ledger
    told = (ledger.list_phase_runs(), ledger.list_holds(), ledger.list_seen_fleets())
    return _Round(ports, memory, times, *told, ports.clock.now())


def _with_target(judging: _Round, scene: Scene) -> Iterator[LateFleet]:
    for fleet in scene.fleets:
        shelf, image = scene.shelves[fleet.image.key, fleet.location], fleet.image.key
        if fleet.image.kind in IN_GALLERIES:
            target, label = proven_in_region(image, shelf, judging.runs), ""
        else:
            phase = phase_of(scene.plan, fleet)
            label = phase.label if phase else ""
            target = proven_in_phase(label, image, judging.runs, shelf)
        if target is not None:
            yield LateFleet(fleet, target, label)


def _judge(judging: _Round, late: LateFleet, left: int) -> LateFinding | None:
    """None where there is nothing to say about the fleet.

    :param left: how many rollouts may still begin at this look
    """
    standing = judging.standing(late)
    if standing is None:
        return None
    verdict = judge_late(late, standing, judging.memory, judging.times, judging.now)
    if verdict.is_done:
        judging.ports.ledger.note_reached(late.fleet.key, late.target)
        return None
    if verdict.words:
        return _not_started(late, verdict.words, verdict.due)
    if left < 1:
        return LateFinding(late.fleet.name, "", is_over_limit=True)
    return _examine(judging.ports, late, standing)


def _not_started(late: LateFleet, why: str, due: datetime | None = None) -> LateFinding:
    words = f"not started although behind {late.target.version}: {why}"
    return LateFinding(late.fleet.name, words, due=due)


def _examine(ports: WatchPorts, late: LateFleet, standing: Standing) -> LateFinding | None:
    """Look at the fleet itself: it may be on the version already, or may not be upgraded now."""
    fleet_id, version = late.fleet.fleet_id.resource_id, late.target.version
    request = RolloutRequest(
        fleet_id, version, TriggerKind.AUTOMATIC, requires_deferral=ports.requires_deferral
    )
    try:
        validated = examine(
            Ports(ports.clock, ports.driver, ports.catalogue, ports.ledger, ports.regions), request
        )
    except (HeldError, ConfigurationError, ProviderError) as error:
        return _not_started(late, str(error))
    behind = left_behind(validated.instances, version)
    if not behind:
        ports.ledger.note_reached(late.fleet.key, late.target)
        return None
    reason = _reason(late, standing, len(behind), len(validated.instances))
    start = LateStart(fleet_id, version, late.phase, _attempt(ports, late, standing), reason)
    return LateFinding(late.fleet.name, f"started: {reason}", start)


def _reason(late: LateFleet, standing: Standing, behind: int, total: int) -> str:
    proof = f"has succeeded in {late.phase}" if late.phase else f"is replicated to {late.target.region}"
    since = f"{standing.seen.enabled_at:%Y-%m-%d %H:%M} UTC" if standing.seen.enabled_at else "now"
    return f"{late.target.version} {proof}, {behind} of {total} {late.fleet.kind.member}s are behind it; enabled since {since}"


def _attempt(ports: WatchPorts, late: LateFleet, standing: Standing) -> str:
    """A day at most passes until it is tried again when its run came to nothing."""
    last = standing.rollouts[0].rollout.rollout_id if standing.rollouts else ""
    words = "|".join((late.fleet.key, late.target.key, str(standing.seen.enabled_at), last))
    digest = hashlib.sha256(words.encode()).hexdigest()[:12]
    return f"late__{late.fleet.name}__{late.target.version}__{ports.clock.now():%Y-%m-%d}__{digest}"
