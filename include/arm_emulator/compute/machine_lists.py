"""Lists of virtual machines: all of a resource group or subscription, or the members of one Flexible scale set."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.compute.instance import Shape
from arm_emulator.compute.listing import listed_instances
from arm_emulator.resource_ids import SCALE_SET_FORM, ScaleSetId
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import paged
from arm_emulator.wire.router import RESOURCE_GROUP, SUBSCRIPTION, Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.kept_texts import KeptTexts
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_LIST = "providers/Microsoft.Compute/virtualMachines"
_VIEW = frozenset({"instanceview"})
# The published reference leaves quotes out here and there, and callers follow it.
_FILTER = re.compile(r"\s*'?virtualMachineScaleSet/id'?\s+eq\s+'?(?P<id>[^'\s]+)'?\s*", re.IGNORECASE)
_ALLOWED = f"'virtualMachineScaleSet/id' eq '{SCALE_SET_FORM}'"


class MachineLists:
    """What the lists answer, with the machines' JSON kept between calls."""

    def __init__(self, texts: KeptTexts) -> None:
        self._texts = texts

    def routes(self) -> tuple[Route, ...]:
        """Both of them."""
        return (
            Route("GET", f"{RESOURCE_GROUP}/{_LIST}", self.list_in_resource_group, only_reads=True),
            Route("GET", f"{SUBSCRIPTION}/{_LIST}", self.list_in_subscription, only_reads=True),
        )

    def list_in_resource_group(self, world: World, call: ArmCall) -> ArmReply:
        """The machines of a resource group."""
        at = call.parameters
        world.require_resource_group(at["subscriptionId"], at["resourceGroupName"])
        return self._page(world, call, at["resourceGroupName"].lower())

    def list_in_subscription(self, world: World, call: ArmCall) -> ArmReply:
        """The machines of a subscription."""
        return self._page(world, call, None)

    def _page(self, world: World, call: ArmCall, group: str | None) -> ArmReply:
        wanted = _filter(call)
        with_view = call.expects("$expand", _VIEW) is not None
        if with_view and wanted is None:
            raise InvalidParameterError(
                f"$expand=instanceView is only supported with the $filter {_ALLOWED}.", target="$expand"
            )
        machines = [
            (scale_set, instance)
            for scale_set in _scale_sets(world, call, group, wanted)
            for instance in listed_instances(world, scale_set)
        ]
        page, link = paged(call, machines)
        texts = ",".join(self._text(*machine, with_view=with_view) for machine in page)
        next_page = f',"nextLink":"{link}"' if link else ""
        return ArmReply(text=f'{{"value":[{texts}]{next_page}}}')

    def _text(self, scale_set: ScaleSet, instance: Instance, *, with_view: bool) -> str:
        return self._texts.text(scale_set, instance, Shape.MACHINE, with_view=with_view)


def _scale_sets(world: World, call: ArmCall, group: str | None, wanted: str | None) -> Iterator[ScaleSet]:
    """The Flexible sets whose members the call asks for.

    :param group: of a resource group alone, in lower case.
    :param wanted: the key of the one set that the ``$filter`` names.
    """
    subscription = world.subscription(call.parameters["subscriptionId"]).id.lower()
    for scale_set in world.scale_sets.values():
        if (
            scale_set.is_flexible
            and scale_set.id.subscription.lower() == subscription
            and group in {None, scale_set.id.resource_group.lower()}
            and wanted in {None, scale_set.key}
        ):
            yield scale_set


def _filter(call: ArmCall) -> str | None:
    """The key of the scale set that the call's ``$filter`` names; None without a ``$filter``.

    :raises InvalidParameterError: it is not of the one form that there is.
    """
    text = call.query.get("$filter")
    if text is None:
        return None
    match = _FILTER.fullmatch(text)
    try:
        return ScaleSetId.parse(match["id"] if match else "").key
    except ValueError:
        raise InvalidParameterError(
            f"The $filter '{text}' is not supported; allowed is {_ALLOWED}.", target="$filter"
        ) from None
