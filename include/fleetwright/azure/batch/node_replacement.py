"""How the OS disks of nodes are replaced: by the data plane, or by the scale set behind them (ADR 22)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fleetwright.azure.batch.data_plane import data_plane
from fleetwright.azure.batch.node_reading import NodeReading
from fleetwright.azure.batch.scheduling import REQUEUE, TASK_COMPLETION
from fleetwright.azure.client import ArmClient
from fleetwright.azure.operations import ENDED_AT_ONCE
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.provider_errors import CallRefusedError


class NodeReplacement(Protocol):
    """One way; ids and version have been checked."""

    def split_calls(self, fleet: Fleet, node_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Which nodes go into one call."""
        ...

    def begin(self, fleet: Fleet, node_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Replace the disks by the version's; return the operation's poll URL, empty where there is none."""
        ...


class DataPlaneReimage:
    """``reimage`` of the data plane: one call a node, and no operation: the node's state tells how it goes on."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def split_calls(self, _fleet: Fleet, node_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Each by itself."""
        return tuple((node_id,) for node_id in node_ids)

    def begin(self, fleet: Fleet, node_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Reimage one node.

        :raises ConfigurationError: for more than one
        """
        if len(node_ids) != 1:
            raise ConfigurationError(
                f"{fleet.name}: the data plane reimages one node a call, not {node_ids!r}"
            )
        # Where work is waited for the node is idle by now; should a task have slipped in, that one is waited for, too.
        option = TASK_COMPLETION if fleet.waits_for_work else REQUEUE
        body = {"nodeReimageOption": option, "exactVersion": version}
        data_plane(self._client, fleet).act(node_ids[0], "reimage", body, guard)
        return ENDED_AT_ONCE


class NoReplacement:
    """No way at all: such a pool is held before anything is sent."""

    def split_calls(self, _fleet: Fleet, node_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """All in one: each is refused."""
        return (tuple(node_ids),)

    def begin(self, fleet: Fleet, node_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Refuse.

        :raises CallRefusedError: always
        """
        del node_ids, version, guard
        raise CallRefusedError(
            f"{fleet.fleet_id.resource_id}: Azure lets nobody but itself upgrade the nodes of a pool whose account is"
            " not in user subscription mode; use its own upgrade with osRollingUpgradeDeferral (nothing was changed)"
        )


class ScaleSetReimage:
    """Compute's ``reimage`` of the scale set behind the pool: one call for each set, with a poll URL."""

    def __init__(self, client: ArmClient, nodes: NodeReading) -> None:
        self._client = client
        self._nodes = nodes

    def split_calls(self, fleet: Fleet, node_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """By scale set; a node that names none is by itself, so that its refusal is its own."""
        known = self._nodes.machines_of(fleet, node_ids)
        calls: dict[str, list[str]] = {}
        for node_id in node_ids:
            machine = known.of(node_id)
            calls.setdefault(machine.scale_set.lower() if machine else f"node {node_id}", []).append(node_id)
        return tuple(tuple(ids) for ids in calls.values())

    def begin(self, fleet: Fleet, node_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Reimage the nodes' machines.

        :raises CallRefusedError: nothing was changed; also for nodes of more than one scale set, or of none
        """
        known = self._nodes.machines_of(fleet, node_ids)
        machines = {node_id: known.of(node_id) for node_id in node_ids}
        hidden = [node_id for node_id, machine in machines.items() if machine is None]
        if hidden:
            raise CallRefusedError(
                f"node {', '.join(hidden)} of {fleet.fleet_id.resource_id} names no scale set instance of the pool's"
                " subscription (virtualMachineInfo.scaleSetVmResourceId) to reimage (nothing was changed)"
            )
        found = [machine for machine in machines.values() if machine is not None]
        if len({machine.scale_set.lower() for machine in found}) != 1:
            raise CallRefusedError(
                f"{fleet.name}: one call reimages instances of one scale set (nothing was changed)"
            )
        url = self._client.scale_set_url(f"{found[0].scale_set}/reimage")
        body = {"instanceIds": [machine.instance_id for machine in found], "exactVersion": version}
        return self._client.post(url, body, guard)
