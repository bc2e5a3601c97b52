"""The driver of AKS clusters against the emulator: whole upgrades, kubectl, and Azure's bad days."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from aks_bodies import CLUSTER_ID, NEW, OLD, TARGET, a_configuration
from azure_doubles import SUBSCRIPTION, TOKEN, unguarded
from test_against_emulator import EmulatorClock

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.domain.errors import FleetNotFoundError
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster, NodeBudget
from fleetwright.rollout.ports.operations import OperationState, OperationStatus
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

PATCHED = f"{OLD}-2024.02.20"
TIMINGS = {
    "nodeCreate": 60,
    "nodeDrain": 10,
    "nodeReimage": 60,
    "nodeStart": 20,
    "nodeDelete": 30,
    "livePatch": 30,
}
BUDGET = {"name": "web", "minAvailable": "2"}


def world(**extras: object) -> dict[str, Any]:
    """A cluster with one pool of three nodes on the image before the newest, and one workload."""
    pool = {
        "name": "np1",
        "count": 3,
        "mode": "User",
        "vmSize": "Standard_D2s_v3",
        "osType": "Linux",
        "type": "VirtualMachineScaleSets",
        "orchestratorVersion": "1.30.4",
        "upgradeSettings": {"maxSurge": "1"},
    }
    said = {
        "kubernetesVersion": "1.30.4",
        "agentPoolProfiles": [pool],
        "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
    }
    more = {
        "nodeImages": {"latest": NEW, "security": PATCHED},
        "pools": {"np1": {"nodeImageVersion": OLD}},
        "workloads": [
            {"name": "web", "namespace": "shop", "replicas": 3, "pools": ["np1"], "disruptionBudget": BUDGET}
        ],
        "timings": TIMINGS,
    }
    resource = {"id": CLUSTER_ID, "name": "shop", "location": "westeurope", "properties": said}
    cluster = {
        "resource": resource,
        "maintenanceConfigurations": [a_configuration()],
        "x-emulator": more | extras,
    }
    return {"subscriptions": [{"id": SUBSCRIPTION}], "managedClusters": [cluster]}


class ClusterRehearsal:
    """An emulator with one cluster, and the driver for it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = EmulatorClock(url)
        self.client: ArmClient = connect(AzureEndpoint(url, StaticToken(TOKEN)), self.clock)
        self.driver = AksDriver(self.client)
        self.cluster = Cluster(TARGET, "westeurope", NodeOsChannel.NODE_IMAGE)

    def finish(self, url: str) -> OperationStatus:
        """Look at the operation until it ends."""
        status = self.driver.fetch_operation(url)
        while status.state is OperationState.RUNNING:
            self.client.wait(10)
            status = self.driver.fetch_operation(status.url)
        return status

    def images(self) -> set[str]:
        return {machine.image for machine in self.driver.list_machines(self.cluster, "np1")}

    def fault(self, effect: dict[str, Any], path: str, method: str = "POST", **more: object) -> None:
        fault = {"match": {"method": method, "path": path}, "effect": effect, **more}
        requests.post(f"{self.url}/_emulator/faults", json=fault, timeout=10).raise_for_status()

    def calls(self, method: str, path: str) -> int:
        log = requests.get(f"{self.url}/_emulator/requests", timeout=10).json()["log"]
        return sum(call["method"] == method and call["path"].endswith(path) for call in log)


@pytest.fixture
def rehearsal() -> Iterator[ClusterRehearsal]:
    """An emulator on a manual clock."""
    with EmulatorServer(world(), clock="manual") as server:
        rehearsal = ClusterRehearsal(server.url)
        yield rehearsal
        rehearsal.client.close()


def test_a_cluster_is_read_as_the_world_says(rehearsal: ClusterRehearsal) -> None:
    """N35, R71: pools with their newest image, the window, and the versions of the region, over HTTP."""
    cluster = rehearsal.driver.fetch_cluster(TARGET)

    assert (cluster.channel, cluster.location, cluster.kubernetes_version) == (
        NodeOsChannel.NODE_IMAGE,
        "westeurope",
        "1.30.4",
    )
    assert [(pool.name, pool.count, pool.image, pool.latest_image) for pool in cluster.pools] == [
        ("np1", 3, OLD, NEW)
    ]
    assert (cluster.window is not None, cluster.window_problem, cluster.warnings) == (True, "", ())
    assert cluster.supported_versions
    assert asyncio.run(rehearsal.driver.fetch_pool_async(cluster, "np1")) == cluster.pools[0]
    assert [listed.name for listed in rehearsal.driver.list_clusters()] == ["shop"]


def _with_version(url: str, version: str) -> AksDriver:
    return AksDriver(connect(AzureEndpoint(url, StaticToken(TOKEN), api_version=version), EmulatorClock(url)))


