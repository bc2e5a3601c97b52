"""Managed clusters: the management plane by the official client and by raw calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceModifiedError, ResourceNotFoundError
from azure.mgmt.containerservice import models
from emulated_node_pools import (
    API,
    CLUSTER,
    NEW,
    OLD,
    STEADY_NODES,
    cluster_world,
    container_service,
    node_pool,
)
from emulated_worlds import SUBSCRIPTION, Json, Serve
from test_official_node_pool_client import PassingTime

if TYPE_CHECKING:
    from emulated_worlds import Emulator

SHOP = ("rg", "shop")
FEATURE = "NodeOsUpgradeChannelPreview"
FEATURE_PATH = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.ContainerService/features/{FEATURE}"
FIRST_VERSION = "2022-11-02-preview"


def read(emulator: Emulator, api_version: str = API) -> Json:
    """The cluster as ARM shows it to callers of a version."""
    return emulator.arm("GET", CLUSTER, api_version=api_version).json()


def channel(emulator: Emulator, api_version: str = API) -> str | None:
    """The channel that callers of a version are shown."""
    return read(emulator, api_version)["properties"]["autoUpgradeProfile"].get("nodeOSUpgradeChannel")


def put_channel(emulator: Emulator, said: str, api_version: str) -> Json:
    """PUT with another channel; the answer, or the error."""
    body = {"location": "westeurope", "properties": {"autoUpgradeProfile": {"nodeOSUpgradeChannel": said}}}
    answer = emulator.arm("PUT", CLUSTER, body, api_version=api_version).json()
    return answer.get("error", answer)


def test_cluster_is_created_listed_changed_and_deleted(serve: Serve) -> None:
    """The client's pollers end with the cluster as it is: created with its first pool for the system, tagged, gone."""
    emulator = serve(cluster_world(subscriptions=[{"id": SUBSCRIPTION}]))
    client = container_service(emulator)
    pool = models.ManagedClusterAgentPoolProfile(name="first", count=2, vm_size="Standard_D2s_v3")
    asked = models.ManagedCluster(
        location="westeurope",
        properties=models.ManagedClusterProperties(dns_prefix="new", agent_pool_profiles=[pool]),
    )
    passing = PassingTime(emulator, STEADY_NODES["nodeCreate"])

    created = client.managed_clusters.begin_create_or_update("rg", "new", asked, polling=passing).result()
    tagged = client.managed_clusters.begin_update_tags("rg", "new", models.TagsObject(tags={"team": "a"}))

    assert created.properties.provisioning_state == "Succeeded"
    assert client.agent_pools.get("rg", "new", "first").properties.provisioning_state == "Succeeded"
    assert [(p.name, p.mode, p.count) for p in created.properties.agent_pool_profiles] == [
        ("first", "System", 2)
    ]
    assert tagged.result().tags == {"team": "a"}
    assert [c.name for c in client.managed_clusters.list()] == ["shop", "new"]
    assert [c.name for c in client.managed_clusters.list_by_resource_group("rg")] == ["shop", "new"]
    client.managed_clusters.begin_delete("rg", "new", polling=passing).result()
    assert [c.name for c in client.managed_clusters.list()] == ["shop"]
    with pytest.raises(ResourceNotFoundError, match="managedClusters/new"):
        client.managed_clusters.get("rg", "new")
    client.managed_clusters.begin_delete("rg", "new", polling=passing).result()


def test_cluster_as_it_was_read_may_be_put_back_with_one_change(serve: Serve) -> None:
    """Read-only fields that come back are ignored, and nothing changes but what was meant (N30, R66)."""
    emulator = serve(cluster_world(node_pool(maxSurge="50%"), node_pool("sys", mode="System", count=2)))
    client = container_service(emulator)
    cluster = client.managed_clusters.get(*SHOP)
    before = read(emulator)["properties"]
    cluster.tags = {"team": "b"}
    cluster.properties.auto_upgrade_profile.node_os_upgrade_channel = "Unmanaged"

    put = client.managed_clusters.begin_create_or_update(
        *SHOP, cluster, polling=PassingTime(emulator)
    ).result()

    after = read(emulator)
    assert put.tags == after["tags"] == {"team": "b"}
    assert channel(emulator) == "Unmanaged"
    changing = {"autoUpgradeProfile", "agentPoolProfiles"}
    assert {k: v for k, v in after["properties"].items() if k not in changing} == {
        k: v for k, v in before.items() if k not in changing
    }
    for was, pool in zip(before["agentPoolProfiles"], after["properties"]["agentPoolProfiles"], strict=True):
        assert {**pool, "eTag": ""} == {**was, "eTag": ""}
        assert pool["nodeImageVersion"] == OLD


