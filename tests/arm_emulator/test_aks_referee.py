"""What the audit says of node pools, by calls on a manual clock, and by events that no call brings about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from emulated_node_pools import (
    CLUSTER,
    NEW,
    NEWER,
    OLD,
    NodePoolUnderTest,
    cluster_world,
    container_service,
    node_pool,
)
from emulated_worlds import Json, Serve, scale_set, world

from arm_emulator.record import (
    NodeAdded,
    NodeAvailabilityChanged,
    NodeImageChanged,
    NodePoolAdded,
    NodePoolRemoved,
    NodePoolUpgradeAccepted,
    NodePoolUpgradeEnded,
)
from arm_emulator.referee.referee import Referee

POOL = f"{CLUSTER}/agentPools/np1"
NODES = ("aks-np1-0", "aks-np1-1", "aks-np1-2")
START = datetime(2024, 6, 1, tzinfo=UTC)
SUNDAYS = {
    "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
    "durationHours": 4,
    "startTime": "01:00",
}


def kept(*pools: Json, extras: Json | None = None) -> Json:
    """A world of one cluster with a window on Sundays from 01:00 to 05:00; it begins on Saturday 2024-06-01."""
    windows = {"aksManagedNodeOSUpgradeSchedule": {"maintenanceWindow": SUNDAYS}}
    return cluster_world(*pools, extras={"maintenanceConfigurations": windows, **(extras or {})})


def audit(pool: NodePoolUnderTest) -> Json:
    """The audit's words on the pool."""
    return pool.emulator.admin("GET", "audit")["nodePools"][pool.path]


def judged(*events: object) -> list[tuple[str, str]]:
    """Rules and details that a referee writes down for events."""
    referee = Referee({}, health_seconds=300)
    for event in events:
        referee.observe(event)  # type: ignore[arg-type]
    return [(violation.rule, violation.detail) for violation in referee.violations]


def test_worlds_without_clusters_are_told_of_as_before(serve: Serve) -> None:
    """No pools, and no word of clusters."""
    report = serve(world(scale_set())).admin("GET", "audit")

    assert report["nodePools"] == {}
    assert "clusters" not in report


def test_an_undisturbed_upgrade_misses_no_node(serve: Serve) -> None:
    """With a surge of one, the surge node makes up for the one that is away; it is counted and is gone at the end (N32, R70)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(maxSurge="1"))))
    pool.upgrade()
    pool.wait(3600)

    assert audit(pool) == {
        "maxUnavailable": 0,
        "maxSurgeNodes": 1,
        "outsideWindow": 0,
        "upgrades": 1,
        "resumes": 0,
        "upgradesPerImage": {NEW: 1},
        "livePatches": 0,
        "byPlatform": 0,
        "drained": 3,
        "drainTimeouts": 0,
        "undrainable": [],
        "images": {NEW: 3},
        "nodes": 3,
    }
    assert pool.emulator.broken_rules() == []


def test_nodes_that_nothing_makes_up_for_are_missing(serve: Serve) -> None:
    """In place, as many are missing as the pool allows, which breaks no rule (N32)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(count=5, maxSurge="0", maxUnavailable="40%"))))
    pool.upgrade()
    pool.wait(3600)

    said = audit(pool)
    assert (said["maxUnavailable"], said["maxSurgeNodes"], said["drained"]) == (2, 0, 5)
    assert pool.emulator.broken_rules() == []


def test_an_upgrade_outside_its_window_breaks_r71(serve: Serve) -> None:
    """R71: a call on a Saturday, with the window's next opening; one on Sunday inside the window breaks nothing."""
    pool = NodePoolUnderTest(serve(kept(node_pool(maxSurge="1"))))
    pool.wait(25 * 3600)
    inside = pool.upgrade()
    assert inside.status_code == 202
    assert audit(pool)["outsideWindow"] == 0
    pool.wait(4 * 3600)
    pool.emulator.admin("POST", "reset", kept())
    pool.upgrade()

    assert audit(pool)["outsideWindow"] == 1
    assert pool.emulator.admin("GET", "audit")["violations"] == [
        {
            "rule": "R71",
            "at": "2024-06-01T00:00:00Z",
            "resource": POOL,
            "detail": f"upgrade to {NEW} accepted while aksManagedNodeOSUpgradeSchedule is closed: "
            "it opens next at 2024-06-02T01:00:00Z",
        }
    ]