@pytest.mark.parametrize(
    ("version", "channel"),
    [("2022-11-02-preview", NodeOsChannel.UNMANAGED), ("2023-06-01", NodeOsChannel.NODE_IMAGE)],
)
def test_the_api_version_decides_where_no_channel_is_written(version: str, channel: NodeOsChannel) -> None:
    """C9: one cluster without the field reads as Unmanaged by an early preview, and as NodeImage from 2023-06-01 on."""
    silent = world()
    del silent["managedClusters"][0]["resource"]["properties"]["autoUpgradeProfile"]
    with EmulatorServer(silent, clock="manual") as server:
        assert _with_version(server.url, version).fetch_cluster(TARGET).channel is channel


def test_an_early_preview_needs_its_feature() -> None:
    """R62, R63: SecurityPatch by 2022-11-02-preview shows a feature that is missing, and has it once it is registered."""
    early = world()
    properties = early["managedClusters"][0]["resource"]["properties"]
    properties["autoUpgradeProfile"] = {"nodeOSUpgradeChannel": "SecurityPatch"}
    with EmulatorServer(early, clock="manual") as server:
        driver = _with_version(server.url, "2022-11-02-preview")
        before = driver.fetch_cluster(TARGET)
        driver.register_features(before, list(before.features), unguarded, EmulatorClock(server.url))
        after = driver.fetch_cluster(TARGET)

    feature = "Microsoft.ContainerService/NodeOsUpgradeChannelPreview"
    assert before.features[feature] != "Registered"
    assert after.features == {feature: "Registered"}


def test_a_cluster_that_is_not_there_is_named(rehearsal: ClusterRehearsal) -> None:
    """An unknown cluster is one clear line, in Azure's own words."""
    unknown = CLUSTER_ID.replace("shop", "none")
    with pytest.raises(
        FleetNotFoundError, match=f"cluster {unknown} is not at {rehearsal.url}: ResourceNotFound"
    ):
        rehearsal.driver.fetch_cluster(TARGET.__class__(unknown, SUBSCRIPTION, "rg", "none"))


def test_an_upgrade_brings_every_node_its_image(rehearsal: ClusterRehearsal) -> None:
    """N34, R66: one call, polled where AKS says, and every machine has the newest image and its Kubernetes version."""
    url = rehearsal.driver.begin_upgrade(rehearsal.cluster, "np1", unguarded)
    running = rehearsal.driver.fetch_operation(url)

    ended = rehearsal.finish(url)

    machines = rehearsal.driver.list_machines(rehearsal.cluster, "np1")
    assert "api-version=2016-03-30" in url
    assert (running.state, ended.state) == (OperationState.RUNNING, OperationState.SUCCEEDED)
    assert [(m.name, m.image, m.is_ready) for m in machines] == [
        (f"aks-np1-{n}", NEW, True) for n in range(3)
    ]
    assert {machine.kubernetes_version for machine in machines} == {"1.30.4"}
    assert asyncio.run(rehearsal.driver.list_machines_async(rehearsal.cluster, "np1")) == machines
    assert rehearsal.driver.begin_upgrade(rehearsal.cluster, "np1", unguarded) == ""


def test_another_operation_is_in_the_way(rehearsal: ClusterRehearsal) -> None:
    """While a pool is upgraded a second call is refused, and Azure's words name what is under way."""
    rehearsal.driver.begin_upgrade(rehearsal.cluster, "np1", unguarded)

    with pytest.raises(CallRefusedError) as caught:
        rehearsal.driver.begin_upgrade(rehearsal.cluster, "np1", unguarded)

    assert caught.value.status == 409
    assert "np1" in str(caught.value)


def test_an_upgrade_is_called_off(rehearsal: ClusterRehearsal) -> None:
    """Abort ends the operation as canceled; where nothing is under way it has nothing to look at."""
    assert rehearsal.driver.abort(rehearsal.cluster, "np1", unguarded) == ""
    upgrade = rehearsal.driver.begin_upgrade(rehearsal.cluster, "np1", unguarded)
    rehearsal.client.wait(90)

    ended = rehearsal.finish(rehearsal.driver.abort(rehearsal.cluster, "np1", unguarded))

    called_off = rehearsal.finish(upgrade)
    assert (ended.state, called_off.state) == (OperationState.SUCCEEDED, OperationState.FAILED)
    assert "cancel" in called_off.error.lower()


def test_throttling_is_waited_for(rehearsal: ClusterRehearsal) -> None:
    """A 429 says that nothing was done: the call is sent again when Azure says, and begins one upgrade."""
    rehearsal.fault({"status": 429, "retryAfter": 7}, "*/upgradeNodeImageVersion", times=2)

    url = rehearsal.driver.begin_upgrade(rehearsal.cluster, "np1", unguarded)

    assert rehearsal.finish(url).state is OperationState.SUCCEEDED
    assert rehearsal.calls("POST", "/upgradeNodeImageVersion") == 3