def test_cluster_is_stopped_and_started(serve: Serve) -> None:
    """A stopped cluster and its pools say so and take no upgrade; put back as it was read, it starts whole (R65)."""
    emulator = serve(cluster_world())
    client = container_service(emulator)

    client.managed_clusters.begin_stop(*SHOP).result()

    stopped = client.managed_clusters.get(*SHOP)
    assert stopped.properties.power_state.code == "Stopped"
    assert client.agent_pools.get(*SHOP, "np1").properties.power_state.code == "Stopped"
    with pytest.raises(HttpResponseError, match="stopped"):
        client.agent_pools.begin_upgrade_node_image_version(*SHOP, "np1")
    client.managed_clusters.begin_create_or_update(*SHOP, stopped).result()
    client.managed_clusters.begin_start(*SHOP).result()
    assert client.managed_clusters.get(*SHOP).properties.power_state.code == "Running"
    assert client.agent_pools.get(*SHOP, "np1").properties.power_state.code == "Running"


def test_nothing_changes_while_an_operation_is_in_progress(serve: Serve) -> None:
    """PUT, DELETE, stop of the cluster are 409 during an upgrade of one of its pools; its tags are not held back (R65)."""
    emulator = serve(cluster_world())
    emulator.arm("POST", f"{CLUSTER}/agentPools/np1/upgradeNodeImageVersion", api_version=API)

    refused = [
        emulator.arm("PUT", CLUSTER, {"location": "westeurope"}, api_version=API),
        emulator.arm("DELETE", CLUSTER, api_version=API),
        emulator.arm("POST", f"{CLUSTER}/stop", api_version=API),
    ]

    assert [answer.status_code for answer in refused] == [409, 409, 409]
    assert {answer.json()["error"]["code"] for answer in refused} == {"OperationNotAllowed"}
    assert emulator.arm("PATCH", CLUSTER, {"tags": {"a": "b"}}, api_version=API).status_code == 200


def test_stale_etag_is_refused(serve: Serve) -> None:
    """If-Match with an entity tag from before a change is 412, for PUT and DELETE."""
    emulator = serve(cluster_world())
    client = container_service(emulator)
    first = client.managed_clusters.get(*SHOP)
    client.managed_clusters.begin_update_tags(*SHOP, models.TagsObject(tags={"a": "b"})).result()
    stale = {"etag": first.e_tag, "match_condition": MatchConditions.IfNotModified}

    with pytest.raises(ResourceModifiedError):
        client.managed_clusters.begin_create_or_update(*SHOP, first, **stale)
    with pytest.raises(ResourceModifiedError):
        client.managed_clusters.begin_delete(*SHOP, **stale)

    now = client.managed_clusters.get(*SHOP)
    fresh = {"etag": now.e_tag, "match_condition": MatchConditions.IfNotModified}
    client.managed_clusters.begin_create_or_update(*SHOP, now, **fresh).result()


def test_unknown_cluster_is_not_found(serve: Serve) -> None:
    """Each read and action of a cluster that is not there is 404 and names it."""
    emulator = serve(cluster_world())
    other = CLUSTER.replace("/shop", "/nothing")

    for method, below in (
        ("GET", ""),
        ("PATCH", ""),
        ("GET", "/agentPools"),
        ("GET", "/upgradeProfiles/default"),
        ("GET", "/maintenanceConfigurations"),
        ("POST", "/stop"),
        ("POST", "/agentPools/np1/upgradeNodeImageVersion"),
    ):
        answer = emulator.arm(method, f"{other}{below}", {}, api_version=API)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound"), below
        assert "managedClusters/nothing" in answer.json()["error"]["message"]


def test_clusters_come_in_pages(serve: Serve) -> None:
    """More than a page of clusters is followed by ``nextLink``, each cluster once."""
    (one,) = cluster_world()["managedClusters"]
    many = [
        {**one, "resource": {**one["resource"], "id": f"{CLUSTER}{number:03}"}, "x-emulator": {}}
        for number in range(201)
    ]
    for entry in many:
        entry["resource"]["properties"] = {"agentPoolProfiles": [node_pool(count=0)]}
    emulator = serve({"managedClusters": many})

    names = [cluster.name for cluster in container_service(emulator).managed_clusters.list()]

    assert names == [f"shop{number:03}" for number in range(201)]


@pytest.mark.parametrize(
    ("api_version", "shown"),
    [
        ("2022-09-01", None),
        ("2022-11-01", None),
        (FIRST_VERSION, "Unmanaged"),
        ("2023-05-01", "Unmanaged"),
        ("2023-06-01", "NodeImage"),
        (API, "NodeImage"),
    ],
)
def test_default_channel_depends_on_who_asks(serve: Serve, api_version: str, shown: str | None) -> None:
    """A cluster without a channel reads as Unmanaged before API 2023-06-01 and as NodeImage from it on; versions before
    2022-11-02-preview have no such field (C9, N30, R62, R65).
    """
    assert channel(serve(cluster_world()), api_version) == shown


