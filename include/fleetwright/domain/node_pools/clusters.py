"""A cluster and its node pools, as one reading shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from fleetwright.domain.maintenance import MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.ids import ClusterId
from fleetwright.domain.node_pools.upgrade_settings import UpgradeSettings


@dataclass(frozen=True, slots=True)
class NodePool:
    """A node pool.

    :param image: ``nodeImageVersion``; nodes may still run others
    :param latest_image: ``latestNodeImageVersion`` of its upgrade profile: the newest one that its region has (N35)
    :param kubernetes_version: ``currentOrchestratorVersion``, else ``orchestratorVersion``
    """

    name: str
    mode: str = "User"
    os_type: str = "Linux"
    os_sku: str = "Ubuntu"
    count: int = 0
    vm_size: str = ""
    image: str = ""
    latest_image: str = ""
    kubernetes_version: str = ""
    provisioning_state: str = "Succeeded"
    power_state: str = "Running"
    settings: UpgradeSettings = field(default_factory=UpgradeSettings)
    kind: str = "VirtualMachineScaleSets"

    @property
    def is_system(self) -> bool:
        """Whether it runs the cluster's own pods: such a pool goes first."""
        return self.mode.lower() == "system"


@dataclass(frozen=True, slots=True)
class Machine:
    """A node of a pool, as the machines of the pool show it.

    :param image: ``nodeImageVersion`` of the machine itself
    """

    name: str
    image: str
    provisioning_state: str = "Succeeded"
    kubernetes_version: str = ""
    is_ready: bool = True
    is_cordoned: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """A managed cluster.

    :param channel: as it is written, or as the API version's default says (C9, N30)
    :param supported_versions: Kubernetes versions that its region supports; empty where they could not be read (R66)
    :param window: for node images, ``aksManagedNodeOSUpgradeSchedule``; None where it has none
    :param window_problem: why its window cannot be used, empty where it can: nothing is started automatically then
    :param problem: what of it cannot be understood, empty where all can: nothing is started then either
    :param features: state by name of the preview features that its channel needs with the API version in use (R62)
    :param warnings: what the reading found that a person should know
    """

    cluster_id: ClusterId
    location: str
    channel: NodeOsChannel
    kubernetes_version: str = ""
    provisioning_state: str = "Succeeded"
    power_state: str = "Running"
    node_resource_group: str = ""
    support_plan: str = ""
    pools: tuple[NodePool, ...] = ()
    supported_versions: tuple[str, ...] = ()
    window: MaintenanceWindow | None = None
    window_problem: str = ""
    problem: str = ""
    features: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The cluster's ARM id in lower case."""
        return self.cluster_id.key

    @property
    def name(self) -> str:
        """The cluster's own name."""
        return self.cluster_id.name

    def pool(self, name: str) -> NodePool | None:
        """A pool by its name, in whatever case."""
        return next((pool for pool in self.pools if pool.name.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class NodeBudget:
    """A PodDisruptionBudget, as Kubernetes shows it, and where its pods run.

    :param allowed: ``status.disruptionsAllowed``
    :param healthy: ``status.currentHealthy``
    :param desired: ``status.desiredHealthy``
    :param expected: ``status.expectedPods``
    :param nodes: names of the nodes on which its pods run
    """

    namespace: str
    name: str
    allowed: int
    healthy: int
    desired: int
    expected: int
    nodes: frozenset[str] = frozenset()

    @property
    def can_never_be_met(self) -> bool:
        """Whether no pod of it may ever be evicted, also when all of them are healthy."""
        return self.expected > 0 and self.desired >= self.expected


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node, as Kubernetes shows it.

    :param patched_to: the date of the security patches that it runs, by its annotation; empty where it has none
    :param needs_reboot: it says that its patches need a restart, which only a new image gives
    """

    name: str
    pool: str
    is_ready: bool = True
    is_cordoned: bool = False
    patched_to: str = ""
    needs_reboot: bool = False
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Workloads:
    """What ``kubectl`` said about a cluster: its nodes and its disruption budgets."""

    nodes: tuple[NodeState, ...] = ()
    budgets: tuple[NodeBudget, ...] = ()
