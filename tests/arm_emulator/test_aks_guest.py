"""What channels do to an emulated cluster's nodes: guests' own updates, live patches, reimages, upgrades by AKS itself."""

from __future__ import annotations

import json

import pytest
from azure.mgmt.containerservice.models import ManagedClusterAutoUpgradeProfile
from emulated_node_pools import (
    API,
    CLUSTER,
    NEW,
    NEWER,
    OLD,
    STEADY_NODES,
    NodePoolUnderTest,
    cluster_world,
    container_service,
    node_pool,
)
from emulated_worlds import SUBSCRIPTION, Emulator, Json, Serve

from arm_emulator.clock import ManualClock
from arm_emulator.emulator import Emulator as InProcess
from arm_emulator.instants import parse_instant
from arm_emulator.seeded import Seed
from arm_emulator.world.validation import validated

UPDATED, HOUR, DAY = "arm-emulator/guest-updated-at", 3_600, 86_400
GOLDEN = "kubernetes.azure.com/live-patching-golden-timestamp"
CURRENT = "kubernetes.azure.com/live-patching-current-timestamp"
REBOOT = "kubernetes.azure.com/live-patching-reboot-required"
PATCHED, NEXT_PATCHED = f"{OLD}-2024.02.20", f"{OLD}-2024.02.27"
TIMINGS = {**STEADY_NODES, "command": 0, "guestPatch": 600, "livePatch": 30, "channelChange": 7_200}
SUNDAYS = {
    "maintenanceWindow": {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
        "durationHours": 4,
        "startTime": "22:00",
        "utcOffset": "+00:00",
    }
}


def channel_world(channel: str, *pools: Json, window: Json | None = None, **extras: object) -> Json:
    """A cluster of a channel; the world begins on Saturday 2024-06-01 00:00."""
    said: Json = {"timings": TIMINGS, "nodeImages": {}, **extras}
    if window is not None:
        said["maintenanceConfigurations"] = {"aksManagedNodeOSUpgradeSchedule": window}
    return cluster_world(*pools, extras=said, autoUpgradeProfile={"nodeOSUpgradeChannel": channel})


def annotations(emulator: Emulator) -> dict[str, dict[str, str]]:
    """The annotations of every node, as the cluster itself shows them."""
    command = {"command": "kubectl get nodes -o json"}
    accepted = emulator.arm("POST", f"{CLUSTER}/runCommand", command, api_version=API)
    logs = emulator.http.get(accepted.headers["Location"]).json()["properties"]["logs"]
    return {n["metadata"]["name"]: n["metadata"]["annotations"] for n in json.loads(logs)["items"]}


def updated(emulator: Emulator) -> dict[str, str | None]:
    """When each guest updated itself last."""
    return {name: said.get(UPDATED) for name, said in annotations(emulator).items()}


def patch(emulator: Emulator, *nodes: str, stamp: str = "20240220T000000Z") -> None:
    """Ask nodes for the patches of a day."""
    text = f"kubectl annotate node {' '.join(nodes)} {GOLDEN}={stamp} --overwrite"
    emulator.arm("POST", f"{CLUSTER}/runCommand", {"command": text}, api_version=API)


def set_channel(emulator: Emulator, channel: str) -> None:
    """Change the channel by the official client: the whole cluster is read and put back."""
    client = container_service(emulator)
    cluster = client.managed_clusters.get("rg", "shop")
    cluster.auto_upgrade_profile = ManagedClusterAutoUpgradeProfile(node_os_upgrade_channel=channel)
    client.managed_clusters.begin_create_or_update("rg", "shop", cluster).result()


def pool_image(emulator: Emulator) -> str:
    """What the pool shows."""
    return str(container_service(emulator).agent_pools.get("rg", "shop", "np1").node_image_version)


