"""Service Fabric sets: durability, the extension's version, and probes (R20-R24, R33, C1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ArmError, BadRequestError
from arm_emulator.compute.extensions import SERVICE_FABRIC_TYPES
from arm_emulator.service_fabric.clusters import node_type_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.refusals.asked import Asked

_DURABLE = frozenset({"silver", "gold"})
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?.*")
_OLDEST = (1, 1)
_EXTENSIONS = "virtualMachineProfile.extensionProfile.extensions"


@dataclass(frozen=True, slots=True)
class _Fabric:
    """The Service Fabric extension, and the node type that a listed cluster has for it."""

    name: str
    version: str
    settings: JsonObject
    node_type: JsonObject | None

    @property
    def durability(self) -> str:
        """As the settings write it; Bronze where they do not."""
        return str(self.settings.get("durabilityLevel") or "Bronze")

    @property
    def is_stateless(self) -> bool:
        """As the node type says, or else the settings."""
        source = self.settings if self.node_type is None else self.node_type
        return source.get("isStateless") is True


def service_fabric_refusals(asked: Asked) -> Iterator[ArmError]:
    """What is wrong with the Service Fabric extension of a set; nothing where it has none."""
    fabric = _fabric_of(asked)
    if fabric is None:
        return
    yield from _mismatch(fabric)
    if not asked.is_automatic:
        return
    yield from _version_refusals(fabric)
    is_durable = fabric.durability.lower() in _DURABLE
    if asked.probe and is_durable:
        yield BadRequestError(
            "Load balancer health probes are not supported for Virtual Machine Scale Sets of Service Fabric clusters.",
            target="virtualMachineProfile.networkProfile.healthProbe",
        )
    if not is_durable and not (fabric.is_stateless and asked.model.health_source is not None):
        yield BadRequestError(
            f"Automatic OS Upgrade is not supported for this Virtual Machine Scale Set because extension "
            f"'{fabric.name}' has durabilityLevel {fabric.durability}; it must be Silver or Gold, or Bronze on a "
            "stateless node type with a health probe or health extension.",
            target=_EXTENSIONS,
        )


def needs_no_health_source(asked: Asked) -> bool:
    """Whether Service Fabric itself watches the nodes: with durability Silver or Gold (R23)."""
    fabric = _fabric_of(asked)
    return fabric is not None and fabric.durability.lower() in _DURABLE


def _mismatch(fabric: _Fabric) -> Iterator[ArmError]:
    """The cluster's node type and the extension name one durability (R22)."""
    if fabric.node_type is None:
        return
    expected = str(fabric.node_type.get("durabilityLevel") or "Bronze")
    if expected.lower() != fabric.durability.lower():
        yield BadRequestError(
            f"The durabilityLevel {fabric.durability} of extension '{fabric.name}' is not the durabilityLevel "
            f"{expected} of node type '{fabric.node_type['name']}' of its Service Fabric cluster.",
            target=_EXTENSIONS,
        )


def _version_refusals(fabric: _Fabric) -> Iterator[ArmError]:
    """The extension is 1.1 or newer (R21)."""
    match = _VERSION.fullmatch(fabric.version)
    if match is not None and (int(match[1]), int(match[2] or 0)) < _OLDEST:
        yield BadRequestError(
            f"Automatic OS Upgrade is not supported for this Virtual Machine Scale Set because extension "
            f"'{fabric.name}' has typeHandlerVersion {fabric.version}; it must be 1.1 or above.",
            target=_EXTENSIONS,
        )


def _fabric_of(asked: Asked) -> _Fabric | None:
    for entry in asked.extension_entries():
        properties = entry.get("properties") or {}
        if str(properties.get("type", "")).lower() not in SERVICE_FABRIC_TYPES:
            continue
        settings = properties.get("settings")
        settings = settings if isinstance(settings, dict) else {}
        endpoint, node_type = str(settings.get("clusterEndpoint")), str(settings.get("nodeTypeRef"))
        clusters = asked.world.service_fabric_clusters.values()
        return _Fabric(
            name=str(entry.get("name", "")),
            version=str(properties.get("typeHandlerVersion") or ""),
            settings=settings,
            node_type=node_type_of(clusters, endpoint, node_type),
        )
    return None
