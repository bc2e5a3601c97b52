"""A fleet: what Azure upgrades as one thing (a scale set, a Batch pool, a node pool)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fleetwright.domain.batch_pools import AllocationMode, BatchPool
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.model import ExpiringCredential, ServiceFabricExtension, WindowsSettings
from fleetwright.domain.policy import RollingUpgradePolicy, UpgradePolicy
from fleetwright.domain.strategy import Strategy

OPT_IN_TAG = "fleetwright"  # the tag `fleetwright: enabled` hands a set to us (O1)
OPT_IN_VALUE = "enabled"

_SCALE_SET_ID = re.compile(
    # What Azure allows in names; anything else would become part of a URL.
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<resource_group>[\w().-]*[\w()-])"
    r"/providers/Microsoft\.Compute/virtualMachineScaleSets/(?P<name>[a-z0-9][a-z0-9_.-]{0,63})",
    re.IGNORECASE,
)
_BATCH_POOL_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<resource_group>[\w().-]*[\w()-])"
    r"/providers/Microsoft\.Batch/batchAccounts/(?P<parent>[a-z0-9]{1,24})/pools/(?P<name>[a-z0-9_-]{1,64})",
    re.IGNORECASE,
)
# Upgraded in a course of their own: whoever names one here is told so instead of being sent to look for a typing error.
_ELSEWHERE = {
    "an AKS node pool": re.compile(
        r"/providers/Microsoft\.ContainerService/managedClusters/[^/]+/agentPools/[^/]+$", re.IGNORECASE
    ),
    "an AKS cluster": re.compile(
        r"/providers/Microsoft\.ContainerService/managedClusters/[^/]+$", re.IGNORECASE
    ),
}
_SUBSCRIPTION = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class FleetKind(StrEnum):
    """The kinds of fleet that a driver exists for."""

    SCALE_SET = "scale_set"
    BATCH_POOL = "batch_pool"

    @property
    def words(self) -> str:
        """What people call it."""
        return self.value.replace("batch_", "Batch ").replace("_", " ")

    @property
    def member(self) -> str:
        """What people call one of its machines."""
        return "node" if self is FleetKind.BATCH_POOL else "instance"

    @property
    def noun(self) -> str:
        """What a sentence calls it that has named it already."""
        return "pool" if self is FleetKind.BATCH_POOL else "set"

    @property
    def resource_type(self) -> str:
        """What ARM calls it."""
        return _TYPES[self]


_TYPES = {
    FleetKind.SCALE_SET: "Microsoft.Compute/virtualMachineScaleSets",
    FleetKind.BATCH_POOL: "Microsoft.Batch/batchAccounts/pools",
}
_IDS = {FleetKind.SCALE_SET: _SCALE_SET_ID, FleetKind.BATCH_POOL: _BATCH_POOL_ID}


@dataclass(frozen=True, slots=True)
class FleetId:
    """A fleet's ARM id taken apart.

    :param resource_id: as it was given, without a trailing slash
    :param parent: the resource that it belongs to: a pool's Batch account; empty for a scale set
    """

    resource_id: str
    subscription: str
    resource_group: str
    name: str
    kind: FleetKind = FleetKind.SCALE_SET
    parent: str = ""

    @property
    def key(self) -> str:
        """The one key of a fleet everywhere: its ARM id in lower case."""
        return self.resource_id.lower()


def parse_fleet_id(text: str) -> FleetId:
    """Read a fleet's ARM id, whatever case its words have.

    :raises ConfigurationError: when the text is no such id, or its subscription is no GUID
    """
    written = text.strip().rstrip("/")
    matches = ((kind, pattern.fullmatch(written)) for kind, pattern in _IDS.items())
    kind, match = next(((kind, match) for kind, match in matches if match), (None, None))
    if kind is None or match is None:
        raise ConfigurationError(
            f"fleet {text!r} is {_what(text)}: /subscriptions/<guid>/resourceGroups/<name>"
            "/providers/Microsoft.Compute/virtualMachineScaleSets/<name>"
            " or /subscriptions/<guid>/resourceGroups/<name>/providers/Microsoft.Batch/batchAccounts/<name>/pools/<name>"
        )
    if not _SUBSCRIPTION.fullmatch(match["subscription"]):
        raise ConfigurationError(f"fleet {text!r}: subscription {match['subscription']!r} is not a GUID")
    parent = match.groupdict().get("parent", "")
    return FleetId(match[0], match["subscription"], match["resource_group"], match["name"], kind, parent)


def kind_of(resource_id: str) -> FleetKind:
    """What kind of fleet an id is about that was parsed before: as a ledger keeps it, whatever its case.

    >>> kind_of("/subscriptions/s/resourcegroups/g/providers/microsoft.batch/batchaccounts/a/pools/p").member
    'node'
    """
    is_pool = "/providers/microsoft.batch/" in resource_id.lower()
    return FleetKind.BATCH_POOL if is_pool else FleetKind.SCALE_SET


def resource_name(resource_id: str) -> str:
    """What a resource is called, by its ARM id.

    >>> resource_name("/subscriptions/s/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web")
    'web'
    """
    return resource_id.rpartition("/")[2]


def _what(text: str) -> str:
    for kind, pattern in _ELSEWHERE.items():
        if pattern.search(text.strip().rstrip("/")):
            return (
                f"{kind}, whose node images are upgraded by node_pool_rollout or fleetwright run;"
                " here a scale set or a Batch pool is asked for"
            )
    return "neither a scale set's id nor a Batch pool's"


@dataclass(frozen=True, slots=True)
class Fleet:
    """A fleet's model, as far as a rollout asks for it.

    :param capacity: how many instances it should have: ``sku.capacity``, or the nodes of a pool, low-priority ones among them
    :param zones: empty for a regional set
    :param orchestration_mode: ``Uniform`` or ``Flexible``
    :param health_sources: every source the model names; exactly one is right (R16, N4)
    :param probe_id: ARM id of the load balancer's probe, empty where health comes another way
    :param windows: None where nothing in the model tells that it is Windows
    :param patch_mode: ``patchSettings.patchMode`` of either operating system, empty where it is not set
    :param single_placement_group: None where the model does not say
    :param automatic_repairs: ``automaticRepairsPolicy.enabled``
    :param lifecycle_hooks: types of the hooks that Azure's own upgrade waits for (N25)
    :param credentials: those of the extensions' settings that say until when they are good (R18)
    :param vm_size: ``sku.name``: what an instance more takes of the quota (N16)
    :param heeds_custom_metrics: the source is one whose custom metrics count (N20)
    :param strategy: how the rollout that reads it replaces disks (O1); no property of the model
    :param pool: what only a Batch pool has; None for a scale set
    :param owned_by_pool: the Batch pool that a scale set belongs to, empty where it is nobody's: such a one is
        upgraded as its pool, never by itself
    """

    fleet_id: FleetId
    location: str
    capacity: int
    image: ImageReference
    policy: UpgradePolicy = field(default_factory=UpgradePolicy)
    zones: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    orchestration_mode: str = "Uniform"
    health_sources: tuple[HealthSource, ...] = ()
    probe_id: str = ""
    fabric: ServiceFabricExtension | None = None
    windows: WindowsSettings | None = None
    patch_mode: str = ""
    single_placement_group: bool | None = None
    ephemeral_os_disk: bool = False
    automatic_repairs: bool = False
    lifecycle_hooks: tuple[str, ...] = ()
    credentials: tuple[ExpiringCredential, ...] = ()
    heeds_custom_metrics: bool = False
    strategy: Strategy = Strategy.REIMAGE
    vm_size: str = ""
    pool: BatchPool | None = None
    owned_by_pool: str = ""

    @property
    def key(self) -> str:
        """The fleet's ARM id in lower case."""
        return self.fleet_id.key

    @property
    def name(self) -> str:
        """The fleet's own name."""
        return self.fleet_id.name

    @property
    def health_source(self) -> HealthSource:
        """The source that readiness is judged by: the first one named, else power and extensions (R32)."""
        return self.health_sources[0] if self.health_sources else HealthSource.NONE

    @property
    def has_rich_health(self) -> bool:
        """Whether instances tell *initializing* and *unknown* apart, and custom metrics (N20, N22)."""
        return self.health_source is HealthSource.EXTENSION

    @property
    def is_flexible(self) -> bool:
        """Whether its members are virtual machines of their own."""
        return self.orchestration_mode.lower() == "flexible"

    @property
    def kind(self) -> FleetKind:
        """What kind of fleet it is."""
        return self.fleet_id.kind

    @property
    def waits_for_work(self) -> bool:
        """Whether its nodes are upgraded only when they are idle: a pool with ``osRollingUpgradeDeferral`` (R55)."""
        return self.kind is FleetKind.BATCH_POOL and self.policy.os_rolling_upgrade_deferral

    @property
    def needs_deferral_feature(self) -> bool:
        """Whether its nodes are waited for only with a feature of the subscription: a pool in the user's own (R59)."""
        is_users = self.pool is not None and self.pool.allocation_mode is AllocationMode.USER_SUBSCRIPTION
        return is_users and self.waits_for_work

    def hides_zones(self, zones: Iterable[str]) -> bool:
        """Whether it is spread over zones and nobody can tell which instance is in which (R48).

        :param zones: of its instances, empty where none is shown
        """
        return self.pool is not None and self.pool.is_zonal and not all(zones)

    @property
    def service_fabric(self) -> bool:
        """Whether it is a node type of a Service Fabric cluster."""
        return self.fabric is not None

    @property
    def effective_policy(self) -> RollingUpgradePolicy:
        """The rolling upgrade policy in force (C7)."""
        return self.policy.effective

    @property
    def is_tagged(self) -> bool:
        """Whether the tag hands it to us, in whatever case its name and value are written."""
        wanted = {name.lower(): value for name, value in self.tags.items()}.get(OPT_IN_TAG, "")
        return wanted.strip().lower() == OPT_IN_VALUE
