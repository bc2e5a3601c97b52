"""The referee on Batch pools: the rules of scale sets, and work that is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulated_nodes import act
from emulated_pools import batch_account, batch_pool, batch_world, machines_id, pool_id, user_account
from emulated_worlds import V1, V2, V3, Emulator, Json, Serve, scale_set

if TYPE_CHECKING:
    import httpx

OPEN = {"maxBatchInstancePercent": 100, "maxUnhealthyInstancePercent": 100}


def served(serve: Serve, *, pool: str = "p1", **options: object) -> Emulator:
    """One pool of an account in user subscription mode."""
    return serve(batch_world(user_account(batch_pool(pool, **options))))  # type: ignore[arg-type] # plain options


def reimage(emulator: Emulator, *instances: str, version: str = V2, pool: str = "p1") -> httpx.Response:
    """Replace nodes through the scale set behind the pool."""
    body: Json = {"instanceIds": list(instances), "exactVersion": version}
    answer = emulator.arm("POST", f"{machines_id(pool)}/reimage", body)
    assert answer.status_code == 202, answer.text
    return answer


def record(emulator: Emulator, pool: str = "p1") -> Json:
    """The referee's report on one pool."""
    return emulator.admin("GET", "audit")["batchPools"][pool_id(pool)]


def test_pool_is_told_under_its_own_id_with_its_nodes_names(serve: Serve) -> None:
    """R54: a pool's record stands under its own id, counts what a scale set's does, and names nodes."""
    emulator = served(serve)

    reimage(emulator, "3", "4")
    emulator.advance(300)
    reimage(emulator, "3", version=V1)
    emulator.advance(300)

    told = record(emulator)
    assert emulator.admin("GET", "audit")["scaleSets"] == {}
    assert (told["nodes"], told["maxOutOfService"], told["maxInFlight"]) == (10, 2, 2)
    assert (told["swaps"], told["rollbacks"]) == ({"tvm-3": 1, "tvm-4": 1}, {"tvm-3": 1})
    assert told["imageVersions"] == {V1: 9, V2: 1}
    assert told["batches"][0]["instances"] == ["tvm-3", "tvm-4"]
    assert (told["runningNodesInterrupted"], told["tasksRequeued"], told["tasksEndedByOrder"]) == (0, 0, 0)
    assert told["busySeconds"] > 0
    assert told["wallSeconds"] == told["busySeconds"] + told["overheadSeconds"]
    assert emulator.broken_rules() == []


def test_running_node_that_is_replaced_although_upgrades_are_deferred_is_a_violation(serve: Serve) -> None:
    """R55: a node that is replaced in the middle of its work is counted and told, with the node and its task."""
    emulator = served(serve, running={"tvm-3": 600})

    reimage(emulator, "3")

    assert record(emulator)["runningNodesInterrupted"] == 1
    violation = emulator.admin("GET", "audit")["violations"][0]
    assert (violation["rule"], violation["resource"]) == ("R55", pool_id())
    assert "tvm-3" in violation["detail"]
    assert "job/" in violation["detail"]


def test_running_node_may_be_replaced_where_nothing_is_deferred(serve: Serve) -> None:
    """N28: without deferral a running node is replaced and counted, its task queued again, and no rule is broken."""
    emulator = served(serve, deferral=False, running={"tvm-3": 600})

    reimage(emulator, "3")

    told = record(emulator)
    assert (told["runningNodesInterrupted"], told["tasksRequeued"]) == (1, 1)
    assert emulator.broken_rules() == []


def test_idle_node_interrupts_nothing(serve: Serve) -> None:
    """R55: a node without work may be replaced while another one runs."""
    emulator = served(serve, running={"tvm-3": 600})

    reimage(emulator, "4")

    assert record(emulator)["runningNodesInterrupted"] == 0
    assert emulator.broken_rules() == []


def test_too_many_nodes_out_of_service_are_told(serve: Serve) -> None:
    """R7 and R9 hold for pools (R54), over nodes that are in flight together, whichever calls they came by."""
    emulator = served(serve)

    for instance in "012":
        reimage(emulator, instance)

    violations = emulator.admin("GET", "audit")["violations"]
    assert [(v["rule"], v["detail"]) for v in violations] == [
        ("R7", "3 of 10 nodes out of service, cap 2"),
        ("R9", "a batch of 3 of 10 nodes, at most 2"),
    ]
    assert [batch["instances"] for batch in record(emulator)["batches"]] == [["tvm-0", "tvm-1", "tvm-2"]]


