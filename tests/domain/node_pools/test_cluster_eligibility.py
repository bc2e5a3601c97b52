"""Whether a cluster's node images may be upgraded: every reason at once."""

from __future__ import annotations

from datetime import datetime

import pytest
from cluster_builders import (
    CLUSTER_ID,
    NEW,
    NIGHTLY,
    SATURDAY_NOON,
    SUNDAY_MORNING,
    a_cluster,
    a_pool,
    machines,
)

from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.eligibility import Verdict, judge_cluster
from fleetwright.domain.node_pools.guest_updates import GUESTS, guest_updates
from fleetwright.domain.records import TriggerKind

MANUAL, AUTOMATIC = TriggerKind.MANUAL, TriggerKind.AUTOMATIC


def judged(cluster: Cluster, trigger: TriggerKind = AUTOMATIC, now: datetime = SUNDAY_MORNING) -> Verdict:
    """The verdict, by default of a schedule inside the Sunday window."""
    return judge_cluster(cluster, trigger=trigger, now=now)


def test_a_cluster_without_obstacles_may_begin() -> None:
    """An automatic run inside the window, and a run by hand at any time where the cluster has no window (R71)."""
    assert judged(a_cluster()).may_begin
    assert judged(a_cluster(), MANUAL, SATURDAY_NOON).may_begin


def test_channel_none_gets_no_updates() -> None:
    """Nothing is ever started automatically on channel None, whatever else is wrong with the cluster (R67)."""
    cluster = a_cluster(channel=NodeOsChannel.NONE, power_state="Stopped")
    assert judged(cluster) == Verdict(nothing=("channel None: no updates (R67)",))


def test_unmanaged_clusters_get_a_report_of_what_guests_do() -> None:
    """Nothing to do, and for each pool what its guest does: Ubuntu at 06:00, Mariner and Windows nothing (R68, C17)."""
    pools = (a_pool("sys"), a_pool("old", os_sku="CBLMariner"), a_pool("win", os_sku="Windows2022"))
    verdict = judged(a_cluster(*pools, channel=NodeOsChannel.UNMANAGED))
    assert verdict.nothing == ("channel Unmanaged: only guests update themselves (R68)",)
    assert verdict.notes == (
        "pool sys (Ubuntu): unattended-upgrade at about 06:00 UTC every day; kured restarts it where installed",
        "pool old (CBLMariner): nothing",
        "pool win (Windows2022): nothing",
        "new nodes start unpatched, with what their image holds (R68)",
    )


@pytest.mark.parametrize(
    ("os_sku", "vm_size", "mechanism"),
    [
        ("Ubuntu", "Standard_D2s_v3", "unattended-upgrade"),
        ("Ubuntu2204", "Standard_NC6s_v3", "unattended-upgrade"),
        ("AzureLinux", "Standard_D2s_v3", "dnf-automatic"),
        ("AzureLinux3", "Standard_NC6s_v3", ""),
        ("CBLMariner", "Standard_D2s_v3", ""),
        ("Mariner", "Standard_D2s_v3", ""),
        ("Windows2019", "Standard_D2s_v3", ""),
        ("Plan9", "Standard_D2s_v3", ""),
    ],
)
def test_which_guest_updates_itself_is_data(os_sku: str, vm_size: str, mechanism: str) -> None:
    """A table says which guest updates itself: Azure Linux does, but not with a GPU; Mariner and Windows do not (C17)."""
    assert guest_updates(a_pool(os_sku=os_sku, vm_size=vm_size)).mechanism == mechanism
    assert len({sku for row in GUESTS for sku in row.os_skus}) == sum(len(row.os_skus) for row in GUESTS)


@pytest.mark.parametrize("channel", [NodeOsChannel.NONE, NodeOsChannel.UNMANAGED])
def test_a_run_by_hand_goes_on_where_nothing_is_automatic(channel: NodeOsChannel) -> None:
    """Who starts a run by hand on None or Unmanaged means it: it goes on, and is told so (R67, R68)."""
    verdict = judged(a_cluster(channel=channel), MANUAL)
    assert verdict.may_begin
    assert verdict.notes[0].startswith(f"channel {channel}: nothing is ever started automatically here")


def test_every_reason_is_told_at_once() -> None:
    """A stopped, busy cluster of an old version outside its window has all of its reasons in one reading (R66, R71)."""
    cluster = a_cluster(
        a_pool(provisioning_state="Scaling"),
        power_state="Stopped",
        provisioning_state="Updating",
        kubernetes_version="1.18.4",
        window=NIGHTLY,
    )
    assert judged(cluster, now=SATURDAY_NOON).holds == (
        "its maintenance window (every day 01:00-05:00 UTC) is closed, opens Sun 2026-03-08 01:00 UTC (R71)",
        "cluster shop is Stopped, not Running: start it first",
        "another operation is under way: cluster shop is Updating",
        "another operation is under way: pool np1 is Scaling",
        (
            "cluster shop has Kubernetes 1.18.4, which westeurope does not support any more (supported: 1.28, 1.29, "
            "1.30; plan KubernetesOfficial: about a year after a version's release); upgrade Kubernetes first (R66)"
        ),
    )


