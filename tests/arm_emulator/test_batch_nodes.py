"""Nodes on Batch's data plane: lists, single nodes, scheduling, as the official client sees them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from azure.batch.models import (
    AutomaticOsUpgradePolicy,
    BatchNodeDisableSchedulingOptions,
    BatchPoolUpdateOptions,
    UpgradePolicy,
)
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from emulated_nodes import BEFORE_2025, batch_client, data_plane, node_of, states
from emulated_pools import ACCOUNT, batch_account, batch_pool, batch_world, machines_id, user_account
from emulated_worlds import V1, V2, Json, Serve

START = datetime(2024, 6, 1, tzinfo=UTC)


def a_world(**extras: object) -> Json:
    """One pool of six nodes, of which two work."""
    return batch_world(batch_account(batch_pool(nodes=6, running={"tvm-1": 120, "tvm-2": -1}, **extras)))  # type: ignore[arg-type] # plain options


def test_nodes_are_listed_and_read_by_the_official_client(serve: Serve) -> None:
    """C18, R54: ListTVM and GetTVM are the client's list_nodes and get_node, and tell what a node is at."""
    emulator = serve(a_world())
    client = batch_client(emulator)

    listed = list(client.list_nodes("p1"))
    working = client.get_node("p1", "tvm-1")

    assert [(node.id, node.state) for node in listed] == [
        ("tvm-0", "idle"),
        ("tvm-1", "running"),
        ("tvm-2", "running"),
        ("tvm-3", "idle"),
        ("tvm-4", "idle"),
        ("tvm-5", "idle"),
    ]
    assert working.scheduling_state == "enabled"
    assert working.last_boot_time == working.state_transition_time == START
    assert (working.running_tasks_count, working.total_tasks_run, working.vm_size) == (
        1,
        0,
        "standard_d2s_v3",
    )
    assert working.recent_tasks is not None
    task = working.recent_tasks[0]
    assert (task.job_id, task.task_id, task.task_state) == ("job", "tvm-1-1", "running")
    assert task.execution_info is not None
    assert task.execution_info.start_time == START
    reference = working.virtual_machine_info.image_reference
    assert reference is not None
    assert (reference.version, reference.exact_version) == ("latest", V1)


def test_machine_behind_a_node_is_named_in_user_subscription_accounts_only(serve: Serve) -> None:
    """R59: ``scaleSetVmResourceId`` leads to the machine where that stands in the user's subscription."""
    hidden = serve(batch_world(batch_account(batch_pool(nodes=1))))
    visible = serve(batch_world(user_account(batch_pool(nodes=1))))

    assert node_of(hidden, 0).virtual_machine_info.scale_set_vm_resource_id is None
    machine = node_of(visible, 0).virtual_machine_info.scale_set_vm_resource_id
    assert machine == f"{machines_id()}/virtualMachines/0"
    assert visible.arm("GET", machine).json()["instanceId"] == "0"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("state eq 'idle'", [0, 3, 4, 5]),
        ("state eq 'running'", [1, 2]),
        ("schedulingState eq 'disabled'", [2, 3]),
        ("state eq 'idle' and schedulingState eq 'disabled'", [3]),
        ("(state eq 'idle') and (schedulingState eq 'disabled')", [3]),
        ("state ne 'idle' or schedulingState eq 'disabled'", [1, 2, 3]),
        ("runningTasksCount gt 0", [1, 2]),
        ("startswith(id, 'tvm-4')", [4]),
        ("stateTransitionTime lt 2024-06-01T00:00:00Z", []),
    ],
)
def test_lists_are_filtered(serve: Serve, wanted: str, found: list[int]) -> None:
    """C18: ``$filter`` takes comparisons of a node's own values, joined by and and or."""
    emulator = serve(a_world())
    client = batch_client(emulator)
    for node in ("tvm-2", "tvm-3"):
        options = BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="taskcompletion")
        client.disable_node_scheduling("p1", node, options)

    listed = list(client.list_nodes("p1", filter=wanted))

    assert [node.id for node in listed] == [f"tvm-{number}" for number in found]


