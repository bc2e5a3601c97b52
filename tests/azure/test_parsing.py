"""From ARM's bodies to the domain's values."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from arm_bodies import DISKS, HEALTH_EXTENSION, SERVICE_FABRIC, extension, instance, scale_set
from azure_doubles import FLEET_ID
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.azure.fleet_parsing import parse_fleet
from fleetwright.azure.instance_parsing import parse_instance, parse_instances
from fleetwright.azure.rolling_upgrades import describe_rolling_upgrade
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.images import ImageKind
from fleetwright.domain.instances import Health, HealthSource, Instance

ID = parse_fleet_id(FLEET_ID)


def test_scale_set_is_read_whole() -> None:
    """Location in its short form, capacity, zones, tags, image and policy come from the model."""
    fleet = parse_fleet(ID, scale_set())

    assert (fleet.location, fleet.capacity, fleet.zones) == ("westeurope", 15, ("1", "2", "3"))
    assert (fleet.image.name, fleet.image.follows_latest) == ("Canonical:UbuntuServer:18.04-LTS", True)
    assert fleet.effective_policy.max_batch_instance_percent == 10
    assert fleet.effective_policy.pause_time_between_batches == timedelta(seconds=2)
    assert fleet.policy.enable_automatic_os_upgrade
    assert fleet.is_tagged
    assert (fleet.orchestration_mode, fleet.service_fabric) == ("Uniform", False)


@pytest.mark.parametrize(
    ("profile", "sources"),
    [
        ({}, (HealthSource.EXTENSION,)),
        ({"extensionProfile": {"extensions": []}}, ()),
        ({"extensionProfile": None}, ()),
        (
            {"networkProfile": {"healthProbe": {"id": "/probes/p"}}},
            (HealthSource.PROBE, HealthSource.EXTENSION),
        ),
        (
            {
                "networkProfile": {"healthProbe": {"id": "/p"}},
                "extensionProfile": {"extensions": [SERVICE_FABRIC]},
            },
            (HealthSource.PROBE,),
        ),
    ],
)
def test_every_health_source_of_the_model_is_named(
    profile: dict[str, Any], sources: tuple[HealthSource, ...]
) -> None:
    """A load balancer probe and the Application Health extension are both seen (R16, N4)."""
    assert parse_fleet(ID, scale_set(profile=profile)).health_sources == sources


def test_service_fabric_is_told_by_its_extension() -> None:
    """A set with a Service Fabric extension needs no health source of its own (R16)."""
    profile = {"extensionProfile": {"extensions": [SERVICE_FABRIC, HEALTH_EXTENSION]}}

    assert parse_fleet(ID, scale_set(profile=profile)).service_fabric


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ({"id": "/subscriptions/s/resourceGroups/g/providers/x/galleries/a/images/b"}, ImageKind.GALLERY),
        ({"sharedGalleryImageId": "/SharedGalleries/a/Images/b/Versions/latest"}, ImageKind.SHARED_GALLERY),
        ({"communityGalleryImageId": "/CommunityGalleries/a/Images/b"}, ImageKind.COMMUNITY_GALLERY),
        ({"id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/images/b"}, ImageKind.MANAGED),
        ({}, ImageKind.UNKNOWN),
    ],
)
def test_images_by_id_are_told_apart(reference: dict[str, str], kind: ImageKind) -> None:
    """Gallery images in all three forms, managed ones and none at all (R28)."""
    profile = {"storageProfile": {"imageReference": reference}}

    assert parse_fleet(ID, scale_set(profile=profile)).image.kind is kind


def test_policy_out_of_range_names_the_set() -> None:
    """A percentage that Azure would not take ends in one line with set, field and range."""
    policy = {"rollingUpgradePolicy": {"maxBatchInstancePercent": 4}}

    with pytest.raises(
        ConfigurationError, match=f"{FLEET_ID}: maxBatchInstancePercent is 4; it must be from 5 to 100"
    ):
        parse_fleet(ID, scale_set(upgradePolicy=policy))


def test_instance_is_read_whole() -> None:
    """Version, disks with their LUNs, zone, update domain, health and power stand in one body."""
    assert parse_instance(instance("12")) == Instance(
        instance_id="12",
        name="web_12",
        zone="2",
        update_domain=4,
        version="18.04.202401010",
        os_disk_id=f"{DISKS}/os-12".lower(),
        data_disk_ids=(f"0:{DISKS.lower()}/data-a:None", f"1:{DISKS.lower()}/data-b:ReadOnly"),
        health=Health.HEALTHY,
    )


@pytest.mark.parametrize(
    ("code", "health"),
    [
        ("HealthState/healthy", Health.HEALTHY),
        ("healthstate/Unhealthy", Health.UNHEALTHY),
        ("HealthState/unknown", Health.UNKNOWN),
        ("HealthState/initializing", Health.INITIALIZING),
        ("HealthState/brandNew", Health.UNKNOWN),
    ],
)
def test_health_words(code: str, health: Health) -> None:
    """Words are read in any case; one that is new is unknown (N21)."""
    assert parse_instance(instance(view={"vmHealth": {"status": {"code": code}}})).health is health


def test_instance_without_health_has_not_reported() -> None:
    """No ``vmHealth`` is told from an unhealthy one (O10)."""
    assert parse_instance(instance(view={"vmHealth": None})).health is Health.NOT_REPORTED


def test_extensions_are_settled_pending_or_failed() -> None:
    """What succeeded is silent; what failed and what is not settled is named (R32)."""
    extensions = [
        extension("done", "ProvisioningState/succeeded"),
        extension("broken", "ProvisioningState/failed/VMExtensionProvisioningError"),
        extension("moving", "ProvisioningState/transitioning"),
        extension("odd", "ProvisioningState/Unavailable"),
        extension("untouched"),
    ]

    read = parse_instance(instance(view={"extensions": extensions}))

    assert read.failed_extensions == ("broken",)
    assert read.pending_extensions == ("moving", "odd", "untouched")


def test_instance_without_a_view_is_not_ready() -> None:
    """Where Azure shows nothing, nothing is taken for well."""
    read = parse_instance(instance(instanceView=None, provisioningState="Creating"))

    assert (read.power, read.health, read.update_domain) == ("unknown", Health.NOT_REPORTED, 0)
    assert not read.is_settled


def test_protection_from_set_actions_counts() -> None:
    """``protectFromScaleSetActions`` protects; scale-in protection alone does not."""
    both = instance(protectionPolicy={"protectFromScaleIn": True, "protectFromScaleSetActions": True})
    one = instance(protectionPolicy={"protectFromScaleIn": True})

    assert parse_instance(both).protected
    assert not parse_instance(one).protected


def test_missing_provisioning_state_is_succeeded() -> None:
    """ARM: no ``provisioningState`` means Succeeded."""
    assert parse_instance(instance(provisioningState=None)).is_provisioned


def test_list_is_in_order_of_number_without_doubles() -> None:
    """Ten comes after nine; an instance on two pages counts once, as read last."""
    read = parse_instances([instance("10"), instance("9"), instance("10", latestModelApplied=False)])

    assert [(i.instance_id, i.latest_model_applied) for i in read] == [("9", True), ("10", False)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(
    view=st.dictionaries(
        st.sampled_from(["vmHealth", "extensions", "statuses", "platformUpdateDomain"]), JSON
    ),
    storage=JSON,
    tags=st.dictionaries(st.text(max_size=5), st.text(max_size=5)),
)
def test_bodies_of_any_shape_are_read(view: dict[str, Any], storage: object, tags: dict[str, str]) -> None:
    """A field of another type reads as empty; nothing crashes at three in the morning."""
    parse_instance(instance(view=view, storageProfile=storage))
    parse_fleet(ID, scale_set(profile={"storageProfile": storage}) | {"tags": tags})


@pytest.mark.parametrize(
    ("code", "is_under_way"),
    [
        ("RollingForward", True),
        ("rollingBack", True),
        ("Completed", False),
        ("Cancelled", False),
        ("Faulted", False),
    ],
)
def test_rolling_upgrade_under_way_is_described(code: str, is_under_way: bool) -> None:
    """A rolling upgrade that changes instances is one line; one that has ended is none (O4)."""
    status = {"code": code, "startTime": "2024-06-01T00:00:00.1234567+00:00"}
    progress = {"inProgressInstanceCount": 2, "pendingInstanceCount": 9}

    line = describe_rolling_upgrade({"properties": {"runningStatus": status, "progress": progress}})

    assert bool(line) is is_under_way
    assert not line or "2 instances in progress, 9 pending" in line
