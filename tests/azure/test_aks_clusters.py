"""Reading clusters over HTTP: which calls, what they mean, and what is told where Azure refuses."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aks_bodies import (
    CLUSTER_ID,
    CLUSTERS,
    NEW,
    POOL_ID,
    TARGET,
    VERSIONS,
    Estate,
    a_cluster,
    a_configuration,
    a_machine,
    a_pool,
    listed,
    the_cluster,
    versions,
    whole_estate,
)
from azure_doubles import SUBSCRIPTION, TOKEN, Reply, ScriptedServer, VirtualClock, arm_error_body

from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.errors import AuthorizationRefusedError, BadRequestError
from fleetwright.domain.errors import ConfigurationError, FleetNotFoundError, ProviderError
from fleetwright.domain.node_pools.channels import NodeOsChannel

FEATURE = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.ContainerService"
    "/features/NodeOsUpgradeChannelPreview"
)
SECURITY_PATCH = {"nodeOSUpgradeChannel": "SecurityPatch"}
DENIED = Reply(403, arm_error_body("AuthorizationFailed", "no role"))


def test_a_cluster_is_read_by_few_calls(server: ScriptedServer, client: ArmClient) -> None:
    """N35: the cluster, its pools with one profile each, its windows and its region's versions; R62's feature is not asked for."""
    estate = Estate(server, whole_estate())

    cluster = AksDriver(client).fetch_cluster(TARGET)

    assert [call.removeprefix("GET ") for call in estate.calls] == [
        CLUSTER_ID,
        f"{CLUSTER_ID}/agentPools",
        f"{POOL_ID}/upgradeProfiles/default",
        f"{CLUSTER_ID}/maintenanceConfigurations",
        VERSIONS,
    ]
    assert all(target.endswith("?api-version=2026-08-01") for target in estate.targets)
    assert (cluster.channel, cluster.features, cluster.warnings) == (NodeOsChannel.NODE_IMAGE, {}, ())
    assert [(pool.name, pool.latest_image) for pool in cluster.pools] == [("np1", NEW)]
    assert cluster.supported_versions == ("1.28", "1.28.5", "1.29", "1.29.5")


def test_the_window_for_node_images_is_read(server: ScriptedServer, client: ArmClient) -> None:
    """R71: of the three names only aksManagedNodeOSUpgradeSchedule is about node images."""
    other = a_configuration(24, "aksManagedAutoUpgradeSchedule")
    Estate(server, whole_estate(windows=listed(other, a_configuration())))

    cluster = AksDriver(client).fetch_cluster(TARGET)

    assert cluster.window is not None
    assert not cluster.window_problem
    periods = sorted(
        cluster.window.periods(datetime(2024, 6, 1, tzinfo=UTC), datetime(2024, 6, 8, tzinfo=UTC))
    )
    assert [(p.opens, p.closes) for p in periods] == [
        (datetime(2024, 6, 2, 1, tzinfo=UTC), datetime(2024, 6, 2, 5, tzinfo=UTC))
    ]


def test_a_cluster_may_have_no_window(server: ScriptedServer, client: ArmClient) -> None:
    """R71: without aksManagedNodeOSUpgradeSchedule there is no window, and no problem with one."""
    Estate(server, whole_estate(windows=listed(a_configuration(name="default"))))

    cluster = AksDriver(client).fetch_cluster(TARGET)

    assert (cluster.window, cluster.window_problem) == (None, "")


def test_a_window_under_four_hours_names_its_field(server: ScriptedServer, client: ArmClient) -> None:
    """R72: a window of three hours cannot be used; the cluster is read all the same, and says why."""
    Estate(server, whole_estate(windows=listed(a_configuration(3))))

    cluster = AksDriver(client).fetch_cluster(TARGET)

    assert cluster.window is None
    assert cluster.window_problem.startswith(
        "maintenance configuration aksManagedNodeOSUpgradeSchedule: maintenanceWindow.durationHours is 3"
    )


@pytest.mark.parametrize("status", [403, 404])
def test_versions_that_may_not_be_read_are_a_warning(
    server: ScriptedServer, client: ArmClient, status: int
) -> None:
    """R66: who may not read the region's versions has none of them, and a warning that says so."""
    Estate(server, whole_estate(versions=Reply(status, arm_error_body("Refused"))))

    cluster = AksDriver(client).fetch_cluster(TARGET)

    assert cluster.supported_versions == ()
    assert "Kubernetes versions that westeurope supports could not be read" in cluster.warnings[-1]


