"""The state of the world: everything that a world document describes, moved on by the instants it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_emulator.aks.ids import CLUSTER_FORM
from arm_emulator.aks.plane.kubernetes_versions import BUILT_IN
from arm_emulator.arm_errors import (
    InvalidParameterError,
    ResourceGroupNotFoundError,
    ResourceNotFoundError,
    SubscriptionNotFoundError,
)
from arm_emulator.batch.ids import ACCOUNT_FORM
from arm_emulator.galleries.galleries import Galleries
from arm_emulator.images.catalogue import Catalogue
from arm_emulator.record import NobodyListens
from arm_emulator.resource_ids import scale_set_id
from arm_emulator.resources.regions import region_name
from arm_emulator.seeded import Seed, guid
from arm_emulator.timeline import Timeline
from arm_emulator.timings import Timings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.aks.cluster import ManagedCluster, NodeImageRelease
    from arm_emulator.aks.plane.kubernetes_versions import KubernetesVersion
    from arm_emulator.batch.pool import BatchAccount, BatchPool
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.managed_disks import ManagedDisk
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.images.behaviours import ImageBehaviour
    from arm_emulator.operations.operation import Operation
    from arm_emulator.record import Observer
    from arm_emulator.resources.regions import Regions


@dataclass(slots=True)
class Subscription:
    """A subscription, the states of its preview features, and its quotas by region and name.

    :param features_due: when a feature that is registering or unregistering is done.
    """

    id: str
    display_name: str
    features: dict[str, str] = field(default_factory=dict)
    features_due: dict[str, datetime] = field(default_factory=dict)
    quotas: dict[str, dict[str, int]] = field(default_factory=dict)


@dataclass(slots=True)
class World:
    """All of it. Whoever calls has moved it to the present instant first.

    :param node_images: those that every cluster knows, oldest first.
    :param disks: those that nothing has attached, by their ids in lower case.
    :param revoked_tokens: the fingerprints of those that a fault let expire.
    :param zones_down: region (None for every one) and zone.
    """

    now: datetime
    seed: Seed
    regions: Regions
    timings: Timings = field(default_factory=Timings)
    catalogue: Catalogue = field(default_factory=Catalogue)
    galleries: Galleries = field(default_factory=Galleries)
    behaviours: list[ImageBehaviour] = field(default_factory=list)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    scale_sets: dict[str, ScaleSet] = field(default_factory=dict)
    batch_accounts: dict[str, BatchAccount] = field(default_factory=dict)
    managed_clusters: dict[str, ManagedCluster] = field(default_factory=dict)
    node_images: list[NodeImageRelease] = field(default_factory=list)
    kubernetes_versions: tuple[KubernetesVersion, ...] = BUILT_IN
    load_balancers: dict[str, JsonObject] = field(default_factory=dict)
    service_fabric_clusters: dict[str, JsonObject] = field(default_factory=dict)
    disks: dict[str, ManagedDisk] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    platform_upgrades: bool = False
    good_tokens: frozenset[str] | None = None
    expired_tokens: frozenset[str] = frozenset()
    revoked_tokens: set[str] = field(default_factory=set)
    zones_down: frozenset[tuple[str | None, str]] = frozenset()
    timeline: Timeline = field(default_factory=Timeline)
    observer: Observer = field(default_factory=NobodyListens)
    issued: int = 0

    def new_guid(self, purpose: str) -> str:
        """A GUID that this world has not issued yet; the same in every rerun."""
        self.issued += 1
        return guid(self.seed.number, purpose, self.issued)

    def subscription(self, subscription_id: str) -> Subscription:
        """A subscription by its id.

        :raises SubscriptionNotFoundError: the world has no such one.
        """
        found = self.subscriptions.get(subscription_id.lower())
        if found is None:
            raise SubscriptionNotFoundError(f"The subscription '{subscription_id}' could not be found.")
        return found

    def scale_set(self, subscription_id: str, resource_group: str, name: str) -> ScaleSet:
        """A scale set by the parts of its id.

        :raises SubscriptionNotFoundError: no such subscription.
        :raises ResourceGroupNotFoundError: no such resource group in it.
        :raises ResourceNotFoundError: no such scale set in that.
        """
        self.subscription(subscription_id)
        found = self.scale_sets.get(scale_set_id(subscription_id, resource_group, name).lower())
        if found is not None and not found.is_hidden:
            return found
        raise self.not_found(
            subscription_id, resource_group, f"Microsoft.Compute/virtualMachineScaleSets/{name}"
        )

    def batch_account(self, subscription_id: str, resource_group: str, name: str) -> BatchAccount:
        """A Batch account by the parts of its id.

        :raises ResourceNotFoundError: it is not there; likewise for its subscription and resource group.
        """
        self.subscription(subscription_id)
        wanted = ACCOUNT_FORM.format(subscription=subscription_id, resourceGroup=resource_group, name=name)
        found = self.batch_accounts.get(wanted.lower())
        if found is not None:
            return found
        raise self.not_found(subscription_id, resource_group, f"Microsoft.Batch/batchAccounts/{name}")

    def managed_cluster(self, subscription_id: str, resource_group: str, name: str) -> ManagedCluster:
        """A managed cluster by the parts of its id.

        :raises ResourceNotFoundError: it is not there; likewise for its subscription and resource group.
        """
        self.subscription(subscription_id)
        wanted = CLUSTER_FORM.format(subscription=subscription_id, resourceGroup=resource_group, name=name)
        found = self.managed_clusters.get(wanted.lower())
        if found is not None:
            return found
        raise self.not_found(
            subscription_id, resource_group, f"Microsoft.ContainerService/managedClusters/{name}"
        )

    def pool_of(self, machines: ScaleSet) -> BatchPool | None:
        """The Batch pool whose machines a scale set is."""
        if not machines.owner:
            return None
        account, _, name = machines.owner.lower().rpartition("/pools/")
        return self.batch_accounts[account].pools.get(name)

    def region(self, subscription_id: str, location: str) -> str:
        """The short name of a region that a path names.

        :raises SubscriptionNotFoundError: no such subscription.
        :raises InvalidParameterError: no such region.
        """
        self.subscription(subscription_id)
        name = region_name(location)
        if name not in self.regions.by_name:
            raise InvalidParameterError(f"The location '{location}' is invalid.", target="location")
        return name

    def not_found(self, subscription_id: str, resource_group: str, resource: str) -> ResourceNotFoundError:
        """What is said of a resource that its resource group does not have.

        :param resource: its type and name.
        :raises ResourceGroupNotFoundError: the world has nothing in that group.
        """
        self.require_resource_group(subscription_id, resource_group)
        return ResourceNotFoundError(
            f"The Resource '{resource}' under resource group '{resource_group}' was not found. "
            "For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        )

    def machine(
        self, subscription_id: str, resource_group: str, name: str
    ) -> tuple[ScaleSet, Instance] | None:
        """A member of a Flexible scale set by its virtual machine's name; None when there is none."""
        owner, _, _number = name.rpartition("_")
        usual = self.scale_sets.get(scale_set_id(subscription_id, resource_group, owner).lower())
        named = (found for found in self.scale_sets.values() if name.lower() in found.machine_names)
        for scale_set in (*named, *([] if usual is None else [usual])):
            is_here = scale_set.is_flexible and scale_set.id.stands_in(subscription_id, resource_group)
            instance = scale_set.find_instance(name) if is_here else None
            if instance is not None:
                return scale_set, instance
        return None

    def require_resource_group(self, subscription_id: str, resource_group: str) -> None:
        """Refuse a resource group in which the world has nothing.

        :raises ResourceGroupNotFoundError: it has nothing there.
        """
        prefix = f"/subscriptions/{subscription_id}/resourceGroups/{resource_group}/".lower()
        known = (
            *(key for key, scale_set in self.scale_sets.items() if not scale_set.is_hidden),
            *self.batch_accounts,
            *self.managed_clusters,
            *self.load_balancers,
            *self.service_fabric_clusters,
            *self.galleries.by_id,
        )
        if not any(key.startswith(prefix) for key in known):
            raise ResourceGroupNotFoundError(f"Resource group '{resource_group}' could not be found.")

    def resource_named(
        self, kept: Mapping[str, JsonObject], at: Mapping[str, str], *, resource_type: str, name: str
    ) -> JsonObject:
        """A plain resource by its name, in the resource group of a path.

        :param kept: the resources by id in lower case.
        :param at: what the path says.
        :raises ResourceNotFoundError: it is not there; likewise for its subscription and resource group.
        """
        subscription, group = at["subscriptionId"], at["resourceGroupName"]
        self.subscription(subscription)
        wanted = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{resource_type}/{name}"
        found = kept.get(wanted.lower())
        if found is not None:
            return found
        raise self.not_found(subscription, group, f"{resource_type}/{name}")

    def resources_below(self, kept: Mapping[str, JsonObject], at: Mapping[str, str]) -> list[JsonObject]:
        """The plain resources of the subscription, or of the resource group, that a path names.

        :raises SubscriptionNotFoundError: no such subscription; likewise for its resource group.
        """
        prefix = f"/subscriptions/{self.subscription(at['subscriptionId']).id}/"
        if "resourceGroupName" in at:
            self.require_resource_group(at["subscriptionId"], at["resourceGroupName"])
            prefix += f"resourceGroups/{at['resourceGroupName']}/"
        return [resource for key, resource in kept.items() if key.startswith(prefix.lower())]

    def is_zone_down(self, location: str, zone: str | None) -> bool:
        """Whether a fault has taken a zone of a region down."""
        return zone is not None and not self.zones_down.isdisjoint({(location, zone), (None, zone)})

    def timings_of(self, owner: ScaleSet | ManagedCluster) -> Timings:
        """How long things take in a scale set or a cluster: its own timings over the world's."""
        return self.timings.overridden_by(owner.own_timings)
