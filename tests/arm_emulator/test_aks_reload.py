"""A world with clusters can be written and loaded again, also in the middle of something, and outlives its process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from emulated_node_pools import API, CLUSTER, NEW, OLD, NodePoolUnderTest, cluster_world, node_pool
from emulated_worlds import Emulator, Json, Serve
from test_state import everything, running

if TYPE_CHECKING:
    from pathlib import Path

SECURITY = f"{OLD}-2024.02.20"
GOLDEN = "kubernetes.azure.com/live-patching-golden-timestamp=20240220T000000Z"
SETTINGS = {"drainTimeoutInMinutes": 5, "nodeSoakDurationInMinutes": 1}


def shop_world(**sections: object) -> Json:
    """Two pools with pods under budgets; np2 has a node that never drains."""
    extras: Json = {
        "nodeImages": {"latest": NEW, "releases": [{"version": SECURITY, "security": True}]},
        "pools": {"np1": {"quota": 4}, "np2": {"undrainable": ["aks-np2-1"]}},
        "workloads": [
            {
                "name": "web",
                "replicas": 5,
                "disruptionBudget": {"name": "web-pdb", "minAvailable": 4},
                "graceSeconds": 7,
                "startSeconds": 11,
            }
        ],
    }
    pools = (node_pool("np1", count=4, maxSurge="2", **SETTINGS), node_pool("np2", **SETTINGS))
    return {**cluster_world(*pools, extras=extras), **sections}


def reloaded(emulator: Emulator, serve: Serve) -> Emulator:
    """Another emulator with the world of the first as it is now."""
    document = emulator.admin("GET", "world")
    again = serve(document)
    assert again.admin("GET", "world") == document
    return again


def shown(emulator: Emulator) -> Json:
    """Everything that can be read of a cluster: the world's document, its pools and their machines."""
    pools = {
        name: emulator.arm("GET", f"{CLUSTER}/agentPools/{name}", api_version=API) for name in ("np1", "np2")
    }
    machines = {
        name: emulator.arm("GET", f"{CLUSTER}/agentPools/{name}/machines", api_version=API) for name in pools
    }
    texts = [answer.text.replace(emulator.url, "") for answer in (*pools.values(), *machines.values())]
    return {"world": emulator.admin("GET", "world"), "answers": [json.loads(text) for text in texts]}


def command(emulator: Emulator, text: str) -> None:
    """Run a command on the cluster."""
    emulator.arm("POST", f"{CLUSTER}/runCommand", {"command": text}, api_version=API)


@pytest.mark.parametrize("seconds", [0, 30, 61, 70, 75, 84, 150, 400, 451, 700, 1200])
def test_an_upgrade_goes_on_where_it_was_written(serve: Serve, seconds: int) -> None:
    """Written and loaded at any moment, nodes, pods, drains, surge and operations come to the same end (N32, R70)."""
    emulator = serve(shop_world())
    np1, np2 = NodePoolUnderTest(emulator, "np1"), NodePoolUnderTest(emulator, "np2")
    np1.upgrade()
    accepted = np2.upgrade()
    emulator.advance(seconds)

    again = reloaded(emulator, serve)
    assert shown(again) == shown(emulator)
    emulator.advance(5000)
    again.advance(5000)

    assert shown(again) == shown(emulator)
    assert np2.status(accepted)["status"] == "Failed"
    assert again.admin("GET", "audit")["violations"] == []
    images = again.admin("GET", "audit")["nodePools"]
    assert images[np1.path]["images"] == {NEW: 4}


def test_what_stopped_is_taken_up_after_a_reload(serve: Serve) -> None:
    """R70: a failed drain, written and loaded, is resumed by the next call as if nothing had been, and counts as a resumption."""
    emulator = serve(shop_world())
    NodePoolUnderTest(emulator, "np2").upgrade()
    emulator.advance(2000)
    again = reloaded(emulator, serve)
    for each in (emulator, again):
        assert NodePoolUnderTest(each, "np2").upgrade().status_code == 202
        each.advance(100)

    assert shown(again) == shown(emulator)


def test_aborted_scaled_patched_and_hindered_things_are_written(serve: Serve) -> None:
    """An aborted upgrade, a scaling, live patches, commands, a change of the channel (R65), and an operation that is going to fail."""
    match = {"method": "POST", "path": "*/np2/upgradeNodeImageVersion"}
    fault = {"match": match, "effect": {"operation": "Failed", "code": "Boom", "message": "boom"}}
    emulator = serve(shop_world(faults=[fault]))
    np1 = NodePoolUnderTest(emulator, "np1")
    np1.upgrade()
    emulator.advance(80)
    np1.post("abort")
    command(emulator, f"kubectl annotate node aks-np2-0 {GOLDEN} --overwrite")
    command(emulator, "kubectl cordon aks-np1-3")
    cluster = emulator.arm("GET", CLUSTER, api_version=API).json()
    cluster["properties"]["autoUpgradeProfile"] = {"nodeOSUpgradeChannel": "SecurityPatch"}
    assert emulator.arm("PUT", CLUSTER, cluster, api_version=API).status_code == 200
    np1.post("deleteMachines", {"machineNames": ["aks-np1-2"]})
    NodePoolUnderTest(emulator, "np2").upgrade()
    emulator.advance(5)

    again = reloaded(emulator, serve)
    assert shown(again) == shown(emulator)
    for seconds in (60, 3600, 90_000):
        emulator.advance(seconds)
        again.advance(seconds)
        assert shown(again) == shown(emulator)


def test_pools_are_kept_over_kill(tmp_path: Path) -> None:
    """After kill -9 in the middle of an upgrade world, record, log and clock are the same, and it goes on (R70, R71)."""
    with running(tmp_path, shop_world()) as emulator:
        accepted = NodePoolUnderTest(emulator, "np1").upgrade()
        NodePoolUnderTest(emulator, "np2").upgrade()
        emulator.advance(100)
        poll = accepted.headers["Azure-AsyncOperation"].removeprefix(emulator.url)
        before = everything(emulator)

    with running(tmp_path) as emulator:
        after = everything(emulator)
        emulator.advance(5000)
        audit = emulator.admin("GET", "audit")["nodePools"]

        assert after == before
        assert emulator.http.get(poll).json()["status"] == "Succeeded"
        assert audit[f"{CLUSTER}/agentPools/np1"]["images"] == {NEW: 4}


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        ({"np1-0": {}}, "aks-np1-0"),
        ({"aks-np1-0": {"step": "flying"}}, "flying"),
        ({"aks-np1-0": {}}, "count"),
    ],
)
def test_nodes_that_cannot_be_are_refused(serve: Serve, nodes: Json, words: str) -> None:
    """A name that is none of the pool's, a step that there is not, another number of nodes than the pool's count."""
    document = cluster_world(extras={"pools": {"np1": {"nodes": nodes}}})

    answer = serve(shop_world()).http.post("/_emulator/reset", json=document)

    assert answer.status_code == 400
    assert words in answer.text
