"""Bodies of AKS become values: channels by api-version, pools with their defaults, machines."""

from __future__ import annotations

from datetime import timedelta

import pytest
from aks_bodies import NEW, OLD, TARGET, a_cluster, a_machine, a_pool, a_profile

from fleetwright.azure.aks.cluster_parsing import parse_cluster
from fleetwright.azure.aks.machine_parsing import parse_machines
from fleetwright.azure.aks.pool_parsing import parse_pool, with_profile
from fleetwright.azure.aks.versions import needs_feature
from fleetwright.domain.errors import ConfigurationError, ProviderError
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.upgrade_settings import UndrainableNodeBehavior, UpgradeSettings

STABLE = "2026-08-01"


@pytest.mark.parametrize("profile", [None, {}, {"upgradeChannel": "patch"}])
@pytest.mark.parametrize(
    ("api_version", "channel"),
    [
        ("2022-11-02-preview", NodeOsChannel.UNMANAGED),
        ("2023-05-02-preview", NodeOsChannel.UNMANAGED),
        ("2023-05-01", NodeOsChannel.UNMANAGED),
        ("2023-06-01", NodeOsChannel.NODE_IMAGE),
        ("2023-06-02-preview", NodeOsChannel.NODE_IMAGE),
        (STABLE, NodeOsChannel.NODE_IMAGE),
    ],
)
def test_a_cluster_without_a_channel_has_its_api_versions_default(
    api_version: str, channel: NodeOsChannel, profile: dict[str, str] | None
) -> None:
    """C9, N30, R65: without the field a cluster reads as Unmanaged before 2023-06-01, and as NodeImage from it on."""
    body = a_cluster(autoUpgradeProfile=profile)

    assert parse_cluster(TARGET, body, api_version, ()).channel is channel


@pytest.mark.parametrize("word", ["None", "Unmanaged", "SecurityPatch", "NodeImage", "securitypatch"])
def test_a_channel_that_is_written_counts_with_every_version(word: str) -> None:
    """C9: the default is for clusters that show none; a word is read in whatever case it has."""
    body = a_cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": word})

    for version in ("2022-11-02-preview", STABLE):
        assert parse_cluster(TARGET, body, version, ()).channel.lower() == word.lower()


def test_an_unknown_channel_is_named_with_those_that_are_known() -> None:
    """N30: a channel that nobody knows is refused with its field, its value and the words that would be right."""
    body = a_cluster(autoUpgradeProfile={"nodeOSUpgradeChannel": "Weekly"})

    with pytest.raises(ConfigurationError) as caught:
        parse_cluster(TARGET, body, STABLE, ())

    assert str(caught.value) == (
        "cluster shop: autoUpgradeProfile.nodeOSUpgradeChannel is 'Weekly';"
        " it is one of None, Unmanaged, SecurityPatch, NodeImage"
    )


@pytest.mark.parametrize(
    ("channel", "api_version", "needed"),
    [
        (NodeOsChannel.SECURITY_PATCH, "2022-11-02-preview", True),
        (NodeOsChannel.SECURITY_PATCH, "2023-05-02-preview", True),
        (NodeOsChannel.SECURITY_PATCH, "2023-06-01", False),
        (NodeOsChannel.SECURITY_PATCH, "2023-06-02-preview", False),
        (NodeOsChannel.NODE_IMAGE, "2022-11-02-preview", False),
    ],
)
def test_the_preview_feature_is_needed_by_early_previews_alone(
    channel: NodeOsChannel, api_version: str, needed: bool
) -> None:
    """R62, C9: only SecurityPatch with a preview before 2023-06-01 needs NodeOsUpgradeChannelPreview."""
    assert needs_feature(channel, api_version) is needed


@pytest.mark.parametrize(
    ("api_version", "warns"),
    [
        ("2022-09-02-preview", True),
        ("2022-11-02-preview", False),
        ("2023-05-01", True),
        ("2023-06-01", False),
    ],
)
def test_a_version_without_channels_is_told(api_version: str, warns: bool) -> None:
    """R62, C9: before 2022-11-02-preview, and stable before 2023-06-01, no cluster can show a channel."""
    warnings = parse_cluster(TARGET, a_cluster(), api_version, ()).warnings

    assert any("knows no nodeOSUpgradeChannel" in warning for warning in warnings) is warns


