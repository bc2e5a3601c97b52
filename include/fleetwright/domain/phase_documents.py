"""A phase run as plain JSON: what the ledger keeps of it, and what other tools read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from fleetwright.domain.phase_runs import (
    ApprovalAnswer,
    FleetOutcome,
    FleetResult,
    FleetStart,
    LeftOut,
    PhaseRun,
    PhaseState,
)
from fleetwright.domain.publications import Publication

_INSTANTS = (
    "opened_at",
    "look_again_at",
    "rolling_since",
    "baking_since",
    "ended_at",
)


def write_start(start: FleetStart) -> dict[str, Any]:
    """A fleet that is started, as plain JSON."""
    return asdict(start)


def read_start(body: Mapping[str, Any]) -> FleetStart:
    """As ``write_start`` wrote it."""
    return FleetStart(**body)


def write_left_out(left: LeftOut) -> dict[str, Any]:
    """A fleet that is left out, as plain JSON."""
    return asdict(left)


def read_left_out(body: Mapping[str, Any]) -> LeftOut:
    """As ``write_left_out`` wrote it."""
    return LeftOut(**body)


def write_outcome(outcome: FleetOutcome) -> dict[str, Any]:
    """What became of a fleet, as plain JSON."""
    instants = {"started_at": _told(outcome.started_at), "ended_at": _told(outcome.ended_at)}
    return {**asdict(outcome), **instants, "result": str(outcome.result), "signs": list(outcome.signs)}


def read_outcome(body: Mapping[str, Any]) -> FleetOutcome:
    """As ``write_outcome`` wrote it."""
    read = {
        "result": FleetResult(body["result"]),
        "started_at": _instant(body.get("started_at")),
        "ended_at": _instant(body.get("ended_at")),
        "signs": tuple(body.get("signs", ())),
    }
    return FleetOutcome(**{**body, **read})


def write_run(run: PhaseRun) -> dict[str, Any]:
    """Everything that is known of a phase run, as plain JSON."""
    return {
        "phase": run.phase,
        "image": run.publication.image,
        "version": run.publication.version,
        "region": run.publication.region,
        "state": str(run.state),
        "attempt": run.attempt,
        "owner": run.owner,
        "reason": run.reason,
        **{name: _told(getattr(run, name)) for name in _INSTANTS},
        "starts": [write_start(start) for start in run.starts],
        "left_out": [write_left_out(left) for left in run.left_out],
        "outcomes": {key: write_outcome(outcome) for key, outcome in run.outcomes.items()},
        "approval": write_approval(run.approval) if run.approval else None,
    }


def read_run(body: Mapping[str, Any]) -> PhaseRun:
    """As ``write_run`` wrote it."""
    instants = {name: _instant(body.get(name)) for name in _INSTANTS}
    approval = body.get("approval")
    return PhaseRun(
        phase=body["phase"],
        publication=Publication(body["image"], body["version"], body.get("region", "")),
        state=PhaseState(body["state"]),
        attempt=body["attempt"],
        owner=body["owner"],
        reason=body["reason"],
        starts=tuple(read_start(start) for start in body["starts"]),
        left_out=tuple(read_left_out(left) for left in body["left_out"]),
        outcomes={key: read_outcome(outcome) for key, outcome in body["outcomes"].items()},
        approval=read_approval(approval) if approval else None,
        **instants,
    )


def write_approval(answer: ApprovalAnswer) -> dict[str, Any]:
    """A person's answer, as plain JSON."""
    return {"approved": answer.approved, "actor": answer.actor, "at": _told(answer.at)}


def read_approval(body: Mapping[str, Any]) -> ApprovalAnswer:
    """As ``write_approval`` wrote it."""
    return ApprovalAnswer(body["approved"], body["actor"], datetime.fromisoformat(body["at"]))


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
