"""Agent pools: the management plane by the official client and by raw calls."""

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
from test_official_node_pool_client import PassingTime

if TYPE_CHECKING:
    from azure.mgmt.containerservice import ContainerServiceClient
    from emulated_worlds import Emulator, Json, Serve

SHOP = ("rg", "shop")
POOL = f"{CLUSTER}/agentPools/np1"
QUICK = {**STEADY_NODES, "nodeCreate": 1, "nodeReimage": 1, "nodeStart": 1, "nodeDrain": 1, "nodeDelete": 1}


def read(emulator: Emulator, api_version: str = API) -> Json:
    """``properties`` of the pool as callers of a version see them."""
    return emulator.arm("GET", POOL, api_version=api_version).json()["properties"]


def put_settings(emulator: Emulator, settings: object, api_version: str = API) -> Json:
    """PUT of the pool with other upgrade settings; the answer, or the error."""
    answer = emulator.arm("PUT", POOL, {"properties": {"upgradeSettings": settings}}, api_version=api_version)
    assert answer.status_code in {200, 400}
    return answer.json().get("error", answer.json())


def new_pool(**properties: object) -> models.AgentPool:
    """A pool that a caller asks for."""
    said = {"count": 2, "vmSize": "Standard_D2s_v3", "mode": "User", **properties}
    return models.AgentPool({"properties": said})


def names(client: ContainerServiceClient) -> list[str]:
    """The cluster's pools."""
    return [pool.name for pool in client.agent_pools.list(*SHOP)]


def test_pool_is_created_scaled_and_deleted(serve: Serve) -> None:
    """The pollers end when nodes are there, or gone; a new pool has the newest image of its siblings' family (R70)."""
    emulator = serve(cluster_world(node_pool("sys", mode="System", count=1)))
    client = container_service(emulator)
    passing = PassingTime(emulator)

    created = client.agent_pools.begin_create_or_update(*SHOP, "np2", new_pool(), polling=passing).result()
    scaled = client.agent_pools.begin_create_or_update(
        *SHOP, "np2", new_pool(count=3), polling=passing
    ).result()

    assert (created.properties.provisioning_state, created.properties.count) == ("Succeeded", 2)
    assert created.properties.node_image_version == NEW
    assert scaled.properties.count == 3
    assert names(client) == ["sys", "np2"]
    client.agent_pools.begin_delete(*SHOP, "np2", polling=passing).result()
    assert names(client) == ["sys"]
    with pytest.raises(ResourceNotFoundError, match="agentPools/np2"):
        client.agent_pools.get(*SHOP, "np2")
    client.agent_pools.begin_delete(*SHOP, "np2", polling=passing).result()


def test_a_pool_put_back_as_it_was_read_does_not_change(serve: Serve) -> None:
    """Read-only fields that come back are ignored: image, state, version of Kubernetes, number of nodes stay (N32, R66)."""
    emulator = serve(cluster_world(node_pool(maxSurge="50%", drainTimeoutInMinutes=7)))
    client = container_service(emulator)
    before = read(emulator)
    pool = client.agent_pools.get(*SHOP, "np1")
    pool.properties.node_labels = {"team": "a"}

    put = client.agent_pools.begin_create_or_update(
        *SHOP, "np1", pool, polling=PassingTime(emulator)
    ).result()

    assert put.properties.node_labels == {"team": "a"}
    assert {**read(emulator), "eTag": ""} == {**before, "nodeLabels": {"team": "a"}, "eTag": ""}
    assert read(emulator)["nodeImageVersion"] == OLD


def test_a_count_that_is_null_says_nothing(serve: Serve) -> None:
    """A PUT of the pool or of its cluster with ``count: null`` leaves its nodes as they are."""
    emulator = serve(cluster_world())
    profile = {"name": "np1", "count": None, "nodeLabels": {"a": "b"}}
    whole = {"location": "westeurope", "properties": {"agentPoolProfiles": [profile]}}

    answers = [
        emulator.arm("PUT", POOL, {"properties": {"count": None}}, api_version=API),
        emulator.arm("PUT", CLUSTER, whole, api_version=API),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert (read(emulator)["count"], read(emulator)["provisioningState"]) == (3, "Succeeded")


def test_defaults_of_upgrade_settings_are_shown(serve: Serve) -> None:
    """A pool that says nothing surges by 10 % and misses no node; versions before 2025 do not see maxUnavailable (N32)."""
    emulator = serve(cluster_world())

    assert read(emulator)["upgradeSettings"] == {"maxSurge": "10%", "maxUnavailable": "0"}
    assert read(emulator, "2024-09-01")["upgradeSettings"] == {"maxSurge": "10%"}


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("maxSurge", ["1", "5", "1%", "33%", "100%"], ["101%", "-1", "many", "", 5, "1001", "3.5%"]),
        ("maxUnavailable", ["0", "1", "50%", "100%"], ["101%", "-1", 1, "1001"]),
        ("drainTimeoutInMinutes", [1, 30, 1440], [0, -5, 1441, "30", 1.5, True]),
        ("nodeSoakDurationInMinutes", [0, 5, 30], [-1, 31, "5"]),
        ("undrainableNodeBehavior", ["Schedule", "Cordon"], ["Wait", 1]),
    ],
)
def test_ranges_of_upgrade_settings(serve: Serve, field: str, good: list[object], bad: list[object]) -> None:
    """Each field takes the ends of its range, and what is beyond is 400 with the field's path and its range (N32)."""
    emulator = serve(cluster_world())
    path = f"properties.upgradeSettings.{field}"

    for value in good:
        put_settings(emulator, {field: value})
        assert read(emulator)["upgradeSettings"][field] == value
    for value in bad:
        error = put_settings(emulator, {field: value})
        assert (error["code"], error["target"]) == ("InvalidParameter", path), value
        assert repr(value) in error["message"]
    assert read(emulator)["upgradeSettings"][field] == good[-1]


