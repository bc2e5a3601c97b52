"""What a node type of a Service Fabric cluster needs instead of a health source (R20-R24, R33, C1)."""

from __future__ import annotations

import re

from fleetwright.domain.eligibility.facts import Facts, Rule
from fleetwright.domain.eligibility.health_source import OF_THE_INSTANCES
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.model import ServiceFabricExtension
from fleetwright.domain.surroundings import NodeType, Unread

BRONZE, SILVER, GOLD = "bronze", "silver", "gold"
OLDEST_EXTENSION = (1, 1)

_VERSION = re.compile(r"\d{1,9}(\.\d{1,9})*")


def _durability(facts: Facts) -> str:
    fabric = facts.fleet.fabric
    if fabric is None or fabric.durability_level.lower() in {SILVER, GOLD}:
        return ""
    level = fabric.durability_level
    if level.lower() != BRONZE:
        return f"{_named(fabric)} has durabilityLevel {level or 'not set'}; it must be Silver or Gold (R20)"
    if not _is_stateless(facts):
        return (
            f"{_named(fabric)} has durabilityLevel Bronze and its node type is not stateless; "
            "it must be Silver or Gold, or run stateless services only (R20, C1)"
        )
    if OF_THE_INSTANCES.intersection(facts.fleet.health_sources):
        return ""
    return (
        f"{_named(fabric)} has durabilityLevel Bronze: a stateless node type of it needs a health probe "
        "or the Application Health extension (R23, C1)"
    )


def _extension_version(facts: Facts) -> str:
    fabric = facts.fleet.fabric
    if fabric is None or _version(fabric.type_handler_version) >= OLDEST_EXTENSION:
        return ""
    shown = fabric.type_handler_version or "not set"
    return f"{_named(fabric)} has typeHandlerVersion {shown}; it must be 1.1 or later (R21)"


def _same_durability(facts: Facts) -> str:
    fabric, node_type = facts.fleet.fabric, facts.surroundings.node_type
    if fabric is None or not isinstance(node_type, NodeType):
        return ""
    if node_type.durability_level.lower() == fabric.durability_level.lower():
        return ""
    return (
        f"{_named(fabric)} has durabilityLevel {fabric.durability_level or 'not set'}, node type {node_type.name} of "
        f"cluster {node_type.cluster} has {node_type.durability_level or 'none'}; they must be the same (R22)"
    )


def _no_probe(facts: Facts) -> str:
    fabric = facts.fleet.fabric
    if fabric is None or HealthSource.PROBE not in facts.fleet.health_sources:
        return ""
    if fabric.durability_level.lower() not in {SILVER, GOLD}:
        return ""  # Bronze needs one (R23, C1)
    return (
        f"networkProfile.healthProbe is set on a Service Fabric set of durabilityLevel {fabric.durability_level}; "
        "probes are not supported there and not needed: remove it (R23, R33)"
    )


def _cluster_is_known(facts: Facts) -> str:
    unread = facts.surroundings.node_type
    if facts.fleet.fabric is None or not isinstance(unread, Unread):
        return ""
    return f"{unread}: the durability and statelessness of the extension's own settings count (R22)"


def _is_stateless(facts: Facts) -> bool:
    node_type, fabric = facts.surroundings.node_type, facts.fleet.fabric
    if isinstance(node_type, NodeType):
        return node_type.is_stateless
    return fabric is not None and fabric.is_stateless


def _named(fabric: ServiceFabricExtension) -> str:
    return f"Service Fabric extension {fabric.name}"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")) if _VERSION.fullmatch(text) else ()


REASONS: tuple[Rule, ...] = (_durability, _extension_version, _same_durability, _no_probe)
WARNINGS: tuple[Rule, ...] = (_cluster_is_known,)
