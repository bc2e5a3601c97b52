"""Batch pools on the management plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulated_pools import account_id, batch_account, batch_pool, batch_world, pool_id

if TYPE_CHECKING:
    from emulated_worlds import Serve

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
