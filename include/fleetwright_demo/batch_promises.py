"""What ``make demo-batch`` promises: no node is interrupted in its work, and only the one that never rests is left out."""

from __future__ import annotations

from fleetwright_demo.batch_summary import Summary

OLD, NEW = "18.04.202401010", "18.04.202402010"
RESTLESS = "tvm-13"


def problems_of(summary: Summary) -> list[str]:
    """What differs from what the demo promises."""
    skipped = summary["skipped"]
    expected: tuple[tuple[str, object, object], ...] = (
        ("state of the DAG run", summary["dagRun"]["state"], "success"),
        ("status", summary["rollout"]["status"], "Completed"),
        ("nodes upgraded", summary["upgraded"], 19),
        ("nodes by version", summary["imageVersions"], {NEW: 19, OLD: 1}),
        ("nodes skipped", [left["node"] for left in skipped], [RESTLESS]),
        ("skipped without a reason", [left["node"] for left in skipped if not left["reason"]], []),
        ("nodes rolled back", summary["rolledBack"], 0),
        ("running nodes interrupted", summary["runningNodesInterrupted"], 0),
        ("nodes given no work at the end", summary["closedNodes"], []),
        ("violations", summary["violations"], []),
    )
    return [f"{what} is {found!r}, not {wanted!r}" for what, found, wanted in expected if found != wanted]
