"""The demo of Batch pools judges itself: it finds each way in which a rollout can differ from what is promised."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fleetwright.domain.records import RolloutRecord, RolloutSettings, RolloutView, TriggerKind
from fleetwright.domain.states import RolloutState
from fleetwright_demo.batch_promises import NEW, OLD, RESTLESS, problems_of
from fleetwright_demo.batch_summary import closed_nodes, outcome_table, summarise
from fleetwright_demo.rolling_out import Rolled
from fleetwright_demo.watching import batches_table, closed_lines, left_lines
from fleetwright_demo.worlds import BATCH_WORLD, load_world, newest_version_of, pool_of

Summary = dict[str, Any]

START = datetime(2024, 6, 1, tzinfo=UTC)
WORLD = load_world(BATCH_WORLD)
REASON = "task job/tvm-13-1 was still at work 50 s after the node was closed"


def rolled(closed: dict[str, datetime] | None = None) -> Rolled:
    """A rollout that upgraded 19 nodes and left one."""
    settings = RolloutSettings(
        pool_of(WORLD), NEW, TriggerKind.AUTOMATIC, rollback=True, health_timeout_seconds=20, poll_seconds=1
    )
    record = RolloutRecord(
        "frames-20240601T000000Z-abcdef",
        settings,
        state=RolloutState.COMPLETED,
        started_at=START,
        outcome={"progress": {"successfulInstanceCount": 19}},
        closed=closed or {},
        left_busy={RESTLESS: REASON},
    )
    return Rolled("batch_pool_rollout", "frames__v__t", "success", RolloutView(record))


def audit() -> Summary:
    """The referee's report on it."""
    pool = {
        "nodes": 20,
        "runningNodesInterrupted": 0,
        "maxOutOfService": 4,
        "imageVersions": {NEW: 19, OLD: 1},
    }
    return {"batchPools": {pool_of(WORLD): pool}, "violations": []}


@pytest.fixture
def as_promised() -> Summary:
    """What a demo that went well wrote."""
    return {**summarise(rolled(), audit(), WORLD), "seconds": 140.0}


def test_a_demo_that_went_well_has_no_problems(as_promised: Summary) -> None:
    """R55: 19 nodes upgraded, the one that never rests left with its reason, nobody interrupted."""
    assert problems_of(as_promised) == []


def test_the_summary_tells_the_skipped_node_and_why(as_promised: Summary) -> None:
    """R55: each skipped node has its reason; the other numbers stand beside it."""
    assert as_promised["skipped"] == [{"node": RESTLESS, "reason": REASON}]
    names = ("upgraded", "rolledBack", "batches", "violations", "runningNodesInterrupted", "seconds")
    assert [as_promised[name] for name in names] == [19, 0, [], [], 0, 140.0]


def _red(summary: Summary) -> None:
    summary["dagRun"]["state"] = "failed"


def _stopped(summary: Summary) -> None:
    summary["rollout"]["status"] = "Faulted"


def _fewer(summary: Summary) -> None:
    summary["upgraded"] = 18


def _versions(summary: Summary) -> None:
    summary["imageVersions"] = {NEW: 20}


def _nobody_skipped(summary: Summary) -> None:
    summary["skipped"] = []


def _without_a_reason(summary: Summary) -> None:
    summary["skipped"][0]["reason"] = ""


def _rolled_back(summary: Summary) -> None:
    summary["rolledBack"] = 1


def _interrupted(summary: Summary) -> None:
    summary["runningNodesInterrupted"] = 1


def _left_closed(summary: Summary) -> None:
    summary["closedNodes"] = ["tvm-4"]


def _broken_rule(summary: Summary) -> None:
    summary["violations"] = [{"rule": "R55"}]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_red, "state of the DAG run is 'failed', not 'success'"),
        (_stopped, "status is 'Faulted', not 'Completed'"),
        (_fewer, "nodes upgraded is 18, not 19"),
        (_versions, f"nodes by version is {{'{NEW}': 20}}"),
        (_nobody_skipped, "nodes skipped is [], not ['tvm-13']"),
        (_without_a_reason, "skipped without a reason is ['tvm-13'], not []"),
        (_rolled_back, "nodes rolled back is 1, not 0"),
        (_interrupted, "running nodes interrupted is 1, not 0"),
        (_left_closed, "nodes given no work at the end is ['tvm-4'], not []"),
        (_broken_rule, "violations is [{'rule': 'R55'}], not []"),
    ],
)
def test_each_difference_is_told(as_promised: Summary, change: Callable[[Summary], None], said: str) -> None:
    """R55: one deviation makes one problem, which says what was found and what was promised."""
    different = copy.deepcopy(as_promised)
    change(different)

    (problem,) = problems_of(different)

    assert problem.startswith(said)


def test_a_node_that_is_left_closed_is_found_in_the_world() -> None:
    """Whoever closed it, and whatever the ledger says: the pool itself is asked (R55)."""
    world = copy.deepcopy(WORLD)
    extras = world["batchAccounts"][0]["pools"][0]["x-emulator"]
    extras["nodeStates"] = {"tvm-4": {"schedulingState": "disabled"}, "tvm-5": {"tasks": []}}

    assert closed_nodes(world) == ["tvm-4"]
    assert closed_nodes(WORLD) == []


def test_the_world_is_what_the_demo_says() -> None:
    """20 nodes, half of them working, one of them for ever; deferral is on, and a newer version is there (R55)."""
    pool = WORLD["batchAccounts"][0]["pools"][0]
    running = pool["x-emulator"]["running"]

    assert (pool["x-emulator"]["nodes"], len(running)) == (20, 10)
    assert [node for node, seconds in running.items() if seconds < 0] == [RESTLESS]
    assert len(set(running.values())) == 10
    assert newest_version_of(WORLD) == NEW


def test_the_live_table_shows_who_is_waited_for_and_who_is_left() -> None:
    """A node that is closed and not upgraded yet is told with its moment, one that was left with its reason (R55)."""
    view = rolled({"tvm-7": START + timedelta(seconds=61)}).view

    assert closed_lines(view) == ["tvm-7: given no new work since 00:01:01"]
    assert left_lines(view) == [f"{RESTLESS}: {REASON}"]
    assert batches_table(view).row_count == 2


def test_the_table_shows_the_outcome(as_promised: Summary) -> None:
    """The closing table has a row for each figure that is promised (R55)."""
    table = outcome_table(as_promised)

    cells = dict(zip(*(list(column.cells) for column in table.columns), strict=True))
    assert cells["nodes upgraded"] == "19"
    assert cells["nodes skipped"] == f"{RESTLESS}: {REASON}"
    assert cells["nodes interrupted in their work"] == "0"
    assert cells["referee"] == "0 violations"
