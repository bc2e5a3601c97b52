"""A schedule looks at a cluster: started, nothing to do, or held, always with reasons."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from cluster_builders import (
    NEW,
    NIGHTLY,
    OLD,
    PATCHED,
    SATURDAY_NOON,
    SUNDAY_MORNING,
    a_budget,
    a_cluster,
    a_pool,
    machines,
    nodes,
    surge,
)
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.maintenance import MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster, Workloads
from fleetwright.domain.node_pools.evaluating import evaluate
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.plan import Sight, make_plan
from fleetwright.domain.node_pools.rollouts import (
    BLAMED,
    NodeRollout,
    NodeRolloutSettings,
    NodeRolloutState,
    PoolState,
    PoolUpgrade,
)
from fleetwright.domain.records import TriggerKind

WEEKLY, PATCHES = NodeOsChannel.NODE_IMAGE, NodeOsChannel.SECURITY_PATCH


def evaluated(
    cluster: Cluster,
    now: datetime = SUNDAY_MORNING,
    schedule: NodeOsChannel = WEEKLY,
    **more: Any,  # noqa: ANN401 - whatever evaluate takes
) -> Evaluation:
    """The evaluation, of a cluster that belongs to the schedule."""
    found = evaluate(cluster, schedule, now, manners=more.pop("manners", Manners()), **more)
    assert found is not None
    return found


def last_rollout(state: NodeRolloutState, pool: PoolState, reason: str = "", image: str = NEW) -> Sight:
    """What the ledger remembers of one rollout with one pool."""
    upgrade = PoolUpgrade("np1", pool, to_image=image, reason=reason)
    return Sight(rollouts=(NodeRollout("r1", NodeRolloutSettings("c"), state=state, pools=(upgrade,)),))


def test_a_cluster_behind_its_image_is_started() -> None:
    """Inside the window, behind the newest image: started, with what goes and its arithmetic (R70, R71)."""
    found = evaluated(a_cluster(window=NIGHTLY))
    assert found.outcome is Outcome.STARTED
    assert found.reasons == (
        f"pool np1: {OLD} -> {NEW} (reimage; 4 nodes, 1 at once: 4 rounds x 5 min + soak 2 min = 22 min)",
    )
    assert found.not_before is not None
    assert SUNDAY_MORNING <= found.not_before < SUNDAY_MORNING + Manners().spread


@pytest.mark.parametrize(
    ("channel", "schedule", "belongs"),
    [
        (WEEKLY, WEEKLY, True),
        (WEEKLY, PATCHES, False),
        (PATCHES, WEEKLY, False),
        (PATCHES, PATCHES, True),
        (NodeOsChannel.NONE, WEEKLY, True),
        (NodeOsChannel.NONE, PATCHES, False),
        (NodeOsChannel.UNMANAGED, WEEKLY, True),
    ],
)
def test_a_schedule_looks_at_the_clusters_of_its_channel(
    channel: NodeOsChannel, schedule: NodeOsChannel, belongs: bool
) -> None:
    """Those of the other channel are not looked at; those without upgrades belong to the weekly one (R67, R68, R69, R70)."""
    found = evaluate(a_cluster(channel=channel), schedule, SUNDAY_MORNING, manners=Manners())
    assert (found is not None) == belongs


def test_channels_without_upgrades_have_nothing_to_do_at_any_time() -> None:
    """None: no updates; Unmanaged: the report of what the guest does, whether a window is open or not (R67, R68, C17)."""
    found = evaluated(a_cluster(channel=NodeOsChannel.NONE), SATURDAY_NOON)
    assert (found.outcome, found.reasons) == (Outcome.NOTHING_TO_DO, ("channel None: no updates (R67)",))
    report = evaluated(a_cluster(channel=NodeOsChannel.UNMANAGED), SATURDAY_NOON)
    assert report.outcome is Outcome.NOTHING_TO_DO
    assert report.reasons[1].startswith("pool np1 (Ubuntu): unattended-upgrade at about 06:00 UTC every day")
    assert report.not_before is None


def test_a_closed_window_is_not_a_hold() -> None:
    """It is not its time: nothing to do, with the next opening (R71)."""
    found = evaluated(a_cluster(window=NIGHTLY, power_state="Stopped"), SATURDAY_NOON)
    assert str(found) == (
        "shop: nothing to do: it is not its time: its maintenance window (every day 01:00-05:00 UTC) is closed, "
        "opens Sun 2026-03-08 01:00 UTC"
    )


def test_holds_of_the_cluster_and_of_people_are_told_together() -> None:
    """Every reason at once (R66, R72)."""
    problem = "maintenanceWindow.durationHours is 3; it must be 4 to 24 hours (R72)"
    found = evaluated(
        a_cluster(window_problem=problem, power_state="Stopped"),
        SATURDAY_NOON,
        held=("held by ann: Christmas",),
    )
    assert found.outcome is Outcome.HELD
    assert len(found.reasons) == 3
    assert problem in found.reasons[0]
    assert found.reasons[2] == "held by ann: Christmas"


def test_a_run_that_has_the_cluster_is_enough() -> None:
    """Two runs never want one cluster (R70)."""
    found = evaluated(a_cluster(), holder="manual__1")
    assert (found.outcome, found.reasons) == (Outcome.NOTHING_TO_DO, ("run manual__1 has it already",))


def test_an_image_is_rolled_out_once_and_a_newer_one_again() -> None:
    """Up to date after its rollout; a newer image that appears in the same window starts a second one (N33, R70)."""
    done = a_pool(image=NEW)
    assert evaluated(a_cluster(done)).outcome is Outcome.NOTHING_TO_DO
    newer = replace(done, latest_image=NEW.replace("202403.04", "202403.11"))
    before = last_rollout(NodeRolloutState.COMPLETED, PoolState.UPGRADED)
    assert evaluated(a_cluster(newer), sight=before).outcome is Outcome.STARTED


def test_an_image_on_which_nodes_did_not_come_waits_for_a_newer_one() -> None:
    """It is held, and nobody else gets it automatically; a newer image goes on (N34)."""
    before = last_rollout(NodeRolloutState.FAULTED, PoolState.FAILED, f"{BLAMED}: aks-np1-0: not ready")
    found = evaluated(a_cluster(), sight=before)
    assert (found.outcome, found.reasons) == (
        Outcome.HELD,
        (
            (
                f"rollout r1 stopped at pool np1 on {NEW}: {BLAMED}: aks-np1-0: not ready; "
                "a newer image goes on, or a run by hand"
            ),
        ),
    )
    newer = a_cluster(a_pool(latest_image=NEW.replace("202403.04", "202403.11")))
    assert evaluated(newer, sight=before).outcome is Outcome.STARTED


def test_a_blocked_drain_is_tried_again() -> None:
    """It says nothing against the image: what is left resumes in the next window (N32, R71)."""
    before = last_rollout(NodeRolloutState.FAULTED, PoolState.FAILED, "a drain is blocked: PodDrainFailure")
    cluster = a_cluster(a_pool(provisioning_state="Failed"))
    assert evaluated(cluster, sight=before).outcome is Outcome.STARTED


def test_a_node_that_could_not_be_drained_waits_for_the_next_image() -> None:
    """Not asked again every night for one image; a newer one, or another node that is behind, starts again (N32, R70)."""
    upgrade = PoolUpgrade("np1", PoolState.UPGRADED, to_image=NEW, stragglers={"aks-np1-1": "cordoned"})
    rollouts = (NodeRollout("r1", NodeRolloutSettings("c"), pools=(upgrade,)),)
    pool, sight = a_pool(image=NEW), Sight({"np1": machines("np1", NEW, OLD, NEW, NEW)}, rollouts=rollouts)
    found = evaluated(a_cluster(pool), sight=sight)
    assert (found.outcome, found.reasons) == (
        Outcome.NOTHING_TO_DO,
        (
            (
                f"pool np1: on {NEW} but for aks-np1-1, which could not be drained in its rollout; "
                "the next image asks again, or a run by hand"
            ),
        ),
    )
    newer = replace(pool, latest_image=NEW.replace("202403.04", "202403.11"))
    assert evaluated(a_cluster(newer), sight=sight).outcome is Outcome.STARTED
    others = replace(sight, machines={"np1": machines("np1", OLD, OLD, NEW, NEW)})
    assert evaluated(a_cluster(pool), sight=others).outcome is Outcome.STARTED
    by_hand = make_plan(
        a_cluster(pool), trigger=TriggerKind.MANUAL, now=SUNDAY_MORNING, manners=Manners(), sight=sight
    )
    assert by_hand.going


def test_a_cluster_whose_pools_never_fit_is_held_with_the_arithmetic() -> None:
    """Waiting for the next window is no use, so it is no 'nothing to do' (R71)."""
    found = evaluated(a_cluster(a_pool(count=100, settings=surge("1")), window=NIGHTLY))
    assert found.outcome is Outcome.HELD
    assert found.reasons[0].startswith("pool np1: never fits: 100 nodes, 1 at once: 100 rounds x 5 min")


def test_a_pool_that_fits_the_next_window_only_waits() -> None:
    """With little time left nothing is to be done now (R71, N31)."""
    found = evaluated(a_cluster(window=NIGHTLY), SUNDAY_MORNING + timedelta(hours=3, minutes=50))
    assert found.outcome is Outcome.NOTHING_TO_DO
    assert "left for the next window, which opens Mon 2026-03-09 01:00 UTC" in found.reasons[0]


def test_a_budget_that_can_never_be_met_holds_the_cluster() -> None:
    """Where no pool can go before a person has changed something, it is held and named (N32)."""
    sight = Sight(workloads=Workloads(nodes(), (a_budget("aks-np1-0", desired=3, allowed=0),)))
    found = evaluated(a_cluster(), sight=sight)
    assert found.outcome is Outcome.HELD
    assert "disruption budget shop/web can never be met" in found.reasons[0]


def test_pools_that_are_left_are_told_with_those_that_go() -> None:
    """Started for what can go, with the reason of what cannot (R71)."""
    found = evaluated(a_cluster(a_pool("big", count=100, settings=surge("1")), a_pool("np1"), window=NIGHTLY))
    assert found.outcome is Outcome.STARTED
    assert found.reasons[0].startswith("pool np1: ")
    assert found.reasons[1].startswith("pool big refused: never fits")


def test_security_patches_are_started_by_their_own_schedule() -> None:
    """Live where the patch allows it (R69)."""
    cluster = a_cluster(a_pool(latest_image=PATCHED), channel=PATCHES)
    found = evaluated(cluster, schedule=PATCHES)
    assert found.reasons == (
        f"pool np1: {OLD} -> {PATCHED} (live; 4 nodes, patched while running: 5 min + soak 2 min = 7 min)",
    )


@given(
    st.integers(0, 14 * 24 * 60),
    st.integers(1, 60),
    st.sampled_from([None, NIGHTLY]),
    st.sampled_from(["Running", "Stopped"]),
    st.sampled_from(NodeOsChannel),
)
def test_every_evaluation_ends_in_one_word_with_reasons(
    minutes: int, count: int, window: MaintenanceWindow | None, power: str, channel: NodeOsChannel
) -> None:
    """Started only inside the window, by a start from which every pool that goes still fits (R71, N31)."""
    now, manners = SATURDAY_NOON + timedelta(minutes=minutes), Manners()
    cluster = a_cluster(a_pool(count=count), window=window, power_state=power, channel=channel)
    found = evaluate(cluster, channel, now, manners=manners)
    assert found is not None
    assert found.reasons
    assert all(found.reasons)
    assert (found.not_before is not None) == (found.outcome is Outcome.STARTED)
    assert Evaluation.from_dict(found.to_dict()) == found
    if found.not_before is not None:
        again = evaluate(cluster, channel, found.not_before, manners=manners)
        assert again is not None
        assert again.outcome is Outcome.STARTED
        # One that is due in the midst of its window is spread anew from each look.
        assert again.not_before is not None
        assert again.not_before >= found.not_before


def test_a_cluster_that_cannot_be_understood_is_told_in_its_own_words() -> None:
    """N30: such a cluster is held with the field, its value and what would be right, and with nothing besides."""
    strange = (
        "cluster shop: autoUpgradeProfile.nodeOSUpgradeChannel is 'Weekly'; it is one of None, Unmanaged"
    )

    found = evaluated(replace(a_cluster(window=NIGHTLY), pools=(), problem=strange), SATURDAY_NOON)

    assert (found.outcome, found.reasons) == (Outcome.HELD, (strange,))
