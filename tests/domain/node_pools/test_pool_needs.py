"""What a pool needs: nothing, patches on running nodes, or a node image."""

from __future__ import annotations

import pytest
from cluster_builders import FAMILY, NEW, OLD, PATCHED, a_cluster, a_pool, machines, nodes
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.node_pools.channels import NodeOsChannel, UpgradeWay
from fleetwright.domain.node_pools.images import Standing, compare_images, parse_node_image, patches_of
from fleetwright.domain.node_pools.order import order_pools
from fleetwright.domain.node_pools.upgrades import need_of
from fleetwright.domain.records import TriggerKind

WEEKLY = a_cluster()
PATCHING = a_cluster(channel=NodeOsChannel.SECURITY_PATCH)
WINDOWS = "AKSWindows-2022-containerd-20348.2227.240111"
images = st.builds(
    lambda month, day, revision, patched: (
        f"{FAMILY}-2024{month:02}.{day:02}.{revision}" + (f"-2024.{month:02}.{patched:02}" if patched else "")
    ),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 2),
    st.integers(0, 28),
)


@pytest.mark.parametrize(
    ("latest", "running", "standing"),
    [
        (NEW, OLD, Standing.NEWER),
        (OLD, NEW, Standing.OLDER),
        (PATCHED, OLD, Standing.NEWER),
        (NEW, NEW.upper().replace("-2204", ":2204"), Standing.SAME),
        ("AKSUbuntu:1604:2020.10.28", "AKSUbuntu-1604-2020.03.11", Standing.NEWER),
        (NEW, "AKSUbuntu-2404gen2containerd-202402.12.0", Standing.OTHER_FAMILY),
        (WINDOWS, WINDOWS.replace("2227.240111", "2113.231115"), Standing.NEWER),
        (WINDOWS, "AKSWindows-2019-containerd-17763.5329.240111", Standing.OTHER_FAMILY),
        ("special-7", "special-6", Standing.UNKNOWN),
        ("special-7", "Special-7", Standing.SAME),
    ],
)
def test_images_are_compared_by_their_names(latest: str, running: str, standing: Standing) -> None:
    """Weekly, patched, old and Windows names are taken apart; any others are compared for equality only (N34, N35)."""
    assert compare_images(latest, running) is standing


def test_names_of_windows_images_are_read() -> None:
    """A Windows image tells its own build: the system's, and the day of its patches (N35)."""
    image = parse_node_image(WINDOWS)
    assert (image.family, image.build) == ("AKSWindows-2022-containerd", "20348.2227.240111")


def test_a_new_image_is_a_reimage() -> None:
    """On channel NodeImage a pool behind the newest image is reimaged, and told from what to what (R70)."""
    need = need_of(WEEKLY, a_pool())
    assert (need.way, need.to_image) == (UpgradeWay.REIMAGE, NEW)
    assert need.reason == f"on {OLD}, newest is {NEW}"


def test_every_machine_counts() -> None:
    """A pool is up to date only when itself and every machine are; who is behind is named (R70)."""
    pool = a_pool(image=NEW)
    assert need_of(WEEKLY, pool, machines("np1", NEW, NEW)).reason == f"up to date: on {NEW}"
    behind = need_of(WEEKLY, pool, machines("np1", NEW, OLD, OLD, OLD, OLD))
    assert behind.way is UpgradeWay.REIMAGE
    assert behind.reason == f"aks-np1-1, aks-np1-2, aks-np1-3 and 1 more on {OLD}, newest is {NEW}"
    assert need_of(WEEKLY, a_pool(), machines("np1", NEW, NEW)).way is UpgradeWay.REIMAGE


@pytest.mark.parametrize("latest", [OLD, "AKSUbuntu-2404gen2containerd-202503.04.0"])
def test_an_older_or_strange_image_is_no_upgrade(latest: str) -> None:
    """Node images never go back, nor to another family: nothing to do, with the reason (N34)."""
    need = need_of(WEEKLY, a_pool(image=NEW, latest_image=latest))
    assert need.is_nothing
    assert need.reason.startswith(f"{latest} is o")
    assert need.reason.endswith("(N34)")


def test_one_newer_machine_is_enough_against_going_back() -> None:
    """A reimage of the pool would take the machine back that is ahead (N34)."""
    need = need_of(WEEKLY, a_pool(), machines("np1", OLD, f"{FAMILY}-202405.01.0"))
    assert need.is_nothing
    assert "aks-np1-1: no upgrade, node images never go back (N34)" in need.reason


def test_names_that_cannot_be_read_are_an_upgrade_when_they_differ() -> None:
    """They are compared for equality only, which is said (N34)."""
    need = need_of(WEEKLY, a_pool(image="special-6", latest_image="special-7"))
    assert need.way is UpgradeWay.REIMAGE
    assert need.reason.endswith("compared for equality only")


