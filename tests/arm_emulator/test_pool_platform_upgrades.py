"""The platform's own upgrades of Batch pools: batch by batch, and around nodes that work."""

from __future__ import annotations

import pytest
from emulated_nodes import states
from emulated_pools import (
    batch_account,
    batch_pool,
    batch_world,
    machines_id,
    pool_id,
    user_account,
)
from emulated_worlds import SUBSCRIPTION, V1, V2, V3, Emulator, Json, Serve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

GALLERY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/galleries/g"


def platform_world(*accounts: Json, **sections: object) -> Json:
    """A world whose platform upgrades pools by itself."""
    return batch_world(*accounts, platformUpgrades=True, **sections)


def record(emulator: Emulator, pool: str = "p1", account: str = "work") -> Json:
    """The referee's report on a pool."""
    return emulator.admin("GET", "audit")["batchPools"][pool_id(pool, account)]


def test_platform_upgrades_a_pool_batch_by_batch(serve: Serve) -> None:
    """R1, R54: with the flag true every node goes to the newest version with no call, within R7 to R14."""
    emulator = serve(platform_world())

    emulator.advance(3600)

    told = record(emulator)
    assert told["imageVersions"] == {V2: 10}
    assert [len(batch["instances"]) for batch in told["batches"]] == [2, 2, 2, 2, 2]
    assert told["maxOutOfService"] == 2
    assert emulator.broken_rules() == []


def test_running_node_is_left_alone_until_it_is_idle(serve: Serve) -> None:
    """R55: with deferral a node that runs a task keeps its version until it is idle; then its upgrade starts."""
    emulator = serve(platform_world(batch_account(batch_pool(running={"tvm-3": 5000, "tvm-4": -1}))))

    emulator.advance(4999)
    before = record(emulator)
    emulator.advance(1)
    at_once = record(emulator)["swaps"]
    emulator.advance(100)

    assert before["imageVersions"] == {V1: 2, V2: 8}
    assert "tvm-3" in at_once
    assert record(emulator)["imageVersions"] == {V1: 1, V2: 9}
    assert record(emulator)["runningNodesInterrupted"] == 0
    assert emulator.broken_rules() == []


def test_idle_nodes_go_first(serve: Serve) -> None:
    """R55: the nodes that are idle are upgraded while the others work."""
    running = {f"tvm-{n}": 600 for n in range(5)}
    emulator = serve(platform_world(batch_account(batch_pool(running=running))))

    emulator.advance(0)

    assert list(record(emulator)["swaps"]) == ["tvm-5", "tvm-6"]


def test_waiting_work_does_not_keep_a_node_from_its_upgrade(serve: Serve) -> None:
    """R55: a node that becomes idle is upgraded before it is given the next task, which begins afterwards."""
    pool = batch_pool(nodes=1, running={"tvm-0": 60})
    emulator = serve(platform_world(batch_account(pool)))
    other = {"job": "job", "id": "next", "seconds": 500, "began": "2024-06-01T00:00:00Z"}
    document = emulator.admin("GET", "world")
    document["batchAccounts"][0]["pools"][0]["x-emulator"]["queue"] = [other]
    emulator.admin("POST", "reset", document)

    emulator.advance(60)
    at_the_end = record(emulator)["swaps"]
    emulator.advance(100)

    extras = emulator.admin("GET", "world")["batchAccounts"][0]["pools"][0]["x-emulator"]
    assert at_the_end == {"tvm-0": 1}
    assert [task["id"] for task in extras["nodeStates"]["tvm-0"]["tasks"]] == ["next"]
    assert (record(emulator)["runningNodesInterrupted"], emulator.broken_rules()) == (0, [])


def test_without_deferral_running_nodes_are_upgraded_and_their_tasks_queued_again(serve: Serve) -> None:
    """N28: without deferral every node is upgraded, its tasks are queued again and end on another node."""
    running = {"tvm-0": 200, "tvm-9": 200}
    emulator = serve(platform_world(batch_account(batch_pool(deferral=False, running=running))))

    emulator.advance(3600)

    told = record(emulator)
    document = emulator.admin("GET", "world")["batchAccounts"][0]["pools"][0]["x-emulator"]
    assert told["imageVersions"] == {V2: 10}
    assert told["tasksRequeued"] >= 1
    assert told["runningNodesInterrupted"] == told["tasksRequeued"]
    assert "queue" not in document
    assert sum(said.get("totalTasksRun", 0) for said in document["nodeStates"].values()) == 2
    assert emulator.broken_rules() == []


