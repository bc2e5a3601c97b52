"""Clusters whose node images are rolled out, each a world with one thing to be read in its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clusters import NEW, PATCHED, SECURITY_IMAGES, TWO_POOLS, cluster, pool, window, world

WINDOW = (window(),)
LATE = "2024-03-03T03:20:00Z"  # forty minutes before the window closes


@dataclass(frozen=True, slots=True)
class NodeScenario:
    """A world, and what its text is called."""

    title: str
    world: dict[str, Any]


def _stuck(behaviour: str) -> dict[str, Any]:
    pools = (pool("np1", 3, undrainableNodeBehavior=behaviour), pool("np2", 1))
    return world(cluster(*pools, windows=WINDOW, pools={"np1": {"undrainable": ["aks-np1-1"]}}))


def _secured(image: str) -> dict[str, Any]:
    pools = (pool("np1", 2, image=image), pool("system", 2, mode="System", image=image))
    return world(cluster(*pools, channel="SecurityPatch", windows=WINDOW), nodeImages=SECURITY_IMAGES)


NODES = {
    "clean": NodeScenario(
        "Two pools, one after the other, the system pool first", world(cluster(*TWO_POOLS, windows=WINDOW))
    ),
    "drain_blocked": NodeScenario(
        "A node that cannot be drained fails its pool (Schedule), and the next pool goes", _stuck("Schedule")
    ),
    "drain_blocked_cordon": NodeScenario(
        "A node that cannot be drained stays behind (Cordon), and its pool is upgraded", _stuck("Cordon")
    ),
    "window_closes": NodeScenario(
        "What does not end before the window closes is left for the next one",
        world(
            cluster(pool("big", 12), pool("system", 2, mode="System"), pool("small", 1), windows=WINDOW),
            start=LATE,
        ),
    ),
    "live_patch": NodeScenario("Security patches on running nodes", _secured(NEW)),
    "up_to_date": NodeScenario("Every node has its security patches", _secured(PATCHED)),
    "fits_no_window": NodeScenario(
        "The only pool fits no window that its cluster has",
        world(cluster(pool("huge", 90), windows=WINDOW)),
    ),
    "budget_never_met": NodeScenario(
        "A disruption budget that can never be met leaves its pool, and the other goes",
        world(
            cluster(
                *TWO_POOLS,
                windows=WINDOW,
                workloads=[
                    {
                        "name": "db",
                        "namespace": "shop",
                        "replicas": 2,
                        "pools": ["np1"],
                        "disruptionBudget": {"name": "db", "minAvailable": 2},
                    }
                ],
            )
        ),
    ),
    "closed": NodeScenario(
        "Outside the window nothing begins",
        world(cluster(*TWO_POOLS, windows=WINDOW), start="2024-03-04T09:00:00Z"),
    ),
}
