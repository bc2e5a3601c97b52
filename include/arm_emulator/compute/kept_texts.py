"""Instances as JSON text. Each is rendered once and kept until it changes: a list of 1,000 joins 1,000 texts."""

from __future__ import annotations

import json
from collections import OrderedDict
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.compute.instance import Shape
from arm_emulator.compute.machine_view import machine_resource
from arm_emulator.compute.rendering import instance_resource

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet

_KEPT_SCALE_SETS = 32
_RESOURCES: Mapping[Shape, Callable[..., JsonObject]] = MappingProxyType(
    {Shape.INSTANCE: instance_resource, Shape.MACHINE: machine_resource}
)


class KeptTexts:
    """Instances' JSON, kept for the scale sets that were asked for last."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, ScaleSet] = OrderedDict()

    def text(self, scale_set: ScaleSet, instance: Instance, shape: Shape, *, with_view: bool) -> str:
        """An instance's JSON in a shape, with or without its view."""
        if instance.rendered is None:
            self._keep(scale_set)
            instance.rendered = {}
        text = instance.rendered.get((shape, with_view))
        if text is None:
            text = json.dumps(_RESOURCES[shape](scale_set, instance, with_view=with_view))
            instance.rendered[shape, with_view] = text
        return text

    def _keep(self, scale_set: ScaleSet) -> None:
        self._recent[scale_set.key] = scale_set
        self._recent.move_to_end(scale_set.key)
        if len(self._recent) > _KEPT_SCALE_SETS:
            _, oldest = self._recent.popitem(last=False)
            forget_texts(oldest)


def forget_texts(scale_set: ScaleSet) -> None:
    """Drop the JSON of all instances: something that each of them shows has changed."""
    for instance in scale_set.instances.values():
        instance.rendered = None
