"""From a Batch account's and a pool's ARM bodies to a ``Fleet``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fleetwright.azure.bodies import Body, as_body, bodies_at, body_at, number_at, text_at
from fleetwright.azure.fleet_parsing import parse_image_reference, parse_policy
from fleetwright.domain.batch_pools import AllocationMode, BatchPool, NodeUpgradeWay
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.images import LATEST, ImageReference
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.model import WindowsSettings
from fleetwright.domain.policy import UpgradePolicy
from fleetwright.domain.regions import normal_region

_WINDOWS_AGENT = "batch.node.windows"
_ZONAL = "zonal"


@dataclass(frozen=True, slots=True)
class Account:
    """What a Batch account says about all of its pools.

    :param endpoint: ``accountEndpoint``, as it is written
    """

    name: str
    location: str
    endpoint: str
    allocation_mode: AllocationMode


@dataclass(frozen=True, slots=True)
class Surface:
    """How pools are met at an endpoint.

    :param way: by what nodes of the account are upgraded
    :param api_version: of the calls about them
    """

    way: NodeUpgradeWay
    api_version: str


def parse_account(body: Body) -> Account:
    """Read an account; one that does not say whose subscription it allocates in uses Batch's own, as Azure does."""
    properties = body_at(body, "properties")
    mode = text_at(properties, "poolAllocationMode").lower()
    is_users = mode == AllocationMode.USER_SUBSCRIPTION.lower()
    return Account(
        name=text_at(body, "name") or text_at(body, "id").rpartition("/")[2],
        location=normal_region(text_at(body, "location")),
        endpoint=text_at(properties, "accountEndpoint"),
        allocation_mode=AllocationMode.USER_SUBSCRIPTION if is_users else AllocationMode.BATCH_SERVICE,
    )


def parse_pool(fleet_id: FleetId, body: Body, account: Account, surface: Surface) -> Fleet:
    """Read a pool.

    :raises ConfigurationError: when its upgrade policy holds a percentage or duration that is none
    """
    properties = body_at(body, "properties")
    machine = body_at(properties, "deploymentConfiguration", "virtualMachineConfiguration")
    dedicated, low_priority = _node_counts(properties)
    return Fleet(
        fleet_id=fleet_id,
        location=account.location,
        # Low-priority and spot nodes carry the same image: every node that the data plane lists is counted.
        capacity=dedicated + low_priority,
        image=_image(machine),
        policy=_policy(fleet_id, properties),
        tags=dict(_tags(body, properties)),
        health_sources=(HealthSource.NODE,),
        windows=_windows(machine),
        vm_size=text_at(properties, "vmSize"),
        pool=BatchPool(
            account=account.name,
            endpoint=account.endpoint,
            allocation_mode=account.allocation_mode,
            way=surface.way,
            is_zonal=text_at(machine, "nodePlacementConfiguration", "policy").lower() == _ZONAL,
            has_virtual_machines=bool(machine),
            api_version=surface.api_version,
            shows_upgrade_policy=bool(body_at(properties, "upgradePolicy")),
            low_priority_nodes=low_priority,
        ),
    )


def _image(machine: Body) -> ImageReference:
    """The pool's image; Batch takes one without a version for its latest (R15)."""
    said = body_at(machine, "imageReference")
    return parse_image_reference({**said, "version": text_at(said, "version") or LATEST})


def _policy(fleet_id: FleetId, properties: Body) -> UpgradePolicy:
    """The pool's policy; Batch writes the mode in lower case, whatever case it was given in (C5)."""
    said = body_at(properties, "upgradePolicy")
    return parse_policy(fleet_id, {**said, "mode": text_at(said, "mode").lower() or "manual"})


def _node_counts(properties: Body) -> tuple[int, int]:
    """Dedicated and low-priority nodes: those that are asked for, or that there are where a formula decides."""
    fixed = body_at(properties, "scaleSettings").get("fixedScale")
    if fixed is not None:
        wanted = as_body(fixed)
        return number_at(wanted, "targetDedicatedNodes"), number_at(wanted, "targetLowPriorityNodes")
    return number_at(properties, "currentDedicatedNodes"), number_at(properties, "currentLowPriorityNodes")


def _tags(body: Body, properties: Body) -> Iterator[tuple[str, str]]:
    """Everything that people hang on a pool: what stands nearer to it wins."""
    for name, value in body_at(properties, "resourceTags").items():
        yield name, str(value)
    for item in bodies_at(properties, "metadata"):
        yield text_at(item, "name"), text_at(item, "value")
    for name, value in body_at(body, "tags").items():
        yield name, str(value)


def _windows(machine: Body) -> WindowsSettings | None:
    said = machine.get("windowsConfiguration")
    if said is None:
        agent = text_at(machine, "nodeAgentSkuId") or text_at(machine, "nodeAgentSKUId")
        return WindowsSettings() if agent.lower().startswith(_WINDOWS_AGENT) else None
    flag = as_body(said).get("enableAutomaticUpdates")
    return WindowsSettings(flag if isinstance(flag, bool) else None)