@pytest.mark.parametrize(
    "settings",
    [
        {"maxSurge": "0"},
        {"maxSurge": "0%", "maxUnavailable": "0"},
        {"maxSurge": "0", "maxUnavailable": "0%"},
    ],
)
def test_surge_and_unavailable_are_not_both_zero(serve: Serve, settings: Json) -> None:
    """An upgrade without a spare node and without a missing one cannot be: 400 with the field (N32)."""
    emulator = serve(cluster_world())

    error = put_settings(emulator, settings)

    assert error["target"] == "properties.upgradeSettings.maxSurge"
    assert "one of maxSurge and maxUnavailable must be more than 0" in error["message"]
    assert put_settings(emulator, {"maxSurge": "0", "maxUnavailable": "1"})["name"] == "np1"


def test_system_pools_miss_no_node(serve: Serve) -> None:
    """MaxUnavailable of a pool of mode System is 0; anything else is 400 with the field (N32)."""
    emulator = serve(cluster_world(node_pool(mode="System")))

    error = put_settings(emulator, {"maxUnavailable": "1"})

    assert error["target"] == "properties.upgradeSettings.maxUnavailable"
    assert "mode System" in error["message"]
    assert put_settings(emulator, {"maxUnavailable": "0"})["name"] == "np1"


def test_older_versions_refuse_newer_settings_and_keep_them(serve: Serve) -> None:
    """A field that the call's version does not know is 400 with since when it exists; a PUT that leaves it out keeps it
    (N32).
    """
    emulator = serve(cluster_world(node_pool(maxUnavailable="1", undrainableNodeBehavior="Cordon")))

    error = put_settings(emulator, {"maxUnavailable": "2"}, "2024-09-01")
    put_settings(emulator, {"maxSurge": "2"}, "2024-09-01")

    assert error["target"] == "properties.upgradeSettings.maxUnavailable"
    assert "exists since 2025-01-01" in error["message"]
    kept = {"maxSurge": "2", "maxUnavailable": "1", "undrainableNodeBehavior": "Cordon"}
    assert read(emulator)["upgradeSettings"] == kept


@pytest.mark.parametrize(
    ("name", "properties", "target"),
    [
        ("NP2", {}, "agentPoolName"),
        ("np-2", {}, "agentPoolName"),
        ("a234567890123", {}, "agentPoolName"),
        ("win1234", {"osType": "Windows"}, "agentPoolName"),
        ("np2", {"count": 1001}, "properties.count"),
        ("np2", {"mode": "System", "count": 0}, "properties.count"),
        ("np2", {"mode": "Main"}, "properties.mode"),
        ("np2", {"osType": "Windows", "mode": "System"}, "properties.mode"),
        ("np2", {"orchestratorVersion": "1.31.1"}, "orchestratorVersion"),
    ],
)
def test_wrong_pool_is_refused_by_the_fields_name(
    serve: Serve, name: str, properties: Json, target: str
) -> None:
    """A pool that AKS would not have is 400 with what is wrong, and is not created (N32, R66)."""
    emulator = serve(cluster_world())

    refused = emulator.arm("PUT", f"{CLUSTER}/agentPools/{name}", {"properties": properties}, api_version=API)

    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidParameter")
    assert target in refused.json()["error"]["target"]
    assert names(container_service(emulator)) == ["np1"]


