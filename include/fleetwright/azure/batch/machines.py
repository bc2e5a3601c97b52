"""The virtual machines behind nodes, where the account shows them: instances of scale sets, which have zones."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from fleetwright.azure.batch.node_parsing import Node
from fleetwright.azure.bodies import Body, text_at, texts_at
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance

_MACHINE = re.compile(
    r"(?P<scale_set>/subscriptions/(?P<subscription>[^/]+)/resourceGroups/[^/]+"
    r"/providers/Microsoft\.Compute/virtualMachineScaleSets/[^/]+)/virtualMachines/(?P<instance>[^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Machine:
    """A node's virtual machine.

    :param scale_set: ARM id of the scale set that it is an instance of
    """

    scale_set: str
    instance_id: str


def parse_machine(fleet: Fleet, machine_id: str) -> Machine | None:
    """Take a ``scaleSetVmResourceId`` apart; None for what is none, or stands in another subscription than the pool.

    Batch allocates the nodes of an account in user subscription mode in that account's own subscription.
    """
    match = _MACHINE.fullmatch(machine_id.rstrip("/"))
    if match is None or match["subscription"].lower() != fleet.fleet_id.subscription.lower():
        return None
    return Machine(match["scale_set"], match["instance"])


class KnownMachines:
    """What this process has read of the machines behind one pool: zones do not change, nor does a node's machine."""

    def __init__(self) -> None:
        self._machines: dict[str, Machine] = {}
        self._zones: dict[tuple[str, str], str] = {}

    def note(self, fleet: Fleet, nodes: Iterable[Node]) -> None:
        """Remember which node is which machine."""
        for node in nodes:
            machine = parse_machine(fleet, node.machine_id)
            if machine is not None:
                self._machines[node.instance.instance_id] = machine

    def of(self, node_id: str) -> Machine | None:
        """A node's machine, None where none is known."""
        return self._machines.get(node_id)

    def scale_sets(self) -> tuple[str, ...]:
        """The scale sets behind all nodes that were seen, each once, as it is written."""
        found = {machine.scale_set.lower(): machine.scale_set for machine in self._machines.values()}
        return tuple(found[key] for key in sorted(found))

    def unread(self, nodes: Iterable[Node]) -> tuple[str, ...]:
        """The scale sets with a machine among these whose zone was never asked for."""
        machines = (self.of(node.instance.instance_id) for node in nodes)
        found = {m.scale_set.lower(): m.scale_set for m in machines if m and _key(m) not in self._zones}
        return tuple(found[key] for key in sorted(found))

    def learn(self, scale_set: str, bodies: Iterable[Body]) -> None:
        """Take the zones from a list of a scale set's instances; a machine that is not listed has none."""
        for machine in self._machines.values():
            if machine.scale_set.lower() == scale_set.lower():
                self._zones.setdefault(_key(machine), "")
        for body in bodies:
            self._zones[_key(Machine(scale_set, text_at(body, "instanceId")))] = next(
                iter(texts_at(body, "zones")), ""
            )

    def placed(self, nodes: Sequence[Node]) -> tuple[Instance, ...]:
        """The nodes' instances, each with the zone of its machine."""
        if not self._zones:
            return tuple(node.instance for node in nodes)
        return tuple(replace(node.instance, zone=self._zone(node)) for node in nodes)

    def _zone(self, node: Node) -> str:
        machine = self.of(node.instance.instance_id)
        return self._zones.get(_key(machine), "") if machine else ""


def _key(machine: Machine) -> tuple[str, str]:
    return machine.scale_set.lower(), machine.instance_id.lower()
