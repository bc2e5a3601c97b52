"""Whether versions travelled in order: phase after phase, and nowhere any more once they had failed (R45, R50)."""

from __future__ import annotations

from collections.abc import Iterator

from fleetwright.domain.phase_runs import PhaseRun, PhaseState
from fleetwright.domain.publications import Publication
from fleetwright.domain.quarantine import image_key
from fleetwright.domain.records import RolloutView, TriggerKind
from fleetwright_demo.journeys.evidence import Evidence


def out_of_order(evidence: Evidence) -> Iterator[str]:
    """Everything that began where it had no business yet, or any more."""
    yield from _phases_too_early(evidence)
    yield from _rollouts_without_phase(evidence)
    yield from _after_quarantine(evidence)


def _phases_too_early(evidence: Evidence) -> Iterator[str]:
    """A phase has rolled only after the one before had succeeded (R45)."""
    for run in evidence.phase_runs:
        index = phase_index(run.phase)
        if not index or run.publication.region or run.rolling_since is None:
            continue
        before = _run_of(evidence, run.publication, index - 1)
        if before is None or before.state is not PhaseState.SUCCEEDED or before.ended_at is None:
            told = "has no run" if before is None else f"is {before.state}"
            yield f"R45: {run.key} began, and phase {index - 1} {told}"
        elif run.rolling_since < before.ended_at:
            yield f"R45: {run.key} began at {run.rolling_since}, before {before.key} ended at {before.ended_at}"


def _rollouts_without_phase(evidence: Evidence) -> Iterator[str]:
    """No fleet gets a platform version by itself before its own phase began, nor any after an earlier phase failed."""
    for fleet in evidence.world.fleets:
        for view in _swapping(evidence.rollouts[fleet.name]):
            settings = view.rollout.settings
            if fleet.is_gallery or settings.trigger is not TriggerKind.AUTOMATIC:
                continue
            publication = Publication(image_key(settings.image), settings.target_version)
            yield from _judge_start(evidence, view, publication, evidence.world.phase_of(fleet.region))


def _judge_start(
    evidence: Evidence, view: RolloutView, publication: Publication, index: int
) -> Iterator[str]:
    name, began = view.rollout.rollout_id, view.rollout.started_at
    run = _run_of(evidence, publication, index)
    if began is None or run is None or run.opened_at is None or began < run.opened_at:
        yield f"R45: {name} began at {began}, before {publication} came to phase {index}"
        return
    for earlier in range(index):
        before = _run_of(evidence, publication, earlier)
        if before is None or before.state is not PhaseState.SUCCEEDED:
            yield f"R45: {name} swapped to {publication}, which did not succeed in phase {earlier}"


def _after_quarantine(evidence: Evidence) -> Iterator[str]:
    """No automatic rollout begins to a version that is put away."""
    for entry in evidence.quarantined:
        for view in (one for views in evidence.rollouts.values() for one in _swapping(views)):
            settings, began = view.rollout.settings, view.rollout.started_at
            is_of_it = (image_key(settings.image), settings.target_version) == (entry.image, entry.version)
            if is_of_it and settings.trigger is TriggerKind.AUTOMATIC and began and began > entry.since:
                yield (
                    f"{view.rollout.rollout_id} began at {began}, after {entry.version} was put away at {entry.since}"
                )


def _swapping(views: tuple[RolloutView, ...]) -> Iterator[RolloutView]:
    return (view for view in views if view.swaps)


def _run_of(evidence: Evidence, publication: Publication, index: int) -> PhaseRun | None:
    found = (run for run in evidence.phase_runs if run.publication == publication)
    return next((run for run in found if phase_index(run.phase) == index), None)


def phase_index(label: str) -> int | None:
    """The place of a phase in the order, from its label; None for what is none."""
    number = label.split("_")[1:2]
    return int(number[0]) if number and number[0].isdecimal() else None
