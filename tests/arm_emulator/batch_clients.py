"""The official Batch clients, unmodified, against an emulator on plain HTTP."""

from __future__ import annotations

from azure.batch import BatchClient
from azure.mgmt.batch import BatchManagementClient
from emulated_worlds import Emulator, _Bearer, _Credential
from pool_worlds import ACCOUNT
from worlds import SUBSCRIPTION


def management(emulator: Emulator) -> BatchManagementClient:
    """azure-mgmt-batch: accounts and pools."""
    return BatchManagementClient(
        _Credential(),
        SUBSCRIPTION,
        base_url=emulator.url,
        authentication_policy=_Bearer(),
        polling_interval=0,
    )


def data_plane(emulator: Emulator, account: str = ACCOUNT) -> BatchClient:
    """azure-batch: nodes, at the endpoint that the account itself names."""
    endpoint = next(
        found.properties.account_endpoint
        for found in management(emulator).batch_account.list()
        if found.name == account
    )
    return BatchClient(endpoint, _Credential(), authentication_policy=_Bearer())
