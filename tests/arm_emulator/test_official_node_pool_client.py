"""The official AKS client, unmodified, upgrades, aborts and looks at nodes."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.core.polling.arm_polling import ARMPolling
from emulated_node_pools import CLUSTER, NEW, OLD, STEADY_NODES, cluster_world, container_service, node_pool
from emulated_worlds import Emulator, Serve

ADDRESS = ("rg", "shop", "np1")


class PassingTime(ARMPolling):
    """Lets a manual clock move on where a client would wait."""

    def __init__(self, emulator: Emulator, seconds: float = 30) -> None:
        super().__init__(0)
        self._emulator, self._seconds = emulator, seconds

    def _sleep(self, _delay: float) -> None:
        self._emulator.advance(self._seconds)


def test_upgrade_is_waited_for_to_its_end(serve: Serve) -> None:
    """The poller follows ``Azure-AsyncOperation`` and then ``Location``, which gives the pool with its new image (R65)."""
    emulator = serve(cluster_world())
    client = container_service(emulator)

    client.agent_pools.begin_upgrade_node_image_version(*ADDRESS, polling=PassingTime(emulator)).result()

    pool = client.agent_pools.get(*ADDRESS)
    assert (pool.properties.node_image_version, pool.properties.provisioning_state) == (NEW, "Succeeded")
    last = emulator.admin("GET", "requests")["log"]
    polled = [entry["path"] for entry in last if "operation" in entry["path"]]
    assert "/operations/" in polled[0]
    assert "/operationresults/" in polled[-1]


def test_nodes_change_one_after_the_other_at_the_machines(serve: Serve) -> None:
    """While the upgrade goes on each machine shows its own image."""
    emulator = serve(cluster_world(node_pool(count=2)))
    client = container_service(emulator)

    client.agent_pools.begin_upgrade_node_image_version(*ADDRESS, polling=False)
    emulator.advance(60 + 90)

    shown = {found.name: found.properties["nodeImageVersion"] for found in client.machines.list(*ADDRESS)}
    assert shown == {"aks-np1-0": NEW, "aks-np1-1": OLD, "aks-np1-2": NEW}
    machine = client.machines.get(*ADDRESS, "aks-np1-0")
    assert machine.properties.network.ip_addresses[0].family == "IPv4"


def test_abort_and_a_second_upgrade(serve: Serve) -> None:
    """A busy pool is ResourceExistsError; abort ends it as canceled, on the pool and on the cluster, and then it goes on."""
    emulator = serve(cluster_world())
    client = container_service(emulator)
    running = client.agent_pools.begin_upgrade_node_image_version(*ADDRESS, polling=PassingTime(emulator))
    with pytest.raises(ResourceExistsError, match="OperationNotAllowed"):
        client.agent_pools.begin_upgrade_node_image_version(*ADDRESS)

    client.agent_pools.begin_abort_latest_operation(*ADDRESS).result()
    client.managed_clusters.begin_abort_latest_operation(*ADDRESS[:2]).result()

    with pytest.raises(HttpResponseError, match=r"(?i)cancel"):
        running.result()
    assert client.agent_pools.get(*ADDRESS).properties.provisioning_state == "Canceled"
    client.agent_pools.begin_upgrade_node_image_version(*ADDRESS, polling=PassingTime(emulator)).result()
    assert {found.properties["nodeImageVersion"] for found in client.machines.list(*ADDRESS)} == {NEW}


def test_any_put_of_the_pool_resumes_an_upgrade_that_a_drain_stopped(serve: Serve) -> None:
    """The pool is put as it was read, and nodes that are done are not done again (N32)."""
    held = {"name": "web", "replicas": 1, "pools": ["np1"], "disruptionBudget": {"maxUnavailable": 0}}
    emulator = serve(cluster_world(node_pool(drainTimeoutInMinutes=5), extras={"workloads": [held]}))
    client = container_service(emulator)
    with pytest.raises(HttpResponseError, match="aks-np1-0"):
        client.agent_pools.begin_upgrade_node_image_version(*ADDRESS, polling=PassingTime(emulator)).result()
    read = client.agent_pools.get(*ADDRESS)
    assert read.properties.provisioning_state == "Failed"

    accepted = client.agent_pools.begin_create_or_update(*ADDRESS, read, polling=PassingTime(emulator))
    resumed = client.agent_pools.get(*ADDRESS)
    assert resumed.properties.provisioning_state == "UpgradingNodeImageVersion"

    with pytest.raises(HttpResponseError, match="aks-np1-0"):
        accepted.result()
    log = emulator.admin("GET", "requests")["log"]
    assert any(entry["path"] == f"{CLUSTER}/agentPools/np1" and entry["method"] == "PUT" for entry in log)


def test_machines_are_deleted_by_the_client(serve: Serve) -> None:
    """``deleteMachines`` ends when they are gone."""
    emulator = serve(cluster_world())
    client = container_service(emulator)

    client.agent_pools.begin_delete_machines(
        *ADDRESS, {"machineNames": ["aks-np1-1"]}, polling=PassingTime(emulator, STEADY_NODES["nodeDelete"])
    ).result()

    assert [found.name for found in client.machines.list(*ADDRESS)] == ["aks-np1-0", "aks-np1-2"]
    assert client.agent_pools.get(*ADDRESS).properties.count == 2
