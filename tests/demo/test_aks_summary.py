"""The demo of AKS clusters judges itself: it finds each way in which the outcome can differ from what is promised."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from fleetwright.domain.maintenance import read_maintenance_window
from fleetwright.domain.node_pools.channels import NodeOsChannel, UpgradeWay
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.rollouts import (
    NodeRollout,
    NodeRolloutSettings,
    NodeRolloutState,
    PoolState,
    PoolUpgrade,
)
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright_demo.airflow_api import AirflowApi
from fleetwright_demo.aks_promises import NEW, OLD, PATCHED, UNDRAINABLE, problems_of
from fleetwright_demo.aks_summary import NOBODY, cluster_summary, outcome_table
from fleetwright_demo.aks_watching import AksWatch, Runs, is_over
from fleetwright_demo.aks_world import AKS_WORLD, OPEN_FOR, cluster_ids, opened_at
from fleetwright_demo.worlds import load_world

Summary = dict[str, Any]

START = datetime(2024, 3, 3, 0, 10, tzinfo=UTC)
WORLD = load_world(AKS_WORLD)
IDS = {cluster_id.rpartition("/")[2]: cluster_id for cluster_id in cluster_ids(WORLD)}
WHY_LEFT = "never fits: 60 nodes, 1 at once: 60 rounds x 5 min = 5 h, and its maintenance window has 4 h"


def look(name: str, channel: NodeOsChannel, outcome: Outcome, at: datetime = START) -> Evaluation:
    """How a schedule's look at a cluster ended."""
    return Evaluation(IDS[name], channel, outcome, ("why so",), at)


def rollout(name: str, state: NodeRolloutState, *pools: PoolUpgrade) -> NodeRollout:
    """A rollout that has ended."""
    return NodeRollout(f"{name}-1", NodeRolloutSettings(IDS[name]), state=state, pools=pools)


def upgraded(name: str, way: UpgradeWay = UpgradeWay.REIMAGE, **stragglers: str) -> PoolUpgrade:
    """A pool that came in half a minute."""
    return PoolUpgrade(
        name,
        PoolState.UPGRADED,
        way=way,
        accepted_at=START,
        ended_at=START + timedelta(seconds=30),
        stragglers={node.replace("_", "-"): why for node, why in stragglers.items()},
    )


def judged(images: dict[str, int], **counts: Any) -> Summary:  # noqa: ANN401 - numbers and names
    """The referee's record of a pool."""
    numbers = ("maxUnavailable", "maxSurgeNodes", "outsideWindow", "livePatches", "drained", "drainTimeouts")
    return {**dict.fromkeys(numbers, 0), "undrainable": [], "images": images, **counts}


def audit() -> Summary:
    """The referee's report on a demo that went well."""
    pools = {
        "quiet/system": judged({OLD: 2}),
        "guests/system": judged({OLD: 2}),
        "shield/system": judged({PATCHED: 2}, livePatches=1),
        "shield/old": judged({PATCHED: 2}, drained=2, maxSurgeNodes=1),
        "weekly/work": judged(
            {OLD: 1, NEW: 6}, drained=5, maxSurgeNodes=3, drainTimeouts=1, undrainable=[UNDRAINABLE]
        ),
        "weekly/huge": judged({OLD: 60}),
        "weekly/system": judged({NEW: 2}, drained=2, maxSurgeNodes=1),
    }
    ids = {where: where.partition("/")[::2] for where in pools}
    return {
        "nodePools": {f"{IDS[ids[w][0]]}/agentPools/{ids[w][1]}": told for w, told in pools.items()},
        "violations": [],
    }


