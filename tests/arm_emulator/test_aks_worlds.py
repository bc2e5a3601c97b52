"""AKS clusters of world documents: what is refused and where, and what is loaded all the same."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

import pytest
import yaml
from emulated_node_pools import API, CLUSTER, FAMILY, OLD, cluster_world, node_pool
from test_start import failed_start

from arm_emulator.world.errors import WorldError
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from pathlib import Path

    from emulated_worlds import Json, Serve

MEMBER = "managedClusters/0"
PROPERTIES = f"{MEMBER}/resource/properties"
PROFILES = f"{PROPERTIES}/agentPoolProfiles"
SETTINGS = f"{PROFILES}/0/upgradeSettings"
EXTRAS = f"{MEMBER}/x-emulator"
NODE_OS = "aksManagedNodeOSUpgradeSchedule"
WEEKLY = {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}}


def window(hours: object = 4, **more: object) -> Json:
    """``properties`` of a configuration."""
    said = {"schedule": WEEKLY, "durationHours": hours, "startTime": "01:00", **more}
    return {"maintenanceWindow": said}


def listed(name: object = NODE_OS, **properties: object) -> list[Json]:
    """Configurations as ARM lists them."""
    return [{"name": name, "properties": properties or window()}]


def changed(path: str, value: object) -> Json:
    """The usual world with one value changed; ``path`` is parted by slashes, numbers are positions."""
    document = copy.deepcopy(cluster_world())
    *parents, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
    place = document
    for part in parents:
        place = place[part]
    place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (f"{MEMBER}/resource/id", None, "managedClusters[0].resource.id: is missing"),
        (f"{MEMBER}/resource/id", "/shop", "resource.id: '/shop' is no managed cluster's id; one looks like"),
        (f"{MEMBER}/resource/location", None, "managedClusters[0].resource.location: is missing"),
        (f"{MEMBER}/resource/location", "atlantis", "location: 'atlantis' is none of the world's locations"),
        (f"{MEMBER}/resource/properties", [1], "managedClusters[0].resource.properties: [1] is no object"),
        (f"{MEMBER}/resource/sku", {"name": "Big"}, "resource.sku.name: 'Big' is not one of Base, Automatic"),
        (
            "managedClusters",
            [*cluster_world()["managedClusters"], *cluster_world()["managedClusters"]],
            f"managedClusters[1]: '{CLUSTER}' stands there twice",
        ),
        (f"{PROPERTIES}/kubernetesVersion", 1.3, "kubernetesVersion: 1.3 is no text; put it in quotes"),
        (
            f"{PROPERTIES}/autoUpgradeProfile",
            {"nodeOSUpgradeChannel": "Weekly"},
            "resource.properties.autoUpgradeProfile.nodeOSUpgradeChannel: 'Weekly' is not one of None, Unmanaged,",
        ),
        (
            f"{PROPERTIES}/autoUpgradeProfile",
            {"upgradeChannel": "node-image", "nodeOSUpgradeChannel": "None"},
            "nodeOSUpgradeChannel: 'None' is blocked while upgradeChannel is node-image",
        ),
        (PROFILES, {}, "managedClusters[0].resource.properties.agentPoolProfiles: {} is no list"),
        (PROFILES, ["np1"], "agentPoolProfiles[0]: 'np1' is no object"),
        (f"{PROFILES}/0/name", None, "agentPoolProfiles[0].name: is missing"),
        (f"{PROFILES}/0/name", "NP1", "agentPoolProfiles[0].name: 'NP1' is no name of a pool: 1 to 12 lower"),
        (f"{PROFILES}/0/name", "a23456789012x", "'a23456789012x' is no name of a pool: 1 to 12 lower case"),
        (
            PROFILES,
            [node_pool("win1234", osType="Windows")],
            "'win1234' is no name of a Windows pool: 1 to 6 lower case letters and digits, a letter first",
        ),
        (PROFILES, [node_pool(), node_pool()], "agentPoolProfiles[1].name: 'np1' stands there twice"),
        (f"{PROFILES}/0/count", "3", "agentPoolProfiles[0].count: '3' is not a whole number from 0 to 1000"),
        (
            PROFILES,
            [node_pool(mode="System", count=0)],
            "count: 0 is not a whole number from 1 to 1000 for a",
        ),
        (
            SETTINGS,
            {"maxSurge": "0", "maxUnavailable": "0"},
            "upgradeSettings.maxSurge: '0' cannot be zero while maxUnavailable is '0': one of maxSurge and",
        ),
        (SETTINGS, {"maxSurge": "101%"}, "upgradeSettings.maxSurge: '101%' is not from 0% to 100%"),
        (SETTINGS, {"maxSurge": 1}, 'maxSurge: 1 is neither a number of nodes as text, such as "5", nor'),
        (SETTINGS, {"drainTimeoutInMinutes": 0}, "drainTimeoutInMinutes: 0 is not a whole number of minutes"),
        (SETTINGS, {"undrainableNodeBehavior": "Wait"}, "'Wait' is not one of Cordon, Schedule"),
        (f"{PROFILES}/0/nodeImageVersion", "latest", "agentPoolProfiles[0].nodeImageVersion: 'latest' is no"),
        (
            f"{EXTRAS}/pools",
            {"np2": {}},
            "managedClusters[0].x-emulator.pools.np2: the cluster has no agent pool 'np2'; there are: np1",
        ),
        (f"{EXTRAS}/pools/np1/nodeImageVersion", "new", "x-emulator.pools.np1.nodeImageVersion: 'new' is no"),
        (
            f"{EXTRAS}/pools/np1/undrainable",
            ["aks-np1-2", "aks-np1-3"],
            "x-emulator.pools.np1.undrainable[1]: 'aks-np1-3' is none of the pool's 3 nodes",
        ),
        (f"{EXTRAS}/nodeImages/latest", FAMILY, f"x-emulator.nodeImages.latest: '{FAMILY}' is no node image"),
        (
            f"{EXTRAS}/nodeImages",
            {"releases": [{"version": OLD}, {"version": "v2"}]},
            "x-emulator.nodeImages.releases[1].version: 'v2' is no node image with its build, such as AKSUbuntu",
        ),
        ("nodeImages", [{"version": "v2"}], "nodeImages[0].version: 'v2' is no node image with its build"),
        (
            "nodeImages",
            [{"version": OLD, "regions": ["westeurope", "Atlantis"]}],
            "nodeImages[0].regions[1]: 'atlantis' is none of the world's locations",
        ),
        (
            f"{EXTRAS}/workloads",
            [{"name": "web", "pools": ["np1", "np9"]}],
            "x-emulator.workloads[0].pools[1]: the cluster has no agent pool 'np9'; there are: np1",
        ),
        (
            f"{EXTRAS}/workloads",
            [{"name": "web", "disruptionBudget": {"minAvailable": 1, "maxUnavailable": 1}}],
            "x-emulator.workloads[0].disruptionBudget: minAvailable and maxUnavailable given; exactly one",
        ),
        (
            f"{EXTRAS}/workloads",
            [{"name": "web", "disruptionBudget": {}}],
            "x-emulator.workloads[0].disruptionBudget: nothing given; exactly one of minAvailable, maxUnav",
        ),
    ],
)
def test_wrong_cluster_is_refused_with_the_path(path: str, value: object, said: str) -> None:
    """A cluster of a world that AKS could not have is refused with the path of what is wrong, and why (N30, N32)."""
    with pytest.raises(WorldError) as refused:
        validated(changed(path, value))

    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "maintenanceConfigurations",
            listed(**window(3)),
            "[0].maintenanceConfigurations[0].properties.maintenanceWindow.durationHours: 3 is not a whole number",
        ),
        (
            "maintenanceConfigurations",
            listed("sundays"),
            "[0].name: 'sundays' is no maintenance configuration",
        ),
        (
            "maintenanceConfigurations",
            [{"name": NODE_OS}],
            "maintenanceConfigurations[0].properties: is miss",
        ),
        ("maintenanceConfigurations", listed() * 2, f"maintenanceConfigurations[1].name: '{NODE_OS}' stands"),
        (
            "maintenanceConfigurations",
            listed(**window(schedule={**WEEKLY, "daily": {"intervalDays": 1}})),
            "maintenanceWindow.schedule: has weekly and daily; exactly one of daily, weekly, absoluteMonthly,",
        ),
        (
            "maintenanceConfigurations",
            listed(**window(notAllowedDates=[{"start": "2024-12-24", "end": "2024-12-01"}])),
            "maintenanceWindow.notAllowedDates[0].end: '2024-12-01' is before '2024-12-24'",
        ),
        (
            "x-emulator/maintenanceConfigurations",
            {NODE_OS: window(3)},
            f"x-emulator.maintenanceConfigurations.{NODE_OS}.maintenanceWindow.durationHours: 3 is not a whole",
        ),
        (
            "x-emulator/maintenanceConfigurations",
            {NODE_OS: {"properties": window(3)}},
            f"maintenanceConfigurations.{NODE_OS}.properties.maintenanceWindow.durationHours: 3 is not a whole",
        ),
        (
            "x-emulator/maintenanceConfigurations",
            {"sundays": window()},
            "managedClusters[0].x-emulator.maintenanceConfigurations.sundays: 'sundays' is no maintenance",
        ),
    ],
)
def test_wrong_window_is_refused_with_the_path(path: str, value: object, said: str) -> None:
    """Windows of a world are judged at both places where they may stand: under 4 h, two schedules, other names (R72, N31)."""
    with pytest.raises(WorldError) as refused:
        validated(changed(f"{MEMBER}/{path}", value))

    assert said in str(refused.value)


def test_emulator_does_not_start_with_a_window_of_three_hours(tmp_path: Path) -> None:
    """The start ends with exit code 2 and one line with the file, the line in it and the path (R72)."""
    document = changed(f"{MEMBER}/maintenanceConfigurations", listed(**window(3)))
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(document))

    line = failed_start("--world", str(tmp_path / "world.yaml"))

    assert "world.yaml:6: managedClusters[0].maintenanceConfigurations[0].properties." in line
    assert line.endswith("maintenanceWindow.durationHours: 3 is not a whole number of hours from 4 to 24\n")
    assert line.count("\n") == 1


def test_configurations_are_loaded_from_both_places_whatever_their_case(serve: Serve) -> None:
    """Names are read as AKS spells them, and a body may be bare or as ARM writes it (N31)."""
    document = changed(f"{MEMBER}/maintenanceConfigurations", listed(NODE_OS.lower()))
    document["managedClusters"][0]["x-emulator"]["maintenanceConfigurations"] = {
        "default": {"properties": {"timeInWeek": [{"day": "Monday", "hourSlots": [1]}]}},
        "aksManagedAutoUpgradeSchedule": window(),
    }
    emulator = serve(document)

    found = emulator.arm("GET", f"{CLUSTER}/maintenanceConfigurations", api_version=API).json()["value"]

    assert [body["name"] for body in found] == ["aksManagedAutoUpgradeSchedule", NODE_OS, "default"]
    assert found[1]["properties"] == window()


def test_what_a_rollout_has_to_meet_is_loaded() -> None:
    """Worlds may have pools without room, nodes that never drain, budgets that are never met, builds of Windows (N32)."""
    pool = node_pool("win", osType="Windows", count=2)
    budget = {"name": "none", "maxUnavailable": 0}
    extras = {
        "pools": {
            "win": {
                "nodeImageVersion": "AKSWindows-2022-containerd-20348.2227.240110",
                "undrainable": ["aks-win-1"],
                "quota": 0,
            }
        },
        "workloads": [{"name": "web", "pools": ["win"], "disruptionBudget": budget}],
    }

    (cluster,) = validated(cluster_world(node_pool(), pool, extras=extras)).managedClusters

    assert cluster.x_emulator.pools["win"].quota == 0


@pytest.mark.parametrize(
    ("profile", "family"),
    [
        ({"osType": "Windows"}, "AKSWindows-2022-"),
        ({"osType": "Linux", "osSKU": "AzureLinux"}, "AKSAzureLinux-"),
        ({"osType": "Linux", "osSKU": "Mariner"}, "AKSCBLMariner-"),
        ({"osType": "Linux", "osSKU": "Ubuntu"}, FAMILY),
        ({"osType": "Linux"}, FAMILY),
    ],
)
def test_a_pool_without_an_image_has_one_of_its_own_system(serve: Serve, profile: Json, family: str) -> None:
    """The cluster's newest image is Ubuntu's: a pool of another system begins with an image of that system (C17, R68)."""
    document = cluster_world(node_pool(), node_pool("other", count=1, **profile))
    del document["managedClusters"][0]["x-emulator"]["pools"]["other"]
    emulator = serve(document)

    shown = emulator.arm("GET", f"{CLUSTER}/agentPools/other", api_version=API).json()

    assert shown["properties"]["nodeImageVersion"].startswith(family)