def test_versions_of_a_region_are_read_once_an_hour(
    server: ScriptedServer, client: ArmClient, clock: VirtualClock
) -> None:
    """R66: clusters that are looked at together ask once for what their region supports, and again later."""
    estate, driver = Estate(server, whole_estate()), AksDriver(client)

    seen = [driver.fetch_cluster(TARGET).supported_versions for _ in range(3)]
    clock.wait_until(clock.now() + timedelta(hours=1))
    driver.fetch_cluster(TARGET)

    assert len(set(seen)) == 1
    assert estate.calls.count(f"GET {VERSIONS}") == 2


@pytest.mark.parametrize(
    ("plan", "supported"),
    [(None, ("1.28", "1.28.5")), ("AKSLongTermSupport", ("1.27", "1.27.5", "1.28", "1.28.5"))],
)
def test_long_term_support_is_a_plan_of_its_own(
    server: ScriptedServer, client: ArmClient, plan: str | None, supported: tuple[str, ...]
) -> None:
    """R66: a version that only long-term support has counts for clusters of that plan alone."""
    known = versions("1.27", "1.28")
    for item, plans in zip(
        known["values"], (["AKSLongTermSupport"], ["KubernetesOfficial", "AKSLongTermSupport"]), strict=True
    ):
        item["capabilities"]["supportPlan"] = plans
    cluster = a_cluster(**({"supportPlan": plan} if plan else {}))
    Estate(server, whole_estate(cluster=Reply(body=cluster), versions=Reply(body=known)))

    assert AksDriver(client).fetch_cluster(TARGET).supported_versions == supported


def test_an_unknown_cluster_is_named(server: ScriptedServer, client: ArmClient) -> None:
    """An unknown cluster is one clear line with its id and Azure's word."""
    Estate(server, {})

    with pytest.raises(FleetNotFoundError) as caught:
        AksDriver(client).fetch_cluster(TARGET)

    assert str(caught.value).startswith(f"cluster {CLUSTER_ID} is not at {server.url}: ResourceNotFound: ")


@pytest.mark.parametrize("name", ["cluster", "pools", "profile", "windows"])
def test_an_error_while_asking_means_no(server: ScriptedServer, client: ArmClient, name: str) -> None:
    """What decides whether an upgrade may begin is never guessed: a refusal ends the reading."""
    Estate(server, whole_estate(**{name: DENIED}))

    with pytest.raises(AuthorizationRefusedError, match="no role"):
        AksDriver(client).fetch_cluster(TARGET)


def _with_version(server: ScriptedServer, clock: VirtualClock, version: str) -> ArmClient:
    return connect(AzureEndpoint(server.url, StaticToken(TOKEN), api_version=version), clock)


def test_the_feature_of_an_early_preview_is_asked_for(server: ScriptedServer, clock: VirtualClock) -> None:
    """R62: SecurityPatch by 2022-11-02-preview tells how NodeOsUpgradeChannelPreview stands; every call has that version."""
    answers = whole_estate(cluster=Reply(body=a_cluster(autoUpgradeProfile=SECURITY_PATCH)))
    estate = Estate(server, answers | {FEATURE: Reply(body={"properties": {"state": "NotRegistered"}})})

    cluster = AksDriver(_with_version(server, clock, "2022-11-02-preview")).fetch_cluster(TARGET)

    assert cluster.features == {"Microsoft.ContainerService/NodeOsUpgradeChannelPreview": "NotRegistered"}
    assert {target.rpartition("=")[2] for target in estate.targets} == {"2022-11-02-preview", "2021-07-01"}