def test_outside_its_window_nothing_begins_by_hand_either() -> None:
    """A cluster's own window holds a run by hand as well, and the next opening is named (R71)."""
    held = judged(a_cluster(window=NIGHTLY), MANUAL, SATURDAY_NOON).holds
    assert held == (
        "its maintenance window (every day 01:00-05:00 UTC) is closed, opens Sun 2026-03-08 01:00 UTC (R71)",
    )


def test_an_automatic_run_keeps_to_sundays_where_a_cluster_has_no_window() -> None:
    """The weekly window stands in for the missing one, for automatic runs only (R71, N31)."""
    assert "every Sunday 00:00-08:00 UTC) is closed" in judged(a_cluster(), now=SATURDAY_NOON).holds[0]


@pytest.mark.parametrize("trigger", TriggerKind)
def test_a_window_that_cannot_be_used_holds_everybody(trigger: TriggerKind) -> None:
    """A window of three hours is no window: nothing starts before it is put right (R72)."""
    problem = "maintenanceWindow.durationHours is 3; it must be 4 to 24 hours"
    held = judged(a_cluster(window_problem=problem), trigger).holds
    assert held == (
        f"its maintenance window cannot be used: {problem}; nothing starts before it is put right",
    )


@pytest.mark.parametrize("state", ["Failed", "Canceled"])
def test_a_pool_that_was_left_half_way_is_resumed(state: str) -> None:
    """An earlier upgrade that stopped is no obstacle: the next one resumes it, and that is said (N32)."""
    verdict = judged(a_cluster(a_pool(provisioning_state=state, image=NEW)))
    assert verdict.may_begin
    assert verdict.notes == (
        f"pool np1: it is {state}: an earlier operation ended half way, which is no obstacle: the next one resumes it",
    )


def test_unknown_supported_versions_are_a_warning() -> None:
    """What could not be read holds nobody, and is told (R66)."""
    verdict = judged(a_cluster(supported_versions=()))
    assert verdict.may_begin
    assert verdict.notes == ("the Kubernetes versions that westeurope supports could not be read (R66)",)


def test_a_missing_feature_is_held_with_the_three_calls() -> None:
    """SecurityPatch with the first API versions needs a feature; what registers it is named in order (R62, R63)."""
    cluster = a_cluster(
        channel=NodeOsChannel.SECURITY_PATCH, features={"NodeOsUpgradeChannelPreview": "NotRegistered"}
    )
    (held,) = judged(cluster).holds
    assert held.startswith(
        "feature Microsoft.ContainerService/NodeOsUpgradeChannelPreview is NotRegistered, and channel SecurityPatch "
        "needs it (R62): 1. register it, 2. wait until it is Registered, 3. register Microsoft.ContainerService again"
    )
    assert held.endswith(f"fleetwright features register --fleet {CLUSTER_ID} does all three")
    assert judged(a_cluster(features={"NodeOsUpgradeChannelPreview": "Registered"})).may_begin


def test_up_to_date_is_an_outcome_of_its_own() -> None:
    """Where every pool has the newest image nothing is to be done, pool by pool (R70)."""
    cluster = a_cluster(a_pool("sys", image=NEW), a_pool("np1", image=NEW), a_pool("gpu", count=0))
    assert judged(cluster) == Verdict(
        nothing=(
            f"pool sys: up to date: on {NEW}",
            f"pool np1: up to date: on {NEW}",
            "pool gpu: it has no nodes",
        )
    )


def test_one_machine_behind_is_something_to_do() -> None:
    """A pool is up to date only when each of its machines is (R70)."""
    cluster = a_cluster(a_pool(image=NEW))
    read = {"np1": machines("np1", NEW, NEW, "AKSUbuntu-2204gen2containerd-202401.01.0", NEW)}
    assert judge_cluster(cluster, trigger=AUTOMATIC, now=SUNDAY_MORNING, machines=read).may_begin


def test_a_pool_that_does_not_exist_is_named_with_those_that_do() -> None:
    """Whoever asks for one pool by a wrong name is told the right ones (R70)."""
    cluster = a_cluster(a_pool("sys"), a_pool("np1"))
    held = judge_cluster(cluster, trigger=MANUAL, now=SUNDAY_MORNING, pool="np2").holds
    assert held == ("cluster shop has no node pool 'np2'; it has sys, np1",)


def test_kinds_of_pools_that_behave_otherwise_are_noted() -> None:
    """Single virtual machines and gateways go on with a note (R70)."""
    pools = (a_pool("vms", kind="VirtualMachines"), a_pool("out", mode="Gateway"))
    told = judged(a_cluster(*pools)).notes
    assert told[0].startswith("pool vms: its nodes are single virtual machines")
    assert told[1].startswith("pool out: it is a gateway")
