"""Drains of nodes within disruption budgets, nodes that cannot be drained, and how an upgrade goes on after that."""

from __future__ import annotations

from emulated_node_pools import API, CLUSTER, NEW, OLD, ONE_NODE, NodePoolUnderTest, cluster_world, node_pool
from emulated_worlds import Json, Serve

STUCK = {"pools": {"np1": {"undrainable": ["aks-np1-1"]}}}
REGULAR = ("aks-np1-0", "aks-np1-1", "aks-np1-2")


def workload(budget: Json | None = None, **said: object) -> Json:
    """Three pods on the pool."""
    budgets = {} if budget is None else {"disruptionBudget": {"name": "web-pdb", **budget}}
    return {
        "name": "web",
        "replicas": 3,
        "pools": ["np1"],
        "graceSeconds": 20,
        "startSeconds": 40,
        **budgets,
        **said,
    }


def test_a_drain_takes_as_long_as_its_pods_take_to_leave(serve: Serve) -> None:
    """A node is reimaged when its last pod has gone after its grace, not before (N32)."""
    pool = NodePoolUnderTest(serve(cluster_world(extras={"workloads": [workload()]})))

    pool.upgrade()
    pool.wait(60 + 20 + 59)
    assert pool.machines()["aks-np1-0"] == OLD
    pool.wait(1)

    assert pool.machines()["aks-np1-0"] == NEW


def test_evictions_wait_for_what_the_budget_allows(serve: Serve) -> None:
    """One pod may be missing of two on the node: the second goes when the first is ready elsewhere (N32)."""
    two_a_node = workload({"maxUnavailable": 1}, replicas=6)
    pool = NodePoolUnderTest(serve(cluster_world(extras={"workloads": [two_a_node]})))

    pool.upgrade()
    # 20 to leave, 40 to start elsewhere, 20 for the other one to leave, and the reimage.
    pool.wait(60 + 20 + 40 + 20 + 59)
    assert pool.machines()["aks-np1-0"] == OLD
    pool.wait(1)

    assert pool.machines()["aks-np1-0"] == NEW


def test_a_budget_that_is_never_met_fails_the_upgrade_at_the_drain_timeout(serve: Serve) -> None:
    """After ``drainTimeoutInMinutes`` the operation fails and names node, pod and budget; the node takes pods again (N32)."""
    held = workload({"maxUnavailable": 0})
    world = cluster_world(node_pool(drainTimeoutInMinutes=7), extras={"workloads": [held]})
    pool = NodePoolUnderTest(serve(world))

    accepted = pool.upgrade()
    pool.wait(60 + 7 * 60 - 1)
    assert pool.status(accepted)["status"] == "InProgress"
    pool.wait(1)

    error = pool.status(accepted)["error"]
    assert error["code"] == "PodDrainFailure"
    assert all(word in error["message"] for word in ("aks-np1-0", "web-", "web-pdb", "(7)"))
    assert pool.states() == dict.fromkeys((*REGULAR, "aks-np1-3"), "Succeeded")


def test_an_upgrade_that_a_drain_stopped_is_resumed_without_doing_anything_twice(serve: Serve) -> None:
    """Another call goes on with the surge node that stayed and with the nodes that are not done yet (N32)."""
    emulator = serve(cluster_world(extras=STUCK))
    pool = NodePoolUnderTest(emulator)

    failed = pool.upgrade()
    pool.wait(60 + ONE_NODE + 30 * 60)
    assert pool.status(failed)["status"] == "Failed"
    assert pool.machines() == {"aks-np1-0": NEW, "aks-np1-1": OLD, "aks-np1-2": OLD, "aks-np1-3": NEW}
    resumed = pool.upgrade()
    assert resumed.status_code == 202
    assert pool.states() == {
        "aks-np1-0": "Succeeded",
        "aks-np1-1": "Updating",
        "aks-np1-2": "Succeeded",
        "aks-np1-3": "Succeeded",
    }
    pool.wait(30 * 60)

    assert pool.status(resumed)["status"] == "Failed"
    assert len(pool.machines()) == 4


