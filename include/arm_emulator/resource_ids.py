"""ARM resource ids: written in any case, compared in none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, Self

SCALE_SET_FORM = (
    "/subscriptions/{subscription}/resourceGroups/{resourceGroup}"
    "/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
)


def pattern_of(kind: str) -> re.Pattern[str]:
    """What the ids of a type of resource match, in any case.

    :param kind: such as ``Microsoft.Compute/virtualMachineScaleSets``.
    """
    return re.compile(
        r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
        rf"/providers/{re.escape(kind)}/(?P<name>[^/]+)",
        re.IGNORECASE,
    )


@dataclass(frozen=True, slots=True)
class GroupedId:
    """The id of a resource that stands in a resource group itself, taken apart; ``text`` is as it was written."""

    pattern: ClassVar[re.Pattern[str]]
    noun: ClassVar[str]
    form: ClassVar[str]

    subscription: str
    resource_group: str
    name: str
    text: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take an id apart.

        :raises ValueError: it is no id of this kind.
        """
        match = cls.pattern.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no {cls.noun}'s id; one looks like {cls.form}")
        return cls(match["subscription"], match["group"], match["name"], text)

    @property
    def key(self) -> str:
        """The spelling by which ids are compared."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class ScaleSetId(GroupedId):
    """A scale set's id; ``str()`` gives it as it was written."""

    pattern = pattern_of("Microsoft.Compute/virtualMachineScaleSets")
    noun = "scale set"
    form = SCALE_SET_FORM

    def stands_in(self, subscription: str, resource_group: str) -> bool:
        """Whether the resource group of the subscription holds it."""
        ours, theirs = (self.subscription, self.resource_group), (subscription, resource_group)
        return [part.lower() for part in ours] == [part.lower() for part in theirs]

    def __str__(self) -> str:
        return self.text


def scale_set_id(subscription: str, resource_group: str, name: str) -> str:
    """The id of a scale set from its parts."""
    return SCALE_SET_FORM.format(subscription=subscription, resourceGroup=resource_group, name=name)