@pytest.mark.parametrize("api_version", ["2022-09-01", "2022-11-01"])
def test_version_that_does_not_know_the_channel_refuses_and_keeps_it(serve: Serve, api_version: str) -> None:
    """The error names the field and since when it exists; a PUT by such a version leaves the channel as it is (R62)."""
    emulator = serve(cluster_world(autoUpgradeProfile={"nodeOSUpgradeChannel": "None"}))

    error = put_channel(emulator, "NodeImage", api_version)
    put = emulator.arm("PUT", CLUSTER, read(emulator, api_version), api_version=api_version)

    assert error["code"] == "InvalidParameter"
    assert error["target"] == "properties.autoUpgradeProfile.nodeOSUpgradeChannel"
    assert f"API version {api_version} does not know 'NodeImage'" in error["message"]
    assert "2022-11-02-preview" in error["message"]
    assert put.status_code == 200
    assert channel(emulator) == "None"


def test_security_patch_needs_its_preview_feature_at_first(serve: Serve) -> None:
    """Before API 2023-06-01 SecurityPatch needs NodeOsUpgradeChannelPreview; from it on it needs none (R62, R63, C9)."""
    emulator = serve(cluster_world(subscriptions=[{"id": SUBSCRIPTION}]))

    refused = put_channel(emulator, "SecurityPatch", FIRST_VERSION)
    other = put_channel(emulator, "Unmanaged", FIRST_VERSION)
    registered = emulator.arm("POST", f"{FEATURE_PATH}/register", api_version="2021-07-01")
    emulator.advance(3600)
    allowed = put_channel(emulator, "SecurityPatch", FIRST_VERSION)

    assert refused["code"] == "SubscriptionNotRegisteredForFeature"
    assert f"Microsoft.ContainerService/{FEATURE}" in refused["message"]
    assert other["name"] == "shop"
    assert registered.status_code == 200
    assert allowed["properties"]["autoUpgradeProfile"]["nodeOSUpgradeChannel"] == "SecurityPatch"
    assert put_channel(serve(cluster_world()), "SecurityPatch", "2023-06-01")["name"] == "shop"


@pytest.mark.parametrize(
    ("body", "target"),
    [
        ({"location": "westeurope", "properties": []}, "properties"),
        ({"location": "atlantis"}, "location"),
        (
            {
                "location": "westeurope",
                "properties": {"autoUpgradeProfile": {"nodeOSUpgradeChannel": "Daily"}},
            },
            ".nodeOS",
        ),
        (
            {"location": "westeurope", "properties": {"autoUpgradeProfile": {"upgradeChannel": "fast"}}},
            ".upgradeChannel",
        ),
        (
            {"location": "westeurope", "properties": {"kubernetesVersion": "1.31.1"}},
            "properties.kubernetesVersion",
        ),
        ({"location": "westeurope", "properties": {"agentPoolProfiles": []}}, "properties.agentPoolProfiles"),
        (
            {"location": "westeurope", "properties": {"agentPoolProfiles": [{"name": "A"}]}},
            "agentPoolProfiles[0].name",
        ),
        (
            {
                "location": "westeurope",
                "properties": {"agentPoolProfiles": [node_pool("b", maxSurge="many")]},
            },
            "properties.agentPoolProfiles[0].upgradeSettings.maxSurge",
        ),
    ],
)
def test_wrong_cluster_is_refused_by_the_fields_name(serve: Serve, body: Json, target: str) -> None:
    """A PUT that AKS would refuse is 400 and names the field; nothing of it is done (N30, R66)."""
    emulator = serve(cluster_world())
    before = read(emulator)

    refused = emulator.arm("PUT", CLUSTER, body, api_version=API)

    assert refused.status_code == 400
    assert target in refused.json()["error"]["target"]
    assert read(emulator) == before


def test_profiles_say_where_a_cluster_can_go(serve: Serve) -> None:
    """The upgrade profile has later patches and the next minor; a pool's has its newest image and none it could go back
    to yet (R66, N34).
    """
    emulator = serve(cluster_world())
    client = container_service(emulator)

    of_cluster = client.managed_clusters.get_upgrade_profile(*SHOP)
    of_pool = client.agent_pools.get_upgrade_profile(*SHOP, "np1")

    assert of_cluster.control_plane_profile.kubernetes_version == "1.30.4"
    assert [u.kubernetes_version for u in of_cluster.control_plane_profile.upgrades][:2] == [
        "1.30.9",
        "1.31.1",
    ]
    assert (of_pool.kubernetes_version, of_pool.latest_node_image_version) == ("1.30.4", NEW)
    # A pool never goes beyond its control plane.
    assert not of_pool.upgrades


def test_versions_of_kubernetes_are_listed(serve: Serve) -> None:
    """A region lists minors with patches and where each can go; one of them is the default (R66)."""
    client = container_service(serve(cluster_world()))

    listed = {
        value.version: value
        for value in client.managed_clusters.list_kubernetes_versions("westeurope")["values"]
    }

    assert "1.30.9" in listed["1.30"].patch_versions
    assert [minor for minor, value in listed.items() if value.is_default] == ["1.28"]
    assert [minor for minor, value in listed.items() if value.is_preview] == ["1.35"]