@pytest.mark.parametrize("effect", ["reset", "applyThenReset"])
def test_an_answer_that_was_lost_is_not_sent_again(rehearsal: ClusterRehearsal, effect: str) -> None:
    """Whether the upgrade began is told by the pool alone, never by sending the call once more."""
    rehearsal.fault({effect: True}, "*/upgradeNodeImageVersion")

    with pytest.raises(AnswerLostError):
        rehearsal.driver.begin_upgrade(rehearsal.cluster, "np1", unguarded)

    state = rehearsal.driver.fetch_pool(rehearsal.cluster, "np1").provisioning_state
    assert rehearsal.calls("POST", "/upgradeNodeImageVersion") == 1
    assert state == ("UpgradingNodeImageVersion" if effect == "applyThenReset" else "Succeeded")


def test_reads_outlast_bad_connections(rehearsal: ClusterRehearsal) -> None:
    """A read is sent again after a reset, a 500 and a 429."""
    for effect in ({"reset": True}, {"status": 500}, {"status": 429, "retryAfter": 3}):
        rehearsal.fault(effect, "*/machines", "GET", times=1)

    assert rehearsal.images() == {OLD}


def test_nodes_and_budgets_are_told_by_kubectl(rehearsal: ClusterRehearsal) -> None:
    """The cluster itself says which nodes there are, and which budget holds them, in one command."""
    workloads = rehearsal.driver.read_workloads(rehearsal.cluster)

    nodes = [f"aks-np1-{number}" for number in range(3)]
    assert [(node.name, node.pool, node.is_ready, node.is_cordoned) for node in workloads.nodes] == [
        (name, "np1", True, False) for name in nodes
    ]
    assert all(node.created_at for node in workloads.nodes)
    assert workloads.budgets == (NodeBudget("shop", "web", 1, 3, 2, 3, frozenset(nodes)),)
    assert rehearsal.calls("POST", "/runCommand") == 1


def test_running_nodes_are_patched(rehearsal: ClusterRehearsal) -> None:
    """R69: nodes take the patches of their own build while they run, and node and machine show the date."""
    nodes = [node.name for node in rehearsal.driver.read_workloads(rehearsal.cluster).nodes]

    url = rehearsal.driver.begin_live_patch(rehearsal.cluster, nodes, "2024.02.20", unguarded)
    ended = rehearsal.finish(url)
    rehearsal.client.wait(60)

    patched = rehearsal.driver.read_workloads(rehearsal.cluster).nodes
    assert ended.state is OperationState.SUCCEEDED
    assert [node.patched_to for node in patched] == ["2024.02.20"] * 3
    assert rehearsal.images() == {PATCHED}


def test_a_node_on_another_build_says_that_it_needs_more(rehearsal: ClusterRehearsal) -> None:
    """R69: patches of another build are not taken, and the node says that only a restart would do."""
    url = rehearsal.driver.begin_live_patch(rehearsal.cluster, ["aks-np1-0"], "2024.03.01", unguarded)
    rehearsal.finish(url)
    rehearsal.client.wait(60)

    first = rehearsal.driver.read_workloads(rehearsal.cluster).nodes[0]
    assert (first.patched_to, first.needs_reboot) == ("", True)
    assert rehearsal.images() == {OLD}


def test_a_node_that_is_gone_fails_the_command(rehearsal: ClusterRehearsal) -> None:
    """R69: kubectl's own words say which node there is not."""
    url = rehearsal.driver.begin_live_patch(rehearsal.cluster, ["aks-np1-9"], "2024.02.20", unguarded)

    ended = rehearsal.finish(url)

    assert ended.state is OperationState.FAILED
    assert 'nodes "aks-np1-9" not found' in ended.error


def test_a_drain_that_is_held_back_names_node_and_pod() -> None:
    """N32: a budget that is never met ends the operation after the drain's timeout, in words that name node and budget."""
    stuck = {"name": "web", "minAvailable": "3"}
    workload = {
        "name": "web",
        "namespace": "shop",
        "replicas": 3,
        "pools": ["np1"],
        "disruptionBudget": stuck,
    }
    with EmulatorServer(world(workloads=[workload]), clock="manual") as server:
        rehearsal = ClusterRehearsal(server.url)
        budget = rehearsal.driver.read_workloads(rehearsal.cluster).budgets[0]

        ended = rehearsal.finish(rehearsal.driver.begin_upgrade(rehearsal.cluster, "np1", unguarded))
        rehearsal.client.close()

    assert budget.can_never_be_met
    assert ended.state is OperationState.FAILED
    assert "aks-np1-0" in ended.error
    assert "web" in ended.error
