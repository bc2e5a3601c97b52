"""Routes of instances: get, lists with and without view, protection."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.compute.actions import begin_immediate_operation
from arm_emulator.compute.addressing import addressed_instance, addressed_scale_set
from arm_emulator.compute.instance import Shape
from arm_emulator.compute.instance_view import instance_view
from arm_emulator.compute.listing import listed_instances, page_after
from arm_emulator.compute.model_changes import protect_instance
from arm_emulator.compute.rendering import instance_etag, instance_resource
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.api_versions import refuse_newer_protection
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import next_link, skip_token
from arm_emulator.wire.preconditions import require_match
from arm_emulator.wire.router import INSTANCE, SCALE_SET, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.kept_texts import KeptTexts
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_VIEW = frozenset({"instanceview"})
_FILTERS: Mapping[str, Callable[[ScaleSet, Instance], bool]] = MappingProxyType(
    {
        "startswith(instanceview/statuses/code, 'powerstate') eq true": lambda _set, _instance: True,
        "properties/latestmodelapplied eq true": lambda scale_set, instance: (
            instance.model is scale_set.model
        ),
        "properties/latestmodelapplied eq false": lambda scale_set, instance: (
            instance.model is not scale_set.model
        ),
    }
)


class InstanceResponses:
    """What the routes answer, with the instances' JSON kept between calls."""

    def __init__(self, texts: KeptTexts) -> None:
        self._texts = texts

    def routes(self) -> tuple[Route, ...]:
        """All of them."""
        return (
            Route("GET", f"{SCALE_SET}/virtualMachines", self.list, only_reads=True),
            Route("GET", INSTANCE, self.get, only_reads=True),
            Route("GET", f"{INSTANCE}/instanceView", self.get_view, only_reads=True),
            Route("PUT", INSTANCE, self.put, touches_instances=True),
        )

    def list(self, world: World, call: ArmCall) -> ArmReply:
        """One page of a scale set's instances."""
        with_view = call.expects("$expand", _VIEW) is not None
        is_wanted = _filter(call)
        scale_set = addressed_scale_set(world, call)
        listed = [
            i for i in listed_instances(world, scale_set) if is_wanted is None or is_wanted(scale_set, i)
        ]
        page, last = page_after(listed, skip_token(call))
        # Azure shows the views of a Flexible set's members at their virtual machines only.
        with_view = with_view and not scale_set.is_flexible
        texts = (
            self._texts.text(scale_set, instance, Shape.INSTANCE, with_view=with_view) for instance in page
        )
        link = "" if last is None else f',"nextLink":"{next_link(call, last)}"'
        return ArmReply(text=f'{{"value":[{",".join(texts)}]{link}}}')

    def get(self, world: World, call: ArmCall) -> ArmReply:
        """One instance, as it is now, however much lists lag."""
        expand = call.expects("$expand", _VIEW | {"userdata"})
        scale_set, instance = addressed_instance(world, call)
        text = self._texts.text(scale_set, instance, Shape.INSTANCE, with_view=expand == "instanceview")
        return ArmReply(text=text, headers={"ETag": instance_etag(instance)})

    def get_view(self, world: World, call: ArmCall) -> ArmReply:
        """One instance's view."""
        scale_set, instance = addressed_instance(world, call)
        return ArmReply.of(instance_view(scale_set, instance))

    def put(self, world: World, call: ArmCall) -> ArmReply:
        """Set or remove an instance's protection."""
        scale_set, instance = addressed_instance(world, call)
        body = call.json_object()
        refuse_newer_protection(call.api_version, body)
        require_match(call.headers, instance_etag(instance))
        protect_instance(world, scale_set, instance, body, call.disruption)
        path = f"{scale_set.id}/virtualMachines/{instance.instance_id}"
        operation = begin_immediate_operation(world, scale_set, result_path=path, disruption=call.disruption)
        resource = instance_resource(scale_set, instance)
        resource["properties"] = {**resource["properties"], "provisioningState": "Updating"}
        headers = poll_headers(world, call.base_url, operation)
        del headers["Location"]
        return ArmReply.of(resource, headers={**headers, "ETag": instance_etag(instance)})


def _filter(call: ArmCall) -> Callable[[ScaleSet, Instance], bool] | None:
    text = call.query.get("$filter")
    if text is None:
        return None
    known = _FILTERS.get(" ".join(text.lower().split()))
    if known is None:
        raise InvalidParameterError(f"The $filter '{text}' is not supported.", target="$filter")
    return known