def test_guests_update_themselves_in_the_morning(serve: Serve) -> None:
    """Under Unmanaged Ubuntu nodes update themselves each day from 06:00 UTC on; the image that they show stays (R68)."""
    emulator = serve(channel_world("Unmanaged"))

    emulator.advance(6 * HOUR + 599)
    before = set(updated(emulator).values())
    emulator.advance(1)
    first = set(updated(emulator).values())
    emulator.advance(3 * DAY)

    assert (before, first) == ({None}, {"2024-06-01T06:10:00Z"})
    assert set(updated(emulator).values()) == {"2024-06-04T06:10:00Z"}
    assert set(NodePoolUnderTest(emulator).machines().values()) == {OLD}


def test_new_nodes_start_unpatched(serve: Serve) -> None:
    """A node that is added, or reimaged, has none of the updates until the next morning (R68)."""
    emulator = serve(channel_world("Unmanaged"))
    client = container_service(emulator)
    emulator.advance(12 * HOUR)

    pool = client.agent_pools.get("rg", "shop", "np1")
    pool.count = 4
    client.agent_pools.begin_create_or_update("rg", "shop", "np1", pool, polling=False)
    emulator.advance(HOUR)
    scaled = updated(emulator)
    emulator.admin("POST", "images", {"nodeImage": NEW})
    NodePoolUnderTest(emulator).upgrade()
    emulator.advance(2 * HOUR)
    reimaged = updated(emulator)
    emulator.advance(DAY)

    assert scaled == {
        **{f"aks-np1-{n}": "2024-06-01T06:10:00Z" for n in range(3)},
        "aks-np1-3": None,
    }
    assert set(reimaged.values()) == {None}
    assert set(updated(emulator).values()) == {"2024-06-02T06:10:00Z"}


@pytest.mark.parametrize(
    ("properties", "updates"),
    [
        ({"osSKU": "Ubuntu"}, True),
        ({"osSKU": "AzureLinux"}, True),
        ({"osSKU": "AzureLinux", "vmSize": "Standard_NC6s_v3"}, False),
        ({"osSKU": "Mariner"}, False),
        ({"osSKU": "Windows2022", "osType": "Windows"}, False),
        ({"osSKU": "AzureLinuxOSGuard"}, False),
    ],
)
def test_which_guests_update_themselves_is_a_table(serve: Serve, properties: Json, updates: bool) -> None:
    """Ubuntu and Azure Linux update themselves, Mariner and Windows do not, nor Azure Linux with a GPU (C17, R68)."""
    emulator = serve(channel_world("Unmanaged", node_pool(**properties)))

    emulator.advance(DAY)

    assert all(bool(at) == updates for at in updated(emulator).values())


@pytest.mark.parametrize("channel", ["NodeImage", "SecurityPatch", "None"])
def test_other_channels_keep_guests_from_updating(serve: Serve, channel: str) -> None:
    """Unattended upgrades are disabled by NodeImage and by SecurityPatch; None does nothing at all (R64, R67)."""
    emulator = serve(channel_world(channel))

    emulator.advance(7 * DAY)

    assert set(updated(emulator).values()) == {None}


def test_change_of_channel_takes_its_time(serve: Serve) -> None:
    """Until the change holds guests go on updating, then no more; what they have installed stays (R64, R65)."""
    emulator = serve(channel_world("Unmanaged"))
    emulator.advance(5 * HOUR)
    set_channel(emulator, "NodeImage")

    emulator.advance(DAY)
    a_day_later = set(updated(emulator).values())
    emulator.advance(7 * DAY)

    assert a_day_later == {"2024-06-01T06:10:00Z"}
    assert set(updated(emulator).values()) == a_day_later


@pytest.mark.parametrize(
    ("before", "after", "reimages"),
    [
        ("Unmanaged", "None", True),
        ("SecurityPatch", "Unmanaged", True),
        ("NodeImage", "Unmanaged", True),
        ("None", "Unmanaged", True),
        ("Unmanaged", "NodeImage", False),
        ("NodeImage", "SecurityPatch", False),
        ("NodeImage", "None", False),
    ],
)
def test_some_changes_reimage_the_nodes(serve: Serve, before: str, after: str, reimages: bool) -> None:
    """Once the change holds AKS reimages every node with the image it has, after the changes of its table and no others (N30, R65)."""
    emulator = serve(channel_world(before))
    pool = NodePoolUnderTest(emulator)
    set_channel(emulator, after)

    emulator.advance(7_199)
    calm = set(pool.states().values())
    emulator.advance(2)
    busy = len(pool.states())
    emulator.advance(HOUR)

    assert calm == {"Succeeded"}
    assert (busy == 4) == reimages
    assert list(pool.machines().values()) == [OLD] * 3
    assert set(pool.states().values()) == {"Succeeded"}


