"""What the platform's upgrades of a pool wait for: nodes that run tasks, and what its account has to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.compute.wakes import wake_at
from arm_emulator.resources.features import ROLLING_UPGRADE_DEFERRAL, FeatureState, state_of

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchAccount
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def is_left_alone(world: World, machines: ScaleSet, instance: Instance) -> bool:
    """Whether a machine's node runs a task for which its upgrade waits (``osRollingUpgradeDeferral``, R55)."""
    pool = world.pool_of(machines)
    node = None if pool is None else pool.nodes.get(instance.instance_id)
    return pool is not None and pool.defers_upgrades and node is not None and node.is_working


def may_be_upgraded(world: World, machines: ScaleSet) -> bool:
    """Whether the platform upgrades a scale set: a pool's where its account is activated (R60), and able to defer (R59)."""
    pool = world.pool_of(machines)
    if pool is None:
        return True
    account = world.batch_accounts[pool.key.rpartition("/pools/")[0]]
    needs_feature = account.is_user_subscription and pool.defers_upgrades
    return account.is_activated and not (needs_feature and not _has_feature(world, machines, account))


def _has_feature(world: World, machines: ScaleSet, account: BatchAccount) -> bool:
    subscription = world.subscription(account.id.subscription)
    wake_at(world, machines, subscription.features_due.get(ROLLING_UPGRADE_DEFERRAL))
    return state_of(world, subscription, ROLLING_UPGRADE_DEFERRAL) is FeatureState.REGISTERED