def test_the_default_channel_is_the_api_versions(server: ScriptedServer, clock: VirtualClock) -> None:
    """C9: the same cluster without the field is Unmanaged by 2023-05-01 and NodeImage by 2023-06-01."""
    Estate(server, whole_estate(cluster=Reply(body=a_cluster(autoUpgradeProfile=None))))

    channels = [
        AksDriver(_with_version(server, clock, version)).fetch_cluster(TARGET).channel
        for version in ("2023-05-01", "2023-06-01")
    ]

    assert channels == [NodeOsChannel.UNMANAGED, NodeOsChannel.NODE_IMAGE]


def test_a_pool_is_read_alone(server: ScriptedServer, client: ArmClient) -> None:
    """N35: a pool costs two calls, and a trigger reads the same."""
    estate = Estate(server, whole_estate())
    driver = AksDriver(client)

    pool = driver.fetch_pool(the_cluster(), "np1")

    assert (pool.name, pool.latest_image) == ("np1", NEW)
    assert asyncio.run(driver.fetch_pool_async(the_cluster(), "np1")) == pool
    assert estate.calls == [f"GET {POOL_ID}", f"GET {POOL_ID}/upgradeProfiles/default"] * 2


def test_a_pool_that_is_gone_is_named(server: ScriptedServer, client: ArmClient) -> None:
    """A pool that somebody deleted is one clear line, for a trigger as well."""
    Estate(server, {})
    driver = AksDriver(client)

    with pytest.raises(
        FleetNotFoundError, match="cluster shop has no node pool np1 any more: ResourceNotFound"
    ):
        driver.fetch_pool(the_cluster(), "np1")
    with pytest.raises(FleetNotFoundError, match="cluster shop has no node pool np1 any more"):
        asyncio.run(driver.fetch_pool_async(the_cluster(), "np1"))


@pytest.mark.parametrize(
    ("setting", "sent"),
    [
        ("", "2026-04-02-preview"),
        ("2023-05-01", "2026-04-02-preview"),
        ("2026-11-01", "2026-04-02-preview"),
        ("2026-10-02-preview", "2026-10-02-preview"),
    ],
)
def test_machines_are_asked_for_by_a_version_that_shows_images(
    server: ScriptedServer, clock: VirtualClock, setting: str, sent: str
) -> None:
    """Only previews show machines' images, so an older setting of api_version does not count for them."""
    estate = Estate(server, {f"{POOL_ID}/machines": listed(a_machine(1), a_machine(0))})
    driver = AksDriver(_with_version(server, clock, setting))

    machines = driver.list_machines(the_cluster(), "np1")

    assert [machine.name for machine in machines] == ["aks-np1-0", "aks-np1-1"]
    assert asyncio.run(driver.list_machines_async(the_cluster(), "np1")) == machines
    assert estate.targets == [f"{POOL_ID}/machines?api-version={sent}"] * 2


def test_machines_that_cannot_be_listed_are_an_error(server: ScriptedServer, client: ArmClient) -> None:
    """Where Azure knows no machines, nothing else is taken for them."""
    words = "No registered resource provider found for API version '2026-04-02-preview'"
    Estate(server, {f"{POOL_ID}/machines": Reply(400, arm_error_body("NoRegisteredProviderFound", words))})

    with pytest.raises(BadRequestError, match="NoRegisteredProviderFound: No registered resource provider"):
        AksDriver(client).list_machines(the_cluster(), "np1")


def _named(name: str, **properties: object) -> dict[str, object]:
    return a_cluster(**properties) | {"id": CLUSTER_ID.replace("shop", name), "name": name}


