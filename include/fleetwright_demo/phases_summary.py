"""What ``make demo-phases`` came to, version by version."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from rich.table import Table

from fleetwright.domain.fleets import resource_name
from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.domain.quarantine import Quarantined

Summary = dict[str, Any]


def versions_summary(runs: Iterable[PhaseRun], quarantined: Iterable[Quarantined]) -> Summary:
    """Every version with its phases and their times, and its fleets by outcome; oldest first.

    :param quarantined: what is in quarantine now
    """
    put_away = {(entry.image, entry.version) for entry in quarantined if entry.release is None}
    found: Summary = {}
    for run in runs:
        image, version = run.publication.image, run.publication.version
        told = found.setdefault(f"{image}|{version}", _no_phase_yet(image, version, put_away))
        told["phases"].append(_phase(run))
        for outcome, names in _fleets(run).items():
            told["fleets"].setdefault(outcome, []).extend(names)
    return found


def _no_phase_yet(image: str, version: str, put_away: set[tuple[str, str]]) -> Summary:
    quarantined = (image, version) in put_away
    return {"image": image, "version": version, "quarantined": quarantined, "phases": [], "fleets": {}}


def _phase(run: PhaseRun) -> Summary:
    return {
        "phase": run.phase,
        "state": str(run.state),
        "startedAt": _instant(run.opened_at),
        "finishedAt": _instant(run.ended_at),
        "reason": run.reason,
        "fleets": _fleets(run),
        "leftOut": {resource_name(left.fleet_id): left.reason for left in run.left_out},
    }


def _fleets(run: PhaseRun) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for outcome in run.outcomes.values():
        found.setdefault(str(outcome.result), []).append(resource_name(outcome.fleet_id))
    return {result: sorted(names) for result, names in sorted(found.items())}


def _instant(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def phases_of(summary: Summary, version: str) -> dict[str, str]:
    """How each phase of a version ended, by its label."""
    told = next((told for told in summary["versions"].values() if told["version"] == version), None)
    return {} if told is None else {phase["phase"]: phase["state"] for phase in told["phases"]}


def fleets_on(summary: Summary, version: str) -> frozenset[str]:
    """The sets of which any instance runs a version, as the referee counted them."""
    judged = summary["audit"]["scaleSets"]
    return frozenset(
        resource_name(fleet) for fleet, seen in judged.items() if seen["imageVersions"].get(version)
    )


def outcome_table(summary: Summary) -> Table:
    """One row for each version and phase."""
    seconds = summary["seconds"]
    violations = len(summary["audit"]["violations"])
    table = Table(
        "version", "phase", "state", "fleets", title=f"{seconds:g} s, referee: {violations} violations"
    )
    for told in summary["versions"].values():
        for phase in told["phases"]:
            fleets = "; ".join(f"{result}: {', '.join(names)}" for result, names in phase["fleets"].items())
            table.add_row(told["version"], phase["phase"], phase["state"], fleets)
    return table