def test_every_put_of_the_cluster_resumes_what_a_drain_stopped(serve: Serve) -> None:
    """Any later PUT goes on with the upgrade, one that says of the cluster and its pools only what is so as well (N32)."""
    emulator = serve(cluster_world(extras=STUCK))
    pool = NodePoolUnderTest(emulator)

    pool.upgrade()
    pool.wait(60 + ONE_NODE + 30 * 60)
    for _ in range(3):
        assert pool.states()["aks-np1-1"] == "Succeeded"
        shown = emulator.arm("GET", CLUSTER, api_version=API).json()
        assert emulator.arm("PUT", CLUSTER, shown, api_version=API).status_code == 200
        assert pool.states()["aks-np1-1"] == "Updating"
        pool.wait(30 * 60)

    assert emulator.admin("GET", "audit")["nodePools"][pool.path]["resumes"] == 3


def test_with_cordon_an_undrainable_node_is_left_and_a_surge_node_stays(serve: Serve) -> None:
    """The node keeps its image, cordoned; the others go on, the operation succeeds, and the surge node is in its place (N32)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(undrainableNodeBehavior="Cordon"), extras=STUCK)))

    accepted = pool.upgrade()
    pool.wait(60 + 2 * ONE_NODE + 30 * 60)

    assert pool.status(accepted)["status"] == "Succeeded"
    assert pool.machines() == {"aks-np1-0": NEW, "aks-np1-1": OLD, "aks-np1-2": NEW, "aks-np1-3": NEW}
    assert pool.states()["aks-np1-1"] == "Failed"


def test_a_pool_shows_the_new_image_once_all_its_nodes_have_it(serve: Serve) -> None:
    """``nodeImageVersion`` stays the old one while a quarantined node has it (N32)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(undrainableNodeBehavior="Cordon"), extras=STUCK)))

    pool.upgrade()
    pool.wait(60 + 2 * ONE_NODE + 30 * 60)
    again = pool.upgrade()
    assert again.json()["properties"]["nodeImageVersion"] == OLD
    pool.wait(30 * 60)
    pool.post("deleteMachines", {"machineNames": ["aks-np1-1"]})
    pool.wait(30 * 60 + 30)

    assert pool.upgrade().json()["properties"]["nodeImageVersion"] == NEW


def test_abort_stops_an_upgrade_and_a_later_call_resumes_it(serve: Serve) -> None:
    """Nodes under drain take pods again, one that is reimaged comes up new, nothing else starts; the rest is done later."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(maxSurge="1", maxUnavailable="1"))))

    accepted = pool.upgrade()
    pool.wait(65)
    aborted = pool.post("abort")
    assert aborted.status_code == 202
    assert pool.status(accepted)["status"] == "Canceled"
    assert pool.status(aborted)["status"] == "Succeeded"
    assert set(pool.states().values()) == {"Succeeded", "Updating"}
    pool.wait(3600)
    assert pool.states() == dict.fromkeys((*REGULAR, "aks-np1-3"), "Succeeded")
    assert OLD in pool.machines().values()
    resumed = pool.upgrade()
    pool.wait(3600)

    assert pool.status(resumed)["status"] == "Succeeded"
    assert pool.machines() == dict.fromkeys(REGULAR, NEW)


def test_abort_of_the_cluster_is_that_of_its_pools(serve: Serve) -> None:
    """What runs on any pool of the cluster is canceled; where nothing runs the answer is 204."""
    emulator = serve(cluster_world(node_pool(), node_pool("np2")))
    first, second = NodePoolUnderTest(emulator), NodePoolUnderTest(emulator, "np2")
    cluster = first.path.removesuffix("/agentPools/np1")

    assert emulator.arm("POST", f"{cluster}/abort", api_version="2025-05-01").status_code == 204
    assert first.post("abort").status_code == 204
    both = [first.upgrade(), second.upgrade()]
    answer = emulator.arm("POST", f"{cluster}/abort", api_version="2025-05-01")

    assert answer.status_code == 202
    assert [first.status(accepted)["status"] for accepted in both] == ["Canceled", "Canceled"]
    assert emulator.arm("POST", f"{cluster}/abort", api_version="2025-05-01").status_code == 204
