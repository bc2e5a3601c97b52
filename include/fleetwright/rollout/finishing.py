"""The last step: the provider is read once more, and what it shows is what the rollout came to."""

from __future__ import annotations

import logging
from collections import Counter

from fleetwright.domain.batches import select_batch
from fleetwright.domain.progress import count_progress, count_rollbacks
from fleetwright.domain.thresholds import StopReason
from fleetwright.rollout import facts, narrate
from fleetwright.rollout.check import Ending
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)


def finish(session: RolloutSession, ending: Ending) -> None:
    """Write the rollout's end with counts by the provider's truth, not by our own flags."""
    instances = session.list_instances()
    selection = select_batch(session.situation(instances))
    progress = count_progress(
        session.view, instances, session.fleet.health_source, len(selection.pending_ids)
    )
    outcome = {
        "progress": progress.to_dict(),
        "rollback_info": count_rollbacks(session.view).to_dict(),
        "versions": dict(Counter(instance.version or "unknown" for instance in instances)),
        "left_out": narrate.left_out_rows(selection.left_out),
    }
    session.write(facts.finished(ending.state, ending.reason, outcome, session.now()))
    _tell(ending.reason, session)


def _tell(reason: StopReason, session: RolloutSession) -> None:
    rollout = session.view.rollout
    counts = ", ".join(f"{value} {name}" for name, value in rollout.outcome["progress"].items())
    versions = ", ".join(
        f"{count} on {version}" for version, count in sorted(rollout.outcome["versions"].items())
    )
    log.info("rollout %s: %s (%s): %s", rollout.rollout_id, rollout.state, reason.code, reason.message)
    log.info("instances: %s; now %s", counts, versions)