def test_a_put_that_resumes_outside_the_window_breaks_r71(serve: Serve) -> None:
    """R71: begun on Sunday inside the window and stopped by a drain, taken up by a PUT of the pool when it is closed."""
    extras = {"pools": {"np1": {"undrainable": ["aks-np1-0"]}}}
    pool = NodePoolUnderTest(serve(kept(node_pool(drainTimeoutInMinutes=5, mode="System"), extras=extras)))
    client = container_service(pool.emulator)
    pool.wait(25 * 3600)
    client.agent_pools.begin_upgrade_node_image_version("rg", "shop", "np1", polling=False)
    pool.wait(6 * 3600)
    found = client.agent_pools.get("rg", "shop", "np1")
    assert found.provisioning_state == "Failed"
    client.agent_pools.begin_create_or_update("rg", "shop", "np1", found, polling=False)

    said = audit(pool)
    assert (said["outsideWindow"], said["upgrades"], said["resumes"], said["drainTimeouts"]) == (1, 1, 1, 1)
    (violation,) = pool.emulator.admin("GET", "audit")["violations"]
    assert violation["rule"] == "R71"
    assert violation["detail"].startswith(f"upgrade to {NEW} resumed while")


def test_live_patches_outside_the_window_break_r71(serve: Serve) -> None:
    """R71: patches asked for by ``runCommand`` keep to the window as images do; they are no upgrade of the image (R69)."""
    patched = f"{OLD}-2024.02.20"
    images = {"latest": OLD, "releases": [{"version": patched, "security": True}]}
    pool = NodePoolUnderTest(serve(kept(extras={"nodeImages": images})))
    golden = "kubernetes.azure.com/live-patching-golden-timestamp=20240220T000000Z"
    client = container_service(pool.emulator)
    command = {"command": f"kubectl annotate node {' '.join(NODES)} {golden} --overwrite"}
    client.managed_clusters.begin_run_command("rg", "shop", command, polling=False)
    pool.wait(3600)

    said = audit(pool)
    assert (said["livePatches"], said["upgrades"], said["outsideWindow"]) == (1, 0, 1)
    assert said["images"] == {patched: 3}
    assert pool.emulator.broken_rules() == ["R71"]


def test_scaling_is_no_change_of_node_images(serve: Serve) -> None:
    """R71: machines may be deleted while the window is closed; nothing of it counts as an upgrade."""
    pool = NodePoolUnderTest(serve(kept()))
    pool.post("deleteMachines", {"machineNames": ["aks-np1-1"]})
    pool.wait(3600)

    said = audit(pool)
    assert (said["nodes"], said["outsideWindow"], said["upgrades"], said["drained"]) == (2, 0, 0, 0)
    assert pool.emulator.broken_rules() == []


def test_a_drain_that_was_given_up_and_resumed_is_one_upgrade(serve: Serve) -> None:
    """R70: what had stopped may be asked for again; the timeout is counted, and nobody is left cordoned (N32)."""
    extras = {"pools": {"np1": {"undrainable": ["aks-np1-1"]}}}
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(drainTimeoutInMinutes=5), extras=extras)))
    pool.upgrade()
    pool.wait(3600)
    assert pool.upgrade().status_code == 202
    pool.wait(3600)

    said = audit(pool)
    assert (said["upgrades"], said["resumes"], said["upgradesPerImage"]) == (1, 1, {NEW: 1})
    assert (said["drainTimeouts"], said["undrainable"]) == (2, [])
    assert pool.emulator.broken_rules() == []


def test_nodes_that_are_left_cordoned_are_named(serve: Serve) -> None:
    """With ``Cordon`` the node that could not be drained keeps its image, and its surge node stays (N32)."""
    extras = {"pools": {"np1": {"undrainable": ["aks-np1-1"]}}}
    settings = {"drainTimeoutInMinutes": 5, "undrainableNodeBehavior": "Cordon", "maxSurge": "1"}
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(**settings), extras=extras)))
    pool.upgrade()
    pool.wait(7200)

    said = audit(pool)
    assert said["undrainable"] == ["aks-np1-1"]
    assert said["images"] == {OLD: 1, NEW: 3}
    assert (said["nodes"], said["drained"], said["drainTimeouts"]) == (4, 2, 1)
    assert pool.emulator.broken_rules() == []


def test_pools_of_a_cluster_at_once_are_counted(serve: Serve) -> None:
    """AKS upgrades two pools of a cluster at once where it is asked to: counted, and no rule broken."""
    emulator = serve(cluster_world(node_pool("np1"), node_pool("np2")))
    NodePoolUnderTest(emulator, "np1").upgrade()
    NodePoolUnderTest(emulator, "np2").upgrade()
    emulator.advance(3600)

    report = emulator.admin("GET", "audit")
    assert report["clusters"] == {CLUSTER: {"maxPoolsAtOnce": 2}}
    assert report["violations"] == []
    assert report["requests"]["perInstance"] is None


def added(*nodes: str, **said: object) -> NodePoolAdded:
    """The pool with these nodes."""
    return NodePoolAdded(START, POOL, dict.fromkeys(nodes, OLD), **said)  # type: ignore[arg-type]


def accepted(image: str = NEW, **said: object) -> NodePoolUpgradeAccepted:
    """An accepted upgrade of it."""
    return NodePoolUpgradeAccepted(START, POOL, image, {}, None, **said)  # type: ignore[arg-type]


