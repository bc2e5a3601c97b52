"""Moving the world on: everything that is due by an instant happens, in order, each at its own instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.compute.life_cycle import finish_step

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.timeline import Entry
    from arm_emulator.world.world import World


def advance_to(world: World, now: datetime) -> None:
    """Bring the world to an instant; one in its past changes nothing."""
    while (entry := world.timeline.pop_due(now)) is not None:
        world.now = max(world.now, entry.instant)
        _run(world, entry)
    world.now = max(world.now, now)


def _run(world: World, entry: Entry) -> None:
    scale_set = world.scale_sets.get(entry.scale_set)
    instance = scale_set.instances.get(entry.instance) if scale_set else None
    if scale_set is not None and instance is not None and instance.ticket == entry.ticket:
        finish_step(world, scale_set, instance)
