"""Label selectors of disruption budgets, as kubectl's columns print them: Go's maps.

    map[matchExpressions:[map[key:app operator:In values:[web api]]] matchLabels:map[tier:front]]

Neither names nor values of labels hold a space, a colon or a bracket, so nothing is ambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_LABELS = re.compile(r"matchLabels:map\[([^\]]*)\]")
_EXPRESSION = re.compile(r"map\[key:(\S+) operator:(\w+)(?: values:\[([^\]]*)\])?\]")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One of ``matchExpressions``; a label of ``matchLabels`` is ``In`` its one value."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether a pod's labels meet it; an operator that is not known counts as met, so that no budget is overlooked."""
        match self.operator.lower():
            case "in":
                return labels.get(self.key) in self.values
            case "notin":
                return labels.get(self.key) not in self.values
            case "exists":
                return self.key in labels
            case "doesnotexist":
                return self.key not in labels
            case _:
                return True


@dataclass(frozen=True, slots=True)
class Selector:
    """What a budget's pods have in common; without requirements all pods of its namespace are its own."""

    requirements: tuple[Requirement, ...] = ()

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether a pod with these labels is one of them."""
        return all(requirement.holds(labels) for requirement in self.requirements)


def parse_selector(text: str) -> Selector | None:
    """Read a selector; None where there is none, which selects nothing."""
    if not text:
        return None
    match = _LABELS.search(text)
    labels = parse_labels(f"map[{match[1]}]") if match else {}
    wanted = [Requirement(key, "In", frozenset({value})) for key, value in labels.items()]
    for key, operator, values in _EXPRESSION.findall(text):
        wanted.append(Requirement(key, operator, frozenset(values.split())))
    return Selector(tuple(wanted))


def parse_labels(text: str) -> dict[str, str]:
    """Labels of a pod.

    >>> parse_labels("map[app:web tier:front]")
    {'app': 'web', 'tier': 'front'}
    """
    inner = text.strip().removeprefix("map[").removesuffix("]")
    pairs = (word.partition(":") for word in inner.split())
    return {key: value for key, _, value in pairs}
