"""From a model's body to what decides who may be upgraded."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from functools import reduce
from operator import getitem
from typing import Any

import pytest
from arm_bodies import HEALTH_EXTENSION, scale_set
from azure_doubles import FLEET_ID

from fleetwright.azure.fleet_parsing import parse_fleet
from fleetwright.domain.eligibility import Facts, judge_eligibility
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.model import ExpiringCredential, ServiceFabricExtension, WindowsSettings

ID = parse_fleet_id(FLEET_ID)


def extension(kind: str, version: object = None, **settings: object) -> dict[str, Any]:
    """One extension of a model."""
    properties = {"type": kind, "typeHandlerVersion": version, "settings": settings}
    return {"name": kind.lower(), "properties": properties}


def fleet_of(
    *extensions: dict[str, Any], profile: dict[str, Any] | None = None, **properties: object
) -> Fleet:
    """The set with these extensions instead of its own."""
    changed = {"extensionProfile": {"extensions": list(extensions)}, **(profile or {})}
    return parse_fleet(ID, scale_set(profile=changed, **properties))


@pytest.mark.parametrize(
    ("version", "source", "is_rich"),
    [
        ("1.0", HealthSource.BINARY_EXTENSION, False),
        ("1.1", HealthSource.BINARY_EXTENSION, False),
        (1.0, HealthSource.BINARY_EXTENSION, False),
        ("2.0", HealthSource.EXTENSION, True),
        ("2.10", HealthSource.EXTENSION, True),
        (None, HealthSource.EXTENSION, True),
    ],
)
@pytest.mark.parametrize("kind", ["ApplicationHealthLinux", "applicationHealthWindows"])
def test_the_two_forms_of_the_health_extension_are_told_apart(
    kind: str, version: object, source: HealthSource, is_rich: bool
) -> None:
    """N22, R16: 1.x is binary, 2.0 has rich states, on both operating systems."""
    fleet = fleet_of(extension(kind, version))

    assert (fleet.health_sources, fleet.has_rich_health) == ((source,), is_rich)


@pytest.mark.parametrize(("enabled", "named"), [(True, True), (False, False), (None, False)])
def test_health_from_outside_is_a_source(enabled: bool | None, named: bool) -> None:
    """N4: externalHealthPolicy counts where it is enabled."""
    fleet = fleet_of(HEALTH_EXTENSION, externalHealthPolicy={"enabled": enabled})

    assert (HealthSource.EXTERNAL in fleet.health_sources) is named


def test_the_service_fabric_extension_is_read_whole() -> None:
    """R20-R22: version, durability, cluster and node type come from the extension."""
    fabric = extension(
        "ServiceFabricLinuxNode",
        "1.1",
        clusterEndpoint="https://we/c",
        nodeTypeRef="nt",
        durabilityLevel="Bronze",
        isStateless=True,
    )

    assert fleet_of(fabric).fabric == ServiceFabricExtension(
        "servicefabriclinuxnode", "1.1", "Bronze", "https://we/c", "nt", is_stateless=True
    )


@pytest.mark.parametrize(
    ("os_profile", "windows", "mode"),
    [
        ({}, None, ""),
        ({"windowsConfiguration": {}}, WindowsSettings(None), ""),
        ({"windowsConfiguration": {"enableAutomaticUpdates": False}}, WindowsSettings(False), ""),
        (
            {"windowsConfiguration": {"patchSettings": {"patchMode": "AutomaticByPlatform"}}},
            WindowsSettings(None),
            "AutomaticByPlatform",
        ),
        ({"linuxConfiguration": {"patchSettings": {"patchMode": "ImageDefault"}}}, None, "ImageDefault"),
    ],
)
def test_what_else_would_patch_is_read(
    os_profile: dict[str, Any], windows: WindowsSettings | None, mode: str
) -> None:
    """R19, N2: enableAutomaticUpdates of Windows, patchMode of either operating system."""
    fleet = fleet_of(profile={"osProfile": os_profile})

    assert (fleet.windows, fleet.patch_mode) == (windows, mode)


def test_windows_is_told_by_its_disk_where_nothing_else_says_so() -> None:
    """R19, N5: osType counts where the model shows no Windows configuration."""
    fleet = fleet_of(profile={"storageProfile": {"osDisk": {"osType": "Windows"}}})

    assert fleet.windows == WindowsSettings(is_shown=False)


def test_disks_groups_repairs_and_hooks_are_read() -> None:
    """R34, O8, N25: what else decides or is told stands in the model."""
    hooks = {"lifecycleHooks": [{"type": "UpgradeAutoOSScheduling", "waitDuration": "PT8H"}]}
    fleet = fleet_of(
        profile={
            "storageProfile": {"osDisk": {"diffDiskSettings": {"option": "Local"}}},
            "networkProfile": {"healthProbe": {"id": "/lb/probes/p"}},
        },
        singlePlacementGroup=False,
        automaticRepairsPolicy={"enabled": True},
        lifecycleHooksProfile=hooks,
        orchestrationMode="flexible",
    )

    assert fleet.ephemeral_os_disk
    assert fleet.automatic_repairs
    assert fleet.is_flexible
    assert fleet.single_placement_group is False
    assert fleet.probe_id == "/lb/probes/p"
    assert fleet.lifecycle_hooks == ("UpgradeAutoOSScheduling",)


FULL = {
    "osProfile": {
        "windowsConfiguration": {"enableAutomaticUpdates": True, "patchSettings": {"patchMode": "x"}}
    },
    "networkProfile": {"healthProbe": {"id": "/lb/probes/p"}},
    "storageProfile": {
        "imageReference": {"publisher": "a", "offer": "b", "sku": "c", "version": "latest"},
        "osDisk": {"osType": "Windows", "diffDiskSettings": {"option": "Local"}},
    },
    "extensionProfile": {
        "extensions": [
            extension("ServiceFabricNode", "1.1", durabilityLevel="Silver", isStateless=True),
            extension("ApplicationHealthLinux", "2.0", key="?se=2024-06-02&sig=s"),
        ]
    },
}
ODD = (None, 1, -1, 1.5, True, "", "x", [], [None], [1], {}, {"a": 1}, [[]], "\x00", "two\nlines", "9" * 5000)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of everything in a body."""
    entries = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, item in entries:
        yield (*path, name)
        yield from places(item, (*path, name))


