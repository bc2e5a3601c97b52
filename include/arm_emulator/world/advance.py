"""Moving the world on: everything that is due by an instant happens, in order, each at its own instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.entries import run_entry
from arm_emulator.aks.progress import move_on
from arm_emulator.batch.node_actions import act_after_tasks
from arm_emulator.batch.work import end_due_tasks, hand_out_queue, requeue_lost_tasks
from arm_emulator.compute.life_cycle import finish_step
from arm_emulator.compute.platform_upgrades import upgrade_by_platform
from arm_emulator.compute.repairing import repair_by_platform

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.timeline import Entry
    from arm_emulator.world.world import World


def advance_to(world: World, now: datetime) -> None:
    """Bring the world to an instant; one in its past changes nothing."""
    _let_platform_act(world)
    _hand_out_work(world)
    while (instant := world.timeline.next_due(now)) is not None:
        world.now = max(world.now, instant)
        while (entry := world.timeline.pop_due(world.now)) is not None:
            _run(world, entry)
        _hand_out_work(world)
    world.now = max(world.now, now)


def _let_platform_act(world: World) -> None:
    """What calls have changed since the last time may be something that the platform upgrades, or goes on with."""
    for scale_set in world.scale_sets.values():
        _let_act_on(world, scale_set)
    for cluster in world.managed_clusters.values():
        move_on(world, cluster)


def _run(world: World, entry: Entry) -> None:
    cluster = world.managed_clusters.get(entry.resource)
    if cluster is not None:
        move_on(world, cluster)
        run_entry(world, cluster, entry)
        move_on(world, cluster)
    scale_set = world.scale_sets.get(entry.resource)
    if scale_set is None:
        return
    instance = scale_set.instances.get(entry.member)
    if instance is not None and instance.ticket == entry.ticket:
        finish_step(world, scale_set, instance)
    _let_act_on(world, scale_set)


def _let_act_on(world: World, scale_set: ScaleSet) -> None:
    pool = world.pool_of(scale_set)
    if pool is not None:
        end_due_tasks(world, pool)
        requeue_lost_tasks(world, pool)
        act_after_tasks(world, pool)
    upgrade_by_platform(world, scale_set)
    repair_by_platform(world, scale_set)


def _hand_out_work(world: World) -> None:
    """At the end of an instant: a node that becomes idle is upgraded first, and all that do at once are asked in order."""
    for account in world.batch_accounts.values():
        for pool in account.pools.values():
            hand_out_queue(world, pool)
