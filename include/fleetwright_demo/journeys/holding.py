"""Whether a person's word was heeded: while something is held, no batch of it begins."""

from __future__ import annotations

from collections.abc import Iterator

from fleetwright.domain.records import RolloutSettings
from fleetwright.rollout.ports.holds import Hold, HoldSubject
from fleetwright_demo.journeys.evidence import Evidence


def unheeded(evidence: Evidence) -> Iterator[str]:
    """Every batch that began after a hold of its fleet, its phase or its version, and before the release."""
    for hold in evidence.holds:
        for views in evidence.rollouts.values():
            for view in views:
                if not _concerns(hold, view.rollout.settings):
                    continue
                for batch in view.batches:
                    began, released = batch.began_at, hold.released_at or evidence.ended_at
                    if began is not None and hold.at < began < released:
                        yield f"{hold.subject} {hold.name} is held since {hold.at}, and {view.rollout.rollout_id} began a batch at {began}"


def _concerns(hold: Hold, settings: RolloutSettings) -> bool:
    match hold.subject:
        case HoldSubject.FLEET:
            return settings.fleet_id.lower() == hold.name
        case HoldSubject.PHASE:
            return settings.phase == hold.name
        case HoldSubject.VERSION:
            return settings.target_version == hold.name
