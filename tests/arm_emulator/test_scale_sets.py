"""Scale sets through the official client: get, list, put, patch, and what Azure refuses."""

from __future__ import annotations

from typing import Unpack

import httpx
import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.compute.models import VirtualMachineScaleSetUpdate
from emulated_worlds import (
    HEALTH_EXTENSION,
    V1,
    V2,
    CallOptions,
    Emulator,
    Json,
    Serve,
    scale_set,
    scale_set_id,
    world,
)

DEFAULT_POLICY = {
    "maxBatchInstancePercent": 20,
    "maxUnhealthyInstancePercent": 20,
    "maxUnhealthyUpgradedInstancePercent": 20,
    "pauseTimeBetweenBatches": "PT0S",
}


def policy_of(emulator: Emulator, name: str = "web") -> Json:
    """The upgrade policy as a GET shows it."""
    return emulator.arm("GET", scale_set_id(name)).json()["properties"]["upgradePolicy"]


def patch_policy(emulator: Emulator, policy: Json, **options: Unpack[CallOptions]) -> httpx.Response:
    """PATCH of the upgrade policy."""
    return emulator.arm("PATCH", scale_set_id(), {"properties": {"upgradePolicy": policy}}, **options)


def test_get_through_the_official_client(serve: Serve) -> None:
    """The unmodified azure-mgmt-compute client reads a scale set."""
    found = serve().compute().virtual_machine_scale_sets.get("rg", "web")

    assert (found.name, found.sku.capacity, found.zones) == ("web", 15, ["1", "2", "3"])
    assert found.provisioning_state == "Succeeded"
    assert found.virtual_machine_profile.storage_profile.image_reference.version == "latest"


def test_lists_by_group_subscription_and_location(serve: Serve) -> None:
    """The three lists differ in what they look at, and two spellings of a region are one."""
    emulator = serve(
        world(scale_set("a"), scale_set("b", location="North Europe"), scale_set("c", location="northeurope"))
    )
    sets = emulator.compute().virtual_machine_scale_sets

    assert [s.name for s in sets.list("rg")] == ["a", "b", "c"]
    assert [s.name for s in sets.list_all()] == ["a", "b", "c"]
    assert [s.name for s in sets.list_by_location("northeurope")] == ["b", "c"]


def test_list_of_many_scale_sets_comes_in_pages(serve: Serve) -> None:
    """A list follows its nextLinks to the end, whoever asks."""
    emulator = serve(world(*(scale_set(f"set{k}", capacity=0) for k in range(450))))

    first = emulator.arm(
        "GET",
        f"/subscriptions/{scale_set_id().split('/')[2]}/providers/Microsoft.Compute/virtualMachineScaleSets",
    ).json()

    assert len(first["value"]) == 200
    assert len(list(emulator.compute().virtual_machine_scale_sets.list_all())) == 450


def test_what_is_not_there_is_named(serve: Serve) -> None:
    """Subscription, resource group and scale set each have their own 404."""
    emulator = serve()
    missing = {
        scale_set_id(subscription="00000000-0000-0000-0000-00000000dead"): "SubscriptionNotFound",
        scale_set_id(group="nowhere"): "ResourceGroupNotFound",
        scale_set_id("nobody"): "ResourceNotFound",
    }

    codes = {path: emulator.arm("GET", path).json()["error"]["code"] for path in missing}

    assert codes == missing
    with pytest.raises(ResourceNotFoundError, match="nobody"):
        emulator.compute().virtual_machine_scale_sets.get("rg", "nobody")


@pytest.mark.parametrize(
    ("given", "echoed"),
    [
        ({"mode": "Rolling"}, {"mode": "Rolling", "rollingUpgradePolicy": DEFAULT_POLICY}),
        ({"mode": "rolling"}, {"mode": "Rolling", "rollingUpgradePolicy": DEFAULT_POLICY}),
        ({"mode": "Manual"}, {"mode": "Manual"}),
        (
            {
                "mode": "Manual",
                "rollingUpgradePolicy": {"maxBatchInstancePercent": 40, "pauseTimeBetweenBatches": "P0D"},
            },
            {
                "mode": "Manual",
                "rollingUpgradePolicy": {"maxBatchInstancePercent": 40, "pauseTimeBetweenBatches": "P0D"},
            },
        ),
    ],
)
def test_rolling_upgrade_policy_is_filled_in_for_rolling_only(
    serve: Serve, given: Json, echoed: Json
) -> None:
    """The default policy is echoed for Rolling without one; a given one is kept in every mode, durations verbatim."""
    assert policy_of(serve(world(scale_set(upgrade_policy=given)))) == echoed


