"""From the bodies of a pool's machines to ``Machine``."""

from __future__ import annotations

from collections.abc import Iterable

from fleetwright.azure.bodies import Body, body_at, text_at
from fleetwright.domain.errors import ProviderError
from fleetwright.domain.node_pools.clusters import Machine

_SUCCEEDED, _RUNNING = "succeeded", "running"


def parse_machines(bodies: Iterable[Body], pool: str, api_version: str) -> tuple[Machine, ...]:
    """Read them, by name.

    :param pool: and ``api_version``, named in the error
    :raises ProviderError: when machines that are ready show no image at all: nothing can be verified then
    """
    machines = sorted(map(parse_machine, bodies), key=lambda machine: machine.name)
    if any(machine.is_ready for machine in machines) and not any(machine.image for machine in machines):
        raise ProviderError(
            f"the machines of node pool {pool} show no nodeImageVersion with api-version {api_version},"
            " so nobody can tell what its nodes run: use one that has it, or none for the built-in one"
        )
    return tuple(machines)


def parse_machine(body: Body) -> Machine:
    """Read a machine; what a version does not show reads as it is for one that serves."""
    said = body_at(body, "properties")
    kubernetes = body_at(said, "kubernetes")
    state = text_at(said, "provisioningState") or "Succeeded"
    power = text_at(said, "status", "vmState") or "Running"
    return Machine(
        name=text_at(body, "name"),
        image=text_at(said, "nodeImageVersion"),
        provisioning_state=state,
        kubernetes_version=text_at(kubernetes, "currentOrchestratorVersion")
        or text_at(kubernetes, "orchestratorVersion"),
        is_ready=state.lower() == _SUCCEEDED and power.lower() == _RUNNING,
    )
