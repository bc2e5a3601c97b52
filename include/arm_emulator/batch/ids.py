"""Ids of Batch accounts and pools, and of the scale set that is a pool's machines."""

from __future__ import annotations

from dataclasses import dataclass

from arm_emulator.resource_ids import GroupedId, ScaleSetId, pattern_of, scale_set_id
from arm_emulator.seeded import guid

ACCOUNT_FORM = "/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/Microsoft.Batch/batchAccounts/{name}"

_MACHINES = "-azurebatch-VMSS"


@dataclass(frozen=True, slots=True)
class AccountId(GroupedId):
    """A Batch account's id."""

    pattern = pattern_of("Microsoft.Batch/batchAccounts")
    noun = "Batch account"
    form = ACCOUNT_FORM

    def pool_id(self, name: str) -> str:
        """The id of a pool of the account."""
        return f"{self.text}/pools/{name}"

    def machines_id(self, pool: str, *, account: str, is_hidden: bool) -> ScaleSetId:
        """The id of the scale set that is a pool's machines: in a resource group of Batch's own.

        :param account: the name under which the account is served.
        :param is_hidden: it stands in a subscription of Batch's own, too.
        """
        subscription = guid("Batch's subscription", self.key) if is_hidden else self.subscription
        group = f"azurebatch-{account}-{pool}"
        return ScaleSetId.parse(scale_set_id(subscription, group, f"{pool}{_MACHINES}"))


def is_of_batch(scale_set: str) -> bool:
    """Whether a scale set has the name of a pool's machines."""
    return scale_set.lower().endswith(_MACHINES.lower())