def test_calls_one_after_the_other_are_batches_of_their_own(serve: Serve) -> None:
    """R9 and R54: once a node of a batch is ready, the next call begins another batch."""
    emulator = served(serve)

    reimage(emulator, "0")
    emulator.advance(5)
    reimage(emulator, "1")
    emulator.advance(37)
    reimage(emulator, "2")

    batches = [batch["instances"] for batch in record(emulator)["batches"]]
    assert batches == [["tvm-0", "tvm-1"], ["tvm-2"]]
    assert emulator.broken_rules() == []


def test_swap_while_too_many_nodes_are_unhealthy_is_told(serve: Serve) -> None:
    """R14 holds for pools (R54)."""
    emulator = served(serve, unhealthyNodes=["tvm-7", "tvm-8", "tvm-9"])

    reimage(emulator, "7")
    emulator.advance(300)
    clean = emulator.broken_rules()
    body = {"id": machines_id(), "instances": ["0"], "health": "unhealthy"}
    emulator.admin("POST", "instances", body)
    reimage(emulator, "1")

    assert clean == []
    assert emulator.broken_rules() == ["R7", "R14"]


def test_two_swaps_to_one_version_are_told(serve: Serve) -> None:
    """R44: one node is not swapped to the same version twice (R54)."""
    emulator = served(serve)

    reimage(emulator, "3")
    emulator.advance(300)
    reimage(emulator, "3", version=V1)
    emulator.advance(300)
    reimage(emulator, "3")

    violation = emulator.admin("GET", "audit")["violations"][0]
    assert (violation["rule"], violation["detail"]) == ("R44", f"second swap of tvm-3 to {V2}")


def test_rollback_to_a_version_that_a_node_never_ran_is_told(serve: Serve) -> None:
    """R11: a node goes back only to what it ran (R54)."""
    images = [
        {
            "publisher": "Canonical",
            "offer": "UbuntuServer",
            "sku": "18.04-LTS",
            "versions": [{"name": name} for name in (V1, V2, V3)],
        }
    ]
    account = user_account(batch_pool(imageVersion=V2))
    emulator = serve(batch_world(account, platformImages=images))

    reimage(emulator, "3", version=V1)

    violation = emulator.admin("GET", "audit")["violations"][0]
    assert (violation["rule"], violation["detail"]) == (
        "R11",
        f"tvm-3 rolled back to {V1}, which never ran there",
    )


@pytest.mark.parametrize(("zonal", "rules"), [(True, ["R48"]), (False, [])])
def test_two_zones_at_once_are_told_of_zonal_pools(serve: Serve, *, zonal: bool, rules: list[str]) -> None:
    """R48: nodes of two zones are never in flight at once; a regional pool has no zones, and no pool update domains."""
    emulator = served(serve, zonal=zonal)

    reimage(emulator, "0", "1")

    assert emulator.broken_rules() == rules
    assert record(emulator)["maxZonesInFlight"] == (2 if zonal else 1)


def test_pool_and_scale_set_share_the_zones_of_their_region(serve: Serve) -> None:
    """R48: a pool's node in zone 2 while a scale set's instance is in flight in zone 1 is told."""
    account = user_account(batch_pool(zonal=True))
    emulator = serve(batch_world(account, scaleSets=[scale_set()]))

    emulator.reimage("0")
    reimage(emulator, "1")

    assert emulator.broken_rules() == ["R48"]


def test_pools_of_paired_regions_at_once_are_told(serve: Serve) -> None:
    """R46: pools in the two regions of a pair are never upgraded at once (R54)."""
    accounts = (
        user_account(batch_pool()),
        user_account(batch_pool("p2", account="north"), name="north", location="northeurope"),
    )
    emulator = serve(batch_world(*accounts))

    reimage(emulator, "0")
    answer = emulator.arm(
        "POST", f"{machines_id('p2', 'north')}/reimage", {"instanceIds": ["0"], "exactVersion": V2}
    )

    assert answer.status_code == 202
    assert emulator.broken_rules() == ["R46"]


