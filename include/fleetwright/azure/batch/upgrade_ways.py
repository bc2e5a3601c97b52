"""By what a node's OS disk is replaced: the endpoint and the account say so, unless somebody sets it."""

from __future__ import annotations

from fleetwright.azure.hosts import cloud_of
from fleetwright.domain.batch_pools import AllocationMode, NodeUpgradeWay
from fleetwright.domain.errors import ConfigurationError

AUTO, DATA_PLANE, SCALE_SET = "auto", "data-plane", "scale-set"
WAY_WORDS = (AUTO, DATA_PLANE, SCALE_SET)

_WAYS = {
    "": None,
    AUTO: None,
    DATA_PLANE: NodeUpgradeWay.DATA_PLANE,
    SCALE_SET: NodeUpgradeWay.SCALE_SET,
}


def parse_way(setting: str) -> NodeUpgradeWay | None:
    """The way that a setting names, None where it leaves that to the endpoint and the account.

    :raises ConfigurationError: for any other word
    """
    word = setting.strip().lower().replace("_", "-").replace(" ", "-")
    if word not in _WAYS:
        raise ConfigurationError(
            f"node_upgrade_way is {setting!r}; it must be one of {', '.join(WAY_WORDS)}, or empty for {AUTO}"
        )
    return _WAYS[word]


def way_for(arm_url: str, mode: AllocationMode, setting: NodeUpgradeWay | None) -> NodeUpgradeWay:
    """The way for an account's nodes.

    Azure documents reimage of a node for cloud service pools only, so at its own endpoints there is the scale set
    behind a pool, which only accounts in user subscription mode show.

    :param setting: what was asked for, None for what fits
    """
    if setting is not None:
        return setting
    if not cloud_of(arm_url):
        return NodeUpgradeWay.DATA_PLANE
    return NodeUpgradeWay.SCALE_SET if mode is AllocationMode.USER_SUBSCRIPTION else NodeUpgradeWay.NONE