def reasons_of(body: dict[str, Any]) -> tuple[str, ...]:
    """Why the set is held, or why its body is refused."""
    try:
        return judge_eligibility(Facts(parse_fleet(ID, body), ())).reasons
    except ConfigurationError as error:
        return (str(error),)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: repr(odd)[:8])
def test_no_model_is_too_odd_to_be_judged(odd: object) -> None:
    """C5: whatever stands anywhere in a body, it is read, judged, or refused in one line; nothing crashes."""
    whole = scale_set(
        profile=FULL,
        externalHealthPolicy={"enabled": True},
        lifecycleHooksProfile={"lifecycleHooks": [{"type": "T"}]},
        automaticRepairsPolicy={"enabled": True},
    )
    for *above, last in places(whole):
        body = deepcopy(whole)
        reduce(getitem, above, body)[last] = odd
        assert all(len(line.splitlines()) == 1 for line in reasons_of(body))


def test_a_plain_model_says_none_of_it() -> None:
    """What a model does not say is taken neither for yes nor for no."""
    fleet = parse_fleet(ID, scale_set())

    assert (fleet.fabric, fleet.windows, fleet.single_placement_group) == (None, None, None)
    assert (fleet.ephemeral_os_disk, fleet.automatic_repairs, fleet.is_flexible) == (False, False, False)
    assert fleet.credentials == fleet.lifecycle_hooks == ()


def test_credentials_are_found_in_every_extension() -> None:
    """R18: with the extension's name and the setting's place; protected settings count where they are shown."""
    uri = "https://x/?se=2024-06-02T00:00:00Z&sig=s3cret"
    hidden = {"name": "agent", "properties": {"type": "Agent", "protectedSettings": {"key": uri}}}
    end = datetime(2024, 6, 2, tzinfo=UTC)

    fleet = fleet_of(extension("CustomScript", "2.1", fileUris=[uri]), hidden)

    assert fleet.credentials == (
        ExpiringCredential("customscript", "settings.fileUris[0]", "SAS token", end),
        ExpiringCredential("agent", "protectedSettings.key", "SAS token", end),
    )
    assert "s3cret" not in repr(fleet)
