"""A phase in words and as JSON."""

from __future__ import annotations

from typing import Any

from fleetwright.domain.durations import span_text
from fleetwright.domain.fleets import resource_name
from fleetwright.domain.phases import Phase

ALL_FLEETS = "all"


def phase_line(phase: Phase) -> str:
    """A phase in one line."""
    return (
        f"{phase.label}: {', '.join(phase.regions)}; fleets: {fleets_words(phase)}; bake: {span_text(phase.bake)};"
        f" approval: {approval_words(phase)}"
    )


def phase_row(phase: Phase) -> tuple[str, ...]:
    """A phase as a row: label, regions, bake, approval, concurrency, fleets."""
    return (
        phase.label,
        ", ".join(phase.regions),
        span_text(phase.bake),
        approval_words(phase),
        str(phase.concurrency),
        fleets_words(phase),
    )


def phase_body(phase: Phase) -> dict[str, Any]:
    """A phase as JSON, with the file's own words."""
    only = phase.only
    return {
        "label": phase.label,
        "name": phase.name,
        "regions": list(phase.regions),
        "bakeSeconds": phase.bake.total_seconds(),
        "success": {
            "maxFailedFleets": phase.success.max_failed_fleets,
            "maxUnhealthyInstancePercent": phase.success.max_unhealthy_instance_percent,
        },
        "concurrency": phase.concurrency,
        "approvalDeadlineSeconds": phase.approval.deadline.total_seconds() if phase.approval else None,
        "fleets": sorted(only.names) if only else None,
        "tags": dict(sorted(only.tags.items())) if only else None,
    }


def fleets_words(phase: Phase) -> str:
    """Which fleets it is for."""
    if phase.only is None:
        return ALL_FLEETS
    names = map(resource_name, sorted(phase.only.names))
    tags = [f"tag {name}={value}" for name, value in sorted(phase.only.tags.items())]
    return ", ".join((*names, *tags))


def approval_words(phase: Phase) -> str:
    """Whether a person is asked, and how long there is for an answer."""
    return f"within {span_text(phase.approval.deadline)}" if phase.approval else "none"
