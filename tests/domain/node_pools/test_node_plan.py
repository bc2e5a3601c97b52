"""The plan of a rollout of node images, as data and as what a person reads."""

from __future__ import annotations

import json
from dataclasses import replace

from cluster_builders import (
    NEW,
    NIGHTLY,
    OLD,
    PATCHED,
    SATURDAY_NOON,
    a_budget,
    a_cluster,
    a_pool,
    at,
    machines,
    nodes,
    surge,
)

from fleetwright.domain.node_pools.channels import NodeOsChannel, UpgradeWay
from fleetwright.domain.node_pools.clusters import Workloads
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.plan import Course, Sight, make_plan
from fleetwright.domain.node_pools.plan_words import plan_json, plan_lines
from fleetwright.domain.node_pools.rollouts import NodeRollout, NodeRolloutSettings, PoolState, PoolUpgrade
from fleetwright.domain.quotas import Usage
from fleetwright.domain.records import TriggerKind

MANUAL, AUTOMATIC = TriggerKind.MANUAL, TriggerKind.AUTOMATIC
OPEN = at("2026-03-08T01:00")
SHOP = a_cluster(
    a_pool("big", count=100),
    a_pool("np1", count=20, settings=surge("2")),
    a_pool("done", image=NEW),
    a_pool("sys", mode="System", count=3),
    window=NIGHTLY,
)


def test_pools_go_one_after_the_other_system_pools_first() -> None:
    """Each begins where the one before is predicted to end; what never fits is refused, and what fits after it goes (R71)."""
    plan = make_plan(
        SHOP,
        trigger=AUTOMATIC,
        now=OPEN,
        manners=Manners(per_node=at("2026-01-01T00:06") - at("2026-01-01T00:00")),
    )
    assert [(pool.name, pool.course) for pool in plan.pools] == [
        ("sys", Course.GOES),
        ("big", Course.GOES),
        ("done", Course.UP_TO_DATE),
        ("np1", Course.GOES),
    ]
    starts = [pool.starts_at for pool in plan.going]
    assert starts == [OPEN, at("2026-03-08T01:20"), at("2026-03-08T02:22")]
    assert plan.duration == at("2026-03-08T03:24") - OPEN


def test_a_person_reads_what_will_happen_and_why() -> None:
    """Window, order, images, arithmetic, costs, and who does not go and why, in plain lines (R71, N31, N32)."""
    cluster = replace(SHOP, pools=(replace(SHOP.pools[0], settings=surge("1")), *SHOP.pools[1:]))
    plan = make_plan(cluster, trigger=MANUAL, now=at("2026-03-08T02:00"), manners=Manners())
    assert plan_lines(plan) == (
        "cluster shop in westeurope, channel NodeImage, manual",
        "  maintenance window: every day 01:00-05:00 UTC: open until Sun 2026-03-08 05:00 UTC, 3 h left",
        f"  1. pool sys (System), 3 nodes: {OLD} -> {NEW}, node image, surge 1",
        "     predicted Sun 2026-03-08 02:00 UTC to Sun 2026-03-08 02:17 UTC",
        f"     why: on {OLD}, newest is {NEW}",
        "     note: 3 nodes, 1 at once: 3 rounds x 5 min + soak 2 min = 17 min; 3 h that its window stays open: it fits",
        f"  2. pool np1 (User), 20 nodes: {OLD} -> {NEW}, node image, surge 2",
        "     predicted Sun 2026-03-08 02:17 UTC to Sun 2026-03-08 03:09 UTC",
        f"     why: on {OLD}, newest is {NEW}",
        ("     note: 20 nodes, 2 at once: 10 rounds x 5 min + soak 2 min = 52 min; "
        "2 h 43 min that its window stays open: it fits"),
        ("  pool big (User): refused: never fits: 100 nodes, 1 at once: 100 rounds x 5 min + soak 2 min = 8 h 22 min, and "
        "its maintenance window (every day 01:00-05:00 UTC) has 4 h; it would fit with 3 nodes at once "
        "(maxSurge + maxUnavailable >= 3) or a window of 9 hours"),
        f"  pool done (User): nothing to do: up to date: on {NEW}",
        "  cost: pool sys: its surge of 1 is paid for while it is upgraded",
        "  cost: pool np1: its surge of 2 is paid for while it is upgraded",
    )  # fmt: skip


