"""From parsed YAML or JSON to a world document: types first, then what types cannot say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from arm_emulator.aks.world_checks import managed_cluster_problems
from arm_emulator.aks.world_image_checks import release_problems
from arm_emulator.batch.loading import nodes_of
from arm_emulator.batch.world_checks import account_problems
from arm_emulator.compute.documents import ScaleSetDocument
from arm_emulator.compute.resource_checks import resource_problems
from arm_emulator.galleries.checks import gallery_problems
from arm_emulator.network.load_balancers import probe_findings
from arm_emulator.resource_ids import ScaleSetId
from arm_emulator.resources.regions import public_regions, region_name
from arm_emulator.service_fabric.clusters import cluster_findings
from arm_emulator.world.document import ResourceDocument, WorldDocument
from arm_emulator.world.errors import WorldError, shortened

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

Path = tuple[str | int, ...]

_KINDS: Mapping[type, str] = MappingProxyType({type(None): "empty", list: "a list", str: "a text"})
_PLAIN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "extra_forbidden": "unknown key",
        "missing": "is missing",
        "invalid_key": "a key must be text; put it in quotes",
        "dict_type": "{} is no mapping",
        "model_type": "{} is no mapping",
        "list_type": "{} is no list",
    }
)
"""What kinds of pydantic errors mean to someone who writes a world."""


class Finding(NamedTuple):
    """Something that is wrong, and where."""

    path: Path
    message: str


def validated(raw: object) -> WorldDocument:
    """The document that was meant.

    :param raw: what a YAML or JSON reader made of it.
    :raises WorldError: it is not one; the error names the first thing that is wrong.
    """
    if not isinstance(raw, dict):
        raise WorldError(
            f"a world document is a mapping of sections; this is {_KINDS.get(type(raw), 'a value')}"
        )
    try:
        document = WorldDocument.model_validate({k: v for k, v in raw.items() if v is not None})
    except ValidationError as error:
        raise _first_error(error) from None
    for finding in _findings(document):
        raise WorldError(finding.message, path=finding.path)
    return document


def _first_error(error: ValidationError) -> WorldError:
    details = error.errors()[0]
    return WorldError(error_words(details), path=details["loc"])


def error_words(details: ErrorDetails) -> str:
    """A pydantic error in one plain sentence."""
    kind, quoted = details["type"], shortened(details["input"])
    if kind == "value_error":
        return details["msg"].removeprefix("Value error, ")
    if kind in _PLAIN_WORDS:
        return _PLAIN_WORDS[kind].format(quoted)
    return f"{quoted}: {details['msg'][:1].lower()}{details['msg'][1:]}"


def _findings(document: WorldDocument) -> Iterator[Finding]:
    yield from _doubles(document)
    yield from _plain_resource_findings("loadBalancers", document.loadBalancers, probe_findings)
    yield from _plain_resource_findings(
        "serviceFabricClusters", document.serviceFabricClusters, cluster_findings
    )
    for where, message in gallery_problems(document.galleries, _region_names(document)):
        yield Finding(("galleries", *where), message)
    for where, message in account_problems(document.batchAccounts, _region_names(document)):
        yield Finding(("batchAccounts", *where), message)
    for where, message in release_problems(document.nodeImages, _region_names(document)):
        yield Finding(("nodeImages", *where), message)
    for where, message in managed_cluster_problems(document.managedClusters, _region_names(document)):
        yield Finding(("managedClusters", *where), message)
    yield from _machines_findings(document)
    for index, scale_set in enumerate(document.scaleSets):
        yield from _scale_set_findings(document, scale_set, ("scaleSets", index))


def _plain_resource_findings(
    section: str,
    entries: Iterable[ResourceDocument],
    findings: Callable[[Mapping[str, Any]], Iterable[tuple[Path, str]]],
) -> Iterator[Finding]:
    for index, entry in enumerate(entries):
        where = (section, index, "resource")
        if not isinstance(entry.resource.get("id"), str):
            yield Finding((*where, "id"), "is missing")
        for path, message in findings(entry.resource):
            yield Finding((*where, *path), message)


def _doubles(document: WorldDocument) -> Iterator[Finding]:
    yield from _twice("subscriptions", (s.id for s in document.subscriptions))
    yield from _twice("locations", (place.name for place in document.locations or ()))
    images = document.platformImages
    yield from _twice("platformImages", (f"{i.publisher}:{i.offer}:{i.sku}" for i in images))
    for index, image in enumerate(images):
        names = (version.name for version in image.versions)
        yield from (Finding(("platformImages", index, *f.path), f.message) for f in _twice("versions", names))
    yield from _twice("scaleSets", (str(s.resource.get("id")) for s in document.scaleSets))


def _twice(section: str, names: Iterable[str]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name.lower() in seen:
            yield Finding((section, index), f"{name!r} stands there twice")
        seen.add(name.lower())


def _scale_set_findings(
    document: WorldDocument, scale_set: ScaleSetDocument, path: Path
) -> Iterator[Finding]:
    resource = scale_set.resource
    try:
        ScaleSetId.parse(str(resource.get("id")))
    except ValueError as error:
        message = "is missing" if resource.get("id") is None else str(error)
        yield Finding((*path, "resource", "id"), message)
    for problem in resource_problems(resource):
        yield Finding((*path, "resource", *problem.path.split(".")), problem.message)
        return
    known = _region_names(document)
    if region_name(resource["location"]) not in known:
        yield Finding(
            (*path, "resource", "location"), f"{resource['location']!r} is none of the world's locations"
        )
    yield from _extras_findings(scale_set, (*path, "x-emulator"))


def _machines_findings(document: WorldDocument) -> Iterator[Finding]:
    """What is wrong with what a document keeps of the scale sets behind pools."""
    for i, account in enumerate(document.batchAccounts):
        for j, pool in enumerate(account.pools):
            if pool.x_emulator.machines is not None:
                machines = ScaleSetDocument.model_validate(
                    {
                        "resource": {"sku": {"capacity": nodes_of(pool)}},
                        "x-emulator": pool.x_emulator.machines,
                    }
                )
                path = ("batchAccounts", i, "pools", j, "x-emulator", "machines")
                yield from _extras_findings(machines, path)


def _region_names(document: WorldDocument) -> Collection[str]:
    if document.locations is None:
        return public_regions().by_name
    return {location.name for location in document.locations}


def _extras_findings(scale_set: ScaleSetDocument, path: Path) -> Iterator[Finding]:
    extras = scale_set.x_emulator
    capacity = scale_set.resource["sku"]["capacity"]
    ids = extras.instanceIds
    if ids is not None and (len(set(ids)) != capacity or not all(i.isdecimal() for i in ids)):
        yield Finding((*path, "instanceIds"), f"must be {capacity} different numbers, as sku.capacity says")
    there = set(ids) if ids is not None else {str(number) for number in range(capacity)}
    for key, named in (("unhealthyInstances", extras.unhealthyInstances), ("instances", extras.instances)):
        for unknown in (instance for instance in named if instance not in there):
            yield Finding((*path, key), f"{unknown!r} is no instance of the set")
    for instance_id, instance in extras.instances.items():
        model = instance.previousModel
        if model is not None and model >= len(extras.previousModels):
            where = (*path, "instances", instance_id, "previousModel")
            yield Finding(where, f"{model} is no position in previousModels")