@pytest.fixture
def as_promised() -> Summary:
    """What a demo that went well wrote."""
    seen = audit()
    shield = rollout(
        "shield", NodeRolloutState.COMPLETED, upgraded("system", UpgradeWay.LIVE), upgraded("old")
    )
    weekly = rollout(
        "weekly",
        NodeRolloutState.WINDOW_CLOSED,
        upgraded("system"),
        PoolUpgrade("huge", PoolState.LEFT, reason=WHY_LEFT),
        upgraded("work", aks_work_2=f"on {OLD}"),
    )
    told: dict[str, tuple[Evaluation, list[NodeRollout]]] = {
        "quiet": (look("quiet", NodeOsChannel.NONE, Outcome.NOTHING_TO_DO), []),
        "guests": (look("guests", NodeOsChannel.UNMANAGED, Outcome.NOTHING_TO_DO), []),
        "shield": (look("shield", NodeOsChannel.SECURITY_PATCH, Outcome.STARTED), [shield]),
        "weekly": (look("weekly", NodeOsChannel.NODE_IMAGE, Outcome.STARTED), [weekly]),
    }
    clusters = {
        name: cluster_summary(IDS[name], [evaluation], rollouts, seen)
        for name, (evaluation, rollouts) in told.items()
    }
    run = {"runId": "scheduled__1", "runType": "scheduled", "state": "success", "note": ""}
    return {
        "outsideWindow": 0,
        "violations": [],
        "clusters": clusters,
        "dagRuns": {"node_image_weekly": [run]},
        "seconds": 170.0,
    }


def test_a_demo_that_went_well_has_no_problems(as_promised: Summary) -> None:
    """R67, R68, R69, R70: each channel gets what is its own, and nothing else."""
    assert problems_of(as_promised) == []


def test_the_summary_tells_each_pool_with_the_referees_numbers(as_promised: Summary) -> None:
    """N32, N33: drained nodes, surge nodes, the node that stays behind, and how long the pool took."""
    work = as_promised["clusters"]["weekly"]["pools"]["work"]

    assert (work["drained"], work["maxSurgeNodes"], work["drainTimeouts"]) == (5, 3, 1)
    assert (work["undrainable"], list(work["stragglers"]), work["seconds"]) == (
        [UNDRAINABLE],
        [UNDRAINABLE],
        30.0,
    )
    assert as_promised["clusters"]["quiet"]["pools"]["system"]["status"] == ""


def _pool(summary: Summary, where: str) -> Summary:
    cluster, _, pool = where.partition("/")
    found: Summary = summary["clusters"][cluster]["pools"][pool]
    return found


