"""Lists of instances: in pages, and as they were a while ago where the world says that lists lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.compute.change_log import list_lag
from arm_emulator.wire.paging import PAGE_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet, Snapshot
    from arm_emulator.world.world import World


def listed_instances(world: World, scale_set: ScaleSet) -> Sequence[Instance]:
    """The instances that a list shows now, in the order of their numbers."""
    lag = list_lag(world, scale_set)
    if not lag:
        return list(scale_set.instances.values())
    shown = (state.instance for state in snapshots_as_of(scale_set, world.now - lag))
    return sorted((i for i in shown if i is not None), key=lambda instance: int(instance.instance_id))


def snapshots_as_of(scale_set: ScaleSet, instant: datetime) -> Iterable[Snapshot]:
    """Each instance's last state by an instant."""
    states: dict[str, Snapshot] = {}
    for snapshot in scale_set.past:
        if snapshot.at > instant:
            break
        states[snapshot.instance_id] = snapshot
    return states.values()


def page_after(instances: Sequence[Instance], after: int | None) -> tuple[Sequence[Instance], int | None]:
    """One page, and the number after which the next one begins; None when this is the last.

    :param after: the number with which the page before ended; None for the first page.
    """
    start = 0
    if after is not None:
        start = next((k for k, i in enumerate(instances) if int(i.instance_id) > after), len(instances))
    page = instances[start : start + PAGE_SIZE]
    has_more = start + PAGE_SIZE < len(instances)
    return page, int(page[-1].instance_id) if has_more else None