def test_pool_whose_flag_is_false_is_left_alone(serve: Serve) -> None:
    """R4: a pool that is opted out keeps its versions."""
    emulator = serve(platform_world(batch_account(batch_pool(automatic=False))))

    emulator.advance(7200)

    assert record(emulator)["swaps"] == {}


def test_account_that_is_not_activated_is_left_alone(serve: Serve) -> None:
    """R60: where support has not activated an account, its pools are not upgraded."""
    account = {**batch_account(batch_pool()), "x-emulator": {"activated": False}}
    emulator = serve(platform_world(account))

    emulator.advance(7200)

    assert record(emulator)["swaps"] == {}


@pytest.mark.parametrize(("state", "nodes"), [("Registered", 10), ("Registering", 0), (None, 0)])
def test_deferral_in_a_users_subscription_needs_its_feature(
    serve: Serve, state: str | None, nodes: int
) -> None:
    """R59: pools in a user's subscription that defer are upgraded only once RollingUpgradeDeferral is registered."""
    features = {} if state is None else {"Microsoft.Compute/RollingUpgradeDeferral": state}
    subscriptions = [{"id": SUBSCRIPTION, "features": features}]
    emulator = serve(platform_world(user_account(batch_pool()), subscriptions=subscriptions))

    emulator.advance(1000)

    assert record(emulator)["imageVersions"].get(V2, 0) == nodes


def test_gallery_image_goes_where_it_is_replicated(serve: Serve) -> None:
    """R26, R27: a pool goes to the newest version that its region has and that is not excluded from latest."""
    regions = [{"name": "West Europe"}, {"name": "North Europe", "excludeFromLatest": True}]
    profiles = {
        "1.0.1": {"targetRegions": regions},
        "1.0.2": {"targetRegions": [{"name": "West Europe"}], "excludeFromLatest": True},
    }
    versions: list[Json] = [{"name": "1.0.0"}]
    versions += [{"name": n, "properties": {"publishingProfile": p}} for n, p in profiles.items()]
    not_yet = {"targetRegions": [{"name": "West Europe"}]}
    versions.append(
        {"name": "1.0.3", "properties": {"publishingProfile": not_yet}, "x-emulator": {"replicated": []}}
    )
    image = {"id": f"{GALLERY}/images/web"}
    pools = [
        batch_pool(name, account=account, image=image, imageVersion="1.0.0")
        for name, account in (("p1", "work"), ("p2", "north"))
    ]
    accounts = (batch_account(pools[0]), batch_account(pools[1], name="north", location="northeurope"))
    gallery = {"id": GALLERY, "images": [{"name": "web", "versions": versions}]}
    emulator = serve(platform_world(*accounts, galleries=[gallery]))

    emulator.advance(3600)
    first = [record(emulator)["imageVersions"], record(emulator, "p2", "north")["imageVersions"]]
    body = {"gallery": "g", "image": "web", "version": "1.0.3", "region": "westeurope", "state": "Completed"}
    emulator.admin("POST", "images/replicate", body)
    emulator.advance(3600)

    assert first == [{"1.0.1": 10}, {"1.0.0": 10}]
    assert record(emulator)["imageVersions"] == {"1.0.3": 10}


def test_node_that_does_not_get_healthy_gets_its_version_back(serve: Serve) -> None:
    """R11, R12, R54: the platform rolls a node back that does not get healthy, and stops the pool's upgrade."""
    behaviours = [{"version": V2, "instances": ["0"], "health": "never"}]
    emulator = serve(platform_world(imageBehaviours=behaviours))

    emulator.advance(7200)

    told = record(emulator)
    assert (told["rollbacks"], told["imageVersions"]) == ({"tvm-0": 1}, {V1: 9, V2: 1})
    assert emulator.broken_rules() == []


def test_newer_version_overtakes_an_upgrade_that_waits_for_work(serve: Serve) -> None:
    """R1, R55: while one node never ends its work, the others follow the next publication as well."""
    emulator = serve(platform_world(batch_account(batch_pool(running={"tvm-3": -1}))))
    body = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": V3}

    emulator.advance(3600)
    emulator.admin("POST", "images", body)
    emulator.advance(3600)

    assert record(emulator)["imageVersions"] == {V1: 1, V3: 9}
    assert emulator.broken_rules() == []


def test_upgrade_of_a_users_pool_shows_on_the_scale_set_behind_it(serve: Serve) -> None:
    """R54: ``rollingUpgrades/latest`` of the scale set behind a pool tells of the platform's upgrade."""
    emulator = serve(platform_world(user_account(batch_pool(running={"tvm-3": -1}))))

    emulator.advance(3600)
    told = emulator.arm("GET", f"{machines_id()}/rollingUpgrades/latest").json()["properties"]

    assert told["runningStatus"]["code"] == "RollingForward"
    assert (told["progress"]["successfulInstanceCount"], told["progress"]["pendingInstanceCount"]) == (9, 1)


