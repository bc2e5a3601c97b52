"""How many nodes more an upgrade may have, and how many may be missing at once (N32)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arm_emulator.aks.plane.upgrade_settings import MAX_NODES
from arm_emulator.arm_errors import InvalidParameterError

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool

DEFAULT_SURGE = "10%"
"""``maxSurge`` where a pool says nothing."""

_SMALLER_SURGE_SINCE = (1, 35)
"""The first Kubernetes version with which AKS goes on with one surge node where it cannot have more."""


@dataclass(frozen=True, slots=True)
class Room:
    """What an upgrade has to work with.

    :param surge: nodes that are added
    :param unavailable: nodes that may be missing besides
    :param refusal: why it cannot begin at all; empty where it can
    """

    surge: int
    unavailable: int
    refusal: str = ""


def share(said: object, size: int) -> int:
    """A number of nodes, or a percentage of the pool whose fraction is rounded up (N32).

    >>> share("33%", 5), share("2", 5), share("10%", 3)
    (2, 2, 1)
    """
    text = str(said).strip()
    if text.endswith("%"):
        return -(-size * int(text[:-1]) // 100)
    return int(text)


def settings_of(pool: AgentPool) -> dict[str, Any]:
    """``upgradeSettings`` of a pool; empty where it has none."""
    return pool.properties.get("upgradeSettings") or {}


def room_for(pool: AgentPool, *, to_do: int, kubernetes: str) -> Room:
    """The surge and the missing nodes that an upgrade of so many nodes gets: never more than nodes to do, or quota.

    Where quota does not give the surge, Kubernetes from 1.35 on goes on with one node, and a pool with
    ``maxUnavailable`` in place; every other fails (AKS, "Upgrade options").
    """
    settings, size = settings_of(pool), len(pool.regular_nodes)
    wanted = min(share(settings.get("maxSurge") or DEFAULT_SURGE, size), to_do)
    unavailable = min(share(settings.get("maxUnavailable") or "0", size), to_do)
    possible = wanted if pool.quota is None else max(pool.quota, len(pool.surge_nodes))
    if possible >= wanted:
        return Room(wanted, unavailable, _refusal_of_nothing(pool, wanted + unavailable, to_do))
    if possible and _version(kubernetes) >= _SMALLER_SURGE_SINCE:
        return Room(1, unavailable)
    if unavailable:
        return Room(0, unavailable)
    return Room(0, 0, _quota_words(pool, wanted, possible))


def refuse_beyond_limit(pool: AgentPool) -> None:
    """Refuse an upgrade whose surge a pool cannot have at its size (AKS, "Upgrade options").

    :raises InvalidParameterError: pool and surge are more nodes than a pool may have.
    """
    said, size = settings_of(pool).get("maxSurge") or DEFAULT_SURGE, len(pool.regular_nodes)
    surge = share(said, size)
    if size + surge > MAX_NODES:
        name = "properties.upgradeSettings.maxSurge"
        raise InvalidParameterError(
            f"The value of parameter {name} is invalid: {said!r} of agent pool '{pool.name}' makes {size} + {surge} nodes; "
            f"a pool has at most {MAX_NODES}, surge nodes included.",
            target=name,
        )


def _refusal_of_nothing(pool: AgentPool, room: int, to_do: int) -> str:
    if room or not to_do:
        return ""
    return f"Agent pool '{pool.name}' cannot be upgraded: maxSurge and maxUnavailable are both zero."


def _quota_words(pool: AgentPool, wanted: int, possible: int) -> str:
    return (
        f"Upgrade of agent pool '{pool.name}' needs {wanted} surge node(s) of size {pool.properties.get('vmSize')!r}, "
        f"but the quota of the subscription leaves room for {possible}. Lower upgradeSettings.maxSurge, or ask for quota."
    )


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")[:2]
    return tuple(int(part) for part in parts if part.isdecimal())