def changed(node: str, before: str, after: str, *versions: str) -> NodeImageChanged:
    """A node has another image."""
    old, new = versions or ("1.30.4", "1.30.4")
    return NodeImageChanged(START, POOL, node, before, after, old, new)


def test_another_version_of_kubernetes_breaks_r66() -> None:
    """R66: a node's Kubernetes version is the same before and after an upgrade of its image."""
    assert judged(added(*NODES), accepted(), changed(NODES[0], OLD, NEW)) == []
    assert judged(added(*NODES), accepted(), changed(NODES[0], OLD, NEW, "1.30.4", "1.31.1")) == [
        ("R66", f"node aks-np1-0 went from Kubernetes 1.30.4 to 1.31.1 with image {NEW}")
    ]


def test_an_older_image_breaks_n34() -> None:
    """N34: no node goes back, also not from security patches to the bare image, unless AKS reimages it by itself (N30)."""
    assert judged(added(*NODES), changed(NODES[0], NEW, OLD)) == [
        ("N34", f"node aks-np1-0 went from {NEW} back to {OLD}")
    ]
    patched = f"{NEW}-2024.02.20"
    assert [rule for rule, _ in judged(added(*NODES), changed(NODES[0], patched, NEW))] == ["N34"]
    assert judged(added(*NODES), changed(NODES[0], NEW, patched)) == []
    assert judged(added(*NODES), accepted(by_platform=True), changed(NODES[0], patched, NEW)) == []


def test_more_nodes_than_the_pool_allows_break_n32() -> None:
    """N32: one node more missing than ``maxUnavailable``; one that falls from outside is counted and breaks nothing."""

    def gone(node: str, **said: object) -> NodeAvailabilityChanged:
        return NodeAvailabilityChanged(START, POOL, node, available=False, **said)  # type: ignore[arg-type]

    begun = (added(*NODES), accepted(upgrade_settings={"maxSurge": "0", "maxUnavailable": "1"}))
    assert judged(*begun, gone(NODES[0])) == []
    assert judged(*begun, gone(NODES[0]), gone(NODES[1], from_outside=True)) == []
    assert judged(*begun, gone(NODES[0]), gone(NODES[1])) == [
        ("N32", "2 of 3 nodes missing by an upgrade, maxUnavailable is 1")
    ]


def test_more_surge_nodes_than_the_pool_allows_break_n32() -> None:
    """N32: 34 % of three nodes are two surge nodes, rounded up; the third is one too many."""
    begun = (added(*NODES), accepted(upgrade_settings={"maxSurge": "34%"}))
    surge = [NodeAdded(START, POOL, f"aks-np1-{number}", NEW, is_surge=True) for number in (3, 4, 5)]

    assert judged(*begun, *surge[:2]) == []
    assert judged(*begun, *surge) == [("N32", "3 surge nodes for 3 nodes, maxSurge is 2")]


@pytest.mark.parametrize(
    ("status", "nodes", "rules"),
    [("Succeeded", NODES, ["R70"]), ("Succeeded", NODES[:2], []), ("Failed", NODES, [])],
)
def test_a_second_upgrade_to_an_image_breaks_r70(
    status: str, nodes: tuple[str, ...], rules: list[str]
) -> None:
    """R70: once for each image, unless the first one stopped or left a node behind."""
    images = [changed(node, OLD, NEW) for node in nodes]
    ended = NodePoolUpgradeEnded(START, POOL, status)

    events = (added(*NODES), accepted(), *images, ended)

    assert [rule for rule, _ in judged(*events, accepted())] == rules
    assert judged(*events, accepted(NEWER)) == []


def test_the_platforms_own_upgrades_are_counted_apart() -> None:
    """R71: what AKS begins by itself is nobody's call, whenever it is."""
    referee = Referee({}, health_seconds=300)
    closed = {"maintenanceWindow": SUNDAYS}
    for event in (
        added(*NODES),
        NodePoolUpgradeAccepted(START, POOL, NEW, {}, closed, by_platform=True),
        NodePoolUpgradeAccepted(START + timedelta(days=1), POOL, NEWER, {}, closed, kind="live"),
    ):
        referee.observe(event)

    said = referee.report(START, total_requests=0, mutating_requests=0)
    counted = said["nodePools"][POOL]
    assert (counted["byPlatform"], counted["upgrades"], counted["livePatches"]) == (1, 0, 1)
    assert counted["outsideWindow"] == 1
    assert [v["detail"].partition(" while ")[0] for v in said["violations"]] == [
        f"live patches up to {NEWER} accepted"
    ]


def test_a_pool_that_is_gone_keeps_its_counts() -> None:
    """It has no nodes any more, what happened to it did."""
    referee = Referee({}, health_seconds=300)
    for event in (added(*NODES), accepted(), NodePoolRemoved(START, POOL)):
        referee.observe(event)

    counted = referee.report(START, total_requests=0, mutating_requests=0)["nodePools"][POOL]
    assert (counted["nodes"], counted["images"], counted["upgrades"]) == (0, {}, 1)
