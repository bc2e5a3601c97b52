"""The channels by which a cluster's owner says how node images are kept current (``nodeOSUpgradeChannel``)."""

from __future__ import annotations

from enum import StrEnum


class NodeOsChannel(StrEnum):
    """``autoUpgradeProfile.nodeOSUpgradeChannel`` of a managed cluster."""

    NONE = "None"  # no updates (R67)
    UNMANAGED = "Unmanaged"  # the guest's own updates, and nothing of ours (R68)
    SECURITY_PATCH = "SecurityPatch"  # live where the patch allows it, else a node image (R69)
    NODE_IMAGE = "NodeImage"  # weekly (R70)


class UpgradeWay(StrEnum):
    """How the nodes of a pool get their image."""

    REIMAGE = "reimage"  # ``upgradeNodeImageVersion``: surge, drain, reimage, all by AKS
    LIVE = "live"  # patches applied to running nodes
