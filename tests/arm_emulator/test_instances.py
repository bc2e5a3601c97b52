"""Instances: lists in pages, views, placement, protection."""

from __future__ import annotations

from collections import Counter

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute.models import VirtualMachineScaleSetVM
from emulated_worlds import V1, Emulator, Json, Serve, scale_set, scale_set_id, world

INSTANCES = f"{scale_set_id()}/virtualMachines"


def placement(emulator: Emulator) -> list[tuple[str | None, int]]:
    """Zone and update domain of each instance."""
    listed = emulator.arm("GET", INSTANCES, params={"$expand": "instanceView"}).json()["value"]
    return [
        (i.get("zones", [None])[0], i["properties"]["instanceView"]["platformUpdateDomain"]) for i in listed
    ]


def test_list_through_the_official_client(serve: Serve) -> None:
    """The official client lists the instances with their views, their running version and their health."""
    listed = list(serve().compute().virtual_machine_scale_set_vms.list("rg", "web", expand="instanceView"))

    assert [i.instance_id for i in listed] == [str(number) for number in range(15)]
    assert {i.storage_profile.image_reference.exact_version for i in listed} == {V1}
    assert {i.storage_profile.image_reference.version for i in listed} == {"latest"}
    assert Counter(i.instance_view.vm_health.status.code for i in listed) == {"HealthState/healthy": 15}


def test_list_has_views_only_when_asked(serve: Serve) -> None:
    """Without ``$expand=instanceView`` a list shows no views."""
    emulator = serve()

    without = emulator.arm("GET", INSTANCES).json()["value"]
    expanded = emulator.arm("GET", INSTANCES, params={"$EXPAND": "instanceview"}).json()["value"]

    assert all("instanceView" not in i["properties"] for i in without)
    assert all("instanceView" in i["properties"] for i in expanded)


def test_list_of_1000_comes_in_pages(serve: Serve) -> None:
    """1,000 instances need several pages, linked absolutely, each instance shown once."""
    emulator = serve(world(scale_set(capacity=1000)))

    page = emulator.arm("GET", INSTANCES, params={"$expand": "instanceView"}).json()
    ids, pages = [i["instanceId"] for i in page["value"]], 1
    while "nextLink" in page:
        assert page["nextLink"].startswith(emulator.url)
        page = emulator.http.get(page["nextLink"]).json()
        ids += [i["instanceId"] for i in page["value"]]
        pages += 1

    assert pages == 5
    assert ids == [str(number) for number in range(1000)]


def test_page_begins_after_the_one_before_even_when_instances_go(serve: Serve) -> None:
    """Scaling in between two pages neither repeats nor skips an instance that stays."""
    emulator = serve(world(scale_set(capacity=450)))
    first = emulator.arm("GET", INSTANCES).json()

    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 300})
    second = emulator.http.get(first["nextLink"]).json()

    assert [i["instanceId"] for i in second["value"]] == [str(number) for number in range(200, 300)]
    assert "nextLink" not in second


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ({"$skiptoken": "x"}, "$skiptoken"),
        ({"$expand": "everything"}, "$expand"),
        ({"$filter": "a eq b"}, "$filter"),
    ],
)
def test_unknown_query_options_are_refused(serve: Serve, query: Json, target: str) -> None:
    """A query option that Azure would not know is 400 and named."""
    response = serve().arm("GET", INSTANCES, params=query)

    assert (response.status_code, response.json()["error"]["target"]) == (400, target)


def test_filter_finds_instances_behind_the_model(serve: Serve) -> None:
    """``$filter`` on latestModelApplied tells those behind the model from the others."""
    emulator = serve(world(scale_set(capacity=3)))
    emulator.arm("PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": {"priority": "Regular"}}})
    emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["1"]})
    emulator.advance(60)

    behind = emulator.arm(
        "GET", INSTANCES, params={"$filter": "properties/latestModelApplied eq false"}
    ).json()

    assert [i["instanceId"] for i in behind["value"]] == ["0", "2"]


def test_zonal_set_places_instances_in_turn(serve: Serve) -> None:
    """Instance i stands in zones[i mod z]; without updateDomains all are in domain 0."""
    emulator = serve(world(scale_set(capacity=7)))

    assert placement(emulator) == [(zone, 0) for zone in ("1", "2", "3", "1", "2", "3", "1")]


