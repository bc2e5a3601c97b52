"""Batch pools on the management plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError
from azure.mgmt.batch import models
from emulated_pools import (
    ACCOUNT,
    account_id,
    batch_account,
    batch_pool,
    batch_world,
    machines_id,
    pool_id,
    user_account,
)

if TYPE_CHECKING:
    from emulated_worlds import Json, Serve

VERSION = "2024-02-01"


def test_pool_is_shown_with_what_its_nodes_are(serve: Serve) -> None:
    """The official client reads a pool's counts, states and times, and its ETag is Batch's weak one."""
    emulator = serve(batch_world())

    pool = emulator.batch().pool.get("rg", "work", "p1")
    answer = emulator.arm("GET", pool_id(), api_version=VERSION)

    assert (pool.allocation_state, pool.provisioning_state) == ("Steady", "Succeeded")
    assert (pool.current_dedicated_nodes, pool.current_low_priority_nodes) == (10, 0)
    assert pool.creation_time == pool.last_modified == pool.provisioning_state_transition_time
    assert pool.vm_size == "STANDARD_D2S_V3"
    assert answer.headers["ETag"] == answer.json()["etag"] == pool.etag
    assert pool.etag.startswith('W/"0x8D')


def test_pools_of_an_account_are_listed(serve: Serve) -> None:
    """The list has the account's pools with id, name and type."""
    emulator = serve(batch_world(batch_account(batch_pool("p1"), batch_pool("p2"))))

    listed = list(emulator.batch().pool.list_by_batch_account("rg", "work"))

    assert [pool.name for pool in listed] == ["p1", "p2"]
    assert {pool.type for pool in listed} == {"Microsoft.Batch/batchAccounts/pools"}
    assert [pool.id for pool in listed] == [f"{account_id()}/pools/p1", f"{account_id()}/pools/p2"]


def test_world_file_may_spell_names_and_enums_as_it_likes(serve: Serve) -> None:
    """A pool of a world file with Automatic, nodeAgentSKUId and a small vmSize is shown as Batch spells them (C5)."""
    written = batch_pool(zonal=True)
    properties = written["resource"]["properties"]
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    machine["nodeAgentSKUId"] = machine.pop("nodeAgentSkuId")
    machine["nodePlacementConfiguration"]["policy"] = "zonal"
    properties["upgradePolicy"]["mode"] = "Automatic"
    properties["vmSize"] = "Standard_d2s_v3"
    emulator = serve(batch_world(batch_account(written)))

    pool = emulator.batch().pool.get("rg", "work", "p1")

    machines = pool.deployment_configuration.virtual_machine_configuration
    assert machines.node_agent_sku_id == "batch.node.ubuntu 18.04"
    assert machines.node_placement_configuration.policy == "Zonal"
    assert (pool.upgrade_policy.mode, pool.vm_size) == ("automatic", "STANDARD_D2S_V3")


def _new_pool(nodes: int = 2, **changes: Any) -> models.Pool:  # noqa: ANN401 - whatever a pool has
    """A pool as the official client writes it."""
    image = models.ImageReference(
        publisher="Canonical", offer="UbuntuServer", sku="18.04-LTS", version="latest"
    )
    machine = models.VirtualMachineConfiguration(
        image_reference=image, node_agent_sku_id="batch.node.ubuntu 18.04"
    )
    fixed = models.FixedScaleSettings(target_dedicated_nodes=nodes)
    return models.Pool(
        vm_size="Standard_D4s_v3",
        deployment_configuration=models.DeploymentConfiguration(virtual_machine_configuration=machine),
        scale_settings=models.ScaleSettings(fixed_scale=fixed),
        **changes,
    )


def test_put_creates_a_pool_whose_nodes_come_up_over_time(serve: Serve) -> None:
    """A new pool is answered at once with its ETag, resizes until its machines have booted, and is steady then."""
    emulator = serve(batch_world())
    client = emulator.batch()

    made = client.pool.create("rg", "work", "fresh", _new_pool(3))
    emulator.advance(9)
    booting = client.pool.get("rg", "work", "fresh")
    emulator.advance(1)
    settled = client.pool.get("rg", "work", "fresh")

    assert (made.allocation_state, made.current_dedicated_nodes) == ("Resizing", 3)
    assert booting.allocation_state == "Resizing"
    assert made.resize_operation_status.target_dedicated_nodes == 3
    assert (settled.allocation_state, settled.vm_size) == ("Steady", "STANDARD_D4S_V3")
    assert settled.allocation_state_transition_time > made.allocation_state_transition_time
    assert (made.etag, made.id) == (settled.etag, pool_id("fresh"))
    assert emulator.admin("GET", "audit")["batchPools"][pool_id("fresh")] is not None


