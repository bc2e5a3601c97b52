"""Random stories of a node pool: whatever is asked for and when, it comes to rest, and can be brought to the newest image."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from emulated_node_pools import CLUSTER, FAMILY, cluster_world, node_pool
from hypothesis import given, settings
from hypothesis import strategies as st

from arm_emulator.aks.course.aborting import abort
from arm_emulator.aks.course.beginning import begin_upgrade, resume_upgrade
from arm_emulator.aks.course.scaling import begin_scaling
from arm_emulator.arm_errors import ArmError
from arm_emulator.clock import ManualClock
from arm_emulator.emulator import Emulator
from arm_emulator.seeded import Seed
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.world.world import World

IMAGES = [f"{FAMILY}-202402.{build:02d}.0" for build in range(1, 29)]
BUDGETS = [None, {"maxUnavailable": 1}, {"minAvailable": "50%"}, {"maxUnavailable": 0}]
SURGES = [("1", "0"), ("2", "0"), ("50%", "1"), ("0", "1"), ("10%", "0")]
ACTS = st.tuples(
    st.sampled_from(["upgrade", "upgrade", "newer", "abort", "scale", "resume", "heal"]),
    st.integers(0, 5),
    st.sampled_from([1, 30, 100, 1000, 4000]),
)


def act(world: World, cluster: ManagedCluster, pool: AgentPool, what: str, number: int) -> None:
    """One thing that somebody asks for, as far as it is allowed now."""
    with suppress(ArmError):
        match what:
            case "upgrade" | "newer":
                begin_upgrade(world, cluster, pool, IMAGES[number + 5 * (what == "newer") + 1])
            case "abort":
                abort(world, cluster, [pool], on=pool)
            case "scale":
                begin_scaling(world, cluster, pool, number + 1)
            case "resume":
                resume_upgrade(world, cluster, pool)
            case "heal":
                let_everything_drain(cluster)


def let_everything_drain(cluster: ManagedCluster) -> None:
    """Nothing holds a node any more."""
    for pool in cluster.pools.values():
        pool.quota = None
        for node in pool.nodes.values():
            node.undrainable = False
    for workload in cluster.workloads:
        workload.budget = None


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 5),
    surge=st.sampled_from(SURGES),
    behaviour=st.sampled_from(["Schedule", "Cordon"]),
    quota=st.sampled_from([None, None, 0, 1]),
    undrainable=st.sampled_from([[], ["aks-np1-0"]]),
    budgets=st.lists(st.sampled_from(BUDGETS), max_size=2),
    story=st.lists(ACTS, max_size=15),
)
def test_every_story_of_a_pool_comes_to_rest(
    *,
    count: int,
    surge: tuple[str, str],
    behaviour: str,
    quota: int | None,
    undrainable: list[str],
    budgets: list[dict[str, object] | None],
    story: list[tuple[str, int, int]],
) -> None:
    """No operation hangs, never more nodes are in hand than surge and ``maxUnavailable`` allow, and in the end all are new (N32)."""
    profile = node_pool(
        count=count, maxSurge=surge[0], maxUnavailable=surge[1], undrainableNodeBehavior=behaviour
    )
    workloads = [
        {"name": f"w{number}", "replicas": 4, **({} if budget is None else {"disruptionBudget": budget})}
        for number, budget in enumerate(budgets)
    ]
    extras = {"pools": {"np1": {"undrainable": undrainable, "quota": quota}}, "workloads": workloads}
    emulator = Emulator(validated(cluster_world(profile, extras=extras)), ManualClock(), Seed(0))
    world, cluster = emulator.world, emulator.world.managed_clusters[CLUSTER.lower()]
    pool = cluster.pools["np1"]

    for what, number, seconds in story:
        act(world, cluster, pool, what, number)
        emulator.move_clock(world.now + timedelta(seconds=seconds))
        if pool.course is not None and pool.course.goes_on:
            in_hand = sum(node.is_being_upgraded for node in pool.nodes.values())
            assert in_hand <= len(pool.surge_nodes) + pool.course.unavailable
    emulator.move_clock(world.now + timedelta(hours=12))
    assert not pool.is_busy
    assert all(node.step is None for node in pool.nodes.values())
    let_everything_drain(cluster)
    begin_upgrade(world, cluster, pool, IMAGES[-1])
    emulator.move_clock(world.now + timedelta(hours=12))

    assert {node.shown_image for node in pool.nodes.values()} == {IMAGES[-1]} == {pool.image}
    assert all(node.serves and not node.is_surge for node in pool.nodes.values())
    assert all(pod.node in pool.nodes for workload in cluster.workloads for pod in workload.pods)
    assert all(operation.ended for operation in world.operations.values())
