"""Routes of rolling upgrades: latest, history, start, cancel, approve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import NotFoundError
from arm_emulator.compute.actions import chosen_instances
from arm_emulator.compute.addressing import addressed_instance, addressed_scale_set
from arm_emulator.compute.rolling_upgrade_view import history_bodies, latest_body
from arm_emulator.compute.upgrade_requests import approve, cancel_upgrade, start_upgrade
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import INSTANCE, SCALE_SET, Route

if TYPE_CHECKING:
    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


def rolling_upgrade_routes() -> tuple[Route, ...]:
    """All of them."""
    approval = "approveRollingUpgrade"
    return (
        Route("GET", f"{SCALE_SET}/rollingUpgrades/latest", get_latest),
        Route("GET", f"{SCALE_SET}/osUpgradeHistory", get_history),
        Route("POST", f"{SCALE_SET}/osRollingUpgrade", start),
        Route("POST", f"{SCALE_SET}/rollingUpgrades/cancel", cancel),
        Route("POST", f"{SCALE_SET}/{approval}", approve_instances, touches_instances=True),
        Route("POST", f"{INSTANCE}/{approval}", approve_instance, touches_instances=True),
    )


def get_latest(world: World, call: ArmCall) -> ArmReply:
    """The rolling upgrade that runs or ran last, whoever began it."""
    scale_set = addressed_scale_set(world, call)
    upgrade = scale_set.rolling_upgrade
    if upgrade is None:
        raise NotFoundError(
            f"There is no rolling upgrade of virtual machine scale set '{scale_set.id.name}'."
        )
    return ArmReply.of(latest_body(scale_set, upgrade, world.now))


def get_history(world: World, call: ArmCall) -> ArmReply:
    """The OS upgrades that this world carried out, newest first."""
    return ArmReply.of({"value": history_bodies(addressed_scale_set(world, call), world.now)})


def start(world: World, call: ArmCall) -> ArmReply:
    """Move all instances to the newest version."""
    scale_set = addressed_scale_set(world, call)
    return _accepted(world, call, start_upgrade(world, scale_set, call.disruption))


def cancel(world: World, call: ArmCall) -> ArmReply:
    """Cancel the upgrade that is under way."""
    scale_set = addressed_scale_set(world, call)
    return _accepted(world, call, cancel_upgrade(world, scale_set, call.disruption))


def approve_instances(world: World, call: ArmCall) -> ArmReply:
    """Approve the deferred upgrade of the instances that the body names, or of all that wait."""
    scale_set, ids = addressed_scale_set(world, call), call.instance_ids()
    is_all = not ids or "*" in ids
    chosen = None if is_all else chosen_instances(scale_set, ids)
    return _accepted(world, call, approve(world, scale_set, chosen, call.disruption))


def approve_instance(world: World, call: ArmCall) -> ArmReply:
    """Approve the deferred upgrade of the instance in the path."""
    scale_set, instance = addressed_instance(world, call)
    return _accepted(world, call, approve(world, scale_set, [instance], call.disruption))


def _accepted(world: World, call: ArmCall, operation: Operation) -> ArmReply:
    return ArmReply(202, headers=poll_headers(world, call.base_url, operation))
