"""The image catalogue, subscriptions, locations, and what stands beside scale sets."""

from __future__ import annotations

import pytest
from azure.mgmt.resource.subscriptions import SubscriptionClient
from emulated_worlds import (
    SUBSCRIPTION,
    V1,
    V2,
    V3,
    Bearer,
    Credential,
    Emulator,
    Serve,
    scale_set_id,
    world,
)

from arm_emulator.images.versions import version_order

LOCATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope"
VERSIONS = (
    f"{LOCATION}/publishers/Canonical/artifacttypes/vmimage/offers/UbuntuServer/skus/18.04-LTS/versions"
)
IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}


def names(emulator: Emulator, path: str, **params: str) -> list[str]:
    """The names of a bare array."""
    return [
        item["name"]
        for item in emulator.arm("GET", path, params={f"${k}": v for k, v in params.items()}).json()
    ]


def test_catalogue_through_the_official_client(serve: Serve) -> None:
    """R41: publishers, offers, skus and versions, each a bare array; the versions' ids lead to the versions."""
    images = serve().compute().virtual_machine_images

    assert [p.name for p in images.list_publishers("westeurope")] == ["Canonical"]
    assert [o.name for o in images.list_offers("westeurope", "Canonical")] == ["UbuntuServer"]
    assert [s.name for s in images.list_skus("westeurope", "Canonical", "UbuntuServer")] == ["18.04-LTS"]
    assert [v.name for v in images.list("westeurope", *IMAGE.values())] == [V1, V2]
    found = images.get("westeurope", *IMAGE.values(), V2)
    assert found.automatic_os_upgrade_properties.automatic_os_upgrade_supported is True


def test_latest_is_the_newest_by_number(serve: Serve) -> None:
    """Versions are ordered by number, not by letter, and ``latest`` is the last of them."""
    versions = ["1.0.10", "1.0.9", "1.0.2"]
    emulator = serve(world(platformImages=[{**IMAGE, "versions": [{"name": name} for name in versions]}]))

    assert names(emulator, VERSIONS) == ["1.0.2", "1.0.9", "1.0.10"]
    assert names(emulator, VERSIONS, top="1", orderby="name desc") == ["1.0.10"]
    latest = emulator.arm("GET", f"{VERSIONS}/latest").json()
    assert (latest["name"], latest["id"]) == ("1.0.10", f"{VERSIONS}/1.0.10")


def test_version_order_knows_any_arity() -> None:
    """Dotted numbers of different arity compare part by part."""
    mixed = ["18.04.202012111", "2016.127.20180613", "17763.6414.240910", "18.4", "18.04.9"]

    assert sorted(mixed, key=version_order) == [
        "18.4",
        "18.04.9",
        "18.04.202012111",
        "2016.127.20180613",
        "17763.6414.240910",
    ]


def test_version_appears_when_it_is_published(serve: Serve) -> None:
    """A version with a publishedAt in the future is not there until then."""
    coming = {"name": V3, "publishedAt": "2024-06-01T00:01:00Z"}
    emulator = serve(world(platformImages=[{**IMAGE, "versions": [{"name": V1}, coming]}]))
    before = names(emulator, VERSIONS)

    emulator.advance(60)

    assert (before, names(emulator, VERSIONS)) == ([V1], [V1, V3])


def test_images_differ_by_region(serve: Serve) -> None:
    """An image is only in its locations, in either spelling of a region, and a version may be in fewer."""
    versions = [{"name": V1}, {"name": V2, "locations": ["North Europe"]}]
    emulator = serve(
        world(platformImages=[{**IMAGE, "locations": ["West Europe", "northeurope"], "versions": versions}])
    )

    assert names(emulator, VERSIONS) == [V1]
    assert names(emulator, VERSIONS.replace("westeurope", "northeurope")) == [V1, V2]
    assert names(emulator, f"{LOCATION.replace('westeurope', 'eastus')}/publishers") == []


@pytest.mark.parametrize(
    "path",
    [
        "publishers/Nobody/artifacttypes/vmimage/offers",
        "publishers/Canonical/artifacttypes/vmimage/offers/None/skus",
    ],
)
def test_unknown_image_is_404(serve: Serve, path: str) -> None:
    """A publisher or offer that is not there is named."""
    response = serve().arm("GET", f"{LOCATION}/{path}")

    assert (response.status_code, response.json()["error"]["code"]) == (404, "NotFound")


