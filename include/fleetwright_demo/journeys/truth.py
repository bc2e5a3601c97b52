"""Whether the ledger tells the truth: what it says of every instance is what the provider shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.states import SwapState
from fleetwright_demo.journeys.drawn import OLD_VERSIONS, DrawnFleet
from fleetwright_demo.journeys.evidence import Evidence


def untrue(evidence: Evidence) -> Iterator[str]:
    """Every instance that is not as the ledger says, and a ledger that does not hold together."""
    if evidence.broken_at is not None:
        yield f"the ledger's chain is broken at {evidence.broken_at}"
    yield from (f"{rollout} is not what its events say" for rollout in evidence.unreplayed)
    for fleet in evidence.world.fleets:
        yield from _untrue_fleet(evidence, fleet)


def _untrue_fleet(evidence: Evidence, fleet: DrawnFleet) -> Iterator[str]:
    views = evidence.rollouts[fleet.name]
    for view in views:
        yield from _inconstant(view)
    if fleet.is_opted_out and evidence.swapped(fleet):
        yield f"R4: {fleet.name} is opted out, and {sorted(evidence.swapped(fleet))} were swapped"
    told = _told_versions(views, OLD_VERSIONS[fleet.is_gallery])
    for instance, version in evidence.versions[fleet.name].items():
        expected = told.get(instance, frozenset({OLD_VERSIONS[fleet.is_gallery]}))
        if version not in expected:
            yield f"{fleet.name}: instance {instance} runs {version}, the ledger says {' or '.join(sorted(expected))}"


def _inconstant(view: RolloutView) -> Iterator[str]:
    """The version is constant within a run."""
    target = view.rollout.settings.target_version
    for instance, swap in view.swaps.items():
        if swap.new_version != target:
            yield f"{view.rollout.rollout_id} goes to {target}, and instance {instance} to {swap.new_version}"


def _told_versions(views: tuple[RolloutView, ...], first: str) -> Mapping[str, frozenset[str]]:
    """Which versions an instance may run, by its latest swap; oldest rollout first."""
    told: dict[str, frozenset[str]] = {}
    for view in views:
        for instance, swap in view.swaps.items():
            told[instance] = _after(swap, told.get(instance, frozenset({first})))
    return told


def _after(swap: SwapRecord, before: frozenset[str]) -> frozenset[str]:
    match swap.state:
        case SwapState.HEALTHY:
            return frozenset({swap.new_version})
        case SwapState.ROLLED_BACK:
            return frozenset({swap.old_version})
        case SwapState.REFUSED:
            return before
    # Failed, in words: a person looks at it, and the report names both.
    return frozenset({swap.old_version, swap.new_version})
