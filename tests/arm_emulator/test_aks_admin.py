"""What happens to node pools from outside: scaling, crashes, zones that go down; and how their calls are counted."""

from __future__ import annotations

import json

import pytest
from emulated_node_pools import API, CLUSTER, NEW, OLD, NodePoolUnderTest, cluster_world, node_pool
from emulated_worlds import Json, Serve

POOL = f"{CLUSTER}/agentPools/np1"
NODES = ("aks-np1-0", "aks-np1-1", "aks-np1-2")


def ready(pool: NodePoolUnderTest) -> dict[str, str]:
    """``Ready`` of each node, as kubectl shows it."""
    command = {"command": "kubectl get nodes -o json"}
    accepted = pool.emulator.arm("POST", f"{CLUSTER}/runCommand", command, api_version=API)
    pool.wait(60)
    logs = pool.emulator.http.get(accepted.headers["Location"]).json()["properties"]["logs"]
    return {
        item["metadata"]["name"]: item["status"]["conditions"][0]["status"]
        for item in json.loads(logs)["items"]
    }


def audit(pool: NodePoolUnderTest) -> Json:
    """The audit's words on the pool."""
    return pool.emulator.admin("GET", "audit")["nodePools"][pool.path]


def test_a_pool_is_scaled_from_outside(serve: Serve) -> None:
    """Nodes come with their time and leave after their drain; it is no change of node images, also outside a window (R71)."""
    pool = NodePoolUnderTest(serve(cluster_world()))

    out = pool.emulator.admin("POST", "scale", {"id": POOL.lower(), "capacity": 5})
    assert out == {"id": POOL, "capacity": 5, "instances": [f"aks-np1-{n}" for n in range(5)]}
    assert pool.states()["aks-np1-4"] == "Creating"
    pool.wait(60)
    assert set(pool.states().values()) == {"Succeeded"}
    pool.emulator.admin("POST", "scale", {"id": POOL, "capacity": 2})
    pool.wait(60)

    assert list(pool.machines()) == ["aks-np1-0", "aks-np1-1"]
    assert (audit(pool)["upgrades"], audit(pool)["drained"], audit(pool)["nodes"]) == (0, 0, 2)


def test_a_busy_pool_is_not_scaled(serve: Serve) -> None:
    """One operation on a pool at a time, also for the autoscaler."""
    pool = NodePoolUnderTest(serve(cluster_world()))
    pool.upgrade()

    answer = pool.emulator.http.post("/_emulator/scale", json={"id": POOL, "capacity": 5})

    assert answer.status_code == 409


def test_a_crashed_node_is_not_ready_until_it_is(serve: Serve) -> None:
    """Its pods start elsewhere, it takes none, and comes back as it went."""
    extras = {"workloads": [{"name": "web", "replicas": 3}]}
    pool = NodePoolUnderTest(serve(cluster_world(extras=extras)))

    body = {"id": POOL, "instances": ["aks-np1-1"], "power": "stopped"}
    assert pool.emulator.admin("POST", "instances", body) == {"id": POOL, "instances": ["aks-np1-1"]}
    assert ready(pool) == {"aks-np1-0": "True", "aks-np1-1": "False", "aks-np1-2": "True"}
    (cluster,) = pool.emulator.admin("GET", "world")["managedClusters"]
    assert "aks-np1-1" not in {pod["node"] for pod in cluster["x-emulator"]["workloads"][0]["pods"]}
    pool.emulator.admin("POST", "instances", {"id": POOL, "instances": ["1"], "health": "healthy"})

    assert set(ready(pool).values()) == {"True"}
    assert audit(pool)["maxUnavailable"] == 0


def test_a_node_that_falls_during_an_upgrade_is_counted_and_reimaged(serve: Serve) -> None:
    """It is missing, which is nobody's fault; its new image brings it back (N32)."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(maxSurge="1"))))
    pool.upgrade()
    pool.wait(61)
    pool.emulator.admin("POST", "instances", {"id": POOL, "instances": ["aks-np1-2"], "health": "unhealthy"})
    pool.wait(3600)

    assert pool.machines() == dict.fromkeys(NODES, NEW)
    assert set(ready(pool).values()) == {"True"}
    assert audit(pool)["maxUnavailable"] == 1
    assert pool.emulator.broken_rules() == []


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"id": POOL, "instances": ["aks-np1-9"], "power": "stopped"}, 400, "no node 'aks-np1-9'"),
        ({"id": POOL, "instances": ["0"], "health": "flapping"}, 400, "not flapping"),
        ({"id": POOL, "instances": ["0"], "running": 5}, 400, "health (healthy, unhealthy, never)"),
        ({"id": f"{CLUSTER}/agentPools/gone", "instances": ["0"], "power": "stopped"}, 404, "gone"),
        ({"id": CLUSTER, "instances": ["0"], "power": "stopped"}, 400, "is no agent pool"),
    ],
)
def test_what_cannot_happen_to_nodes_is_refused(serve: Serve, body: Json, status: int, words: str) -> None:
    """An unknown node or pool, a cluster's id, and words that only instances know, each named."""
    answer = serve(cluster_world()).http.post("/_emulator/instances", json=body)

    assert answer.status_code == status
    assert words in answer.text