def test_what_a_pool_is_made_of_cannot_change(serve: Serve) -> None:
    """Size and OS are fixed, and the last system pool stays one and stays."""
    emulator = serve(cluster_world(node_pool("np1", mode="System"), node_pool("np2")))

    size = emulator.arm("PUT", POOL, {"properties": {"vmSize": "Standard_D4s_v3"}}, api_version=API)
    mode = emulator.arm("PUT", POOL, {"properties": {"mode": "User"}}, api_version=API)
    gone = emulator.arm("DELETE", POOL, api_version=API)

    assert (size.json()["error"]["code"], size.json()["error"]["target"]) == (
        "PropertyChangeNotAllowed",
        "properties.vmSize",
    )
    for refused in (mode, gone):
        assert refused.status_code == 409
        assert "last one of mode System" in refused.json()["error"]["message"]


def test_second_operation_is_refused(serve: Serve) -> None:
    """While one is in progress on a pool, PUT, DELETE and another upgrade are 409; other pools are free (R65)."""
    emulator = serve(cluster_world(node_pool(), node_pool("np2")))
    emulator.arm("POST", f"{POOL}/upgradeNodeImageVersion", api_version=API)

    refused = [
        emulator.arm("PUT", POOL, {"properties": {"count": 5}}, api_version=API),
        emulator.arm("DELETE", POOL, api_version=API),
        emulator.arm("POST", f"{POOL}/upgradeNodeImageVersion", api_version=API),
    ]
    other = emulator.arm("PUT", f"{CLUSTER}/agentPools/np2", {"properties": {"count": 4}}, api_version=API)

    assert {(a.status_code, a.json()["error"]["code"]) for a in refused} == {(409, "OperationNotAllowed")}
    assert all("np1" in answer.json()["error"]["message"] for answer in refused)
    assert other.status_code == 200


def test_stale_etag_is_refused(serve: Serve) -> None:
    """If-Match with an entity tag from before a change is 412; If-None-Match: * creates only."""
    emulator = serve(cluster_world(node_pool("sys", mode="System"), node_pool()))
    client = container_service(emulator)
    first = client.agent_pools.get(*SHOP, "np1")
    put_settings(emulator, {"maxSurge": "2"})
    stale = {"etag": first.properties.e_tag, "match_condition": MatchConditions.IfNotModified}

    with pytest.raises(ResourceModifiedError):
        client.agent_pools.begin_create_or_update(*SHOP, "np1", first, **stale)
    with pytest.raises(ResourceModifiedError):
        client.agent_pools.begin_delete(*SHOP, "np1", **stale)
    with pytest.raises(HttpResponseError) as refused:
        client.agent_pools.begin_create_or_update(
            *SHOP, "np1", first, etag="*", match_condition=MatchConditions.IfMissing
        )

    assert refused.value.status_code == 412
    now = client.agent_pools.get(*SHOP, "np1").properties.e_tag
    fresh = {"etag": now, "match_condition": MatchConditions.IfNotModified}
    client.agent_pools.begin_delete(*SHOP, "np1", **fresh).result()
    assert names(client) == ["sys"]


def test_unknown_pool_is_not_found(serve: Serve) -> None:
    """Each read and action of a pool that is not there is 404 and names it."""
    emulator = serve(cluster_world())
    other = f"{CLUSTER}/agentPools/np9"

    for method, below in (
        ("GET", ""),
        ("GET", "/upgradeProfiles/default"),
        ("GET", "/machines"),
        ("POST", "/upgradeNodeImageVersion"),
        ("POST", "/abort"),
    ):
        answer = emulator.arm(method, f"{other}{below}", api_version=API)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound"), below
        assert "agentPools/np9" in answer.json()["error"]["message"]


def test_pollers_end_by_themselves_when_time_passes(serve: Serve) -> None:
    """With a clock that runs a thousand times as fast each poller of the unmodified client comes to its end (R65, R70)."""
    pools = node_pool("sys", mode="System", count=1), node_pool(count=2)
    client = container_service(serve(cluster_world(*pools, extras={"timings": QUICK}), clock="scaled:1000"))
    client.agent_pools.begin_upgrade_node_image_version(*SHOP, "np1").result(timeout=30)
    upgraded = client.agent_pools.get(*SHOP, "np1").properties
    created = client.agent_pools.begin_create_or_update(*SHOP, "np2", new_pool()).result(timeout=30)
    cluster = client.managed_clusters.get(*SHOP)
    cluster.properties.agent_pool_profiles[1].count = 3

    scaled = client.managed_clusters.begin_create_or_update(*SHOP, cluster).result(timeout=30)

    client.agent_pools.begin_delete(*SHOP, "np2").result(timeout=30)
    assert (upgraded.node_image_version, upgraded.provisioning_state) == (NEW, "Succeeded")
    assert created.properties.provisioning_state == "Succeeded"
    assert [(p.count, p.provisioning_state) for p in scaled.properties.agent_pool_profiles] == [
        (1, "Succeeded"),
        (3, "Succeeded"),
        (2, "Succeeded"),
    ]
    assert names(client) == ["sys", "np1"]
