"""Reading a Flexible set: two lists, one of its members and one of the virtual machines that they are.

The set's own list alone says who is behind the model. Zone, disks, version, power, health and extensions come from the
virtual machines, listed with their instance views (``VirtualMachines_List`` with ``$filter`` and ``$expand``).
Protection is heeded wherever it shows. A member that this list does not show is read by itself, which is every one where an
endpoint refuses the list.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from fleetwright.azure.bodies import Body, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import BadRequestError, NotFoundError
from fleetwright.azure.instance_parsing import parse_instance, parse_instances
from fleetwright.azure.urls import machine_view_url, machines_url
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance

log = logging.getLogger(__name__)

BAD_REQUEST = 400


class MemberReading:
    """The ``InstanceReading`` of Flexible sets; an instance's id is its virtual machine's name."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._lists_machines: bool | None = None  # not known before the first answer

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """Both lists, as many pages as Azure makes of them."""
        members = parse_instances(self._client.list_items(self._members_url(fleet)))
        machines: tuple[Body | None, ...] = ()
        if self._lists_machines is not False:
            try:
                machines = self._client.list_items(machines_url(self._client.url, fleet.fleet_id))
                self._lists_machines = True
            except BadRequestError as error:
                self._note_refusal(error)
        left = _not_among(members, machines)
        return _joined(members, (*machines, *(self._get(fleet, name) for name in left)))

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same reads for a trigger; where machine after machine is read, several at once."""
        reader, url = self._client.reader, self._client.url
        members = parse_instances(await reader.list_items(self._members_url(fleet)))
        machines: tuple[Body | None, ...] = ()
        if self._lists_machines is not False:
            try:
                machines = await reader.list_items(machines_url(url, fleet.fleet_id))
                self._lists_machines = True
            except BadRequestError as error:
                self._note_refusal(error)
        left = [machine_view_url(url, fleet.fleet_id, name) for name in _not_among(members, machines)]
        return _joined(members, (*machines, *(await reader.get_each(left) if left else ())))

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

    def _note_refusal(self, error: BadRequestError) -> None:
        """Decide once, over the first answer, how this endpoint is read from here on.

        :raises BadRequestError: again, where it has listed machines before or this is no 400
        """
        if self._lists_machines or error.status != BAD_REQUEST:
            raise error
        self._lists_machines = False
        log.warning("virtual machines cannot be listed with their views, each is read by itself: %s", error)

    def _get(self, fleet: Fleet, instance_id: str) -> Body | None:
        try:
            return self._client.get(machine_view_url(self._client.url, fleet.fleet_id, instance_id))
        except NotFoundError:
            return None

    def _members_url(self, fleet: Fleet) -> str:
        path = f"{fleet.fleet_id.resource_id}/virtualMachines"
        return self._client.scale_set_url(path)


def _not_among(members: Iterable[Instance], machines: Iterable[Body | None]) -> tuple[str, ...]:
    """The members that no list shows: new, gone, or on an endpoint that lists no views. Each is asked for by itself."""
    listed = {text_at(body, "name").lower() for body in machines if body is not None}
    return tuple(member.instance_id for member in members if member.instance_id.lower() not in listed)


def _joined(members: Iterable[Instance], machines: Iterable[Body | None]) -> tuple[Instance, ...]:
    """The members that have a virtual machine, as it shows them, with what their set alone tells."""
    seen = {m.instance_id.lower(): m for m in parse_instances(body for body in machines if body is not None)}
    return tuple(
        _with_member_facts(seen[member.instance_id.lower()], member)
        for member in members
        if member.instance_id.lower() in seen
    )


def _with_member_facts(seen: Instance, member: Instance) -> Instance:
    return replace(
        seen,
        instance_id=member.instance_id,
        latest_model_applied=member.latest_model_applied,
        protected=seen.protected or member.protected,
        protected_from_scale_in=seen.protected_from_scale_in or member.protected_from_scale_in,
    )
