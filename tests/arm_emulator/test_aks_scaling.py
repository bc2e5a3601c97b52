"""Nodes that come to a pool and that leave it, and its machines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from emulated_node_pools import CLUSTER, NEW, NEWER, OLD, NodePoolUnderTest, cluster_world, node_pool
from emulated_worlds import Serve

from arm_emulator.aks.agent_pool import AgentPool
from arm_emulator.aks.cluster import ManagedCluster
from arm_emulator.aks.course.beginning import begin_upgrade, resume_upgrade
from arm_emulator.aks.course.scaling import begin_scaling, delete_machines
from arm_emulator.aks.node import NodeStep
from arm_emulator.arm_errors import OperationNotAllowedError
from arm_emulator.clock import ManualClock
from arm_emulator.emulator import Emulator
from arm_emulator.record import (
    NodeDrainEnded,
    NodeImageChanged,
    NodePoolAdded,
    NodePoolEvent,
    NodePoolUpgradeAccepted,
)
from arm_emulator.referee.node_pools import NodePools
from arm_emulator.seeded import Seed
from arm_emulator.world.validation import validated


class Shop:
    """A cluster in a world of this process."""

    def __init__(self, document: dict[str, object]) -> None:
        self.emulator = Emulator(validated(document), ManualClock(), Seed(0))

    @property
    def cluster(self) -> ManagedCluster:
        return self.emulator.world.managed_clusters[CLUSTER.lower()]

    @property
    def pool(self) -> AgentPool:
        return self.cluster.pools["np1"]

    def scale(self, count: int) -> str:
        """Begin to scale; the operation's id."""
        return begin_scaling(self.emulator.world, self.cluster, self.pool, count).id

    def status(self, operation: str) -> str:
        return str(self.emulator.world.operations[operation].status)

    def wait(self, seconds: float) -> None:
        self.emulator.move_clock(self.emulator.world.now + timedelta(seconds=seconds))


def test_new_nodes_start_unpatched_from_the_image_that_the_pool_was_upgraded_to() -> None:
    """A node of a scale-out has the pool's image and none of the patches that running nodes have had (R68, N32)."""
    shop = Shop(cluster_world())
    shop.pool.nodes["aks-np1-0"].patched_to = "2024.02.20"
    operation = shop.scale(5)
    assert shop.status(operation) == "InProgress"
    assert shop.pool.provisioning_state == "Scaling"
    shop.wait(60)

    new = [node for node in shop.pool.regular_nodes if node.number > 2]
    assert [(node.name, node.shown_image, node.is_ready) for node in new] == [
        ("aks-np1-3", OLD, True),
        ("aks-np1-4", OLD, True),
    ]
    assert shop.status(operation) == "Succeeded"
    assert shop.pool.provisioning_state == "Succeeded"


def test_scale_in_drains_the_highest_numbers() -> None:
    """The nodes with the highest numbers are cordoned, drained and deleted; the count falls at once."""
    shop = Shop(cluster_world())
    operation = shop.scale(1)

    assert shop.pool.count == 1
    assert [node.step for node in shop.pool.regular_nodes] == [None, NodeStep.DRAINING, NodeStep.DRAINING]
    shop.wait(40)

    assert list(shop.pool.nodes) == ["aks-np1-0"]
    assert shop.status(operation) == "Succeeded"


def test_a_scaling_is_refused_while_nodes_are_upgraded() -> None:
    """One operation on a pool at a time: OperationNotAllowed, and no node comes."""
    shop = Shop(cluster_world())
    begin_upgrade(shop.emulator.world, shop.cluster, shop.pool, NEW)

    with pytest.raises(OperationNotAllowedError, match="UpgradingNodeImageVersion"):
        shop.scale(5)

    assert shop.pool.count == 3


def test_a_put_takes_a_failed_upgrade_up_again_and_a_scaling_does_so_at_its_end() -> None:
    """What a drain stopped goes on with the image that it began with; one that was aborted waits for a call (N32)."""
    shop = Shop(cluster_world(extras={"pools": {"np1": {"undrainable": ["aks-np1-0"]}}}))
    world = shop.emulator.world
    begin_upgrade(world, shop.cluster, shop.pool, NEW)
    shop.wait(60 + 1800)
    assert shop.pool.provisioning_state == "Failed"
    shop.pool.nodes["aks-np1-0"].undrainable = False

    scaling = shop.scale(4)
    shop.wait(60)
    assert shop.status(scaling) == "Succeeded"
    assert shop.pool.provisioning_state == "UpgradingNodeImageVersion"
    shop.wait(3600)

    assert shop.pool.image == NEW
    assert {node.image for node in shop.pool.nodes.values()} == {NEW}
    assert shop.pool.recently_used[0][0] == OLD
    assert resume_upgrade(world, shop.cluster, shop.pool) is None


