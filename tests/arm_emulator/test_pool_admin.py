"""What the emulator's own routes do to Batch pools: work, falls, scaling."""

from __future__ import annotations

from typing import Any

import pytest
from emulated_pools import (
    account_id,
    batch_account,
    batch_pool,
    batch_world,
    machines_id,
    pool_id,
    user_account,
)
from emulated_worlds import SUBSCRIPTION, V1, V2, Emulator, Json, Serve, scale_set_id


def kept(emulator: Emulator) -> Json:
    """What the world's document says of the first pool beside its resource."""
    return emulator.admin("GET", "world")["batchAccounts"][0]["pools"][0]["x-emulator"]


def working(emulator: Emulator) -> dict[str, int]:
    """How many tasks are at work on each node that has any."""
    states: dict[str, dict[str, Any]] = kept(emulator).get("nodeStates", {})
    return {name: len(said["tasks"]) for name, said in states.items() if said.get("tasks")}


def touch(emulator: Emulator, *nodes: str, **what: object) -> Json:
    """Something happens to nodes."""
    return emulator.admin("POST", "instances", {"id": pool_id(), "instances": list(nodes), **what})


def test_work_is_given_by_node_or_number_and_ends_in_its_time(serve: Serve) -> None:
    """R55: ``running`` gives nodes work, named ``tvm-3`` or 3; it ends after its seconds."""
    emulator = serve(batch_world())

    answer = touch(emulator, "tvm-3", "4", running=60)
    begun = working(emulator)
    emulator.advance(59)
    shortly_before = working(emulator)
    emulator.advance(1)

    assert answer == {"id": pool_id(), "instances": ["tvm-3", "4"]}
    assert begun == shortly_before == {"tvm-3": 1, "tvm-4": 1}
    assert working(emulator) == {}
    assert kept(emulator)["nodeStates"]["tvm-3"]["totalTasksRun"] == 1


def test_work_without_an_end_can_be_ended_or_given_one(serve: Serve) -> None:
    """R55: -1 never ends; 0 ends the work at once, and another number of seconds is what is left of it."""
    emulator = serve(batch_world(batch_account(batch_pool(running={"tvm-1": -1, "tvm-2": -1}))))

    emulator.advance(100_000)
    for_ever = working(emulator)
    touch(emulator, "tvm-1", running=0)
    touch(emulator, "tvm-2", running=30)
    left = working(emulator)
    emulator.advance(30)

    assert for_ever == {"tvm-1": 1, "tvm-2": 1}
    assert left == {"tvm-2": 1}
    assert working(emulator) == {}


def test_work_for_a_node_that_takes_none_waits_for_another(serve: Serve) -> None:
    """R55: work for a node that is down waits in the pool's queue and begins on one that is idle."""
    emulator = serve(batch_world(batch_account(batch_pool(nodes=2))))

    touch(emulator, "tvm-0", power="stopped")
    touch(emulator, "tvm-0", running=60)
    emulator.advance(0)

    assert working(emulator) == {"tvm-1": 1}


@pytest.mark.parametrize("what", [{"power": "deallocated"}, {"health": "unhealthy"}])
def test_crash_ends_work_and_is_nobodys_violation(serve: Serve, what: Json) -> None:
    """R55: what somebody else does to a running node queues its tasks again, interrupts nothing and breaks no rule."""
    emulator = serve(batch_world(batch_account(batch_pool(nodes=1, running={"tvm-0": 60}))))

    touch(emulator, "tvm-0", **what)

    told = emulator.admin("GET", "audit")["batchPools"][pool_id()]
    assert working(emulator) == {}
    assert [task["id"] for task in kept(emulator)["queue"]] == ["tvm-0-1"]
    assert (told["runningNodesInterrupted"], told["maxOutOfService"]) == (0, 1)
    assert emulator.broken_rules() == []


def test_pool_is_scaled_from_outside(serve: Serve) -> None:
    """R54: POST /scale adds nodes of the newest version, and takes the highest numbers away with their work queued again."""
    emulator = serve(batch_world(batch_account(batch_pool(nodes=3, running={"tvm-2": -1}))))

    grown = emulator.admin("POST", "scale", {"id": pool_id().upper(), "capacity": 4})
    emulator.advance(60)
    told = emulator.admin("GET", "audit")["batchPools"][pool_id()]
    shrunk = emulator.admin("POST", "scale", {"id": pool_id(), "capacity": 2})
    emulator.advance(0)

    assert grown == {"id": pool_id(), "capacity": 4, "instances": [f"tvm-{n}" for n in range(4)]}
    assert told["imageVersions"] == {V1: 3, V2: 1}
    assert shrunk["instances"] == ["tvm-0", "tvm-1"]
    assert working(emulator) == {"tvm-0": 1}
    pool = emulator.admin("GET", "world")["batchAccounts"][0]["pools"][0]
    assert pool["resource"]["properties"]["scaleSettings"]["fixedScale"] == {"targetDedicatedNodes": 2}


