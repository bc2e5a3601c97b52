"""What an Azure Batch pool has that a scale set has not, as far as a rollout asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DEFERRAL_FEATURE = (
    "Microsoft.Compute/RollingUpgradeDeferral"  # needed by accounts in user subscription mode (R59)
)
REGISTERED = "Registered"


class AllocationMode(StrEnum):
    """Whose subscription holds a pool's machines (``poolAllocationMode`` of the account)."""

    BATCH_SERVICE = "BatchService"
    USER_SUBSCRIPTION = "UserSubscription"


class NodeUpgradeWay(StrEnum):
    """By what a node's OS disk is replaced; decided by the endpoint and the allocation mode."""

    DATA_PLANE = "data plane"  # the data plane's reimage, documented by Azure for cloud service pools only
    SCALE_SET = "scale set"  # reimage of the scale set behind the pool (``scaleSetVmResourceId``)
    NONE = "none"  # Azure lets nobody but itself upgrade such a pool


@dataclass(frozen=True, slots=True)
class BatchPool:
    """The pool's own side of a fleet.

    :param account: name of its Batch account
    :param way: by what its nodes are upgraded from this endpoint
    :param is_zonal: ``nodePlacementConfiguration.policy`` is ``Zonal``
    :param has_virtual_machines: it has a ``virtualMachineConfiguration``; nothing else can be upgraded
    :param deferral_feature: state of the subscription's feature ``RollingUpgradeDeferral``, empty where it was not
        asked for
    :param api_version: of the calls about it on the management plane (R57)
    :param shows_upgrade_policy: the account shows the pool's ``upgradePolicy`` to that version (R57, R60)
    """

    account: str
    endpoint: str = ""
    allocation_mode: AllocationMode = AllocationMode.BATCH_SERVICE
    way: NodeUpgradeWay = NodeUpgradeWay.DATA_PLANE
    is_zonal: bool = False
    has_virtual_machines: bool = True
    deferral_feature: str = ""
    api_version: str = ""
    shows_upgrade_policy: bool = True
    low_priority_nodes: int = 0
