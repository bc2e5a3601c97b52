"""``api-version``: required, a date, and within the range that a provider serves.

Real clients send a mix of versions, so a range is accepted rather than a list.
"""

from __future__ import annotations

import copy
import re
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import (
    InvalidApiVersionError,
    InvalidRequestContentError,
    MissingApiVersionError,
    UnsupportedApiVersionError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2})(-[A-Za-z0-9.]+)?")
_PROVIDER = re.compile(r"/providers/([^/]+)/([^/]+)", re.IGNORECASE)
NEWEST = "2026-12-31"
_OLDEST: Mapping[str, str] = MappingProxyType(
    {
        "microsoft.compute": "2015-06-15",
        "microsoft.network": "2015-06-15",
        "microsoft.batch": "2015-12-01",
        "microsoft.containerservice": "2016-03-30",
    }
)
_OLDEST_OF_ARM = "2014-04-01"

REIMAGE_TO_EXACT_VERSION = "2023-03-01"
"""The first version that honours ``exactVersion`` of a reimage; older ones ignore it."""

PROTECTION_OF_FLEXIBLE = "2023-09-01"
"""The first version that protects members of Flexible scale sets."""

_PROTECTION = "2019-03-01"

_INTRODUCED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("2018-10-01", ("automaticOSUpgradePolicy",)),
    ("2020-12-01", ("rollingUpgradePolicy", "enableCrossZoneUpgrade")),
    ("2020-12-01", ("rollingUpgradePolicy", "prioritizeUnhealthyInstances")),
    ("2022-03-01", ("automaticOSUpgradePolicy", "useRollingUpgradePolicy")),
    ("2022-11-01", ("rollingUpgradePolicy", "rollbackFailedInstancesOnPolicyBreach")),
    ("2022-11-01", ("rollingUpgradePolicy", "maxSurge")),
    ("2023-09-01", ("automaticOSUpgradePolicy", "osRollingUpgradeDeferral")),
)
"""Parts of ``upgradePolicy`` and the first version that knows each."""


def require_api_version(path: str, api_version: str) -> None:
    """Refuse a call whose ``api-version`` is missing, malformed or out of range.

    :raises MissingApiVersionError: there is none.
    :raises InvalidApiVersionError: it is no date.
    :raises UnsupportedApiVersionError: the provider does not serve it.
    """
    if not api_version:
        raise MissingApiVersionError(
            "The api-version query parameter (?api-version=) is required for all requests."
        )
    if not _is_version(api_version):
        raise InvalidApiVersionError(
            f"The api-version '{api_version}' is invalid. It is a date, such as 2024-07-01 or 2024-07-01-preview.",
        )
    providers = _PROVIDER.findall(path)
    namespace, resource_type = providers[-1] if providers else ("Microsoft.Resources", "subscriptions")
    oldest = _OLDEST.get(namespace.lower(), _OLDEST_OF_ARM)
    if not oldest <= api_version[:10] <= NEWEST:
        raise UnsupportedApiVersionError(
            f"No registered resource provider found for API version '{api_version}' and type '{resource_type}' of "
            f"'{namespace}'. The supported api-versions are from {oldest} to {NEWEST}.",
        )


def _is_version(text: str) -> bool:
    match = _FORM.fullmatch(text)
    if match is None:
        return False
    try:
        date.fromisoformat(match[1])
    except ValueError:
        return False
    return True


def is_at_least(api_version: str, first: str) -> bool:
    """Whether a version is the first one that has something, or a later one."""
    return api_version[:10] >= first


def refuse_newer_properties(api_version: str, body: Mapping[str, Any]) -> None:
    """Refuse a scale set that uses what its ``api-version`` does not know yet (R17).

    :raises InvalidRequestContentError: it does.
    """
    properties = body.get("properties")
    policy = properties.get("upgradePolicy") if isinstance(properties, dict) else None
    for first, path in _INTRODUCED:
        if not is_at_least(api_version, first) and _has(policy, path):
            raise InvalidRequestContentError(
                f"Could not find member '{path[-1]}' on object of type 'UpgradePolicy' in API version {api_version}; "
                f"it exists since {first}.",
                target=f"upgradePolicy.{'.'.join(path)}",
            )


def refuse_newer_protection(api_version: str, body: Mapping[str, Any]) -> None:
    """Refuse the protection of an instance by an ``api-version`` that does not know it yet (N23).

    :raises InvalidRequestContentError: it does not.
    """
    properties = body.get("properties")
    if is_at_least(api_version, _PROTECTION) or not _has(properties, ("protectionPolicy",)):
        return
    raise InvalidRequestContentError(
        f"Could not find member 'protectionPolicy' on object of type 'VirtualMachineScaleSetVM' in API version "
        f"{api_version}; it exists since {_PROTECTION}.",
        target="protectionPolicy",
    )


def keep_newer_properties(api_version: str, old: Mapping[str, Any], body: dict[str, Any]) -> None:
    """Let a PUT keep the parts of the policy that its ``api-version`` does not know: leaving them out says nothing.

    :param body: changed in place.
    """
    known = (old.get("properties") or {}).get("upgradePolicy") or {}
    properties = body.get("properties")
    for first, path in _INTRODUCED:
        if is_at_least(api_version, first) or not _has(known, path) or not isinstance(properties, dict):
            continue
        here, there = properties.setdefault("upgradePolicy", {}), known
        for key in path[:-1]:
            if not isinstance(here, dict):
                return
            here, there = here.setdefault(key, {}), there[key]
        if isinstance(here, dict):
            here.setdefault(path[-1], copy.deepcopy(there[path[-1]]))


def _has(policy: object, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(policy, dict) or policy.get(key) is None:
            return False
        policy = policy[key]
    return True