CHANGES: dict[str, tuple[Callable[[Summary], object], str]] = {
    "a broken rule": (
        lambda s: s.update(violations=[{"rule": "R71"}]),
        "violations is [{'rule': 'R71'}], not []",
    ),
    "outside": (lambda s: s.update(outsideWindow=1), "upgrades outside of a window is 1, not 0"),
    "a red run": (
        lambda s: s["dagRuns"]["node_image_weekly"][0].update(state="failed"),
        "runs of node_image_weekly that did not succeed is ['scheduled__1'], not []",
    ),
    "no look": (
        lambda s: s["clusters"]["guests"].update(outcome=NOBODY),
        "guests: channel, outcome and end is ('Unmanaged', 'nobody looked', None)",
    ),
    "no reasons": (
        lambda s: s["clusters"]["quiet"].update(reasons=[]),
        "quiet: whether it has reasons is False",
    ),
    "a stop": (
        lambda s: s["clusters"]["weekly"]["rollout"].update(status="Faulted"),
        "weekly: channel, outcome and end is ('NodeImage', 'started', 'Faulted')",
    ),
    "a touched None": (
        lambda s: _pool(s, "quiet/system").update(drained=1),
        "quiet/system: nodes drained is 1, not 0",
    ),
    "no live patch": (
        lambda s: _pool(s, "shield/system").update(livePatches=0),
        "shield/system: live patches is 0, not 1",
    ),
    "an old node": (
        lambda s: _pool(s, "weekly/system").update(images={OLD: 1, NEW: 1}),
        "weekly/system: nodes by image is",
    ),
    "too much surge": (
        lambda s: _pool(s, "weekly/work").update(maxSurgeNodes=4),
        "weekly/work: most surge nodes is 4, not 3",
    ),
    "one unnamed": (
        lambda s: _pool(s, "weekly/work").update(stragglers={}),
        "weekly/work: nodes named as left behind is [], not ['aks-work-2']",
    ),
    "no arithmetic": (
        lambda s: _pool(s, "weekly/huge").update(reason="later"),
        "weekly/huge: whether it is left for its arithmetic is False, not True",
    ),
    "a pool that is gone": (
        lambda s: s["clusters"]["shield"]["pools"].pop("old"),
        "shield/old: whether it is there is False, not True",
    ),
    "a cluster that is gone": (
        lambda s: s["clusters"].pop("quiet"),
        "clusters is ['guests', 'shield', 'weekly']",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_difference_is_told(as_promised: Summary, change: str) -> None:
    """R70, R71, N32: one deviation makes one problem, which says what was found and what was promised."""
    different = copy.deepcopy(as_promised)
    deed, said = CHANGES[change]
    deed(different)

    (problem,) = problems_of(different)

    assert problem.startswith(said)


def test_the_table_names_the_node_the_arithmetic_and_the_way(as_promised: Summary) -> None:
    """R69, N33: whoever looks at the end of the demo sees what each pool came to, and why."""
    console = Console(width=240, record=True, quiet=False)

    with console.capture() as captured:
        console.print(outcome_table(as_promised))

    shown = captured.get()
    assert "170 s, referee: 0 violations, 0 upgrades outside of a window" in shown
    assert "SecurityPatch: started: ended as Completed" in shown
    assert "upgraded by live patches" in shown
    assert f"but for {UNDRAINABLE}: it could not be drained" in shown
    assert f"left: {WHY_LEFT}" in shown
    assert "2 on 202402.12.0-2024.02.20" in shown


def test_a_later_look_does_not_hide_the_one_that_started() -> None:
    """R70: the next look finds nothing to do any more; which one began the rollout stays told."""
    started = look("weekly", NodeOsChannel.NODE_IMAGE, Outcome.STARTED)
    later = replace(started, outcome=Outcome.NOTHING_TO_DO, at=START + timedelta(hours=1))

    assert cluster_summary(IDS["weekly"], [later, started], [], audit())["outcome"] == "started"
    assert cluster_summary(IDS["weekly"], [later], [], audit())["outcome"] == "nothing to do"
    assert cluster_summary(IDS["weekly"], [], [], audit())["outcome"] == NOBODY


@pytest.fixture
def ledger(tmp_path: Path) -> SqlLedger:
    """An empty ledger."""
    return open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


def runs(weekly: str = "success", patches: str = "success", *rollouts: str) -> Runs:
    """DAG runs in these states."""
    found = {"node_image_weekly": [weekly], "node_security_patch": [patches], "node_pool_rollout": rollouts}
    return {dag_id: [{"state": state} for state in states if state] for dag_id, states in found.items()}


def test_it_is_over_when_both_schedules_ran_and_what_they_started_has_ended(ledger: SqlLedger) -> None:
    """R67-R70: nothing is summed up while a schedule or a rollout that it started is still at work."""
    watch = AksWatch(AirflowApi("http://127.0.0.1:9"), ledger, tuple(IDS.values()))

    assert is_over(watch, runs())
    assert not is_over(watch, runs(patches=""))
    assert not is_over(watch, runs("running"))
    ledger.record_evaluation(look("weekly", NodeOsChannel.NODE_IMAGE, Outcome.STARTED), actor="test")
    assert not is_over(watch, runs())
    assert not is_over(watch, runs("success", "success", "running"))
    assert is_over(watch, runs("success", "success", "failed"))


@pytest.mark.parametrize(
    "now", [datetime(2024, 3, 4, 0, 20, tzinfo=UTC), datetime(2024, 2, 29, 23, 59, tzinfo=UTC)]
)
def test_every_window_of_the_world_is_open(now: datetime) -> None:
    """R71: whenever the demo is played, its windows opened an hour ago, also across midnight."""
    for cluster in opened_at(WORLD, now)["managedClusters"]:
        (configuration,) = cluster["maintenanceConfigurations"]
        period = read_maintenance_window(configuration["properties"]["maintenanceWindow"]).period_at(now)
        assert period is not None
        assert timedelta(0) <= now - OPEN_FOR - period.opens < timedelta(minutes=1)


def test_the_world_has_a_cluster_for_each_channel() -> None:
    """R67-R70: four clusters, one for each channel; one node that never drains."""
    clusters = WORLD["managedClusters"]
    channels = [c["resource"]["properties"]["autoUpgradeProfile"]["nodeOSUpgradeChannel"] for c in clusters]

    assert sorted(channels) == sorted(NodeOsChannel)
    assert clusters[-1]["x-emulator"]["pools"]["work"]["undrainable"] == [UNDRAINABLE]