def test_an_observer_hears_what_happens_to_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool at load, the accepted upgrade with its window, each drain and each new image with its Kubernetes version (R66)."""
    events: list[NodePoolEvent] = []
    monkeypatch.setattr(NodePools, "observe", lambda _, event: events.append(event))
    shop = Shop(cluster_world(node_pool(count=2)))
    shop.cluster.maintenance["aksManagedNodeOSUpgradeSchedule"] = {"maintenanceWindow": {}}
    begin_upgrade(shop.emulator.world, shop.cluster, shop.pool, NEW)
    shop.wait(3600)

    added = next(event for event in events if isinstance(event, NodePoolAdded))
    accepted = next(event for event in events if isinstance(event, NodePoolUpgradeAccepted))
    images = [event for event in events if isinstance(event, NodeImageChanged)]
    drains = [event.node for event in events if isinstance(event, NodeDrainEnded)]
    assert added.images == {"aks-np1-0": OLD, "aks-np1-1": OLD}
    assert (accepted.image, accepted.kind, accepted.maintenance) == (
        NEW,
        "reimage",
        {"maintenanceWindow": {}},
    )
    assert [(event.node, event.before, event.after) for event in images] == [
        ("aks-np1-0", OLD, NEW),
        ("aks-np1-1", OLD, NEW),
    ]
    assert {(event.kubernetes_before, event.kubernetes_after) for event in images} == {("1.30.4", "1.30.4")}
    assert drains == ["aks-np1-0", "aks-np1-1", "aks-np1-2"]


def test_machines_show_zone_address_and_resource(serve: Serve) -> None:
    """A machine is an instance of the pool's scale set in the node resource group."""
    emulator = serve(cluster_world(node_pool(availabilityZones=["1", "2"]), nodeResourceGroup="MC_shop"))
    pool = NodePoolUnderTest(emulator)

    shown = emulator.arm("GET", f"{pool.path}/machines/aks-np1-1", api_version="2025-05-01").json()
    missing = emulator.arm("GET", f"{pool.path}/machines/aks-np1-9", api_version="2025-05-01")
    older = emulator.arm("GET", f"{pool.path}/machines", api_version="2022-09-01")

    assert shown["zones"] == ["2"]
    assert shown["properties"]["network"]["ipAddresses"] == [{"family": "IPv4", "ip": "10.224.0.5"}]
    assert shown["properties"]["resourceId"].endswith(
        "/resourceGroups/MC_shop/providers/Microsoft.Compute/virtualMachineScaleSets/aks-np1-vmss/virtualMachines/1"
    )
    assert missing.status_code == 404
    assert older.status_code == 400


def test_machines_are_deleted_by_name(serve: Serve) -> None:
    """They are drained and go, the count with them; an unknown name is refused before anything happens."""
    pool = NodePoolUnderTest(serve(cluster_world()))

    unknown = pool.post("deleteMachines", {"machineNames": ["aks-np1-0", "aks-np1-7"]})
    accepted = pool.post("deleteMachines", {"machineNames": ["aks-np1-0"]})
    assert pool.states()["aks-np1-0"] == "Updating"
    pool.wait(40)

    assert unknown.status_code == 400
    assert "aks-np1-7" in unknown.json()["error"]["message"]
    assert list(pool.machines()) == ["aks-np1-1", "aks-np1-2"]
    assert pool.status(accepted)["status"] == "Succeeded"


def quarantining_shop() -> Shop:
    """A pool whose node 1 is quarantined, with the surge node in its place."""
    pool = node_pool(undrainableNodeBehavior="Cordon")
    shop = Shop(cluster_world(pool, extras={"pools": {"np1": {"undrainable": ["aks-np1-1"]}}}))
    begin_upgrade(shop.emulator.world, shop.cluster, shop.pool, NEW)
    shop.wait(2 * 3600)
    assert shop.pool.nodes["aks-np1-1"].labels == {"kubernetes.azure.com/upgrade-status": "Quarantined"}
    return shop


def test_a_surge_node_takes_the_place_of_a_quarantined_node_that_is_deleted() -> None:
    """Who deletes the quarantined node by name has as many nodes as before, all on the new image (N32)."""
    shop = quarantining_shop()

    delete_machines(shop.emulator.world, shop.cluster, shop.pool, ["aks-np1-1"])
    shop.wait(3600)

    assert [node.name for node in shop.pool.regular_nodes] == ["aks-np1-0", "aks-np1-2", "aks-np1-3"]
    assert shop.pool.image == NEW


def test_a_stand_in_goes_with_the_node_that_it_stands_in_for() -> None:
    """A scale-in that takes the quarantined node takes its surge node, too."""
    shop = quarantining_shop()

    shop.scale(1)
    shop.wait(3600)

    assert list(shop.pool.nodes) == ["aks-np1-0"]
    assert shop.pool.image == NEW


def test_the_next_upgrade_tries_a_quarantined_node_again_and_renews_its_stand_in() -> None:
    """Every node gets the newer image, and the surge node goes once the node could be drained (N32, N33)."""
    shop = quarantining_shop()
    shop.pool.nodes["aks-np1-1"].undrainable = False

    begin_upgrade(shop.emulator.world, shop.cluster, shop.pool, NEWER)
    shop.wait(3600)

    assert {node.name: node.image for node in shop.pool.nodes.values()} == dict.fromkeys(
        ("aks-np1-0", "aks-np1-1", "aks-np1-2"), NEWER
    )
    assert not any(node.is_cordoned or node.labels for node in shop.pool.nodes.values())