def test_clusters_are_listed_by_few_calls(server: ScriptedServer, client: ArmClient) -> None:
    """One list of a subscription's clusters with their pools, and one of the windows of each."""
    windows = {
        f"{CLUSTER_ID.replace('shop', name)}/maintenanceConfigurations": listed(a_configuration())
        for name in ("a", "b")
    }
    estate = Estate(server, {CLUSTERS: listed(_named("a"), _named("b"))} | windows)

    clusters = AksDriver(client, SUBSCRIPTION).list_clusters()

    assert [cluster.name for cluster in clusters] == ["a", "b"]
    assert {pool.name for cluster in clusters for pool in cluster.pools} == {"np1"}
    assert all(cluster.window and not cluster.pools[0].latest_image for cluster in clusters)
    assert estate.calls == [f"GET {CLUSTERS}", *(f"GET {path}" for path in windows)]


def test_subscriptions_are_found_as_for_other_fleets(server: ScriptedServer, client: ArmClient) -> None:
    """Where no subscription is set, those that the identity can read are looked into."""
    estate = Estate(
        server,
        {
            "/subscriptions": listed({"subscriptionId": SUBSCRIPTION}),
            CLUSTERS: Reply(409, arm_error_body("MissingSubscriptionRegistration")),
        },
    )

    assert AksDriver(client).list_clusters() == ()
    assert estate.calls == ["GET /subscriptions", f"GET {CLUSTERS}"]


def test_one_strange_cluster_keeps_no_other_from_being_listed(
    server: ScriptedServer, client: ArmClient
) -> None:
    """N30, R72: a channel, a surge or a window that cannot be understood is that cluster's problem, and named."""
    strange = [
        _named("a", autoUpgradeProfile={"nodeOSUpgradeChannel": "Weekly"}),
        _named(
            "b",
            agentPoolProfiles=[
                a_pool()["properties"] | {"name": "np1", "upgradeSettings": {"maxSurge": "x"}}
            ],
        ),
        _named("c"),
        _named("d"),
    ]
    path = CLUSTER_ID.replace("shop", "{}") + "/maintenanceConfigurations"
    windows = {path.format("c"): listed(a_configuration(3)), path.format("d"): DENIED}
    Estate(server, {CLUSTERS: listed(*strange)} | windows)

    clusters = AksDriver(client, SUBSCRIPTION).list_clusters()

    fields = [
        "nodeOSUpgradeChannel is 'Weekly'",
        "maxSurge is 'x'",
        "durationHours is 3",
        "could not be read",
    ]
    assert [cluster.name for cluster in clusters] == ["a", "b", "c", "d"]
    assert all(field in c.problem + c.window_problem for field, c in zip(fields, clusters, strict=True))
    assert {cluster.channel for cluster in clusters} == {NodeOsChannel.NODE_IMAGE}


def test_a_list_that_is_refused_is_an_error(server: ScriptedServer, client: ArmClient) -> None:
    """A subscription whose clusters may not be listed is not taken for one without clusters."""
    Estate(server, {CLUSTERS: DENIED})

    with pytest.raises(ProviderError, match="AuthorizationFailed"):
        AksDriver(client, SUBSCRIPTION).list_clusters()


def test_quotas_of_the_region_are_read(server: ScriptedServer, client: ArmClient) -> None:
    """N32: surge nodes need cores, so the quotas of the cluster's region are asked for."""
    path = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/usages"
    Estate(server, {path: listed({"name": {"value": "cores"}, "currentValue": 96, "limit": 100})})

    usages = AksDriver(client).list_usages(the_cluster())

    assert [(usage.name, usage.used, usage.limit) for usage in usages] == [("cores", 96, 100)]


def test_a_setting_of_an_unknown_channel_ends_the_reading(server: ScriptedServer, client: ArmClient) -> None:
    """N30: a run of that very cluster is refused by the field's name."""
    Estate(
        server, whole_estate(cluster=Reply(body=a_cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": "X"})))
    )

    with pytest.raises(ConfigurationError, match=r"autoUpgradeProfile\.nodeOSUpgradeChannel is 'X'"):
        AksDriver(client).fetch_cluster(TARGET)
