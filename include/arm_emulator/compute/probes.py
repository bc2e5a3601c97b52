"""The health probe that a scale set names, looked up among the world's load balancers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidResourceReferenceError
from arm_emulator.network.load_balancers import balancer_of_probe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.world.world import World


def probe_id_of(resource: Mapping[str, Any]) -> str | None:
    """``networkProfile.healthProbe.id`` of a scale set; None where it names none."""
    profile = (resource.get("properties") or {}).get("virtualMachineProfile") or {}
    probe = ((profile.get("networkProfile") or {}).get("healthProbe") or {}).get("id")
    return None if probe is None else str(probe)


def require_probe(world: World, resource: Mapping[str, Any]) -> None:
    """Refuse a probe that does not exist; a world without load balancers does not say which exist.

    :raises InvalidResourceReferenceError: no load balancer of the world has it.
    """
    probe = probe_id_of(resource)
    if probe is None or not world.load_balancers:
        return
    if balancer_of_probe(world.load_balancers, probe) is None:
        raise InvalidResourceReferenceError(
            f"Resource {probe} referenced by resource {resource['id']} was not found. Please make sure that the "
            "referenced resource exists, and that both resources are in the same region.",
            target="virtualMachineProfile.networkProfile.healthProbe.id",
        )