def test_patch_leaves_other_fields_of_the_policy_alone(serve: Serve) -> None:
    """R30: enabling automatic OS upgrades by PATCH touches nothing else."""
    given = {"mode": "Rolling", "rollingUpgradePolicy": {**DEFAULT_POLICY, "pauseTimeBetweenBatches": "PT2S"}}
    emulator = serve(world(scale_set(upgrade_policy=given)))

    patch_policy(emulator, {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}})

    assert policy_of(emulator) == {**given, "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}


@pytest.mark.parametrize(
    ("policy", "target"),
    [
        (
            {"rollingUpgradePolicy": {"maxBatchInstancePercent": 4}},
            "rollingUpgradePolicy.maxBatchInstancePercent",
        ),
        (
            {"rollingUpgradePolicy": {"maxBatchInstancePercent": 101}},
            "rollingUpgradePolicy.maxBatchInstancePercent",
        ),
        (
            {"rollingUpgradePolicy": {"maxUnhealthyInstancePercent": 0}},
            "rollingUpgradePolicy.maxUnhealthyInstancePercent",
        ),
        (
            {"rollingUpgradePolicy": {"maxUnhealthyUpgradedInstancePercent": -1}},
            "rollingUpgradePolicy.maxUnhealthyUpgradedInstancePercent",
        ),
        (
            {"rollingUpgradePolicy": {"maxBatchInstancePercent": "20"}},
            "rollingUpgradePolicy.maxBatchInstancePercent",
        ),
        (
            {"rollingUpgradePolicy": {"pauseTimeBetweenBatches": "5 min"}},
            "rollingUpgradePolicy.pauseTimeBetweenBatches",
        ),
        ({"rollingUpgradePolicy": {"maxSurge": "false"}}, "rollingUpgradePolicy.maxSurge"),
        ({"mode": "Sometimes"}, "mode"),
    ],
)
def test_policy_out_of_range_is_refused(serve: Serve, policy: Json, target: str) -> None:
    """Percentages, durations, flags and modes outside their ranges are 400 InvalidParameter, and nothing changes."""
    emulator = serve()

    response = patch_policy(emulator, policy)

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "InvalidParameter"
    assert response.json()["error"]["target"] == f"upgradePolicy.{target}"
    assert policy_of(emulator) == {"mode": "Manual"}


@pytest.mark.parametrize(("version", "status"), [("2018-06-01", 400), ("2018-10-01", 200)])
def test_automatic_os_upgrades_need_their_api_version(serve: Serve, version: str, status: int) -> None:
    """R17: api-versions before 2018-10-01 do not know ``automaticOSUpgradePolicy``."""
    policy = {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}

    assert patch_policy(serve(), policy, api_version=version).status_code == status


def test_automatic_os_upgrades_exclude_windows_own_updates(serve: Serve) -> None:
    """R19: enableAutomaticUpdates together with enableAutomaticOSUpgrade is refused."""
    emulator = serve()
    profile = {"osProfile": {"windowsConfiguration": {"enableAutomaticUpdates": True}}}
    policy = {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}
    body = {"properties": {"virtualMachineProfile": profile, "upgradePolicy": policy}}

    assert emulator.arm("PATCH", scale_set_id(), body).json()["error"]["code"] == "InvalidParameter"


@pytest.mark.parametrize(("part", "allowed"), [("publisher", False), ("offer", False), ("sku", True)])
def test_image_publisher_and_offer_cannot_change(serve: Serve, part: str, allowed: bool) -> None:
    """R52: of a set's image reference the sku may change, publisher and offer may not."""
    emulator = serve()
    body = {"properties": {"virtualMachineProfile": {"storageProfile": {"imageReference": {part: "other"}}}}}

    response = emulator.arm("PATCH", scale_set_id(), body)

    assert response.status_code == (200 if allowed else 409)
    if not allowed:
        assert response.json()["error"]["code"] == "PropertyChangeNotAllowed"


def test_patch_through_the_official_client(serve: Serve) -> None:
    """begin_update follows the operation to its end and gives back the changed set."""
    emulator = serve()

    changed = emulator.compute().virtual_machine_scale_sets.begin_update(
        "rg", "web", VirtualMachineScaleSetUpdate(tags={"fleetwright": "enabled"})
    )

    assert changed.result().tags == {"fleetwright": "enabled"}


def test_capacity_is_changed_by_patch(serve: Serve) -> None:
    """A PATCH of sku.capacity scales the set; new instances are on the newest version, as ``latest`` says (O9)."""
    emulator = serve(world(scale_set(capacity=3)))

    emulator.arm("PATCH", scale_set_id(), {"sku": {"capacity": 5}})
    emulator.advance(60)

    assert emulator.audit()["imageVersions"] == {V1: 3, V2: 2}
    assert emulator.codes("4") == ["ProvisioningState/succeeded", "PowerState/running", "HealthState/healthy"]


def test_put_creates_and_replaces(serve: Serve) -> None:
    """PUT creates a set (201) with its instances, and replaces it later (200), read-only fields ignored."""
    emulator = serve()
    body = scale_set("fresh", capacity=2)["resource"]

    created = emulator.arm("PUT", scale_set_id("fresh"), body)
    body["tags"] = {"a": "b"}
    body["properties"]["provisioningState"] = "Failed"
    replaced = emulator.arm("PUT", scale_set_id("fresh"), body)
    emulator.advance(60)

    assert [created.status_code, replaced.status_code] == [201, 200]
    assert created.headers["Azure-AsyncNotification"] == "Enabled"
    shown = emulator.arm("GET", scale_set_id("fresh")).json()
    assert (shown["tags"], shown["properties"]["provisioningState"]) == ({"a": "b"}, "Succeeded")
    assert (
        emulator.instance("1", "fresh")["properties"]["storageProfile"]["imageReference"]["exactVersion"]
        == V2
    )


def test_put_through_the_official_client(serve: Serve) -> None:
    """begin_create_or_update with what a get gave back changes nothing but the etag."""
    client = serve().compute().virtual_machine_scale_sets
    before = client.get("rg", "web")

    after = client.begin_create_or_update("rg", "web", before).result()

    assert after.etag != before.etag
    assert {**after.as_dict(), "etag": None} == {**before.as_dict(), "etag": None}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"sku": {"capacity": 1001}}, "InvalidParameter"),
        ({"sku": {"capacity": "3"}}, "InvalidParameter"),
        ({"properties": {"virtualMachineProfile": []}}, "InvalidParameter"),
        ({"location": "northeurope"}, "PropertyChangeNotAllowed"),
        ({"zones": ["1"]}, "PropertyChangeNotAllowed"),
    ],
)
def test_wrong_bodies_are_refused_whole(serve: Serve, body: Json, code: str) -> None:
    """What Azure would refuse changes nothing."""
    emulator = serve()
    before = emulator.admin("GET", "world")["scaleSets"]

    assert emulator.arm("PATCH", scale_set_id(), body).json()["error"]["code"] == code
    assert emulator.admin("GET", "world")["scaleSets"] == before