def test_quota_holds_for_a_users_pool(serve: Serve) -> None:
    """N16: a pool in a user's subscription is not scaled beyond a quota that the world lists for that; another one is."""
    quotas = {"westeurope": {"standardDSv3Family": 24}}
    subscriptions = [{"id": SUBSCRIPTION, "quotas": quotas}]
    batchs = batch_account(batch_pool("p2", account="batchs"), name="batchs")
    emulator = serve(batch_world(user_account(batch_pool()), batchs, subscriptions=subscriptions))

    refused = emulator.admin("POST", "scale", {"id": pool_id(), "capacity": 13})
    allowed = emulator.admin("POST", "scale", {"id": pool_id(), "capacity": 12})
    other = emulator.admin("POST", "scale", {"id": pool_id("p2", "batchs"), "capacity": 50})

    assert refused["error"]["code"] == "OperationNotAllowed"
    assert (allowed["capacity"], other["capacity"]) == (12, 50)


def test_pool_of_no_nodes_stays_one(serve: Serve) -> None:
    """R54: a pool that is said to have no nodes is written so, whatever its resource asks for, and loads as itself."""
    pool = batch_pool(nodes=0)
    pool["resource"]["properties"]["scaleSettings"] = {"fixedScale": {"targetDedicatedNodes": 5}}
    emulator = serve(batch_world(batch_account(pool)))

    before = emulator.admin("GET", "world")
    emulator.admin("POST", "reset", before)

    assert emulator.admin("GET", "world") == before
    assert emulator.admin("GET", "audit")["batchPools"][pool_id()]["nodes"] == 0


@pytest.mark.parametrize(
    ("route", "body", "said"),
    [
        ("scale", {"id": pool_id("gone"), "capacity": 3}, f"no Batch pool '{pool_id('gone')}'"),
        ("scale", {"id": pool_id("p1", "gone"), "capacity": 3}, f"no Batch pool '{pool_id('p1', 'gone')}'"),
        ("scale", {"id": account_id(), "capacity": 3}, f"no Batch pool '{account_id()}'"),
        (
            "instances",
            {"id": pool_id("gone"), "instances": ["3"], "running": 5},
            f"no Batch pool '{pool_id('gone')}'",
        ),
        (
            "instances",
            {"id": pool_id(), "instances": ["tvm-3", "tvm-33"], "running": 5},
            "pool p1 has no node 'tvm-33'",
        ),
        ("instances", {"id": pool_id(), "instances": ["tvm-3"], "running": -2}, "running"),
        ("instances", {"id": pool_id(), "instances": ["tvm-3"], "running": -0.5}, "-1 for ever"),
        ("instances", {"id": pool_id(), "instances": ["tvm-3"]}, "or running for a pool's nodes"),
        ("instances", {"id": machines_id(), "instances": ["3"], "power": "stopped"}, "no scale set"),
        (
            "rollingUpgrades",
            {"id": pool_id(), "rollingUpgrade": None},
            "is a Batch pool; a scale set is needed here",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(serve: Serve, route: str, body: Json, said: str) -> None:
    """R54: an unknown pool or node, or a route that is none for pools, is refused with its name, and nothing changes."""
    emulator = serve(batch_world())

    refused = emulator.admin("POST", route, body)

    assert said in refused["error"]["message"]
    assert working(emulator) == {}


def test_unknown_pool_is_404(serve: Serve) -> None:
    """R54: a pool that the world does not have is not found."""
    emulator = serve(batch_world())

    status = emulator.http.post("/_emulator/scale", json={"id": pool_id("gone"), "capacity": 1}).status_code

    assert status == 404


def test_scale_set_has_no_running_work(serve: Serve) -> None:
    """R55: only nodes have work; a scale set is told so."""
    emulator = serve()

    refused = emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": ["0"], "running": 5})

    assert "only nodes of a Batch pool have work" in refused["error"]["message"]


def test_zone_that_is_down_queues_the_work_of_its_nodes_again(serve: Serve) -> None:
    """R48: with a zone its nodes' work is gone; it begins again where there is an idle node, and nobody is to blame."""
    account = user_account(batch_pool(nodes=3, zonal=True, running={"tvm-1": 60}))
    emulator = serve(batch_world(account))

    emulator.admin("POST", "faults", {"effect": {"zoneDown": "2", "location": "westeurope"}, "seconds": 30})
    emulator.advance(1)

    assert working(emulator) == {"tvm-0": 1}
    assert emulator.admin("GET", "audit")["batchPools"][pool_id()]["maxOutOfService"] == 1
    assert emulator.broken_rules() == []
