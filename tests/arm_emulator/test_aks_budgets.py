"""Pods of a world document, and what their disruption budgets allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from arm_emulator.aks.budgets import allowed_evictions, desired_healthy, evictable, node_for_pod
from arm_emulator.aks.cluster import ManagedCluster
from arm_emulator.aks.documents import WorkloadDocument
from arm_emulator.aks.workload_loading import load_workload, workload_document
from arm_emulator.clock import ManualClock
from arm_emulator.emulator import Emulator
from arm_emulator.seeded import Seed
from arm_emulator.world.errors import WorldError
from arm_emulator.world.validation import validated

CLUSTER = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
    "/providers/Microsoft.ContainerService/managedClusters/shop"
)
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def cluster_with(*workloads: dict[str, Any]) -> ManagedCluster:
    """A cluster of two pools, of two nodes and of three."""
    profiles = [{"name": "sys", "count": 2, "mode": "System"}, {"name": "np1", "count": 3, "mode": "User"}]
    resource = {"id": CLUSTER, "location": "westeurope", "properties": {"agentPoolProfiles": profiles}}
    document = {"managedClusters": [{"resource": resource, "x-emulator": {"workloads": list(workloads)}}]}
    return Emulator(validated(document), ManualClock(), Seed(0)).world.managed_clusters[CLUSTER.lower()]


def test_pods_stand_in_turn_on_the_nodes_of_their_pools() -> None:
    """Replicas are placed round robin on the pools that a workload names, on all where it names none; a pool nobody has gives none."""
    named = {"name": "web", "replicas": 5, "pools": ["np1"]}
    cluster = cluster_with(named, {"name": "agent", "replicas": 5})
    web, agent = cluster.workloads

    lost = load_workload(cluster, WorkloadDocument(name="lost", pools=["np9"]))

    assert [pod.node for pod in web.pods] == ["aks-np1-0", "aks-np1-1", "aks-np1-2", "aks-np1-0", "aks-np1-1"]
    assert len({pod.node for pod in agent.pods}) == 5
    assert len({pod.name for pod in web.pods}) == 5
    assert [pod.node for pod in lost.pods] == [""]


@pytest.mark.parametrize(
    ("budget", "replicas", "desired", "allowed"),
    [
        ({"minAvailable": "50%"}, 5, 3, 2),
        ({"maxUnavailable": "30%"}, 5, 3, 2),
        ({"maxUnavailable": 0}, 3, 3, 0),
        ({"minAvailable": 3}, 3, 3, 0),
        ({"minAvailable": 0}, 3, 0, 3),
        ({"maxUnavailable": 9}, 3, 0, 3),
    ],
)
def test_budget_is_counted_as_kubernetes_counts(
    budget: dict[str, Any], replicas: int, desired: int, allowed: int
) -> None:
    """Percentages of both fields count of the replicas and are rounded up; a number is what it is (N32)."""
    (workload,) = cluster_with({"name": "web", "replicas": replicas, "disruptionBudget": budget}).workloads

    assert (desired_healthy(workload), allowed_evictions(workload, NOW)) == (desired, allowed)


def test_pod_that_starts_elsewhere_holds_back_the_next() -> None:
    """A pod on its way, or not ready yet, is missing from what is healthy; one that is not ready may go while the budget holds (N32)."""
    budget = {"name": "two", "minAvailable": 2}
    cluster = cluster_with({"name": "web", "replicas": 3, "pools": ["np1"], "disruptionBudget": budget})
    (workload,) = cluster.workloads
    first, second, _third = workload.pods

    first.ready_at = NOW + timedelta(seconds=5)

    assert evictable(workload, [second], NOW) == []
    assert evictable(workload, [first, second], NOW) == [first]
    assert evictable(workload, [first, second], NOW + timedelta(seconds=5)) == [first]


def test_next_pod_goes_to_the_emptiest_node_that_serves() -> None:
    """A pod that moves goes where the fewest of its kind are, never to a cordoned node."""
    cluster = cluster_with({"name": "web", "replicas": 5, "pools": ["np1"]})
    emptiest = node_for_pod(cluster, cluster.workloads[0])

    cluster.pools["np1"].nodes[emptiest].is_cordoned = True

    assert emptiest == "aks-np1-2"
    assert node_for_pod(cluster, cluster.workloads[0]) == "aks-np1-0"


def test_workload_comes_back_from_its_document() -> None:
    """A dumped workload loads with its pods where they were, one that leaves included."""
    budget = {"name": "half", "minAvailable": "50%"}
    cluster = cluster_with({"name": "web", "replicas": 2, "pools": ["np1"], "disruptionBudget": budget})
    cluster.workloads[0].pods[0].leaves_at = NOW + timedelta(seconds=3)

    document = workload_document(cluster.workloads[0])

    assert cluster_with(document).workloads == cluster.workloads


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ({}, "nothing given; exactly one of minAvailable, maxUnavailable"),
        ({"minAvailable": 1, "maxUnavailable": 1}, "minAvailable and maxUnavailable given"),
        ({"minAvailable": "half"}, "minAvailable: 'half' is neither a number of pods nor a percentage"),
        ({"maxUnavailable": -1}, "maxUnavailable: -1 is neither"),
    ],
)
def test_budget_that_kubernetes_would_refuse_is_no_world(budget: dict[str, Any], words: str) -> None:
    """A budget says one of its two fields, as a number or a percentage; any other is refused by its name (N32)."""
    with pytest.raises(WorldError, match=words):
        cluster_with({"name": "web", "disruptionBudget": budget})