def test_nodes_go_and_come_back_with_their_zone(serve: Serve) -> None:
    """A zone that is down takes its nodes; what is under way on them goes on with the time that it had left."""
    pool = NodePoolUnderTest(serve(cluster_world(node_pool(maxSurge="1", availabilityZones=["1", "2", "3"]))))
    pool.upgrade()
    pool.wait(100)
    fault = {"effect": {"zoneDown": "1", "location": "westeurope"}, "seconds": 7200}
    pool.emulator.admin("POST", "faults", fault)
    document = pool.emulator.admin("GET", "world")
    pool.wait(3600)
    assert ready(pool)["aks-np1-0"] == "False"
    assert pool.states()["aks-np1-0"] == "Updating"

    again = NodePoolUnderTest(serve(document))
    again.wait(3600)
    for each in (pool, again):
        each.wait(9000)
        assert each.machines() == dict.fromkeys(NODES, NEW)
        assert set(ready(each).values()) == {"True"}
        assert each.emulator.broken_rules() == []


def test_calls_of_aks_are_counted_by_their_routes(serve: Serve) -> None:
    """Names of clusters, pools, machines and operations are placeholders."""
    emulator = serve(cluster_world(node_pool("np1"), node_pool("np2")))
    for name in ("np1", "np2"):
        pool = NodePoolUnderTest(emulator, name)
        pool.status(pool.upgrade())
        pool.machines()
        emulator.arm("GET", f"{pool.path}/machines/aks-{name}-0", api_version=API)
        emulator.arm("GET", pool.path, api_version=API)

    assert emulator.admin("GET", "requests")["byRoute"] == {
        "POST …upgradeNodeImageVersion": 2,
        "GET …operations/{operationId}": 2,
        "GET …machines": 2,
        "GET …machines/{machineName}": 2,
        "GET …agentPools/{agentPoolName}": 2,
    }


@pytest.mark.parametrize("spelling", ["aks-np1-1", "AKS-NP1-1", "1"])
def test_partial_keeps_the_old_image_on_the_named_nodes(serve: Serve, spelling: str) -> None:
    """The others get the new one, the operation fails with the fault's words, and the next upgrade brings the rest (R70)."""
    effect = {"partial": [spelling], "code": "VMExtensionError", "message": "node 1 did not come"}
    match = {"method": "POST", "path": "*/upgradeNodeImageVersion"}
    document = {
        **cluster_world(node_pool(maxSurge="1")),
        "faults": [{"match": match, "effect": effect, "times": 1}],
    }
    pool = NodePoolUnderTest(serve(document))

    accepted = pool.upgrade()
    pool.wait(3600)
    body = pool.status(accepted)
    assert (body["status"], body["error"]["code"], body["error"]["message"]) == (
        "Failed",
        "VMExtensionError",
        "node 1 did not come",
    )
    assert pool.machines() == {"aks-np1-0": NEW, "aks-np1-1": OLD, "aks-np1-2": NEW}
    assert pool.states()["aks-np1-1"] == "Failed"
    again = pool.upgrade()
    pool.wait(3600)

    assert pool.status(again)["status"] == "Succeeded"
    assert pool.machines() == dict.fromkeys(NODES, NEW)
    assert set(pool.states().values()) == {"Succeeded"}
    assert pool.emulator.broken_rules() == []


def test_a_fault_may_name_a_machine(serve: Serve) -> None:
    """``instances`` of a match are names of machines; an upgrade of a pool is about all of them."""
    match = {"instances": ["aks-np1-1"]}
    document = {**cluster_world(), "faults": [{"match": match, "effect": {"status": 503}}]}
    pool = NodePoolUnderTest(serve(document))

    statuses = [
        pool.emulator.arm("GET", f"{pool.path}/machines/aks-np1-{n}", api_version=API).status_code
        for n in (0, 1)
    ]

    assert statuses == [200, 503]
    assert pool.upgrade().status_code == 503
    assert pool.emulator.arm("GET", pool.path, api_version=API).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", POOL, {"properties": {"count": 3, "upgradeSettings": {"maxSurge": "2"}}}),
        (
            "PUT",
            f"{CLUSTER}/maintenanceConfigurations/aksManagedNodeOSUpgradeSchedule",
            {
                "properties": {
                    "maintenanceWindow": {
                        "schedule": {"daily": {"intervalDays": 1}},
                        "durationHours": 4,
                        "startTime": "01:00",
                    }
                }
            },
        ),
        ("POST", f"{CLUSTER}/runCommand", {"command": "kubectl get nodes"}),
    ],
)
def test_statuses_hit_every_changing_call(serve: Serve, method: str, path: str, body: Json) -> None:
    """429 and 503 stand in the place of the answer, with Retry-After, and the next call is as ever."""
    match = {"method": method, "path": path}
    faults = [
        {"match": match, "effect": {"status": 429, "retryAfter": 9}, "times": 1},
        {"match": match, "effect": {"status": 503}, "after": 1, "times": 1},
    ]
    emulator = serve({**cluster_world(node_pool(mode="System")), "faults": faults})

    answers = [emulator.arm(method, path, body, api_version=API) for _ in range(3)]

    assert [answer.status_code for answer in answers[:2]] == [429, 503]
    assert answers[0].headers["Retry-After"] == "9"
    assert answers[2].is_success, answers[2].text
