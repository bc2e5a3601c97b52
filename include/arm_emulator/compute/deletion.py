"""Deleting instances by their ids: at once, with an operation that has ended by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ErrorDetail
from arm_emulator.compute.actions import begin_operation
from arm_emulator.compute.instance import Fate
from arm_emulator.compute.scaling import remove_instances

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.operations.operation import Operation
    from arm_emulator.world.world import World


def begin_deletion(
    world: World, scale_set: ScaleSet, instances: Sequence[Instance], *, disruption: Disruption
) -> Operation:
    """Delete the instances that no fault keeps; protection from scale-in does not hold against being named."""
    gone = [i.instance_id for i in instances if disruption.fate_of(i.instance_id) is Fate.APPLY]
    operation = begin_operation(world, scale_set, disruption=disruption)
    if len(gone) < len(instances) and disruption.fate is Fate.FAIL:
        operation.failures.append(ErrorDetail(disruption.code, disruption.message))
    remove_instances(world, scale_set, gone)
    return operation
