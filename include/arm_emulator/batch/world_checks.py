"""What is wrong with the Batch accounts of a world document, beyond the types of their keys.

What only calls are refused for (see :mod:`arm_emulator.batch.refusals`) a world may have: whoever rolls out must be able
to meet a pool of cloud services, or one whose account was never activated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.batch.ids import AccountId
from arm_emulator.batch.loading import nodes_of
from arm_emulator.batch.node import instance_of
from arm_emulator.batch.pool import BATCH_SERVICE, USER_SUBSCRIPTION
from arm_emulator.batch.pool_changes import POOL_NAME
from arm_emulator.batch.pool_checks import pool_problems
from arm_emulator.batch.pool_resource import TIMES, spelled
from arm_emulator.instants import parse_instant
from arm_emulator.resources.regions import region_name
from arm_emulator.world.words import LONGEST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from arm_emulator.batch.documents import BatchAccountDocument, PoolDocument

Path = tuple[str | int, ...]
Problem = tuple[Path, str]

_ALLOCATION_MODES = (BATCH_SERVICE, USER_SUBSCRIPTION)
_WORK_WITHOUT_END = -1


def account_problems(
    documents: Sequence[BatchAccountDocument], known_regions: Collection[str]
) -> Iterator[Problem]:
    """Everything that is wrong, each with its path below ``batchAccounts``; nothing follows what cannot be read."""
    seen: set[str] = set()
    for index, document in enumerate(documents):
        where = (index, "resource")
        account, message = _account_id(document.resource.get("id"))
        if account is None:
            yield (*where, "id"), message
            return
        if account.key in seen:
            yield (index,), f"{account.text!r} stands there twice"
        seen.add(account.key)
        yield from _resource_problems(document.resource, where, known_regions)
        yield from _pools_problems(document.pools, account, (index, "pools"))


def _account_id(written: object) -> tuple[AccountId | None, str]:
    if written is None:
        return None, "is missing"
    try:
        return AccountId.parse(str(written)), ""
    except ValueError as error:
        return None, str(error)


def _resource_problems(
    resource: Mapping[str, Any], where: Path, known_regions: Collection[str]
) -> Iterator[Problem]:
    location = resource.get("location")
    if not isinstance(location, str) or not location:
        yield (*where, "location"), "is missing" if location is None else f"{location!r} is no region"
    elif region_name(location) not in known_regions:
        yield (*where, "location"), f"{location!r} is none of the world's locations"
    properties = resource.get("properties", {})
    if not isinstance(properties, dict):
        yield (*where, "properties"), f"{properties!r} is no object"
        return
    mode = properties.get("poolAllocationMode")
    if mode is not None and str(mode).lower() not in {known.lower() for known in _ALLOCATION_MODES}:
        message = f"{mode!r} is not one of {', '.join(_ALLOCATION_MODES)}"
        yield (*where, "properties", "poolAllocationMode"), message
    endpoint = properties.get("accountEndpoint")
    if not isinstance(endpoint, str | None):
        yield (*where, "properties", "accountEndpoint"), f"{endpoint!r} is no address"


def _pools_problems(pools: Sequence[PoolDocument], account: AccountId, where: Path) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, pool in enumerate(pools):
        here = (*where, index)
        found = list(_identity_problems(pool.resource, account, (*here, "resource")))
        if found:
            yield from found
            return
        name = name_of(pool.resource)
        if name.lower() in seen:
            yield here, f"{name!r} stands there twice"
        seen.add(name.lower())
        for path, message in _pool_problems(pool.resource):
            yield (*here, "resource", *path), message
            return
        yield from _node_problems(pool, (*here, "x-emulator"))


def name_of(resource: Mapping[str, Any]) -> str:
    """A pool's name, which its id has where the resource does not."""
    return str(resource.get("name") or str(resource.get("id") or "").rpartition("/")[2])


def _identity_problems(resource: Mapping[str, Any], account: AccountId, where: Path) -> Iterator[Problem]:
    name, written = name_of(resource), resource.get("id")
    if not name:
        yield (*where, "name"), "is missing"
    elif POOL_NAME.fullmatch(name) is None:
        yield (*where, "name"), f"{name!r} is no pool's name: up to 64 letters, digits, hyphens, underscores"
    elif written is not None and str(written).lower() != account.pool_id(name).lower():
        message = f"{written!r} is not the id of pool {name!r} of this account, {account.pool_id(name)}"
        yield (*where, "id"), message


def _pool_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    properties = spelled(resource).get("properties", {})
    for problem in pool_problems(properties):
        yield ("properties", *filter(None, problem.path.split("."))), problem.message
    for name in TIMES if isinstance(properties, dict) else ():
        if not _is_instant(properties.get(name)):
            yield ("properties", name), f"{properties[name]!r} is no ISO 8601 instant"


def _is_instant(text: object) -> bool:
    try:
        return text is None or parse_instant(str(text)) is not None
    except ValueError:
        return False


def _node_problems(pool: PoolDocument, where: Path) -> Iterator[Problem]:
    extras, count = pool.x_emulator, nodes_of(pool)
    kept = extras.machines.instanceIds if extras.machines is not None else None
    there = {str(number) for number in range(count)} if kept is None else set(kept)
    for key, named in (
        ("running", extras.running),
        ("unhealthyNodes", extras.unhealthyNodes),
        ("unhealthyInstances", extras.unhealthyInstances),
        ("nodeStates", extras.nodeStates),
    ):
        for unknown in (node for node in named if instance_of(node) not in there):
            yield (*where, key), f"{unknown!r} is none of the pool's {count} nodes"
    for node, seconds in extras.running.items():
        if not (0 <= seconds <= LONGEST_SECONDS or seconds == _WORK_WITHOUT_END):
            message = (
                f"{seconds!r} is no number of seconds up to {LONGEST_SECONDS}; -1 is work that never ends"
            )
            yield (*where, "running", node), message
