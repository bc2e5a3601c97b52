"""Changes of accounts by calls: created, replaced, patched, deleted."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import (
    InvalidPropertyValueError,
    InvalidRequestBodyError,
    MissingRequiredPropertyError,
    PropertyCannotBeUpdatedError,
)
from arm_emulator.batch.pool import BATCH_SERVICE, USER_SUBSCRIPTION, BatchAccount
from arm_emulator.batch.pool_changes import delete_pool
from arm_emulator.resources.regions import region_name

if TYPE_CHECKING:
    from arm_emulator.batch.ids import AccountId
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

_NAME = re.compile(r"[a-z0-9]{3,24}")
_MODES = (BATCH_SERVICE, USER_SUBSCRIPTION)
_WRITABLE = frozenset(
    {
        "autoStorage",
        "poolAllocationMode",
        "keyVaultReference",
        "publicNetworkAccess",
        "networkProfile",
        "encryption",
        "allowedAuthenticationModes",
    }
)


def new_account(world: World, account_id: AccountId, body: JsonObject) -> BatchAccount:
    """PUT of an account that is not there yet; it is no part of the world before it is added to it.

    :raises ArmError: it has something that Batch refuses.
    """
    if _NAME.fullmatch(account_id.name) is None:
        raise InvalidPropertyValueError(
            f"The account name '{account_id.name}' is invalid: it has 3 to 24 lower-case letters and digits.",
            target="accountName",
        )
    resource = _written(body)
    location = _location(world, resource)
    return BatchAccount(account_id, location, {**resource, "id": account_id.text})


def replace_account(world: World, account: BatchAccount, body: JsonObject) -> JsonObject:
    """What a PUT makes of an account that is there: region and allocation mode stay, and so does what only the world says.

    :raises PropertyCannotBeUpdatedError: region or allocation mode would be another.
    """
    resource = _written(body)
    if _location(world, resource) != account.location:
        raise _fixed("location", account.location, resource["location"])
    wanted = resource["properties"].setdefault("poolAllocationMode", account.allocation_mode)
    if wanted.lower() != account.allocation_mode.lower():
        raise _fixed("poolAllocationMode", account.allocation_mode, wanted)
    kept = {name: value for name, value in _properties(account).items() if name not in _WRITABLE}
    properties = {**kept, **resource["properties"]}
    return {**resource, "id": account.id.text, "properties": properties}


def patched_account(account: BatchAccount, body: JsonObject) -> JsonObject:
    """What a PATCH makes of an account: tags, identity and the properties that it names are replaced.

    :raises InvalidRequestBodyError: the properties are no object.
    """
    said = _written({**body, "location": account.location})
    changed: JsonObject = {name: said[name] for name in ("tags", "identity") if name in said}
    said["properties"].pop("poolAllocationMode", None)
    return {**account.resource, **changed, "properties": {**_properties(account), **said["properties"]}}


def delete_account(world: World, account: BatchAccount) -> None:
    """Delete an account with its pools, at once."""
    for pool in list(account.pools.values()):
        delete_pool(world, account, pool)
    del world.batch_accounts[account.key]


def _properties(account: BatchAccount) -> JsonObject:
    return account.resource.get("properties") or {}


def _written(body: JsonObject) -> JsonObject:
    """What a caller may write of an account; read-only fields are ignored."""
    properties = body.get("properties") or {}
    if not isinstance(properties, dict):
        raise InvalidRequestBodyError(
            f"The specified Request Body is not syntactically valid: properties is {properties!r}, no object.",
            target="properties",
        )
    said = {name: value for name, value in properties.items() if name in _WRITABLE and value is not None}
    mode = said.get("poolAllocationMode")
    if mode is not None and str(mode).lower() not in {known.lower() for known in _MODES}:
        raise InvalidPropertyValueError(
            f"The value provided for property 'poolAllocationMode' is invalid: {mode!r} is not one of "
            f"{', '.join(_MODES)}.",
            target="properties.poolAllocationMode",
        )
    outside = {name: body[name] for name in ("location", "tags", "identity") if body.get(name) is not None}
    return copy.deepcopy({**outside, "properties": said})


def _location(world: World, resource: JsonObject) -> str:
    said = resource.get("location")
    if said is None:
        raise MissingRequiredPropertyError(
            "A required property was not specified in the request body: 'location'.", target="location"
        )
    location = region_name(str(said))
    if location not in world.regions.by_name:
        raise InvalidPropertyValueError(
            f"The value provided for property 'location' is invalid: {said!r} is no region.",
            target="location",
        )
    return location


def _fixed(name: str, before: str, wanted: str) -> PropertyCannotBeUpdatedError:
    return PropertyCannotBeUpdatedError(
        f"The property '{name}' of a Batch account cannot be updated: it is {before!r}, and {wanted!r} was asked for.",
        target=name if name == "location" else f"properties.{name}",
    )
