"""The journeys of all versions, as the ledger tells them: one for each publication, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fleetwright.domain.phase_runs import FleetOutcome, PhaseRun
from fleetwright.domain.publications import Publication
from fleetwright.phases.evidence import figures

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Journey:
    """One publication's way.

    :param runs: its phases in the order in which it came to them
    """

    publication: Publication
    runs: tuple[PhaseRun, ...]

    @property
    def began_at(self) -> datetime:
        """When it came to its first phase."""
        return min((run.opened_at for run in self.runs if run.opened_at), default=_BEGINNING)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "image": self.publication.image,
            "version": self.publication.version,
            "region": self.publication.region,
            "phases": [_run_body(run) for run in self.runs],
        }


def find_journeys(runs: Iterable[PhaseRun], word: str = "") -> tuple[Journey, ...]:
    """The journeys of an image, of a version, or of all, newest first.

    :param word: an image, a version, or both as ``image|version`` or ``image:version``; empty for all
    """
    by_publication: dict[Publication, list[PhaseRun]] = {}
    for run in runs:
        if not word or is_meant(run.publication, word):
            by_publication.setdefault(run.publication, []).append(run)
    journeys = (Journey(known, tuple(its)) for known, its in by_publication.items())
    return tuple(sorted(journeys, key=lambda one: (one.began_at, one.publication), reverse=True))


def is_meant(publication: Publication, word: str) -> bool:
    """Whether a word names the publication: its image, its version, or both.

    >>> is_meant(Publication("canonical:ubuntuserver:18.04-lts", "1.0.0"), "1.0.0")
    True
    """
    image, version = publication.image, publication.version
    return word.strip().lower() in {
        image,
        version,
        publication.key.lower(),
        f"{image}|{version}",
        f"{image}:{version}",
    }


def _run_body(run: PhaseRun) -> dict[str, Any]:
    answer = run.approval
    return {
        "phase": run.phase,
        "state": str(run.state),
        "attempt": run.attempt,
        "owner": run.owner,
        "reason": run.reason,
        "openedAt": _told(run.opened_at),
        "lookAgainAt": _told(run.look_again_at),
        "rollingSince": _told(run.rolling_since),
        "bakingSince": _told(run.baking_since),
        "endedAt": _told(run.ended_at),
        "fleets": dict(sorted(figures(run).by_result.items())),
        "outcomes": [_outcome_body(outcome) for outcome in run.outcomes.values()],
        "leftOut": [
            {"fleet": left.fleet_id, "reason": left.reason, "settled": left.settled} for left in run.left_out
        ],
        "approval": {"approved": answer.approved, "by": answer.actor, "at": _told(answer.at)}
        if answer
        else None,
    }


def _outcome_body(outcome: FleetOutcome) -> dict[str, Any]:
    return {
        "fleet": outcome.fleet_id,
        "result": str(outcome.result),
        "rolloutId": outcome.rollout_id,
        "instances": outcome.instances,
        "upgraded": outcome.upgraded,
        "rolledBack": outcome.rolled_back,
        "failed": outcome.failed,
        "wentBad": outcome.went_bad,
        "judged": outcome.judged,
        "unhealthy": outcome.unhealthy,
        "reason": outcome.reason,
        "signs": list(outcome.signs),
        "startedAt": _told(outcome.started_at),
        "endedAt": _told(outcome.ended_at),
    }


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()
