"""``upgradeSettings`` of an agent pool: every field, its range, its default, and since when callers know it (N32)."""

from __future__ import annotations

import copy
import math
import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.compute.policy import Problem
from arm_emulator.wire.api_versions import is_at_least

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.compute.model import JsonObject

DEFAULT_MAX_SURGE = "10%"
"""``maxSurge`` of a pool that names none (AgentPoolUpgradeSettings of the AKS REST API)."""

DEFAULT_MAX_UNAVAILABLE = "0"
MAX_NODES = 1000
"""How many nodes a pool may have, those of a surge included."""

_SINCE: Mapping[str, str] = MappingProxyType(
    {
        "maxSurge": "2020-04-01",
        "drainTimeoutInMinutes": "2023-06-01",
        "nodeSoakDurationInMinutes": "2023-11-01",
        "maxUnavailable": "2025-01-01",
        "undrainableNodeBehavior": "2025-01-01",
    }
)
"""The first API version that knows each field."""

_MINUTES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {"drainTimeoutInMinutes": (1, 1440), "nodeSoakDurationInMinutes": (0, 30)}
)
_BEHAVIOURS = ("Cordon", "Schedule")
_SHARE = re.compile(r"\d{1,4}%?")


def share_of(text: str, nodes: int) -> int:
    """A number or a percentage of nodes, rounded up (N32).

    >>> share_of("33%", 10), share_of("5", 10)
    (4, 5)
    """
    return math.ceil(int(text[:-1]) * nodes / 100) if text.endswith("%") else int(text)


def settings_problems(settings: object, *, nodes: int, is_system: bool) -> Iterator[Problem]:
    """Everything that is wrong with an ``upgradeSettings``, each with its path in it.

    :param settings: the object; None where there is none.
    :param nodes: how many the pool has.
    """
    if settings is None:
        return
    if not isinstance(settings, dict):
        yield Problem("", f"{settings!r} is no object")
        return
    found = [*_share_problems(settings), *_minute_problems(settings), *_behaviour_problems(settings)]
    yield from found
    if not found:
        yield from _joint_problems(settings, nodes, is_system=is_system)


def _share_problems(settings: Mapping[str, Any]) -> Iterator[Problem]:
    for name in ("maxSurge", "maxUnavailable"):
        said = settings.get(name)
        if said is None:
            continue
        if not isinstance(said, str) or _SHARE.fullmatch(said) is None:
            yield Problem(
                name, f'{said!r} is neither a number of nodes as text, such as "5", nor one like "33%"'
            )
        elif said.endswith("%") and int(said[:-1]) > 100:
            yield Problem(name, f"{said!r} is not from 0% to 100%")
        elif not said.endswith("%") and int(said) > MAX_NODES:
            yield Problem(name, f"{said!r} is not from 0 to {MAX_NODES} nodes")


def _minute_problems(settings: Mapping[str, Any]) -> Iterator[Problem]:
    for name, (low, high) in _MINUTES.items():
        said = settings.get(name)
        if said is not None and not (type(said) is int and low <= said <= high):
            yield Problem(name, f"{said!r} is not a whole number of minutes from {low} to {high}")


def _behaviour_problems(settings: Mapping[str, Any]) -> Iterator[Problem]:
    said = settings.get("undrainableNodeBehavior")
    if said is not None and str(said).lower() not in {known.lower() for known in _BEHAVIOURS}:
        yield Problem("undrainableNodeBehavior", f"{said!r} is not one of {', '.join(_BEHAVIOURS)}")


def _joint_problems(settings: Mapping[str, Any], nodes: int, *, is_system: bool) -> Iterator[Problem]:
    surge = settings.get("maxSurge") or DEFAULT_MAX_SURGE
    unavailable = settings.get("maxUnavailable") or DEFAULT_MAX_UNAVAILABLE
    if not int(surge.rstrip("%")) and not int(unavailable.rstrip("%")):
        yield Problem(
            "maxSurge",
            f"{surge!r} cannot be zero while maxUnavailable is {unavailable!r}: one of maxSurge and maxUnavailable "
            "must be more than 0",
        )
    elif is_system and int(unavailable.rstrip("%")):
        yield Problem(
            "maxUnavailable", f"{unavailable!r} cannot be set on a pool of mode System; it must be 0"
        )
    elif nodes + share_of(surge, nodes) > MAX_NODES:
        yield Problem(
            "maxSurge",
            f"{surge!r} makes {nodes} + {share_of(surge, nodes)} nodes; a pool has at most {MAX_NODES}, surge nodes included",
        )


def shown_settings(api_version: str, settings: JsonObject | None) -> JsonObject:
    """The settings as a caller sees them: with defaults, and without what its version does not know."""
    full = {"maxSurge": DEFAULT_MAX_SURGE, "maxUnavailable": DEFAULT_MAX_UNAVAILABLE, **(settings or {})}
    return {name: value for name, value in full.items() if _knows(api_version, name)}


def refuse_newer_settings(api_version: str, settings: object, where: str) -> None:
    """Refuse fields that a caller's version does not know.

    :param where: the path of ``upgradeSettings`` in the body.
    :raises InvalidParameterError: there are some.
    """
    if not isinstance(settings, dict):
        return
    for name, said in settings.items():
        if said is not None and not _knows(api_version, name):
            raise InvalidParameterError(
                f"The value of parameter {where}.{name} is invalid: API version {api_version} does not know "
                f"{name}; it exists since {_SINCE[name]}.",
                target=f"{where}.{name}",
            )


def with_newer_settings(
    api_version: str, old: JsonObject | None, given: JsonObject | None
) -> JsonObject | None:
    """What a PUT leaves behind: fields that its version does not know stay as they are."""
    kept = {name: value for name, value in (old or {}).items() if not _knows(api_version, name)}
    return {**copy.deepcopy(kept), **given} if given is not None else kept or None


def _knows(api_version: str, name: str) -> bool:
    return is_at_least(api_version, _SINCE.get(name, ""))
