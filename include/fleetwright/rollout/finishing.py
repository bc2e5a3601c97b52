"""The last step: the provider is read once more, and what it shows is what the rollout came to."""

from __future__ import annotations

import logging
from typing import Any

from fleetwright.domain.advice import advise
from fleetwright.domain.batches import select_batch
from fleetwright.domain.errors import FleetwrightError
from fleetwright.domain.health import find_ailment
from fleetwright.domain.instances import Instance
from fleetwright.domain.leaks import find_leaks
from fleetwright.domain.progress import count_progress, count_rollbacks, fell_ill, list_failed
from fleetwright.domain.quarantine import judge_version, why_quarantined
from fleetwright.domain.thresholds import StopReason
from fleetwright.rollout import facts, narrate
from fleetwright.rollout.check import Ending
from fleetwright.rollout.news import find_newer_version
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.sweeping import Sweep, sweep_session

log = logging.getLogger(__name__)


def finish(session: RolloutSession, ending: Ending) -> None:
    """Write the rollout's end with counts by the provider's truth, not by our own flags."""
    sweep = sweep_session(session, whole_fleet=True)
    instances = session.list_instances()
    selection = select_batch(session.situation(instances))
    progress = count_progress(
        session.view, instances, session.fleet.health_source, len(selection.pending_ids)
    )
    outcome: dict[str, Any] = {
        "progress": progress.to_dict(),
        "rollback_info": count_rollbacks(session.view).to_dict(),
        "failed": list_failed(session.view, instances, session.fleet.health_source),
        "fell_ill": _ailments(session, instances),
        "versions": _versions(instances),
        "left_out": narrate.left_out_rows(selection.left_out),
        "by_themselves": [leak.to_dict() for leak in find_leaks(session.view, instances)],
        "newer_version": find_newer_version(session),
    }
    if session.view.rollout.left_busy:
        outcome["left_busy"] = dict(session.view.rollout.left_busy)
    if session.fleet.is_flexible:
        outcome["kept_disks"] = _kept_disks(sweep)
    session.write(facts.finished(ending.state, ending.reason, outcome, session.now()))
    _give_turns_back(session)
    _tell(ending.reason, session)


def _give_turns_back(session: RolloutSession) -> None:
    try:
        session.ports.ledger.give_turns_back(session.lease)
    except FleetwrightError as error:
        # What the rollout came to is written; whoever has the fleet now gives them back with it.
        log.warning("the turns of the rollout were not given back yet: %s", error)


def _ailments(session: RolloutSession, instances: tuple[Instance, ...]) -> dict[str, Any]:
    """What ails those that were found healthy, by the last reading."""
    source = session.fleet.health_source
    ill = fell_ill(session.view, instances, source)
    return {i: find_ailment(instance, source).to_dict() for i, instance in ill.items()}


def _tell(reason: StopReason, session: RolloutSession) -> None:
    rollout = session.view.rollout
    log.info("rollout %s: %s", rollout.rollout_id, narrate.ending_text(rollout.state, reason))
    log.info("%ss: %s", session.fleet.kind.member, narrate.counts_text(rollout.outcome["progress"]))
    kept = rollout.outcome.get("kept_disks", ())
    failed, versions = narrate.failed_rows(rollout), rollout.outcome["versions"]
    for line in (*failed, *narrate.left_busy_rows(rollout), *versions, *narrate.surprises(rollout), *kept):
        log.info("%s", line)
    quarantined = judge_version(session.view)
    if quarantined is not None:
        log.warning("%s", why_quarantined(quarantined))
    what_now = advise(reason.code, session.fleet.kind.member)
    if what_now:
        log.warning("what now: %s", what_now)


def _kept_disks(sweep: Sweep) -> list[str]:
    """The disks that stay behind, and why: nobody but a person frees those of instances that were not confirmed."""
    needed = [f"kept {leftover.disk_id}: {leftover.why}" for leftover in sweep.kept]
    left = [f"could not delete {leftover.disk_id}: {leftover.why}" for leftover in sweep.left]
    return [*needed, *left]


def _versions(instances: tuple[Instance, ...]) -> list[str]:
    """Which instance is on which version, a line for each version (O3)."""
    found: dict[str, list[str]] = {}
    for instance in instances:
        found.setdefault(instance.version or "an unknown version", []).append(instance.instance_id)
    return [f"{len(ids)} on {version}: {', '.join(ids)}" for version, ids in sorted(found.items())]