def test_pages_follow_odata_next_link(serve: Serve) -> None:
    """C18: ``odata.nextLink`` is an absolute address, and pages have ``maxresults`` nodes."""
    emulator = serve(a_world())

    first = data_plane(emulator, "GET", "/pools/p1/nodes", maxresults="4", select="id,state").json()
    second = emulator.http.get(first["odata.nextLink"]).json()

    assert [node["id"] for node in first["value"]] == ["tvm-0", "tvm-1", "tvm-2", "tvm-3"]
    assert second["value"] == [{"id": "tvm-4", "state": "idle"}, {"id": "tvm-5", "state": "idle"}]
    assert first["odata.nextLink"].startswith(f"{emulator.url}/_batch/{ACCOUNT}/pools/p1/nodes?")
    assert "odata.nextLink" not in second
    assert first["odata.metadata"] == f"{emulator.url}/_batch/{ACCOUNT}/$metadata#nodes"
    assert len(list(batch_client(emulator).list_nodes("p1", max_results=1))) == 6


def test_replies_have_the_headers_of_batch(serve: Serve) -> None:
    """C18: bare ETag, Last-Modified, request-id, the caller's own id and ``dataserviceversion``."""
    emulator = serve(a_world())

    reply = data_plane(
        emulator,
        "GET",
        "/pools/p1/nodes/tvm-0",
        headers={"client-request-id": "mine"},
        api_version=BEFORE_2025,
    )
    asked = data_plane(emulator, "POST", "/pools/p1/nodes/tvm-0/disablescheduling", {})

    assert reply.headers["content-type"] == "application/json;odata=minimalmetadata"
    assert reply.headers["etag"].startswith("0x8D")
    assert reply.headers["last-modified"] == "Sat, 01 Jun 2024 00:00:00 GMT"
    assert reply.headers["dataserviceversion"] == "3.0"
    assert reply.headers["client-request-id"] == "mine"
    assert reply.headers["request-id"] != asked.headers["request-id"]
    assert asked.status_code == 200
    assert asked.headers["dataserviceid"].endswith(
        f"/_batch/{ACCOUNT}/pools/p1/nodes/tvm-0/disablescheduling"
    )


def test_scheduling_is_disabled_and_enabled_once(serve: Serve) -> None:
    """R55: a closed node says so; to close it again, or to open an open one, is 409."""
    emulator = serve(a_world())
    client = batch_client(emulator)
    options = BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="taskcompletion")

    client.disable_node_scheduling("p1", "tvm-1", options)
    closed = node_of(emulator, 1)
    with pytest.raises(ResourceExistsError) as again:
        client.disable_node_scheduling("p1", "tvm-1", options)
    client.enable_node_scheduling("p1", "tvm-1")
    with pytest.raises(ResourceExistsError):
        client.enable_node_scheduling("p1", "tvm-1")

    assert (closed.state, closed.scheduling_state) == ("running", "disabled")
    assert again.value.model is not None
    assert again.value.model.code == "NodeAlreadyInTargetSchedulingState"
    assert node_of(emulator, 1).scheduling_state == "enabled"


def test_upgrade_is_upgradingos_or_rebooting_by_version(serve: Serve) -> None:
    """R56, C4: the same node at the same moment is ``upgradingos`` from 2023-11-01 on and ``rebooting`` before."""
    emulator = serve(batch_world(user_account(batch_pool(nodes=2))))

    emulator.arm("POST", f"{machines_id()}/reimage", {"instanceIds": ["0"], "exactVersion": V2})
    seen = {
        version: states(emulator, api_version=version)["tvm-0"]
        for version in ("2022-10-01.16.0", "2023-05-01.17.0", "2023-11-01.18.0", BEFORE_2025, "2025-06-01")
    }

    assert seen == {
        "2022-10-01.16.0": "rebooting",
        "2023-05-01.17.0": "rebooting",
        "2023-11-01.18.0": "upgradingos",
        "2024-02-01.19.0": "upgradingos",
        "2025-06-01": "upgradingos",
    }