def test_zonal_set_with_update_domains(serve: Serve) -> None:
    """``updateDomains`` gives a zonal set domains: i mod updateDomains."""
    emulator = serve(world(scale_set(capacity=5, updateDomains=2)))

    assert placement(emulator) == [("1", 0), ("2", 1), ("3", 0), ("1", 1), ("2", 0)]


@pytest.mark.parametrize(("extras", "domains"), [({}, 5), ({"updateDomains": 3}, 3)])
def test_regional_set_counts_update_domains(serve: Serve, extras: Json, domains: int) -> None:
    """A regional set gives instance i the update domain i mod updateDomains, five by default."""
    emulator = serve(world(scale_set(capacity=7, zones=(), **extras)))

    assert placement(emulator) == [(None, number % domains) for number in range(7)]


def test_unknown_instance_is_404(serve: Serve) -> None:
    """GET of an instance that is not there names it."""
    error = serve().arm("GET", f"{INSTANCES}/99").json()["error"]

    assert error["code"] == "ResourceNotFound"
    assert "virtualMachines/99" in error["message"]


def test_instance_view_route_is_the_expanded_view(serve: Serve) -> None:
    """GET …/instanceView answers what ``$expand=instanceView`` shows."""
    emulator = serve()

    view = emulator.arm("GET", f"{INSTANCES}/3/instanceView").json()

    assert view == emulator.instance("3")["properties"]["instanceView"]


def test_data_disks_are_as_many_as_the_world_says(serve: Serve) -> None:
    """``dataDisksPerInstance`` gives each instance its own data disks."""
    emulator = serve(world(scale_set(capacity=2, dataDisksPerInstance=2)))

    disks = [
        disk["managedDisk"]["id"]
        for instance in ("0", "1")
        for disk in emulator.instance(instance)["properties"]["storageProfile"]["dataDisks"]
    ]

    assert len(set(disks)) == 4


def test_protection_through_the_official_client(serve: Serve) -> None:
    """PUT of an instance sets its protection policy, and a later PUT without one takes it away."""
    client = serve().compute().virtual_machine_scale_set_vms
    instance = client.get("rg", "web", "4")
    instance.protection_policy = {"protectFromScaleIn": True, "protectFromScaleSetActions": True}

    client.begin_update("rg", "web", "4", instance).result()
    protected = client.get("rg", "web", "4").protection_policy
    client.begin_update("rg", "web", "4", VirtualMachineScaleSetVM(location="westeurope")).result()

    assert protected.protect_from_scale_set_actions is True
    assert client.get("rg", "web", "4").protection_policy is None


def test_protection_from_actions_alone_is_refused(serve: Serve) -> None:
    """ProtectFromScaleSetActions without protectFromScaleIn is refused, as in Azure."""
    client = serve().compute().virtual_machine_scale_set_vms
    instance = client.get("rg", "web", "4")
    instance.protection_policy = {"protectFromScaleIn": False, "protectFromScaleSetActions": True}

    with pytest.raises(HttpResponseError, match="protectFromScaleIn"):
        client.begin_update("rg", "web", "4", instance)


def test_etag_guards_an_instance(serve: Serve) -> None:
    """If-Match on PUT of an instance: the right etag passes and changes it, the old one is 412."""
    emulator = serve()
    body = {"properties": {"protectionPolicy": {"protectFromScaleIn": True}}}
    etag = emulator.arm("GET", f"{INSTANCES}/0").headers["ETag"]

    statuses = [
        emulator.arm("PUT", f"{INSTANCES}/0", body, headers={"If-Match": etag}).status_code for _ in range(2)
    ]

    assert statuses == [200, 412]


def test_instance_without_health_source_shows_no_health(serve: Serve) -> None:
    """Without probe and Application Health extension there is no vmHealth."""
    emulator = serve(world(scale_set(extensions=())))

    assert emulator.codes("0") == ["ProvisioningState/succeeded", "PowerState/running"]


def test_probe_is_a_health_source(serve: Serve) -> None:
    """A load balancer probe in the model makes instances show their health."""
    document = scale_set(extensions=())
    probe = {"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/loadBalancers/lb/probes/p"}
    document["resource"]["properties"]["virtualMachineProfile"]["networkProfile"] = {"healthProbe": probe}

    assert serve(world(document)).codes("0")[-1] == "HealthState/healthy"
