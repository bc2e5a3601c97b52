"""The course of an upgrade of a pool's nodes: surge, drain, soak, reimage, surge removed."""

from __future__ import annotations

import pytest
from emulated_node_pools import NEW, NEWER, OLD, ONE_NODE, NodePoolUnderTest, cluster_world, node_pool
from emulated_worlds import Json, Serve

SURGE = "aks-np1-3"


def test_nodes_are_reimaged_one_by_one_behind_a_surge_node(serve: Serve) -> None:
    """A surge node comes with the new image, then as many nodes as surge nodes at a time are done, then it goes (N32, R70)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(maxSurge="1"))))

    accepted = pool.upgrade()
    assert accepted.status_code == 202
    assert accepted.json()["properties"]["provisioningState"] == "UpgradingNodeImageVersion"
    assert pool.states() == {
        "aks-np1-0": "Succeeded",
        "aks-np1-1": "Succeeded",
        "aks-np1-2": "Succeeded",
        SURGE: "Creating",
    }
    pool.wait(60)
    assert pool.machines()[SURGE] == NEW
    assert pool.states()["aks-np1-0"] == "Updating"
    pool.wait(ONE_NODE)
    assert pool.machines() == {"aks-np1-0": NEW, "aks-np1-1": OLD, "aks-np1-2": OLD, SURGE: NEW}
    pool.wait(2 * ONE_NODE)
    assert set(pool.machines().values()) == {NEW}
    assert pool.status(accepted)["status"] == "InProgress"
    pool.wait(40)

    assert pool.machines() == dict.fromkeys(("aks-np1-0", "aks-np1-1", "aks-np1-2"), NEW)
    assert pool.status(accepted)["status"] == "Succeeded"


@pytest.mark.parametrize(("count", "arithmetic"), [(1000, "1000 + 100"), (910, "910 + 91")])
def test_a_surge_beyond_a_thousand_nodes_is_refused_before_it_begins(
    serve: Serve, count: int, arithmetic: str
) -> None:
    """A pool and its surge are at most 1,000 nodes: more is refused by the upgrade's call, and no node comes (N32)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(count=count))))

    refused = pool.upgrade()

    assert refused.status_code == 400
    assert refused.json()["error"]["target"] == "properties.upgradeSettings.maxSurge"
    assert arithmetic in refused.json()["error"]["message"]
    assert len(pool.machines()) == count


@pytest.mark.parametrize(
    ("settings", "surge", "at_once"),
    [
        ({"maxSurge": "33%"}, 2, 2),
        ({"maxSurge": "2"}, 2, 2),
        ({}, 1, 1),
        ({"maxSurge": "9"}, 5, 5),
        ({"maxSurge": "0", "maxUnavailable": "40%"}, 0, 2),
        ({"maxSurge": "1", "maxUnavailable": "1"}, 1, 2),
    ],
)
def test_surge_is_a_number_or_a_share_rounded_up(
    serve: Serve, settings: Json, surge: int, at_once: int
) -> None:
    """10 % and 33 % of five nodes are one and two, never more than nodes to do; missing nodes come besides (N32)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(count=5, **settings))))

    pool.upgrade()
    pool.wait(61)

    states = list(pool.states().values())
    assert len(states) == 5 + surge
    assert states.count("Updating") == at_once


def test_kubernetes_version_stays_the_same(serve: Serve) -> None:
    """Only the image changes: each machine has the Kubernetes version that it had (R66)."""
    emulator = serve(cluster_world(node_pool(orchestratorVersion="1.29.7")))
    pool = NodePoolUnderTest(emulator)

    pool.upgrade()
    pool.wait(3600)

    shown = emulator.arm("GET", f"{pool.path}/machines/aks-np1-0", api_version="2025-05-01").json()
    assert shown["properties"]["nodeImageVersion"] == NEW
    assert shown["properties"]["kubernetes"]["orchestratorVersion"] == "1.29.7"


@pytest.mark.parametrize("running", [NEW, NEWER])
def test_there_is_no_way_back_to_an_older_image(serve: Serve, running: str) -> None:
    """Where every node has the newest image, or one newer still, the call is 200 and changes nothing (N34)."""
    extras = {"pools": {"np1": {"nodeImageVersion": running}}}
    pool = NodePoolUnderTest(serve(cluster_world(extras=extras)))

    answer = pool.upgrade()
    pool.wait(3600)

    assert answer.status_code == 200
    assert answer.json()["properties"]["provisioningState"] == "Succeeded"
    assert set(pool.machines().values()) == {running}


def test_soak_lies_between_drain_and_reimage(serve: Serve) -> None:
    """A drained node waits ``nodeSoakDurationInMinutes`` before it is reimaged (N32)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(nodeSoakDurationInMinutes=5))))

    pool.upgrade()
    pool.wait(60 + 10 + 300 + 59)
    assert pool.machines()["aks-np1-0"] == OLD
    pool.wait(1)

    assert pool.machines()["aks-np1-0"] == NEW


def test_a_second_call_is_refused_while_one_is_in_progress(serve: Serve) -> None:
    """409 OperationNotAllowed names the pool and what is in progress; after the end the call is 200."""
    pool = NodePoolUnderTest(serve(cluster_world()))

    pool.upgrade()
    refused = pool.upgrade()
    pool.wait(3600)

    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "OperationNotAllowed"
    assert "'np1'" in refused.json()["error"]["message"]
    assert pool.upgrade().status_code == 200


def test_a_stopped_cluster_is_not_upgraded(serve: Serve) -> None:
    """Nodes that do not run cannot be reimaged: 409 says that the cluster is stopped."""
    pool = NodePoolUnderTest(serve(cluster_world(powerState={"code": "Stopped"})))

    refused = pool.upgrade()

    assert refused.status_code == 409
    assert "stopped" in refused.json()["error"]["message"]
    assert set(pool.machines().values()) == {OLD}


def test_without_quota_for_the_surge_the_upgrade_fails(serve: Serve) -> None:
    """Two surge nodes and quota for one: the operation fails with QuotaExceeded, and no node was touched (N32)."""
    extras = {"pools": {"np1": {"quota": 1}}}
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(maxSurge="2"), extras=extras)))

    accepted = pool.upgrade()
    pool.wait(60)

    assert pool.status(accepted)["status"] == "Failed"
    assert pool.status(accepted)["error"]["code"] == "QuotaExceeded"
    assert set(pool.machines().values()) == {OLD}


@pytest.mark.parametrize(
    ("kubernetes", "quota", "settings", "surge"),
    [
        ("1.35.1", 1, {"maxSurge": "3"}, 1),
        ("1.30.4", 0, {"maxSurge": "3", "maxUnavailable": "1"}, 0),
    ],
)
def test_less_quota_than_surge_may_still_do(
    serve: Serve, kubernetes: str, quota: int, settings: Json, surge: int
) -> None:
    """From Kubernetes 1.35 on AKS goes on with one surge node, and with ``maxUnavailable`` in place (N32)."""
    extras = {"pools": {"np1": {"quota": quota}}}
    world = cluster_world(node_pool(**settings), extras=extras, kubernetesVersion=kubernetes)
    pool = NodePoolUnderTest(serve(world))

    pool.upgrade()
    assert len(pool.machines()) == 3 + surge
    pool.wait(3600)

    assert pool.machines() == dict.fromkeys(("aks-np1-0", "aks-np1-1", "aks-np1-2"), NEW)
