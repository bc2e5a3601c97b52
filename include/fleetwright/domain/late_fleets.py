"""Fleets that stand behind a version that has proven itself: freshly enabled ones, and those that missed their turn (R1, R29)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.holds import Hold, Holdable, why_on_hold
from fleetwright.domain.images import is_older, version_key
from fleetwright.domain.phase_runs import ENDED_PHASES, PROVEN, PhaseRun, PhaseState
from fleetwright.domain.publications import Publication
from fleetwright.domain.quarantine import image_key
from fleetwright.domain.records import RolloutView
from fleetwright.domain.seen_images import Memory, SeenFleet, Shelf, WatchTimes
from fleetwright.domain.states import TERMINAL_STATES, RolloutState
from fleetwright.domain.windows import why_window_closed


@dataclass(frozen=True, slots=True)
class LateFleet:
    """A fleet, and the version that it should be on by now.

    :param phase: label of its phase; empty for a gallery's image
    """

    fleet: Fleet
    target: Publication
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about a late fleet beside its model.

    :param rollouts: its rollouts, newest first
    :param runs: every publication in every phase
    """

    seen: SeenFleet
    rollouts: tuple[RolloutView, ...] = ()
    runs: tuple[PhaseRun, ...] = ()
    holds: tuple[Hold, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether its rollout begins now.

    :param words: why it does not; empty where it does, and where there is nothing to say
    :param is_done: it needs nothing
    :param due: when that changes by time alone
    """

    words: str = ""
    is_done: bool = False
    due: datetime | None = None


def proven_in_phase(label: str, image: str, runs: Iterable[PhaseRun], shelf: Shelf) -> Publication | None:
    """The newest version of a platform image that has succeeded in a phase and is listed in the fleet's region."""
    done = (
        run.publication
        for run in runs
        if run.phase == label and run.state is PhaseState.SUCCEEDED and run.publication.image == image
    )
    listed = [publication for publication in done if publication.version in shelf.versions]
    return max(listed, key=lambda publication: version_key(publication.version), default=None)


def proven_in_region(image: str, shelf: Shelf, runs: Iterable[PhaseRun]) -> Publication | None:
    """The newest version of a gallery's image there, once its own run in the region has succeeded (R26, R50)."""
    publication = Publication(image, shelf.newest, shelf.region)
    states = {run.state for run in runs if run.publication == publication}
    return publication if PhaseState.SUCCEEDED in states else None


def judge_late(
    late: LateFleet, standing: Standing, memory: Memory, times: WatchTimes, now: datetime
) -> Verdict:
    """Whether the fleet's rollout begins now, as far as the ledger knows."""
    if _has_reached(late, standing):
        return Verdict(is_done=True)
    enabled = standing.seen.enabled_at or now
    if (due := enabled + times.enablement_delay) > now:
        return Verdict(f"waits until {due:%Y-%m-%d %H:%M} UTC: enabled since {enabled:%H:%M} (R29)", due=due)
    reasons = (
        _under_way(late, standing),
        _stopped_before(late, standing, enabled),
        memory.why_quarantined(Publication(late.target.image, late.target.version)),
        why_on_hold(standing.holds, _about(late)),
        why_window_closed(late.fleet, now),
    )
    return Verdict(next(filter(None, reasons), ""))


def _has_reached(late: LateFleet, standing: Standing) -> bool:
    if standing.seen.reached == late.target.key:
        return True
    last = next((view.rollout for view in standing.rollouts if _is_of(late, view)), None)
    if last is not None and last.state is RolloutState.COMPLETED:
        return not is_older(last.settings.target_version, late.target.version)
    outcomes = (run.outcomes.get(late.fleet.key) for run in standing.runs if run.publication == late.target)
    # What a phase brought it before it was ours anew says nothing: it may have been given another image since.
    since = standing.seen.enabled_at
    return any(
        o.result in PROVEN and (not since or not o.ended_at or o.ended_at >= since) for o in outcomes if o
    )


def _is_of(late: LateFleet, view: RolloutView) -> bool:
    """Whether a rollout was of the image that the fleet boots now."""
    return image_key(view.rollout.settings.image) == late.target.image


def _under_way(late: LateFleet, standing: Standing) -> str:
    last = standing.rollouts[0].rollout if standing.rollouts else None
    if last is not None and last.state not in TERMINAL_STATES:
        return f"rollout {last.rollout_id} to {last.settings.target_version} is under way"
    run = next((r for r in standing.runs if _is_coming(late, r)), None)
    return f"{run.phase} is at it with {run.publication.version}: {run.state}" if run else ""


def _is_coming(late: LateFleet, run: PhaseRun) -> bool:
    """Whether a run that is not over will come to the fleet by itself, with this version or a newer one."""
    publication = run.publication
    if run.state in ENDED_PHASES or publication.image != late.target.image:
        return False
    is_here = run.phase == late.phase if late.phase else publication.region == late.target.region
    return is_here and not is_older(publication.version, late.target.version)


def _stopped_before(late: LateFleet, standing: Standing, enabled: datetime) -> str:
    """A rollout that stopped is for a person: trying again every half an hour would be no safety."""
    for rollout in (view.rollout for view in standing.rollouts if _is_of(late, view)):
        is_since = rollout.ended_at is not None and rollout.ended_at >= enabled
        is_bad = rollout.state in {RolloutState.FAULTED, RolloutState.CANCELLED}
        if is_since and is_bad and rollout.settings.target_version == late.target.version:
            return (
                f"rollout {rollout.rollout_id} to {late.target.version} ended as {rollout.state}"
                f" ({rollout.reason_message or rollout.reason_code}): a person starts it again"
            )
    return ""


def _about(late: LateFleet) -> Holdable:
    return Holdable(late.fleet.key, late.target.image, late.target.version, late.phase)
