"""API versions of Batch: from which on ``upgradePolicy`` is known.

The published specifications have it from 2024-02-01 on, the page that describes automatic OS upgrades of pools from
2023-11-01 on; the earlier one holds here (R57, C4).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidRequestBodyError
from arm_emulator.wire.api_versions import is_at_least

if TYPE_CHECKING:
    from collections.abc import Mapping

UPGRADE_POLICY_SINCE = "2023-11-01"


def knows_upgrade_policy(api_version: str) -> bool:
    """Whether callers of that version see and set ``upgradePolicy`` (R57, C4)."""
    return is_at_least(api_version, UPGRADE_POLICY_SINCE)


def refuse_newer_policy(api_version: str, properties: Mapping[str, Any]) -> None:
    """Refuse an ``upgradePolicy`` by a version that does not know it (R57, C4).

    :raises InvalidRequestBodyError: it does not.
    """
    if knows_upgrade_policy(api_version) or properties.get("upgradePolicy") is None:
        return
    raise InvalidRequestBodyError(
        f"Could not find member 'upgradePolicy' on object of type 'PoolProperties' in API version {api_version}; "
        f"it exists since {UPGRADE_POLICY_SINCE}.",
        target="properties.upgradePolicy",
    )


def keep_newer_policy(api_version: str, old: Mapping[str, Any], body: dict[str, Any]) -> None:
    """Let a PUT keep the policy that its version does not know: leaving it out says nothing.

    :param body: changed in place.
    """
    policy = (old.get("properties") or {}).get("upgradePolicy")
    if not knows_upgrade_policy(api_version) and policy is not None:
        body["properties"].setdefault("upgradePolicy", copy.deepcopy(policy))