def test_reimage_by_a_change_waits_for_the_window(serve: Serve) -> None:
    """The reimage that a change of channel brings begins when the window opens (N30, R71)."""
    emulator = serve(channel_world("NodeImage", window=SUNDAYS))
    pool = NodePoolUnderTest(emulator)
    set_channel(emulator, "Unmanaged")

    emulator.advance(46 * HOUR - 1)
    before = len(pool.states())
    emulator.advance(1)

    assert (before, len(pool.states())) == (3, 4)


def test_live_patches_reach_running_nodes(serve: Serve) -> None:
    """Nodes that are asked for patches have them after a while without a restart; the pool shows them once all have (R69)."""
    emulator = serve(channel_world("SecurityPatch"))
    emulator.admin("POST", "images", {"nodeImage": PATCHED})
    pool = NodePoolUnderTest(emulator)

    patch(emulator, "aks-np1-0", "aks-np1-1")
    emulator.advance(29)
    asked = set(pool.machines().values())
    emulator.advance(1)
    two = pool.machines(), pool_image(emulator)
    patch(emulator, "aks-np1-2")
    emulator.advance(30)

    assert asked == {OLD}
    assert two == ({"aks-np1-0": PATCHED, "aks-np1-1": PATCHED, "aks-np1-2": OLD}, OLD)
    assert (set(pool.machines().values()), pool_image(emulator)) == ({PATCHED}, PATCHED)
    assert {said[CURRENT] for said in annotations(emulator).values()} == {"20240220T000000Z"}
    assert pool.upgrade().status_code == 200


def test_node_that_comes_later_starts_without_the_patches(serve: Serve) -> None:
    """A node that is added after a live patch is created from the pool's image, unpatched (R68, R69)."""
    emulator = serve(channel_world("SecurityPatch"))
    emulator.admin("POST", "images", {"nodeImage": PATCHED})
    patch(emulator, "aks-np1-0", "aks-np1-1", "aks-np1-2")
    emulator.advance(60)

    client = container_service(emulator)
    pool = client.agent_pools.get("rg", "shop", "np1")
    pool.count = 4
    client.agent_pools.begin_create_or_update("rg", "shop", "np1", pool, polling=False)
    emulator.advance(HOUR)

    assert NodePoolUnderTest(emulator).machines()["aks-np1-3"] == OLD
    assert pool_image(emulator) == OLD


@pytest.mark.parametrize(
    "release",
    [
        {"nodeImage": PATCHED, "needsReimage": True},
        {"nodeImage": f"{NEW}-2024.02.20"},
        {"nodeImage": NEXT_PATCHED},
    ],
)
def test_patches_that_a_running_node_cannot_have(serve: Serve, release: Json) -> None:
    """Patches that need a reimage, are for another build or of another day are not taken: the node says that it needs a restart (R69)."""
    emulator = serve(channel_world("SecurityPatch"))
    emulator.admin("POST", "images", release)

    patch(emulator, "aks-np1-0")
    emulator.advance(HOUR)

    said = annotations(emulator)["aks-np1-0"]
    assert (said.get(REBOOT), said.get(CURRENT)) == ("true", None)
    assert NodePoolUnderTest(emulator).machines()["aks-np1-0"] == OLD


def test_older_patches_change_nothing(serve: Serve) -> None:
    """A node that has newer patches keeps them when it is asked for older ones (N34, R69)."""
    emulator = serve(channel_world("SecurityPatch"))
    for version in (PATCHED, NEXT_PATCHED):
        emulator.admin("POST", "images", {"nodeImage": version})

    patch(emulator, "aks-np1-0", stamp="20240227T000000Z")
    emulator.advance(30)
    patch(emulator, "aks-np1-0")
    emulator.advance(30)

    assert NodePoolUnderTest(emulator).machines()["aks-np1-0"] == NEXT_PATCHED
    assert annotations(emulator)["aks-np1-0"][CURRENT] == "20240227T000000Z"