def test_what_forces_the_channel_is_told() -> None:
    """N30: upgradeChannel node-image and AKS Automatic keep the channel at NodeImage; a person is told."""
    body = a_cluster(autoUpgradeProfile={"upgradeChannel": "node-image"})
    body["sku"]["name"] = "Automatic"

    cluster = parse_cluster(TARGET, body, "2022-11-02-preview", ())

    assert cluster.channel is NodeOsChannel.NODE_IMAGE
    assert [("node-image" in w, "Automatic" in w) for w in cluster.warnings] == [(True, False), (False, True)]


def test_a_cluster_is_read() -> None:
    """Versions, states and resource group are taken from the cluster's own body."""
    cluster = parse_cluster(TARGET, a_cluster(), STABLE, ())

    assert (cluster.kubernetes_version, cluster.provisioning_state) == ("1.28.5", "Succeeded")
    assert (cluster.power_state, cluster.node_resource_group) == ("Running", "MC_rg_shop_westeurope")


def test_a_pool_is_read_with_its_profile() -> None:
    """N35: the newest image of the pool's region comes from its upgrade profile."""
    pool = with_profile(parse_pool(a_pool()), a_profile())

    assert (pool.name, pool.count, pool.vm_size) == ("np1", 3, "Standard_D2s_v3")
    assert (pool.image, pool.latest_image) == (OLD, NEW)
    assert (pool.kubernetes_version, pool.is_system, pool.power_state) == ("1.28.5", False, "Running")
    assert pool.settings == UpgradeSettings(max_surge="33%")


def test_settings_that_are_missing_are_as_documented() -> None:
    """N32: maxSurge 10 %, maxUnavailable 0, drains of 30 minutes, no soak, and Schedule are AKS's own defaults."""
    settings = parse_pool(a_pool(upgradeSettings=None)).settings

    assert (settings.max_surge, settings.max_unavailable) == ("10%", "0")
    assert (settings.drain_timeout, settings.node_soak) == (timedelta(minutes=30), timedelta(0))
    assert settings.undrainable is UndrainableNodeBehavior.SCHEDULE


def test_settings_are_read() -> None:
    """N32: every field of upgradeSettings is taken as it is."""
    given = {
        "maxSurge": "5",
        "maxUnavailable": "20%",
        "drainTimeoutInMinutes": 45,
        "nodeSoakDurationInMinutes": 7,
        "undrainableNodeBehavior": "cordon",
    }

    settings = parse_pool(a_pool(upgradeSettings=given)).settings

    assert settings == UpgradeSettings(
        "5", "20%", timedelta(minutes=45), timedelta(minutes=7), UndrainableNodeBehavior.CORDON
    )


@pytest.mark.parametrize(
    ("field", "value", "right"),
    [
        ("maxSurge", "many", "it is a number of nodes or a percentage: 1, 33%"),
        ("maxUnavailable", "-1", "it is a number of nodes or a percentage: 1, 33%"),
        ("undrainableNodeBehavior", "Shrug", "it is one of Schedule, Cordon"),
    ],
)
def test_settings_that_cannot_be_used_name_their_field(field: str, value: str, right: str) -> None:
    """N32: an error names the pool, the field, its value and what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        parse_pool(a_pool(upgradeSettings={field: value}))

    assert str(caught.value) == f"node pool np1: upgradeSettings.{field} is {value!r}; {right}"


def test_machines_are_read_by_name() -> None:
    """Each machine shows its own image and Kubernetes version; one that is not ready is told apart."""
    creating = a_machine(10, "", provisioningState="Creating")
    stopped = a_machine(2, OLD, status={"vmState": "Deleted"})

    machines = parse_machines([creating, stopped, a_machine(0)], "np1", "v")

    assert [(m.name, m.image, m.is_ready) for m in machines] == [
        ("aks-np1-0", NEW, True),
        ("aks-np1-10", "", False),
        ("aks-np1-2", OLD, False),
    ]
    assert machines[0].kubernetes_version == "1.28.5"


def test_machines_without_images_are_an_error() -> None:
    """Nobody can verify a node whose image is not shown, so the pool's own image is never taken instead."""
    with pytest.raises(ProviderError, match="show no nodeImageVersion with api-version 2024-07-01"):
        parse_machines([a_machine(0, "")], "np1", "2024-07-01")
