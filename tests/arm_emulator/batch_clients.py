"""The official client of Batch's data plane, unmodified, against an emulator on plain HTTP."""

from __future__ import annotations

from azure.batch import BatchClient
from emulated_worlds import Bearer, Credential, Emulator
from pool_worlds import ACCOUNT


def data_plane(emulator: Emulator, account: str = ACCOUNT) -> BatchClient:
    """azure-batch: nodes, at the endpoint that the account itself names."""
    endpoint = next(
        found.properties.account_endpoint
        for found in emulator.batch().batch_account.list()
        if found.name == account
    )
    return BatchClient(endpoint, Credential(), authentication_policy=Bearer())