def test_patches_go_on_running_nodes_of_their_own_build() -> None:
    """SecurityPatch patches live where the nodes run the image that the patches are for (R69)."""
    need = need_of(PATCHING, a_pool(latest_image=PATCHED), machines("np1", OLD, OLD), nodes(count=2))
    assert (need.way, need.patched_to, need.to_image) == (UpgradeWay.LIVE, "2024.02.20", PATCHED)


def test_patches_on_a_patched_node_are_live_too() -> None:
    """From one date of patches to the next no reimage is needed (R69)."""
    need = need_of(
        PATCHING, a_pool(latest_image=f"{OLD}-2024.02.27"), machines("np1", PATCHED, OLD), nodes(count=2)
    )
    assert (need.way, need.patched_to) == (UpgradeWay.LIVE, "2024.02.27")


@pytest.mark.parametrize(
    ("latest", "read", "restart", "told"),
    [
        (f"{NEW}-2024.03.10", OLD, False, "nodes do not run the build"),
        (NEW, OLD, False, "nodes do not run the build"),
        (PATCHED, OLD, True, "aks-np1-0, aks-np1-1 need a restart"),
    ],
)
def test_what_cannot_be_patched_is_reimaged(latest: str, read: str, restart: bool, told: str) -> None:
    """Another build, a weekly image, or a node that needs a restart: node image within window and surge (R69)."""
    need = need_of(
        PATCHING,
        a_pool(latest_image=latest),
        machines("np1", read, read),
        nodes(count=2, needs_reboot=restart),
    )
    assert need.way is UpgradeWay.REIMAGE
    assert told in need.reason


def test_a_pool_whose_machines_are_patched_is_up_to_date() -> None:
    """Live patches leave the pool's own image, which new nodes get, as it was (R69)."""
    pool = a_pool(image=OLD, latest_image=PATCHED)
    assert need_of(PATCHING, pool, machines("np1", PATCHED, PATCHED)).is_nothing
    assert need_of(PATCHING, pool, machines("np1", PATCHED, OLD)).way is UpgradeWay.LIVE


def test_security_patches_leave_some_systems_out() -> None:
    """Windows and Azure Linux with a GPU have no security patches: automatic runs leave them alone (R69)."""
    for pool in (
        a_pool(os_type="Windows", os_sku="Windows2022"),
        a_pool(os_sku="AzureLinux", vm_size="Standard_NC6s_v3"),
    ):
        assert need_of(PATCHING, pool).is_nothing
        assert need_of(PATCHING, pool, trigger=TriggerKind.MANUAL).way is UpgradeWay.REIMAGE


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"kind": "AvailabilitySet"}, "availability set"),
        ({"latest_image": ""}, "tells no latestNodeImageVersion"),
    ],
)
def test_what_cannot_be_upgraded_is_no_nothing_to_do(changes: dict[str, str], told: str) -> None:
    """A pool that AKS cannot upgrade, or whose newest image is not known, is not up to date (R70)."""
    need = need_of(WEEKLY, a_pool(**changes))
    assert (need.way, need.is_barred, need.is_nothing) == (None, True, False)
    assert told in need.reason


@given(images, st.lists(images, min_size=1, max_size=6))
def test_no_machine_ever_gets_an_older_image(latest: str, running: list[str]) -> None:
    """Whatever runs, an upgrade happens only where no machine is ahead, and always where one is behind (N34, R69)."""
    for cluster in (WEEKLY, PATCHING):
        need = need_of(cluster, a_pool(latest_image=latest, image=running[0]), machines("np1", *running))
        ahead = any(parse_node_image(image).order > parse_node_image(latest).order for image in running)
        behind = any(parse_node_image(image).order < parse_node_image(latest).order for image in running)
        assert (need.way is not None) == (behind and not ahead)
        if need.way is UpgradeWay.LIVE:
            assert patches_of(latest, running)


def test_system_pools_go_first_and_what_was_left_before_others() -> None:
    """System pools first; among their kind what the last rollout left, then by name (R70)."""
    pools = (
        a_pool("b"),
        a_pool("z"),
        a_pool("sys2", mode="System"),
        a_pool("a"),
        a_pool("sys1", mode="system"),
    )
    assert [pool.name for pool in order_pools(pools)] == ["sys1", "sys2", "a", "b", "z"]
    assert [pool.name for pool in order_pools(pools, left=("z", "sys2"))] == ["sys2", "sys1", "z", "a", "b"]


def test_a_node_that_stayed_behind_waits_for_the_next_image() -> None:
    """N33: the pool shows its old image while one of its nodes could not be drained; a schedule asks for it only once."""
    seen = machines("np1", NEW, OLD, NEW)
    stayed = frozenset({"aks-np1-1"})

    need = need_of(WEEKLY, a_pool(image=OLD), seen, stayed=stayed)

    assert need.is_nothing
    assert "aks-np1-1, which could not be drained" in need.reason
    assert need_of(WEEKLY, a_pool(image=OLD), machines("np1", OLD, OLD), stayed=stayed).way is not None
    assert need_of(WEEKLY, a_pool(image=OLD), seen, stayed=stayed, trigger=TriggerKind.MANUAL).way is not None