def test_version_says_whether_upgrades_are_supported(serve: Serve) -> None:
    """R53: automaticOSUpgradeSupported is the world's word; ``$expand=properties`` shows it in lists too."""
    emulator = serve(
        world(platformImages=[{**IMAGE, "automaticOSUpgradeSupported": False, "versions": [{"name": V1}]}])
    )

    one = emulator.arm("GET", f"{VERSIONS}/{V1}").json()
    listed = emulator.arm("GET", VERSIONS, params={"$expand": "properties"}).json()

    for item in (one, listed[0]):
        assert item["properties"]["automaticOSUpgradeProperties"] == {"automaticOSUpgradeSupported": False}


def test_published_image_is_there_at_once(serve: Serve) -> None:
    """POST /images publishes a version with its behaviours, which come before the world's own."""
    emulator = serve(world(imageBehaviours=[{"version": V3, "health": "healthy"}]))
    body = {**IMAGE, "version": V3, "behaviours": [{"instances": ["0"], "health": "unhealthy"}]}

    emulator.admin("POST", "images", body)
    emulator.reimage("0", "3", version=V3)
    emulator.advance(300)

    assert names(emulator, VERSIONS)[-1] == V3
    assert [emulator.codes(i)[2].split("/")[1] for i in ("0", "3")] == ["unhealthy", "healthy"]


def subscriptions(emulator: Emulator) -> SubscriptionClient:
    """The official client for subscriptions."""
    return SubscriptionClient(Credential(), base_url=emulator.url, authentication_policy=Bearer())


def test_subscriptions_through_the_official_client(serve: Serve) -> None:
    """The subscriptions are those of the world."""
    emulator = serve(world(subscriptions=[{"id": SUBSCRIPTION, "displayName": "Production"}]))

    listed = list(subscriptions(emulator).subscriptions.list())

    assert [(s.subscription_id, s.display_name, s.state) for s in listed] == [
        (SUBSCRIPTION, "Production", "Enabled")
    ]


def test_locations_through_the_official_client(serve: Serve) -> None:
    """The built-in table has the public regions with pairs and zones; a region may have neither."""
    listed = {r.name: r for r in subscriptions(serve()).subscriptions.list_locations(SUBSCRIPTION)}

    west = listed["westeurope"]
    assert (west.display_name, west.metadata.paired_region[0].name) == ("West Europe", "northeurope")
    assert [m.logical_zone for m in west.availability_zone_mappings] == ["1", "2", "3"]
    assert isinstance(west.metadata.latitude, str)
    assert listed["italynorth"].metadata.paired_region == []
    assert listed["westus"].availability_zone_mappings is None


def test_world_may_have_regions_of_its_own(serve: Serve) -> None:
    """``locations`` of the document replace the table."""
    own = [
        {"name": "westeurope", "displayName": "West Europe", "pairedRegion": "north europe", "zones": ["1"]}
    ]
    emulator = serve(world(locations=own))

    value = emulator.arm("GET", f"/subscriptions/{SUBSCRIPTION}/locations", api_version="2022-12-01").json()[
        "value"
    ]

    assert [region["name"] for region in value] == ["westeurope"]
    assert value[0]["metadata"]["pairedRegion"][0]["name"] == "northeurope"


def test_load_balancers_and_features_are_there(serve: Serve) -> None:
    """A load balancer is served as written; a feature's state is the subscription's."""
    balancer = scale_set_id().replace(
        "Microsoft.Compute/virtualMachineScaleSets/web", "Microsoft.Network/loadBalancers/lb"
    )
    features = {"Microsoft.Compute/RollingUpgradeDeferral": "Registered"}
    emulator = serve(
        world(
            loadBalancers=[{"resource": {"id": balancer, "sku": {"name": "Standard"}}}],
            subscriptions=[{"id": SUBSCRIPTION, "features": features}],
        )
    )
    feature = (
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.Compute/features"
    )

    states = [
        emulator.arm("GET", f"{feature}/{name}").json()["properties"]["state"]
        for name in ("RollingUpgradeDeferral", "Other")
    ]

    assert emulator.arm("GET", balancer.upper()).json()["sku"] == {"name": "Standard"}
    assert emulator.arm("GET", f"{balancer}2").status_code == 404
    assert states == ["Registered", "NotRegistered"]