def test_created_pool_is_in_the_dumped_world(serve: Serve) -> None:
    """A pool that a PUT created is written by GET /world, and the world loads again with it and its ETag."""
    emulator = serve(batch_world())
    made = emulator.batch().pool.create("rg", "work", "fresh", _new_pool(3, display_name="Fresh"))
    emulator.advance(60)

    other = serve(emulator.admin("GET", "world"))
    shown = other.batch().pool.get("rg", "work", "fresh")

    assert (shown.display_name, shown.current_dedicated_nodes, shown.etag) == ("Fresh", 3, made.etag)
    assert shown.creation_time == made.creation_time


def test_read_only_fields_sent_back_are_ignored(serve: Serve) -> None:
    """A client may GET a pool and PUT it as it is: only ETag and lastModified move, no node does."""
    emulator = serve(batch_world())
    body = emulator.arm("GET", pool_id(), api_version=VERSION).json()
    body["properties"] |= {
        "currentDedicatedNodes": 99,
        "allocationState": "Stopping",
        "lastModified": "never",
    }
    emulator.advance(5)

    answer = emulator.arm("PUT", pool_id(), body, api_version=VERSION)

    shown = answer.json()
    assert answer.status_code == 200
    assert (shown["properties"]["currentDedicatedNodes"], shown["properties"]["allocationState"]) == (
        10,
        "Steady",
    )
    assert shown["properties"]["lastModified"] == "2024-06-01T00:00:05Z"
    assert shown["etag"] != body["etag"]
    assert shown["properties"]["upgradePolicy"] == body["properties"]["upgradePolicy"]


def test_null_says_nothing_in_a_put_and_takes_away_in_a_patch(serve: Serve) -> None:
    """A null of a PUT is no value; a null of a PATCH removes the property."""
    emulator = serve(batch_world())
    body = emulator.arm("GET", pool_id(), api_version=VERSION).json()
    body["properties"] |= {"startTask": None, "scaleSettings": None, "displayName": "named"}

    put = emulator.arm("PUT", pool_id(), body, api_version=VERSION).json()["properties"]
    patch = emulator.arm("PATCH", pool_id(), {"properties": {"displayName": None}}, api_version=VERSION)

    assert (put["displayName"], put["currentDedicatedNodes"], "startTask" in put) == ("named", 10, False)
    assert put["scaleSettings"]["fixedScale"]["targetDedicatedNodes"] == 10
    assert "displayName" not in patch.json()["properties"]


def test_conditions_guard_a_pool(serve: Serve) -> None:
    """If-None-Match: * and an If-Match that is no longer true are 412; the one that is passes (weak ETags)."""
    client = serve(batch_world()).batch()
    seen = client.pool.get("rg", "work", "p1")
    changed = models.Pool(display_name="one")

    with pytest.raises(ResourceExistsError):
        client.pool.create("rg", "work", "p1", _new_pool(), match_condition=MatchConditions.IfMissing)
    client.pool.update(
        "rg", "work", "p1", changed, etag=seen.etag, match_condition=MatchConditions.IfNotModified
    )
    with pytest.raises(ResourceModifiedError) as refused:
        client.pool.update(
            "rg", "work", "p1", changed, etag=seen.etag, match_condition=MatchConditions.IfNotModified
        )

    assert refused.value.status_code == 412
    assert client.pool.get("rg", "work", "p1").display_name == "one"


def test_patch_leaves_what_it_does_not_name(serve: Serve) -> None:
    """A PATCH of one flag keeps the rest of the policy, the pool's size and its image."""
    emulator = serve(batch_world(batch_account(batch_pool(rolling={"pauseTimeBetweenBatches": "P0D"}))))
    body = {
        "properties": {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False}}}
    }

    shown = emulator.arm("PATCH", pool_id(), body, api_version=VERSION).json()["properties"]

    policy = shown["upgradePolicy"]
    assert policy["mode"] == "automatic"
    assert policy["automaticOSUpgradePolicy"] == {
        "enableAutomaticOSUpgrade": False,
        "osRollingUpgradeDeferral": True,
        "useRollingUpgradePolicy": True,
    }
    assert policy["rollingUpgradePolicy"] == {"pauseTimeBetweenBatches": "P0D"}
    assert shown["currentDedicatedNodes"] == 10


