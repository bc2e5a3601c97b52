"""Reading a Flexible set: its list has no instance views, so each member costs a call of its own.

One list says who is there, who is behind the model and who is plainly at work; the health, power and extensions
of a member stand in the instance view of its virtual machine
(learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fleetwright.azure.bodies import Body
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.instance_parsing import parse_instance, parse_instances
from fleetwright.azure.urls import machine_view_url
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance


class MemberReading:
    """The ``InstanceReading`` of Flexible sets; an instance's id is its virtual machine's name."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def list_instances(self, fleet: Fleet, only: frozenset[str] | None) -> tuple[Instance, ...]:
        """One list, and a call for each member that has to be looked at."""
        listed = parse_instances(self._client.list_items(self._list_url(fleet)))
        wanted = _to_be_read(listed, only)
        return _combined(listed, only, {i: self._get(fleet, i) for i in wanted})

    async def list_instances_async(self, fleet: Fleet, only: frozenset[str] | None) -> tuple[Instance, ...]:
        """The same reads for a trigger, several at once."""
        reader = self._client.reader
        listed = parse_instances(await reader.list_items(self._list_url(fleet)))
        wanted = _to_be_read(listed, only)
        bodies = await reader.get_each(
            [machine_view_url(self._client.url, fleet.fleet_id, i) for i in wanted]
        )
        return _combined(listed, only, dict(zip(wanted, bodies, strict=True)))

    def fetch_instance(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """One call; whether it runs the latest model is told by the list alone, and reads as yes."""
        body = self._get(fleet, instance_id)
        return None if body is None else parse_instance(body)

    async def fetch_instance_async(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """The same read for a trigger."""
        (body,) = await self._client.reader.get_each(
            [machine_view_url(self._client.url, fleet.fleet_id, instance_id)]
        )
        return None if body is None else parse_instance(body)

    def _get(self, fleet: Fleet, instance_id: str) -> Body | None:
        try:
            return self._client.get(machine_view_url(self._client.url, fleet.fleet_id, instance_id))
        except NotFoundError:
            return None

    def _list_url(self, fleet: Fleet) -> str:
        path = f"{fleet.fleet_id.resource_id}/virtualMachines"
        return self._client.scale_set_url(path)


def _to_be_read(listed: Iterable[Instance], only: frozenset[str] | None) -> tuple[str, ...]:
    """Whose view is needed: everybody's, or of those asked for the settled ones: work under way has no verdict."""
    return tuple(i.instance_id for i in listed if only is None or (i.instance_id in only and i.is_settled))


def _combined(
    listed: Iterable[Instance], only: frozenset[str] | None, bodies: dict[str, Body | None]
) -> tuple[Instance, ...]:
    found = []
    for member in listed:
        body = bodies.get(member.instance_id)
        if body is not None:
            seen = parse_instance(body)
            found.append(
                replace(
                    seen,
                    instance_id=member.instance_id,
                    latest_model_applied=member.latest_model_applied,
                    protected=seen.protected or member.protected,
                    protected_from_scale_in=seen.protected_from_scale_in or member.protected_from_scale_in,
                )
            )
        elif member.instance_id not in bodies and only is not None and member.instance_id in only:
            found.append(member)
    return tuple(found)
