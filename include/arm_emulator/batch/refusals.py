"""What Batch refuses in a client's PUT or PATCH of a pool, beyond what no pool can have.

A world file may have such a pool all the same: whoever rolls out must be able to meet one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import (
    FeatureNotRegisteredError,
    InvalidPropertyValueError,
    MissingRequiredPropertyError,
    PropertyCannotBeUpdatedError,
)
from arm_emulator.batch.machines import is_zonal
from arm_emulator.batch.pool_checks import pool_problems, value_at
from arm_emulator.batch.upgrade_policy import automatic_policy, is_automatic, policy_of, rule_problems
from arm_emulator.compute.policy import Problem
from arm_emulator.resources.features import ROLLING_UPGRADE_DEFERRAL, FeatureState, state_of

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchAccount
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

_MACHINES = "deploymentConfiguration.virtualMachineConfiguration"
_REQUIRED = ("vmSize", _MACHINES, f"{_MACHINES}.imageReference", f"{_MACHINES}.nodeAgentSkuId")
_FIXED = (
    "vmSize",
    "taskSlotsPerNode",
    "interNodeCommunication",
    "networkConfiguration",
    f"{_MACHINES}.nodeAgentSkuId",
    f"{_MACHINES}.imageReference.publisher",
    f"{_MACHINES}.imageReference.offer",
    f"{_MACHINES}.imageReference.sku",
    f"{_MACHINES}.nodePlacementConfiguration.policy",
)
_CLOUD_SERVICES = "deploymentConfiguration.cloudServiceConfiguration"
_UNSAID = {f"{_MACHINES}.nodePlacementConfiguration.policy": "Regional"}
_AUTOMATIC = "properties.upgradePolicy.automaticOSUpgradePolicy"


def refuse_malformed(resource: JsonObject) -> None:
    """Refuse what no pool can have.

    :raises InvalidPropertyValueError: the first thing that is wrong.
    """
    for problem in pool_problems(resource["properties"]):
        raise _invalid(problem)


def refuse_incomplete(resource: JsonObject) -> None:
    """Refuse a new pool that lacks what Batch needs.

    :raises InvalidPropertyValueError: it is one of cloud services, which Batch does not create any more.
    :raises MissingRequiredPropertyError: it does.
    """
    properties = resource["properties"]
    refuse_cloud_services(properties)
    for path in _REQUIRED:
        if value_at(properties, path) is None:
            raise MissingRequiredPropertyError(
                f"A required property was not specified in the request body: '{path}'.",
                target=f"properties.{path}",
            )


def refuse_cloud_services(properties: JsonObject) -> None:
    """Refuse to make a pool one of cloud services.

    :raises InvalidPropertyValueError: the properties say so.
    """
    if value_at(properties, _CLOUD_SERVICES) is not None:
        raise InvalidPropertyValueError(
            f"The value of property '{_CLOUD_SERVICES}' is invalid: pools of cloud services are no longer created; "
            "use virtualMachineConfiguration.",
            target=f"properties.{_CLOUD_SERVICES}",
        )


def refuse_zones(world: World, account: BatchAccount, resource: JsonObject) -> None:
    """Refuse Zonal placement in a region without zones.

    :raises InvalidPropertyValueError: the account's region has none.
    """
    if is_zonal(resource) and not world.regions.by_name[account.location].zones:
        path = f"{_MACHINES}.nodePlacementConfiguration.policy"
        raise _invalid(Problem(path, f"Zonal needs zones, and {account.location} has none"))


def refuse_policy(resource: JsonObject, *, needs_mode: bool, before: JsonObject | None = None) -> None:
    """Refuse an ``upgradePolicy`` that does not go with the rest of the pool (R15, R19, N29).

    :param needs_mode: the policy is new, not part of one that is there.
    :param before: the pool as it is; what is wrong with it already, because a world file brought it in, may stay.
    :raises ArmError: the first thing that is wrong.
    """
    policy = policy_of(resource)
    if policy and needs_mode and policy.get("mode") is None:
        raise MissingRequiredPropertyError(
            "A required property was not specified in the request body: 'upgradePolicy.mode' (automatic, manual "
            "or rolling).",
            target="properties.upgradePolicy.mode",
        )
    known = frozenset(rule_problems(before or {}))
    for problem in rule_problems(resource):
        if problem not in known:
            raise _invalid(problem)


def refuse_unavailable(world: World, account: BatchAccount, body: JsonObject) -> None:
    """Refuse to turn on what the account or its subscription does not have (R59, R60, N28).

    :param body: what the call itself says; what stands in the pool already is not asked for again.
    :raises InvalidPropertyValueError: automatic OS upgrades are not activated for the account.
    :raises FeatureNotRegisteredError: deferral in the user's own subscription needs a feature of that.
    """
    if is_automatic(body) and not account.is_activated:
        raise InvalidPropertyValueError(
            f"The value provided for property 'upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade' is "
            f"invalid: automatic OS upgrades are not activated for Batch account '{account.id.name}'. Ask Azure "
            "support to activate the account.",
            target=f"{_AUTOMATIC}.enableAutomaticOSUpgrade",
        )
    if account.is_user_subscription and automatic_policy(body).get("osRollingUpgradeDeferral") is True:
        _require_deferral(world, account)


def _require_deferral(world: World, account: BatchAccount) -> None:
    subscription = world.subscription(account.id.subscription)
    state = state_of(world, subscription, ROLLING_UPGRADE_DEFERRAL)
    if state is not FeatureState.REGISTERED:
        raise FeatureNotRegisteredError(
            f"upgradePolicy.automaticOSUpgradePolicy.osRollingUpgradeDeferral cannot be true: Batch account "
            f"'{account.id.name}' allocates its pools in subscription '{subscription.id}', whose feature "
            f"'{ROLLING_UPGRADE_DEFERRAL}' is {state}. Register it and wait until it is Registered.",
            target=f"{_AUTOMATIC}.osRollingUpgradeDeferral",
        )


def refuse_fixed(old: JsonObject, new: JsonObject, nodes: int) -> None:
    """Refuse the change of a property that cannot change while a pool has nodes.

    :raises PropertyCannotBeUpdatedError: it changes one.
    """
    before, after = old.get("properties") or {}, new["properties"]
    if value_at(before, _CLOUD_SERVICES) is None:
        refuse_cloud_services(after)
    for path in _FIXED if nodes else ():
        if _meant(before, path) != _meant(after, path):
            raise PropertyCannotBeUpdatedError(
                f"The property '{path}' cannot be updated while the pool has nodes ({nodes} of them): it is "
                f"{value_at(before, path)!r}, and {value_at(after, path)!r} was asked for. Resize the pool to 0 first.",
                target=f"properties.{path}",
            )
    _refuse_other_gallery_image(before, after, nodes)


def _refuse_other_gallery_image(before: JsonObject, after: JsonObject, nodes: int) -> None:
    path = f"{_MACHINES}.imageReference.id"
    was, wanted = (str(value_at(p, path) or "").lower().partition("/versions/")[0] for p in (before, after))
    if nodes and was != wanted:
        raise PropertyCannotBeUpdatedError(
            f"The property '{path}' cannot be updated to another image while the pool has nodes ({nodes} of them).",
            target=f"properties.{path}",
        )


def _meant(properties: JsonObject, path: str) -> object:
    """The value at a path, in no particular case; what Batch takes where nothing stands there."""
    value = value_at(properties, path)
    meant = _UNSAID.get(path) if value is None else value
    return meant.lower() if isinstance(meant, str) else meant


def _invalid(problem: Problem) -> InvalidPropertyValueError:
    where = f"properties.{problem.path}".rstrip(".")
    return InvalidPropertyValueError(
        f"The value provided for property '{problem.path or 'properties'}' is invalid: {problem.message}.",
        target=where,
    )