def test_state_of_a_deallocated_node_is_known_from_2025_on(serve: Serve) -> None:
    """C4: ``deallocated`` exists from 2025-06-01 on; before, Batch does not know the node's state."""
    emulator = serve(batch_world())
    pool = emulator.admin("GET", "world")["batchAccounts"][0]["pools"][0]["resource"]["id"]

    emulator.admin("POST", "instances", {"id": pool, "instances": ["tvm-0"], "power": "deallocated"})

    assert states(emulator)["tvm-0"] == "deallocated"
    assert states(emulator, api_version=BEFORE_2025)["tvm-0"] == "unknown"


def test_new_node_comes_up_in_its_states(serve: Serve) -> None:
    """R54, R56: a node that is added is creating, runs its start task, then it is idle."""
    emulator = serve(batch_world())
    pool = emulator.admin("GET", "world")["batchAccounts"][0]["pools"][0]["resource"]["id"]

    emulator.admin("POST", "scale", {"id": pool, "capacity": 11})
    seen: list[Any] = [states(emulator)["tvm-10"]]
    for _ in range(2):
        emulator.advance(10)
        seen.append(states(emulator)["tvm-10"])

    assert seen == ["creating", "waitingforstarttask", "idle"]


def test_pools_and_counts_are_seen_by_the_official_client(serve: Serve) -> None:
    """R61, C5: pools in the data plane's spelling, whether there is one, and the nodes by state."""
    emulator = serve(a_world())
    client = batch_client(emulator)

    (pool,) = client.list_pools()
    (counts,) = client.list_pool_node_counts(filter="poolId eq 'p1'")

    assert (pool.id, pool.vm_size, pool.current_dedicated_nodes) == ("p1", "standard_d2s_v3", 6)
    assert pool.upgrade_policy is not None
    assert pool.upgrade_policy.automatic_os_upgrade_policy is not None
    assert pool.upgrade_policy.automatic_os_upgrade_policy.os_rolling_upgrade_deferral is True
    assert pool.virtual_machine_configuration is not None
    assert pool.virtual_machine_configuration.node_agent_sku_id == "batch.node.ubuntu 18.04"
    assert client.pool_exists("p1")
    with pytest.raises(ResourceNotFoundError):
        client.pool_exists("p2")
    assert client.get_pool("p1").etag == pool.etag
    assert counts.dedicated is not None
    assert (counts.dedicated.idle, counts.dedicated.running, counts.dedicated.total) == (4, 2, 6)


def test_counts_and_pools_tell_what_their_version_knows(serve: Serve) -> None:
    """R57, C4: before 2023-11-01 there is neither ``upgradingOS`` nor ``upgradePolicy``; such nodes are rebooting."""
    emulator = serve(batch_world(user_account(batch_pool(nodes=2))))
    emulator.arm("POST", f"{machines_id()}/reimage", {"instanceIds": ["0"], "exactVersion": V2})

    seen = {}
    for version in ("2023-05-01.17.0", BEFORE_2025, "2025-06-01"):
        counts = data_plane(emulator, "GET", "/nodecounts", api_version=version).json()["value"][0]
        pool = data_plane(emulator, "GET", "/pools/p1", api_version=version).json()
        told = {name: count for name, count in counts["dedicated"].items() if count}
        seen[version] = told, "upgradePolicy" in pool, "deallocated" in counts["dedicated"]

    assert seen == {
        "2023-05-01.17.0": ({"idle": 1, "rebooting": 1, "total": 2}, False, False),
        "2024-02-01.19.0": ({"idle": 1, "upgradingOS": 1, "total": 2}, True, False),
        "2025-06-01": ({"idle": 1, "upgradingOS": 1, "total": 2}, True, True),
    }


