"""Label selectors, as ``kubectl -l`` takes them: ``a=b``, ``a!=b``, ``a``, ``!a``, ``a in (b,c)``, ``a notin (b,c)``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arm_emulator.aks.kubectl.outcomes import KubectlError

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMA_OUTSIDE = re.compile(r",(?![^(]*\))")
_TERM = re.compile(
    r"\s*(?P<absent>!?)\s*(?P<key>[A-Za-z0-9][\w./-]*)\s*"
    r"((?P<operator>==|!=|=)\s*(?P<value>[\w.-]*)|\s(?P<set>in|notin)\s*\((?P<values>[^()]*)\))?\s*"
)


def matches(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether labels are what a selector asks for; an empty one asks for nothing.

    :raises KubectlError: it is no selector.
    """
    if not selector.strip():
        return True
    return all(_holds(term, labels) for term in _COMMA_OUTSIDE.split(selector))


def _holds(term: str, labels: Mapping[str, str]) -> bool:
    found = _TERM.fullmatch(term)
    if found is None:
        raise KubectlError(f"error: unable to parse requirement: {term.strip()!r} is no label selector")
    has = labels.get(found["key"])
    if found["set"]:
        is_in = has in {value.strip() for value in found["values"].split(",")}
        return is_in == (found["set"] == "in")
    if found["operator"]:
        return (has == found["value"]) == (found["operator"] != "!=")
    return (has is None) == bool(found["absent"])
