"""Whether harm is seen: a phase in which a version made instances ill does not succeed (R47)."""

from __future__ import annotations

from collections.abc import Iterator

from fleetwright.domain.phase_runs import PhaseRun, PhaseState
from fleetwright_demo.journeys.drawn import DrawnFleet, DrawnVersion, Harm
from fleetwright_demo.journeys.evidence import Evidence

# What flaps is healthy half of the time, and what falls ill on some instances may do so within the limits.
_PLAIN = frozenset({"never", "unhealthy"})
_SURE = frozenset({Harm.EVERYWHERE, Harm.REGION})


def harm_overlooked(evidence: Evidence) -> Iterator[str]:
    """Every phase that succeeded although all instances that it swapped in a whole region are ill."""
    for version in evidence.world.versions:
        if version.harm not in _SURE or version.health not in _PLAIN:
            continue
        for run in evidence.phase_runs:
            if run.publication.version == version.version and run.state is PhaseState.SUCCEEDED:
                yield from _harmed_in(evidence, run, version)


def _harmed_in(evidence: Evidence, run: PhaseRun, version: DrawnVersion) -> Iterator[str]:
    started = {start.fleet_id.lower() for start in run.starts}
    for fleet in evidence.world.fleets:
        is_meant = version.harm is Harm.EVERYWHERE or fleet.region == version.region
        if is_meant and fleet.fleet_id.lower() in started and _was_swapped(evidence, fleet, run):
            yield f"R47: {run.key} succeeded, and {version.version} is {version.harm}: it was swapped in on {fleet.name}"


def _was_swapped(evidence: Evidence, fleet: DrawnFleet, run: PhaseRun) -> bool:
    """Whether a rollout of this phase brought the version to an instance of the fleet."""
    return any(
        view.rollout.settings.phase == run.phase
        and view.rollout.settings.target_version == run.publication.version
        and any(swap.new_disk_id for swap in view.swaps.values())
        for view in evidence.rollouts[fleet.name]
    )
