"""From an agent pool's bodies to a ``NodePool``."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from fleetwright.azure.aks.words import read_word
from fleetwright.azure.bodies import Body, body_at, number_at, text_at
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.node_pools.clusters import NodePool
from fleetwright.domain.node_pools.upgrade_settings import UndrainableNodeBehavior, UpgradeSettings

_SHARE = re.compile(r"\d+%?", re.ASCII)
_WINDOWS = "windows"
_DEFAULTS = UpgradeSettings()


def parse_pool(body: Body) -> NodePool:
    """Read a pool as its own resource or as an entry of its cluster's ``agentPoolProfiles``.

    :raises ConfigurationError: when its upgradeSettings hold what is none
    """
    said = body_at(body, "properties") or body
    name = text_at(body, "name")
    os_type = text_at(said, "osType") or "Linux"
    return NodePool(
        name=name,
        mode=text_at(said, "mode") or "User",
        os_type=os_type,
        os_sku=text_at(said, "osSKU") or ("Windows2022" if os_type.lower() == _WINDOWS else "Ubuntu"),
        count=number_at(said, "count"),
        vm_size=text_at(said, "vmSize"),
        image=text_at(said, "nodeImageVersion"),
        kubernetes_version=text_at(said, "currentOrchestratorVersion")
        or text_at(said, "orchestratorVersion"),
        provisioning_state=text_at(said, "provisioningState") or "Succeeded",
        power_state=text_at(said, "powerState", "code") or "Running",
        settings=parse_settings(body_at(said, "upgradeSettings"), f"node pool {name}: upgradeSettings"),
        kind=text_at(said, "type") or "VirtualMachineScaleSets",
    )


def with_profile(pool: NodePool, profile: Body) -> NodePool:
    """The pool with what its upgrade profile says: the newest image of its region (N35)."""
    return replace(pool, latest_image=text_at(profile, "properties", "latestNodeImageVersion"))


def parse_settings(said: Body, field: str) -> UpgradeSettings:
    """Read ``upgradeSettings``; what is missing is as AKS documents it (N32).

    :param field: the name by which errors call it
    :raises ConfigurationError: for a surge that is no number or percentage, or an unknown undrainableNodeBehavior
    """
    drain, soak = number_at(said, "drainTimeoutInMinutes"), number_at(said, "nodeSoakDurationInMinutes")
    word = text_at(said, "undrainableNodeBehavior") or UndrainableNodeBehavior.SCHEDULE
    return UpgradeSettings(
        max_surge=_share(said, "maxSurge", _DEFAULTS.max_surge, field),
        max_unavailable=_share(said, "maxUnavailable", _DEFAULTS.max_unavailable, field),
        drain_timeout=timedelta(minutes=drain) if drain else _DEFAULTS.drain_timeout,
        node_soak=timedelta(minutes=soak),
        undrainable=read_word(UndrainableNodeBehavior, word, f"{field}.undrainableNodeBehavior"),
    )


def _share(said: Body, name: str, default: str, field: str) -> str:
    given = said.get(name)
    word = default if given in (None, "") else str(given).strip()
    if not _SHARE.fullmatch(word):
        raise ConfigurationError(
            f"{field}.{name} is {given!r}; it is a number of nodes or a percentage: 1, 33%"
        )
    return word
