"""Load balancers and their probes, as values of a world document, completed as ARM shows them."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.compute.model import JsonObject

LOAD_BALANCER_TYPE = "Microsoft.Network/loadBalancers"
PROBE_TYPE = f"{LOAD_BALANCER_TYPE}/probes"


def completed_load_balancer(resource: Mapping[str, Any]) -> JsonObject:
    """A load balancer as ARM shows it: name, type and the ids of probes are filled in, what was given stays."""
    balancer = copy.deepcopy(dict(resource))
    balancer.setdefault("name", balancer["id"].rpartition("/")[2])
    balancer.setdefault("type", LOAD_BALANCER_TYPE)
    for probe in probes_of(balancer):
        probe.setdefault("id", f"{balancer['id']}/probes/{probe['name']}")
        probe.setdefault("type", PROBE_TYPE)
        probe["properties"] = {"provisioningState": "Succeeded", **(probe.get("properties") or {})}
    return balancer


def probes_of(balancer: Mapping[str, Any]) -> list[JsonObject]:
    """``properties.probes`` of a load balancer."""
    return (balancer.get("properties") or {}).get("probes") or []


def probe_findings(resource: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the probes of a load balancer in a world document, each with its path in the resource."""
    properties = resource.get("properties") or {}
    if not isinstance(properties, dict):
        yield ("properties",), f"{properties!r} is no mapping"
        return
    probes = properties.get("probes") or []
    if not isinstance(probes, list):
        yield ("properties", "probes"), f"{probes!r} is no list"
        return
    for index, probe in enumerate(probes):
        if not (isinstance(probe, dict) and isinstance(probe.get("name"), str)):
            yield ("properties", "probes", index, "name"), "is missing"
        elif not isinstance(probe.get("properties") or {}, dict):
            yield ("properties", "probes", index, "properties"), f"{probe['properties']!r} is no mapping"


def balancer_of_probe(balancers: Mapping[str, JsonObject], probe_id: str) -> JsonObject | None:
    """The load balancer that has the probe with this id; None where none has.

    :param balancers: by id in lower case.
    """
    wanted = probe_id.rstrip("/").lower()
    balancer = balancers.get(wanted.rpartition("/probes/")[0])
    if balancer is None or all(probe["id"].lower() != wanted for probe in probes_of(balancer)):
        return None
    return balancer