def test_pool_is_patched_by_the_official_client(serve: Serve) -> None:
    """R61, R30, N29: ``upgradePolicy`` is patched and judged as on the management plane; what is not named stays."""
    emulator = serve(a_world())
    client = batch_client(emulator)
    before = client.get_pool("p1")

    off = UpgradePolicy(
        mode="automatic",
        automatic_os_upgrade_policy=AutomaticOsUpgradePolicy(os_rolling_upgrade_deferral=False),
    )
    client.update_pool("p1", BatchPoolUpdateOptions(upgrade_policy=off))
    after = client.get_pool("p1")
    wrong = {"rollingUpgradePolicy": {"maxBatchInstancePercent": 50, "maxUnhealthyInstancePercent": 20}}
    refused = data_plane(emulator, "PATCH", "/pools/p1", {"upgradePolicy": {"mode": "rolling", **wrong}})
    early = data_plane(
        emulator, "PATCH", "/pools/p1", {"upgradePolicy": {"mode": "manual"}}, api_version="2023-05-01.17.0"
    )
    stale = data_plane(emulator, "PATCH", "/pools/p1", {}, headers={"If-Match": str(before.etag)})

    assert after.upgrade_policy is not None
    assert after.upgrade_policy.automatic_os_upgrade_policy is not None
    assert after.upgrade_policy.automatic_os_upgrade_policy.os_rolling_upgrade_deferral is False
    assert after.upgrade_policy.automatic_os_upgrade_policy.enable_automatic_os_upgrade is True
    assert after.etag != before.etag
    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidPropertyValue")
    assert (early.status_code, early.json()["code"]) == (400, "InvalidRequestBody")
    assert (stale.status_code, stale.json()["code"]) == (412, "ConditionNotMet")


def test_properties_are_replaced(serve: Serve) -> None:
    """R61: ``updateproperties`` takes away a start task that it does not name; a new one runs from the next reimage on."""
    emulator = serve(a_world())

    data_plane(emulator, "PATCH", "/pools/p1", {"startTask": {"commandLine": "/bin/true"}})
    with_task = data_plane(emulator, "GET", "/pools/p1").json()
    replaced = data_plane(emulator, "POST", "/pools/p1/updateproperties", {"metadata": []})

    assert with_task["startTask"] == {"commandLine": "/bin/true"}
    assert replaced.status_code == 204
    assert "startTask" not in data_plane(emulator, "GET", "/pools/p1").json()


def test_lists_lag_with_their_work(serve: Serve) -> None:
    """C18: with ``listLag`` a list shows nodes, their scheduling and their tasks as they were; one node is as it is."""
    emulator = serve(a_world(timings={"listLag": 10}))
    emulator.advance(60)

    data_plane(emulator, "POST", "/pools/p1/nodes/tvm-1/disablescheduling", {})
    at_once, one = states(emulator), node_of(emulator, 1)
    emulator.advance(10)

    assert (at_once["tvm-0"], at_once["tvm-1"]) == ("idle", "running")
    assert (one.state, one.scheduling_state) == ("idle", "disabled")
    assert (states(emulator)["tvm-0"], states(emulator)["tvm-1"]) == ("running", "idle")


def test_fault_on_a_node_hits_the_scale_set_behind_too(serve: Serve) -> None:
    """R54: the machine behind ``tvm-0`` is hit by its node's name where it is reimaged through the scale set."""
    emulator = serve(batch_world(user_account(batch_pool(nodes=2))))
    fault = {"match": {"method": "POST", "instances": ["tvm-0"]}, "effect": {"partial": ["tvm-0"]}}
    emulator.admin("POST", "faults", fault)

    for number in ("0", "1"):
        body = {"instanceIds": [number], "exactVersion": V2}
        emulator.arm("POST", f"{machines_id()}/reimage", body)
    emulator.advance(600)

    assert states(emulator) == {"tvm-0": "unusable", "tvm-1": "idle"}
