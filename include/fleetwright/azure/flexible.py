"""Flexible scale sets: a swap is a ``reimage`` of one virtual machine that leaves the old OS disk behind.

The disk stays because its ``deleteOption`` is ``Detach``. A rollback deallocates the machine, puts the preserved disk
back and starts it again (O7). A raw disk made from a generalised image would not be provisioned, so a swap never
makes the new disk itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleetwright.azure.bodies import Body, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.instance_parsing import parse_instance
from fleetwright.azure.machine_steps import MachineSteps, NextStep, Step
from fleetwright.azure.managed_disks import ManagedDisks
from fleetwright.azure.urls import machine_url, machine_view_url
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import DOWN, Instance
from fleetwright.rollout.ports.driver import DiskState
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.provider_errors import CallRefusedError

DETACH = "Detach"  # osDisk.deleteOption: the disk outlives what it was attached to


class PreservingReplacement:
    """The ``DiskReplacement`` of Flexible sets: one call for each instance, whose id is its machine's name."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._disks = ManagedDisks(client)

    def split_calls(self, instance_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """One call for each."""
        return tuple((instance_id,) for instance_id in instance_ids)

    def keep_disks(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> Mapping[str, str]:
        """Set ``deleteOption: Detach`` where it is another, and see by reading that it is set."""

        def next_step(name: str, body: Body) -> Step | None:
            if _delete_option(body) == DETACH.lower():
                return None
            change = {"properties": {"storageProfile": {"osDisk": {"deleteOption": DETACH}}}}
            return Step(f"setting deleteOption to {DETACH}", "PATCH", self._url(fleet, name), change)

        names = [i.instance_id for i in instances if i.os_disk_delete_option.lower() != DETACH.lower()]
        return self._steps(fleet, next_step, guard).run(names)

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Reimage one machine to the version (O5)."""
        (name,) = instance_ids
        return self._client.post(self._url(fleet, name, "reimage"), {"exactVersion": version}, guard)

    def prepare_rollback(self, fleet: Fleet, disks: Mapping[str, str], guard: Guard) -> Mapping[str, str]:
        """Deallocate each machine and put its preserved disk back; a machine that has it already is left alone.

        A disk that is not there any more, or not free, is found out before its machine is taken down.
        """

        def next_step(name: str, body: Body) -> Step | None:
            machine = parse_instance(body)
            if machine.os_disk_id == disks[name].lower():
                return None
            if machine.power != "deallocated":
                return Step("deallocating", "POST", self._url(fleet, name, "deallocate"))
            disk = {"name": disks[name].rpartition("/")[2], "managedDisk": {"id": disks[name]}}
            change = {"properties": {"storageProfile": {"osDisk": disk}}}
            return Step("putting the previous disk back", "PATCH", self._url(fleet, name), change)

        hopeless = {name: why for name, disk in disks.items() if (why := self._why_not(fleet, name, disk))}
        names = [name for name in disks if name not in hopeless]
        return {**hopeless, **self._steps(fleet, next_step, guard).run(names)}

    def begin_rollback(self, fleet: Fleet, instance_ids: Sequence[str], _version: str, guard: Guard) -> str:
        """Start a machine that has its previous disk back; one that never lost it is restarted."""
        (name,) = instance_ids
        try:
            machine = parse_instance(self._client.get(self._view_url(fleet, name)))
        except NotFoundError as error:
            raise CallRefusedError(f"virtual machine {name} does not exist any more") from error
        action = "start" if machine.power in DOWN else "restart"
        return self._client.post(self._url(fleet, name, action), {}, guard)

    def _why_not(self, fleet: Fleet, name: str, disk: str) -> str:
        state = self._disks.fetch_state(disk)
        if state is DiskState.GONE:
            return f"its previous disk {disk} does not exist any more"
        if state is DiskState.ATTACHED and self._os_disk_of(fleet, name) != disk.lower():
            return f"its previous disk {disk} is attached to something else by now"
        return ""

    def _os_disk_of(self, fleet: Fleet, name: str) -> str:
        try:
            return parse_instance(self._client.get(self._view_url(fleet, name))).os_disk_id
        except NotFoundError:
            return ""

    def _steps(self, fleet: Fleet, next_step: NextStep, guard: Guard) -> MachineSteps:
        return MachineSteps(self._client, lambda name: self._view_url(fleet, name), next_step, guard)

    def _view_url(self, fleet: Fleet, name: str) -> str:
        return machine_view_url(self._client.url, fleet.fleet_id, name)

    def _url(self, fleet: Fleet, name: str, action: str = "") -> str:
        return machine_url(self._client.url, fleet.fleet_id, name, action)


def _delete_option(body: Body) -> str:
    return text_at(body, "properties", "storageProfile", "osDisk", "deleteOption").lower()