def test_target_resizes_a_pool_in_both_directions(serve: Serve) -> None:
    """Another target creates nodes over time, or takes the newest away."""
    emulator = serve(batch_world())
    client = emulator.batch()

    def resize(nodes: int) -> models.Pool:
        fixed = models.FixedScaleSettings(target_dedicated_nodes=nodes)
        scale = models.ScaleSettings(fixed_scale=fixed)
        return client.pool.update("rg", "work", "p1", models.Pool(scale_settings=scale))

    larger = resize(12)
    emulator.advance(60)
    smaller = resize(4)

    assert (larger.allocation_state, larger.current_dedicated_nodes) == ("Resizing", 12)
    assert (smaller.allocation_state, smaller.current_dedicated_nodes) == ("Steady", 4)


def test_auto_scale_is_disabled_at_the_size_that_the_pool_has(serve: Serve) -> None:
    """A formula that names a number is carried out; disableAutoScale fixes the size; stopResize answers with the pool."""
    emulator = serve(batch_world())
    client = emulator.batch()
    scale = models.ScaleSettings(auto_scale=models.AutoScaleSettings(formula="$TargetDedicatedNodes=6;"))

    scaled = client.pool.update("rg", "work", "p1", models.Pool(scale_settings=scale))
    fixed = client.pool.disable_auto_scale("rg", "work", "p1")
    stopped = client.pool.stop_resize("rg", "work", "p1")

    assert (scaled.current_dedicated_nodes, scaled.scale_settings.fixed_scale) == (6, None)
    assert fixed.scale_settings.fixed_scale.target_dedicated_nodes == 6
    assert fixed.scale_settings.auto_scale is None
    assert stopped.etag == fixed.etag


@pytest.mark.parametrize(
    ("properties", "named"),
    [
        ({"vmSize": "Standard_D8s_v3"}, "vmSize"),
        ({"taskSlotsPerNode": 4}, "taskSlotsPerNode"),
        (
            {
                "deploymentConfiguration": {
                    "virtualMachineConfiguration": {"imageReference": {"sku": "22.04-LTS"}}
                }
            },
            "imageReference.sku",
        ),
        (
            {
                "deploymentConfiguration": {
                    "virtualMachineConfiguration": {"nodePlacementConfiguration": {"policy": "Zonal"}}
                }
            },
            "nodePlacementConfiguration.policy",
        ),
    ],
)
def test_what_nodes_stand_on_cannot_change_under_them(serve: Serve, properties: Json, named: str) -> None:
    """Size, slots, image and placement are refused by name while there are nodes, and taken without any."""
    emulator = serve(batch_world(batch_account(batch_pool(automatic=False, nodes=2))))
    none = {"scaleSettings": {"fixedScale": {"targetDedicatedNodes": 0}}}

    refused = emulator.arm("PATCH", pool_id(), {"properties": properties}, api_version=VERSION)
    emulator.arm("PATCH", pool_id(), {"properties": none}, api_version=VERSION)
    taken = emulator.arm("PATCH", pool_id(), {"properties": properties}, api_version=VERSION)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "PropertyCannotBeUpdated")
    assert named in refused.json()["error"]["message"]
    details = {detail["code"]: detail["message"] for detail in refused.json()["error"]["details"]}
    assert details["PropertyName"] == named.rpartition(".")[2]
    assert details["PropertyPath"].endswith(named)
    assert taken.status_code == 200


def test_pool_is_deleted_and_may_be_created_again(serve: Serve) -> None:
    """DELETE is a 202 with a Location that ends in 204; a second one is 204; the name is free again."""
    emulator = serve(batch_world())
    client = emulator.batch()
    before = client.pool.get("rg", "work", "p1").etag

    answer = emulator.arm("DELETE", pool_id(), api_version=VERSION)
    polled = emulator.http.get(answer.headers["Location"])
    again = emulator.arm("DELETE", pool_id(), api_version=VERSION)
    emulator.advance(1)
    made = client.pool.create("rg", "work", "p1", _new_pool(1))
    client.pool.begin_delete("rg", "work", "p1").result()

    assert (answer.status_code, polled.status_code, again.status_code) == (202, 204, 204)
    assert answer.headers["Retry-After"] == "0"
    assert made.etag != before
    assert list(client.pool.list_by_batch_account("rg", "work")) == []