def test_aks_starts_nothing_unless_the_world_says_so(serve: Serve) -> None:
    """Without platformUpgrades nothing is upgraded by itself, whatever the channel (N33)."""
    emulator = serve(channel_world("NodeImage"))
    emulator.admin("POST", "images", {"nodeImage": NEW})

    emulator.advance(14 * DAY)

    assert set(NodePoolUnderTest(emulator).machines().values()) == {OLD}


def test_aks_upgrades_inside_the_window_and_again_for_a_newer_image(serve: Serve) -> None:
    """With platformUpgrades NodeImage is upgraded when the window opens, and once more in the same window when a newer image appears (N33, R70, R71)."""
    world = channel_world("NodeImage", window=SUNDAYS) | {"platformUpgrades": True}
    emulator = serve(world)
    pool = NodePoolUnderTest(emulator)
    emulator.admin("POST", "images", {"nodeImage": NEW})

    emulator.advance(46 * HOUR - 1)
    before = set(pool.machines().values())
    emulator.advance(HOUR)
    first = set(pool.machines().values())
    emulator.admin("POST", "images", {"nodeImage": NEWER})
    emulator.advance(HOUR)

    assert (before, first) == ({OLD}, {NEW})
    assert set(pool.machines().values()) == {NEWER}


@pytest.mark.parametrize("needs_reimage", [False, True])
def test_aks_patches_live_where_it_can(serve: Serve, needs_reimage: bool) -> None:
    """With platformUpgrades SecurityPatch is live where the patches allow it, else a reimage to the security-only image (R69)."""
    emulator = serve(channel_world("SecurityPatch") | {"platformUpgrades": True})
    pool = NodePoolUnderTest(emulator)

    emulator.admin("POST", "images", {"nodeImage": PATCHED, "needsReimage": needs_reimage})
    emulator.advance(1)
    machines = len(pool.machines())
    emulator.advance(HOUR)

    assert machines == (4 if needs_reimage else 3)
    assert set(pool.machines().values()) == {PATCHED}


def test_year_of_guests_is_not_scheduled() -> None:
    """A year of fifty clusters under Unmanaged adds nothing to what is due: updates are told from the time (R68)."""
    one = channel_world("Unmanaged")["managedClusters"][0]
    text = json.dumps(one)
    many = [json.loads(text.replace("managedClusters/shop", f"managedClusters/shop{n}")) for n in range(50)]
    emulator = InProcess(validated({"managedClusters": many}), ManualClock(), Seed(0))

    emulator.move_clock(parse_instant("2025-06-01T00:00:00Z"))

    assert emulator.world.timeline.next_due(parse_instant("2999-01-01T00:00:00Z")) is None


def test_feature_of_container_service_is_registered_by_three_calls(serve: Serve) -> None:
    """Register the feature, ask until it is Registered, register the provider anew: each is in the request log, in that order (R63, R62)."""
    emulator = serve(cluster_world())
    name = "Microsoft.ContainerService/features/NodeOsUpgradeChannelPreview"
    feature = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/{name}"
    provider = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/register"

    states = [emulator.arm("POST", f"{feature}/register", api_version="2021-07-01").json()]
    emulator.advance(59)
    states.append(emulator.arm("GET", feature, api_version="2021-07-01").json())
    emulator.advance(1)
    states.append(emulator.arm("GET", feature, api_version="2021-07-01").json())
    registered = emulator.arm("POST", provider, api_version="2024-11-01")

    assert [s["properties"]["state"] for s in states] == ["Registering", "Registering", "Registered"]
    assert registered.json()["registrationState"] == "Registered"
    log = emulator.admin("GET", "requests")["log"]
    assert [(entry["method"], entry["path"]) for entry in log] == [
        ("POST", f"{feature}/register"),
        ("GET", feature),
        ("GET", feature),
        ("POST", provider),
    ]
