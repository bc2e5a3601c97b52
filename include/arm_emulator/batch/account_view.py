"""Accounts as ARM shows them."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from arm_emulator.seeded import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.batch.pool import BatchAccount
    from arm_emulator.compute.model import JsonObject

ACCOUNT_TYPE = "Microsoft.Batch/batchAccounts"
_AUTHENTICATION = ["SharedKey", "AAD", "TaskAuthenticationToken"]
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
        "encryption": {"keySource": "Microsoft.Batch"},
        "dedicatedCoreQuota": 500,
        "lowPriorityCoreQuota": 500,
        "dedicatedCoreQuotaPerVMFamilyEnforced": False,
        "poolQuota": 100,
        "activeJobAndJobScheduleQuota": 300,
    }
)


def account_etag(account: BatchAccount) -> str:
    """The entity tag of an account; it changes with what the account is."""
    return (
        f'"0x8D{digest("account", account.key, json.dumps(account.resource, sort_keys=True))[:13].upper()}"'
    )


def account_resource(account: BatchAccount, base_url: str) -> JsonObject:
    """The account as ARM shows it.

    :param base_url: where the caller reaches the emulator; the data plane is served there unless the world says otherwise.
    """
    endpoint = f"{base_url}/_batch/{account.served_as}"
    modes = ["AAD"] if account.is_user_subscription else _AUTHENTICATION
    served = {
        "accountEndpoint": endpoint,
        "nodeManagementEndpoint": endpoint,
        "allowedAuthenticationModes": modes,
    }
    given = account.resource.get("properties") or {}
    shown = {"identity": {"type": "None"}, "tags": {}, **account.resource}
    return {
        **shown,
        "id": account.id.text,
        "name": account.id.name,
        "type": ACCOUNT_TYPE,
        "location": account.location,
        "properties": {**_DEFAULTS, **served, **given, "poolAllocationMode": account.allocation_mode},
    }
