"""What would stop AKS half way, told before anything is touched."""

from __future__ import annotations

import pytest
from cluster_builders import a_budget, a_cluster, a_pool, machines, nodes, surge

from fleetwright.domain.node_pools.clusters import Workloads
from fleetwright.domain.node_pools.preflight import (
    Findings,
    judge_budgets,
    judge_surge_quota,
    why_no_node_goes,
)
from fleetwright.domain.node_pools.upgrade_settings import UndrainableNodeBehavior
from fleetwright.domain.quotas import Usage

ON_BOTH = (*nodes("np1", 2), *nodes("np2", 2))
NEVER = {"desired": 3, "allowed": 0}
FULL = [Usage("cores", 96, 100)]


def test_a_budget_that_can_never_be_met_is_named() -> None:
    """With Schedule the pool is left before anything is touched: budget, numbers, nodes, and what would be right (N32)."""
    workloads = Workloads(ON_BOTH, (a_budget("aks-np1-0", "aks-np1-1", **NEVER),))
    assert judge_budgets(workloads, a_pool()) == Findings((
        ("disruption budget shop/web can never be met: it needs 3 healthy pods of 3, so none may ever be evicted from "
        "aks-np1-0, aks-np1-1; minAvailable 2 or less, maxUnavailable 1 or more, or 4 replicas would be right"),
    ))  # fmt: skip


def test_budgets_on_other_pools_do_not_count() -> None:
    """Only budgets whose pods run on nodes of the pool are judged (N32)."""
    workloads = Workloads(ON_BOTH, (a_budget("aks-np2-0", **NEVER),))
    assert judge_budgets(workloads, a_pool("np1")) == Findings()
    assert judge_budgets(workloads, a_pool("np2")).problems


def test_machines_tell_whose_nodes_they_are_too() -> None:
    """Where Kubernetes' nodes say no pool, the names of the pool's machines do (N32)."""
    workloads = Workloads((), (a_budget("aks-np1-0", **NEVER),))
    assert judge_budgets(workloads, a_pool(), machines("np1", "a")).problems


def test_with_cordon_such_a_budget_is_a_warning() -> None:
    """A node that cannot be drained then stays behind, and the others go on (N32)."""
    pool = a_pool(settings=surge("1", undrainable=UndrainableNodeBehavior.CORDON))
    found = judge_budgets(Workloads(ON_BOTH, (a_budget("aks-np1-0", **NEVER),)), pool)
    assert found.problems == ()
    assert found.notes[0].endswith("undrainableNodeBehavior Cordon: such a node stays, the others go on")


def test_a_budget_that_allows_nothing_at_present_is_a_note() -> None:
    """Pods that are not healthy yet may be by then; the drain waits for them (N32)."""
    budget = a_budget("aks-np1-0", allowed=0, healthy=2)
    found = judge_budgets(Workloads(ON_BOTH, (budget,)), a_pool())
    assert found == Findings(
        notes=(
            (
                "disruption budget shop/web allows no eviction from aks-np1-0 at present: 2 of 3 pods are healthy, it needs "
                "2; each drain waits for it, up to 30 min"
            ),
        )
    )
    assert judge_budgets(Workloads(ON_BOTH, (a_budget("aks-np1-0"),)), a_pool()) == Findings()


def test_surge_nodes_without_quota_are_a_problem_with_numbers() -> None:
    """AKS would fail where the region has no room for the surge: told before, with what would help (N32)."""
    room = judge_surge_quota(a_cluster(), a_pool(settings=surge("3")), FULL)
    assert room.problem == (
        "no room for its surge of 3: quota cores: 96 of 100 used, 3 instances of Standard_D2s_v3 need 6 more; "
        "raise the quota, lower maxSurge, or set maxUnavailable"
    )
    assert judge_surge_quota(a_cluster(), a_pool(settings=surge("2")), FULL).problem == ""


def test_without_quota_nodes_may_be_upgraded_in_place() -> None:
    """With maxUnavailable AKS goes on without surge, and slower (N32)."""
    pool = a_pool(settings=surge("3", max_unavailable="1"))
    room = judge_surge_quota(a_cluster(), pool, FULL)
    assert (room.problem, room.at_once) == ("", 1)
    assert room.notes[0].endswith("AKS goes on without surge, 1 at once (maxUnavailable)")


@pytest.mark.parametrize(("version", "problem"), [("1.34.9", True), ("1.35.0", False), ("2.0", False)])
def test_newer_kubernetes_falls_back_to_one_surge_node(version: str, problem: bool) -> None:
    """From 1.35 on a short quota makes the upgrade slower instead of failing it (N32)."""
    room = judge_surge_quota(a_cluster(), a_pool(settings=surge("3"), kubernetes_version=version), FULL)
    assert bool(room.problem) == problem
    assert room.at_once == (3 if problem else 1)


def test_surge_nodes_that_are_there_already_need_no_quota() -> None:
    """What an operation that stopped has left is used when it is resumed (N32)."""
    pool, there = a_pool(count=2, settings=surge("2")), machines("np1", "a", "a", "a", "a")
    full = [Usage("cores", 100, 100)]
    assert judge_surge_quota(a_cluster(), pool, full).problem
    assert not judge_surge_quota(a_cluster(), pool, full, there).problem


def test_a_quota_that_cannot_be_told_is_a_note() -> None:
    """AKS asks for itself: not knowing holds nobody (N32)."""
    room = judge_surge_quota(a_cluster(), a_pool(vm_size=""), FULL)
    assert room.problem == ""
    assert room.notes[0].endswith("so the quota cannot be checked: AKS finds out itself")


def test_a_thousand_nodes_with_their_surge_are_the_most() -> None:
    """A pool and its surge above 1000 nodes is refused up front (N32)."""
    room = judge_surge_quota(a_cluster(), a_pool(count=980, settings=surge("5%")), [])
    assert room.problem == "980 nodes and a surge of 49 are more than 1000: lower its maxSurge"


def test_settings_that_let_no_node_go_are_named() -> None:
    """With maxSurge and maxUnavailable both zero no operation could replace a node, and both fields are named (N32)."""
    both = why_no_node_goes(a_pool(settings=surge("0", max_unavailable="0%")))

    assert "upgradeSettings.maxSurge is 0 and upgradeSettings.maxUnavailable is 0%" in both
    assert "such as maxSurge 1" in both
    assert not why_no_node_goes(a_pool(settings=surge("0", max_unavailable="1")))
    assert not why_no_node_goes(a_pool(settings=surge("1%")))
