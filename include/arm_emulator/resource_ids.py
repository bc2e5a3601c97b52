"""ARM resource ids: written in any case, compared in none."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCALE_SET = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.Compute/virtualMachineScaleSets/(?P<name>[^/]+)",
    re.IGNORECASE,
)
SCALE_SET_FORM = (
    "/subscriptions/{subscription}/resourceGroups/{resourceGroup}"
    "/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
)


@dataclass(frozen=True, slots=True)
class ScaleSetId:
    """A scale set's id, taken apart; ``str()`` gives it as it was written."""

    subscription: str
    resource_group: str
    name: str
    text: str

    @classmethod
    def parse(cls, text: str) -> ScaleSetId:
        """Take an id apart.

        :raises ValueError: it is no scale set's id.
        """
        match = _SCALE_SET.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no scale set's id; one looks like {SCALE_SET_FORM}")
        return cls(match["subscription"], match["group"], match["name"], text)

    @property
    def key(self) -> str:
        """The spelling by which ids are compared."""
        return self.text.lower()

    def stands_in(self, subscription: str, resource_group: str) -> bool:
        """Whether the resource group of the subscription holds it."""
        ours, theirs = (self.subscription, self.resource_group), (subscription, resource_group)
        return [part.lower() for part in ours] == [part.lower() for part in theirs]

    def __str__(self) -> str:
        return self.text


def scale_set_id(subscription: str, resource_group: str, name: str) -> str:
    """The id of a scale set from its parts."""
    return SCALE_SET_FORM.format(subscription=subscription, resourceGroup=resource_group, name=name)