@pytest.mark.parametrize("content", [b"{", b"[]", b'"text"'])
def test_body_that_is_no_object_is_refused(serve: Serve, content: bytes) -> None:
    """A body that is not JSON, or no object, is 400 InvalidRequestContent."""
    response = serve().http.patch(f"{scale_set_id()}?api-version=2024-07-01", content=content)

    assert (response.status_code, response.json()["error"]["code"]) == (400, "InvalidRequestContent")


def test_etag_guards_changes(serve: Serve) -> None:
    """If-Match with an old etag and If-None-Match with * are 412; the right etag passes and changes it."""
    emulator = serve()
    etag = emulator.arm("GET", scale_set_id()).headers["ETag"]
    change = {"tags": {"a": "1"}}

    passed = emulator.arm("PATCH", scale_set_id(), change, headers={"If-Match": etag})
    stale = emulator.arm("PATCH", scale_set_id(), change, headers={"If-Match": etag})
    any_etag = emulator.arm("PATCH", scale_set_id(), change, headers={"If-Match": "*"})
    unwanted = emulator.arm("PATCH", scale_set_id(), change, headers={"If-None-Match": "*"})

    assert [r.status_code for r in (passed, stale, any_etag, unwanted)] == [200, 412, 200, 412]
    assert stale.json()["error"]["code"] == "PreconditionFailed"
    assert passed.headers["ETag"] != etag


def test_put_creates_only_what_is_not_there(serve: Serve) -> None:
    """If-None-Match: * lets a PUT create, but not replace."""
    emulator = serve()
    body = scale_set("fresh", capacity=0)["resource"]

    statuses = [
        emulator.arm("PUT", scale_set_id("fresh"), body, headers={"If-None-Match": "*"}).status_code
        for _ in range(2)
    ]

    assert statuses == [201, 412]


def test_summary_counts_the_instances(serve: Serve) -> None:
    """The set's instance view counts provisioning states and extension states."""
    emulator = serve()
    emulator.reimage("0", "3")

    view = emulator.compute().virtual_machine_scale_sets.get_instance_view("rg", "web")

    counted = {status.code: status.count for status in view.virtual_machine.statuses_summary}
    assert counted == {"ProvisioningState/succeeded": 13, "ProvisioningState/updating": 2}
    assert view.extensions[0].name == HEALTH_EXTENSION["name"]