def test_waiting_upgrade_is_written_and_loaded(serve: Serve) -> None:
    """R55: a world whose platform waits for a node's work goes on with it after a reload."""
    emulator = serve(platform_world(batch_account(batch_pool(running={"tvm-3": 5000}))))
    emulator.advance(4000)

    before = emulator.admin("GET", "world")
    emulator.admin("POST", "reset", before)
    again = emulator.admin("GET", "world")
    emulator.advance(1100)

    assert again == before
    assert record(emulator)["imageVersions"] == {V2: 10}


def set_flag(emulator: Emulator, *, automatic: bool) -> None:
    """PATCH the pool's flag."""
    policy = {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": automatic}}
    body = {"properties": {"upgradePolicy": policy}}
    answer = emulator.arm("PATCH", pool_id(), body, api_version="2024-02-01")
    assert answer.status_code == 200, answer.text


def test_opting_out_ends_the_upgrade_with_its_batch(serve: Serve) -> None:
    """R4: a pool that is opted out in mid-upgrade gets no further batch, and no later version; opted in again it does."""
    emulator = serve(platform_world())

    emulator.advance(0)
    set_flag(emulator, automatic=False)
    emulator.advance(3600)
    out = record(emulator)["imageVersions"]
    set_flag(emulator, automatic=True)
    emulator.advance(3600)

    assert out == {V1: 8, V2: 2}
    assert record(emulator)["imageVersions"] == {V2: 10}
    assert emulator.broken_rules() == []


def test_deferral_works_once_its_feature_is_registered(serve: Serve) -> None:
    """R59: while the feature registers the platform waits; then the pool is upgraded without a further call."""
    subscriptions = [{"id": SUBSCRIPTION, "features": {}}]
    emulator = serve(platform_world(user_account(batch_pool()), subscriptions=subscriptions))
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.Compute/features"

    answer = emulator.arm("POST", f"{path}/RollingUpgradeDeferral/register", api_version="2021-07-01")
    emulator.advance(59)
    before = record(emulator)["swaps"]
    emulator.advance(1)
    at_once = record(emulator)["swaps"]

    assert answer.status_code == 200
    assert (before, len(at_once)) == ({}, 2)


@pytest.mark.parametrize(
    ("api_version", "state"), [("2023-05-01.17.0", "rebooting"), ("2024-02-01.19.0", "upgradingos")]
)
def test_upgrade_by_the_platform_shows_on_its_nodes(serve: Serve, api_version: str, state: str) -> None:
    """R55, R56, C4: a node that becomes idle shows its upgrade at once, in the words of the caller's api-version."""
    emulator = serve(platform_world(batch_account(batch_pool(nodes=2, running={"tvm-0": 100}))))

    emulator.advance(90)
    working = states(emulator, api_version=api_version)
    emulator.advance(10)

    assert working == {"tvm-0": "running", "tvm-1": "idle"}
    assert states(emulator, api_version=api_version) == {"tvm-0": state, "tvm-1": "idle"}


def end_work(emulator: Emulator) -> list[str]:
    """End the work of every node that has any; the nodes."""
    busy = [name for name, state in states(emulator).items() if state == "running"]
    if busy:
        emulator.admin("POST", "instances", {"id": pool_id(), "instances": busy, "running": 0})
    return busy


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    nodes=st.integers(1, 12),
    zonal=st.booleans(),
    work=st.lists(st.tuples(st.integers(0, 11), st.sampled_from([-1, 30, 200, 900])), max_size=20),
    pauses=st.lists(st.integers(1, 200), max_size=20),
)
def test_platform_never_touches_a_running_node(
    serve: Serve, nodes: int, *, zonal: bool, work: list[tuple[int, int]], pauses: list[int]
) -> None:
    """R54, R55, R7, R9, R14, R48: whatever work comes when, the platform interrupts none and breaks no rule."""
    emulator = serve(platform_world(batch_account(batch_pool(nodes=nodes, zonal=zonal))))

    for (number, seconds), pause in zip(work, pauses, strict=False):
        body = {"id": pool_id(), "instances": [f"tvm-{number % nodes}"], "running": seconds}
        emulator.admin("POST", "instances", body)
        emulator.advance(pause)
    while end_work(emulator):
        emulator.advance(100)
    emulator.advance(7200)

    assert record(emulator)["runningNodesInterrupted"] == 0
    assert emulator.broken_rules() == []
    assert record(emulator)["imageVersions"] == {V2: nodes}
