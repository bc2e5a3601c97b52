"""Instants at which the platform looks at a scale set again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def wake_at(world: World, scale_set: ScaleSet, instant: datetime | None) -> None:
    """Have the timeline come back to the set at an instant that is still to come, once."""
    if instant is not None and instant > world.now and instant not in scale_set.platform_wakes:
        scale_set.platform_wakes.add(instant)
        world.timeline.schedule(instant, resource=scale_set.key, member="")
