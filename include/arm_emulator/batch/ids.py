"""Ids of Batch accounts and pools, and of the scale set that is a pool's machines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from arm_emulator.resource_ids import ScaleSetId, scale_set_id
from arm_emulator.seeded import guid

_ACCOUNT = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.Batch/batchAccounts/(?P<name>[^/]+)",
    re.IGNORECASE,
)
ACCOUNT_FORM = "/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/Microsoft.Batch/batchAccounts/{name}"

_MACHINES = "-azurebatch-VMSS"


@dataclass(frozen=True, slots=True)
class AccountId:
    """A Batch account's id, taken apart; ``text`` is as it was written."""

    subscription: str
    resource_group: str
    name: str
    text: str

    @classmethod
    def parse(cls, text: str) -> AccountId:
        """Take an id apart.

        :raises ValueError: it is no Batch account's id.
        """
        match = _ACCOUNT.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no Batch account's id; one looks like {ACCOUNT_FORM}")
        return cls(match["subscription"], match["group"], match["name"], text)

    @property
    def key(self) -> str:
        """The spelling by which ids are compared."""
        return self.text.lower()

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