def test_pool_may_go_while_its_nodes_are_swapped_and_work(serve: Serve) -> None:
    """Deleting a pool whose nodes are reimaged and run tasks ends all of it; time goes on, and so does the world."""
    emulator = serve(batch_world(batch_account(batch_pool(running={"tvm-1": 30}))))
    node = f"/_batch/{ACCOUNT}/pools/p1/nodes/tvm-0/reimage"
    begun = emulator.arm("POST", node, {}, api_version="2024-02-01.19.0")

    emulator.arm("DELETE", pool_id(), api_version=VERSION)
    emulator.advance(600)

    assert begun.status_code == 202
    assert emulator.admin("GET", "world")["batchAccounts"][0]["pools"] == []
    assert emulator.broken_rules() == []
    assert emulator.arm("GET", f"{account_id()}/pools", api_version=VERSION).json() == {"value": []}


def test_list_is_filtered_selected_and_paged(serve: Serve) -> None:
    """maxresults, $filter and $select do what the official client asks for; pages follow nextLink."""
    pools = [batch_pool(f"p{number}", nodes=1) for number in range(5)]
    client = serve(batch_world(batch_account(*pools))).batch()

    paged = [pool.name for pool in client.pool.list_by_batch_account("rg", "work", maxresults=2)]
    one = list(client.pool.list_by_batch_account("rg", "work", filter="name eq 'p3'"))
    some = client.pool.list_by_batch_account("rg", "work", filter="startswith(name, 'p') and name ne 'p0'")
    (selected,) = client.pool.list_by_batch_account(
        "rg", "work", select="properties/vmSize", filter="name eq 'p1'"
    )

    assert paged == ["p0", "p1", "p2", "p3", "p4"]
    assert ([pool.name for pool in one], len(list(some))) == (["p3"], 4)
    assert (selected.vm_size, selected.scale_settings) == ("STANDARD_D2S_V3", None)


@pytest.mark.parametrize(
    ("option", "value"), [("$filter", "vmSize gt 3"), ("maxresults", "0"), ("maxresults", "many")]
)
def test_list_refuses_options_that_it_does_not_understand(serve: Serve, option: str, value: str) -> None:
    """A filter or a page size that means nothing is a 400 that quotes it."""
    answer = serve(batch_world()).arm(
        "GET", f"{account_id()}/pools", params={option: value}, api_version=VERSION
    )

    assert (answer.status_code, answer.json()["error"]["target"]) == (400, option)
    assert value in answer.json()["error"]["message"]


def test_new_start_task_reaches_the_nodes_that_come_after_it(serve: Serve) -> None:
    """A changed start task changes the machines' model: the nodes that are there keep theirs until they are reimaged."""
    emulator = serve(batch_world(user_account(batch_pool(nodes=2))))
    task = models.StartTask(command_line="install.sh")

    emulator.batch().pool.update("rg", "work", "p1", models.Pool(start_task=task))

    machines = emulator.arm("GET", f"{machines_id()}/virtualMachines").json()["value"]
    assert [machine["properties"]["latestModelApplied"] for machine in machines] == [False, False]


def test_fault_that_loses_the_answer_leaves_the_pool(serve: Serve) -> None:
    """A PUT whose answer is lost has created the pool; a second one with If-None-Match tells so."""
    emulator = serve(batch_world())
    body = emulator.arm("GET", pool_id(), api_version=VERSION).json()
    fault = {
        "match": {"method": "PUT", "path": "*/pools/fresh"},
        "effect": {"applyThenReset": True},
        "times": 1,
    }
    emulator.admin("POST", "faults", fault)

    with pytest.raises(httpx.TransportError):
        emulator.arm("PUT", pool_id("fresh"), body, api_version=VERSION)
    again = emulator.arm("PUT", pool_id("fresh"), body, api_version=VERSION, headers={"If-None-Match": "*"})

    assert (again.status_code, again.json()["error"]["code"]) == (412, "PreconditionFailed")


def test_pool_cannot_become_one_of_cloud_services(serve: Serve) -> None:
    """R61: a PATCH that asks for a cloud service configuration is refused, and the pool keeps its machines."""
    emulator = serve(batch_world(batch_account(batch_pool())))
    body = {"properties": {"deploymentConfiguration": {"cloudServiceConfiguration": {"osFamily": "6"}}}}

    answer = emulator.arm("PATCH", pool_id(), body, api_version="2024-02-01")

    kept = emulator.arm("GET", pool_id(), api_version="2024-02-01").json()["properties"][
        "deploymentConfiguration"
    ]
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidPropertyValue")
    assert list(kept) == ["virtualMachineConfiguration"]