def test_own_policy_counts_where_the_pool_uses_it(serve: Serve) -> None:
    """C7 and R54: a pool's own rolling upgrade policy holds with useRollingUpgradePolicy."""
    emulator = served(serve, rolling=OPEN)

    reimage(emulator, *map(str, range(10)))

    assert emulator.broken_rules() == []


def working_pool(serve: Serve, *, deferral: bool = True) -> Emulator:
    """A pool in Batch's own subscription, one node of which works."""
    return serve(batch_world(batch_account(batch_pool(deferral=deferral, running={"tvm-3": 60}))))


@pytest.mark.parametrize("action", ["reimage", "reboot"])
@pytest.mark.parametrize("option", ["requeue", "terminate", None])
def test_data_plane_call_that_stops_tasks_interrupts(serve: Serve, action: str, option: str | None) -> None:
    """R55: a reimage or reboot that stops a running node's tasks is a violation while upgrades are deferred."""
    emulator = working_pool(serve)

    accepted = act(emulator, 3, action, option)

    assert accepted.status_code == 202
    assert record(emulator)["runningNodesInterrupted"] == 1
    assert emulator.broken_rules() == ["R55"]


@pytest.mark.parametrize("action", ["reimage", "reboot"])
@pytest.mark.parametrize(("option", "counts"), [("requeue", (1, 0)), ("terminate", (0, 1))])
def test_data_plane_call_that_stops_tasks_is_allowed_without_deferral(
    serve: Serve, action: str, option: str, counts: tuple[int, int]
) -> None:
    """N28: without deferral such a call is counted by what became of its tasks, and breaks no rule."""
    emulator = working_pool(serve, deferral=False)

    act(emulator, 3, action, option)

    told = record(emulator)
    assert (told["tasksRequeued"], told["tasksEndedByOrder"]) == counts
    assert told["runningNodesInterrupted"] == 1
    assert emulator.broken_rules() == []


@pytest.mark.parametrize("option", ["taskcompletion", "retaineddata"])
def test_call_that_waits_for_the_tasks_interrupts_nothing(serve: Serve, option: str) -> None:
    """R55: a reimage that waits for the tasks is a swap of an idle node when it begins."""
    emulator = working_pool(serve)

    act(emulator, 3, "reimage", option, exactVersion=V2)
    waiting = record(emulator)["swaps"]
    emulator.advance(300)

    told = record(emulator)
    assert (waiting, told["swaps"]) == ({}, {"tvm-3": 1})
    assert (told["runningNodesInterrupted"], told["imageVersions"]) == (0, {V1: 9, V2: 1})
    assert emulator.broken_rules() == []


@pytest.mark.parametrize(("option", "ended"), [("requeue", 1), ("terminate", 1), ("taskcompletion", 0)])
def test_closing_a_node_is_its_owners_order(serve: Serve, option: str, ended: int) -> None:
    """R55: tasks that end because their node is closed are counted apart, and a closed node is ready: no violation."""
    emulator = working_pool(serve)

    act(emulator, 3, "disablescheduling", option)

    told = record(emulator)
    assert (told["tasksEndedByOrder"], told["runningNodesInterrupted"]) == (ended, 0)
    assert told["maxOutOfService"] == 0
    assert emulator.broken_rules() == []


def test_nodes_reimaged_one_a_call_are_one_batch(serve: Serve) -> None:
    """R9, R54: reimages of the data plane, one call a node, are one batch while they are in flight together."""
    emulator = working_pool(serve)

    for number in (0, 1):
        act(emulator, number, "reimage", "taskcompletion", exactVersion=V2)
    emulator.advance(300)

    told = record(emulator)
    assert [batch["instances"] for batch in told["batches"]] == [["tvm-0", "tvm-1"]]
    assert told["batches"][0]["readyAt"] is not None
    assert emulator.broken_rules() == []


def test_reboot_takes_a_node_out_of_service_and_is_no_swap(serve: Serve) -> None:
    """R7, R54: a reboot of an idle node is out of service meanwhile, and no swap."""
    emulator = working_pool(serve)

    act(emulator, 0, "reboot")
    emulator.advance(300)

    told = record(emulator)
    assert (told["maxOutOfService"], told["swaps"]) == (1, {})
    assert emulator.broken_rules() == []
