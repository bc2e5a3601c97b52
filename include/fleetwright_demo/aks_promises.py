"""What ``make demo-aks`` promises, cluster by cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fleetwright_demo.aks_summary import Summary

OLD = "AKSUbuntu-2204gen2containerd-202402.05.0"
NEW = "AKSUbuntu-2204gen2containerd-202402.12.0"
PATCHED = f"{NEW}-2024.02.20"
UNDRAINABLE = "aks-work-2"
NEVER_FITS = "never fits: "

# By cluster: channel, outcome of the schedule's look, and how the rollout that came of it ended.
_CLUSTERS = {
    "quiet": ("None", "nothing to do", None),
    "guests": ("Unmanaged", "nothing to do", None),
    "shield": ("SecurityPatch", "started", "Completed"),
    "weekly": ("NodeImage", "started", "WindowClosed"),
}
# By pool: its end, its nodes by image afterwards, live patches, its own nodes that were drained, surge nodes at most.
_POOLS: dict[tuple[str, str], tuple[str, dict[str, int], int, int, int]] = {
    ("quiet", "system"): ("", {OLD: 2}, 0, 0, 0),
    ("guests", "system"): ("", {OLD: 2}, 0, 0, 0),
    ("shield", "system"): ("upgraded", {PATCHED: 2}, 1, 0, 0),
    ("shield", "old"): ("upgraded", {PATCHED: 2}, 0, 2, 1),
    ("weekly", "system"): ("upgraded", {NEW: 2}, 0, 2, 1),
    ("weekly", "work"): ("upgraded", {OLD: 1, NEW: 6}, 0, 5, 3),
    ("weekly", "huge"): ("left", {OLD: 60}, 0, 0, 0),
}
# Nodes that no drain ever empties: each is cordoned, and named.
_BEHIND = {"weekly/work": [UNDRAINABLE]}

Expected = tuple[str, object, object]


def problems_of(summary: Summary) -> list[str]:
    """What differs from what the demo promises."""
    return [
        f"{what} is {found!r}, not {wanted!r}"
        for what, found, wanted in _expected(summary)
        if found != wanted
    ]


def _expected(summary: Summary) -> Iterator[Expected]:
    yield "violations", summary["violations"], []
    yield "upgrades outside of a window", summary["outsideWindow"], 0
    for dag_id, runs in summary["dagRuns"].items():
        yield (
            f"runs of {dag_id} that did not succeed",
            [run["runId"] for run in runs if run["state"] != "success"],
            [],
        )
    yield "clusters", sorted(summary["clusters"]), sorted(_CLUSTERS)
    for name, wanted in _CLUSTERS.items():
        if name in summary["clusters"]:
            yield from _of_cluster(name, summary["clusters"][name], wanted)


def _of_cluster(name: str, told: Summary, wanted: tuple[str, str, str | None]) -> Iterator[Expected]:
    status = told["rollout"]["status"] if told["rollout"] else None
    yield f"{name}: channel, outcome and end", (told["channel"], told["outcome"], status), wanted
    yield f"{name}: whether it has reasons", bool(told["reasons"]), True
    for (cluster, pool), promised in _POOLS.items():
        if cluster == name:
            yield from _of_pool(f"{name}/{pool}", told["pools"].get(pool), promised)


def _of_pool(
    where: str, seen: dict[str, Any] | None, promised: tuple[str, dict[str, int], int, int, int]
) -> Iterator[Expected]:
    yield f"{where}: whether it is there", seen is not None, True
    if seen is None:
        return
    status, images, patches, drained, surge = promised
    yield f"{where}: end", seen["status"], status
    yield f"{where}: nodes by image", seen["images"], images
    yield f"{where}: live patches", seen["livePatches"], patches
    yield f"{where}: nodes drained", seen["drained"], drained
    yield f"{where}: most surge nodes", seen["maxSurgeNodes"], surge
    yield f"{where}: upgrades outside of its window", seen["outsideWindow"], 0
    behind = _BEHIND.get(where, [])
    yield f"{where}: nodes that were not drained", seen["undrainable"], behind
    yield f"{where}: nodes named as left behind", sorted(seen["stragglers"]), behind
    yield f"{where}: drains that took too long", seen["drainTimeouts"], len(behind)
    yield (
        f"{where}: whether it is left for its arithmetic",
        seen["reason"].startswith(NEVER_FITS),
        status == "left",
    )