def test_a_plan_is_plain_json() -> None:
    """What is kept in the ledger can be written and read as it is (R71)."""
    plan = make_plan(SHOP, trigger=MANUAL, now=SATURDAY_NOON, manners=Manners())
    body = json.loads(json.dumps(plan_json(plan)))
    assert body["windowState"] == (
        "its maintenance window (every day 01:00-05:00 UTC) is closed, opens Sun 2026-03-08 01:00 UTC"
    )
    assert body["held"] == [f"{body['windowState']} (R71)"]
    assert [pool["course"] for pool in body["pools"]] == ["goes", "goes", "nothing to do", "goes"]
    assert body["pools"][0]["startsAt"] == "2026-03-08T01:00:00+00:00"


def test_the_extra_image_of_security_patches_is_named_as_a_cost() -> None:
    """AKS keeps another VHD in the node resource group, which is paid for; patches need no surge (R69)."""
    cluster = a_cluster(a_pool(latest_image=PATCHED), channel=NodeOsChannel.SECURITY_PATCH)
    plan = make_plan(cluster, trigger=MANUAL, now=OPEN, manners=Manners())
    assert (plan.pools[0].way, plan.pools[0].surge) == (UpgradeWay.LIVE, 0)
    assert plan.costs == (
        (
            "channel SecurityPatch: AKS keeps an extra image (VHD) in node resource group MC_shop, "
            "whose storage is paid for (R69)"
        ),
    )


def test_budgets_and_quota_bar_a_reimage_and_not_patches_on_running_nodes() -> None:
    """Nothing is drained for live patches, and no surge is needed (R69, N32)."""
    budget = a_budget("aks-np1-0", desired=3, allowed=0)
    sight = Sight(
        {"np1": machines("np1", OLD, OLD, OLD, OLD)},
        Workloads(nodes("np1"), (budget,)),
        [Usage("cores", 100, 100)],
    )

    def pool_of(latest: str) -> tuple[Course, str]:
        cluster = a_cluster(a_pool(latest_image=latest), channel=NodeOsChannel.SECURITY_PATCH)
        plan = make_plan(cluster, trigger=MANUAL, now=OPEN, manners=Manners(), sight=sight)
        return plan.pools[0].course, plan.pools[0].reason

    assert pool_of(PATCHED)[0] is Course.GOES
    course, reason = pool_of(NEW)
    assert course is Course.BLOCKED
    assert "shop/web can never be met" in reason
    assert "no room for its surge of 1" in reason


def test_what_the_last_rollout_left_goes_first_among_its_kind() -> None:
    """What is left resumes in the next window, before others (R71)."""
    last = NodeRollout(
        "r1",
        NodeRolloutSettings("c"),
        pools=(PoolUpgrade("a", PoolState.UPGRADED), PoolUpgrade("z", PoolState.LEFT)),
    )
    cluster = a_cluster(a_pool("a"), a_pool("z"), a_pool("sys", mode="System"))
    plan = make_plan(cluster, trigger=MANUAL, now=OPEN, manners=Manners(), sight=Sight(rollouts=(last,)))
    assert [pool.name for pool in plan.pools] == ["sys", "z", "a"]


def test_a_resumed_pool_is_predicted_by_what_is_left_of_it() -> None:
    """An operation that stopped half way goes on with the nodes that are not on the image yet (N31, N32)."""
    pool = a_pool(provisioning_state="Failed", count=10)
    sight = Sight({"np1": machines("np1", *[NEW] * 8, OLD, OLD)})
    plan = make_plan(a_cluster(pool), trigger=MANUAL, now=OPEN, manners=Manners(), sight=sight)
    assert str(plan.pools[0].forecast) == "2 nodes, 1 at once: 2 rounds x 5 min + soak 2 min = 12 min"


def test_a_single_pool_may_be_meant() -> None:
    """The plan then has that pool only (R71)."""
    plan = make_plan(SHOP, trigger=MANUAL, now=OPEN, manners=Manners(), pool="NP1")
    assert [pool.name for pool in plan.pools] == ["np1"]


def test_why_no_pool_can_go_is_told_with_each_pool() -> None:
    """A rollout of which no pool can go has the arithmetic of each (R71)."""
    plan = make_plan(SHOP, trigger=MANUAL, now=at("2026-03-08T04:59"), manners=Manners())
    assert len(plan.why_stuck) == 3
    assert plan.why_stuck[0].startswith("pool sys: 3 nodes, 1 at once")


def test_by_hand_and_by_schedule_the_same_is_done() -> None:
    """Inside its window a cluster gets the same pools in the same order by the same way, whoever asks (R65)."""
    by_hand, by_schedule = (
        make_plan(SHOP, trigger=trigger, now=OPEN, manners=Manners()) for trigger in (MANUAL, AUTOMATIC)
    )
    assert by_hand.pools == by_schedule.pools
    assert by_hand.window == by_schedule.window
