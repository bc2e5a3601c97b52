"""The demo's own judgement: it finds each way in which a rollout can differ from what is promised."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fleetwright_demo.demo import outcome_table, problems_of, write_summary

Summary = dict[str, Any]


@pytest.fixture
def as_promised() -> Summary:
    """What a demo that went well wrote."""
    batches = [["0", "3", "6"], ["9", "12"], ["1", "4", "7"], ["10", "13"], ["2", "5", "8"], ["11", "14"]]
    return {
        "rollout": {
            "rolloutId": "web-20240601T000000Z-abcdef",
            "status": "Completed",
            "reason": {"code": "Completed", "message": "14 of 15 instances upgraded"},
            "progress": {
                "successfulInstanceCount": 14,
                "failedInstanceCount": 1,
                "inProgressInstanceCount": 0,
                "pendingInstanceCount": 0,
            },
            "rollbackInfo": {"successfullyRolledbackInstanceCount": 1, "failedRolledbackInstanceCount": 0},
            "batches": [{"index": index, "instances": ids} for index, ids in enumerate(batches)],
        },
        "audit": {
            "scaleSets": {
                "/subscriptions/s/web": {
                    "instances": 15,
                    "maxOutOfService": 3,
                    "rollbacks": {"7": 1},
                    "busySeconds": 40.0,
                    "overheadSeconds": 12.0,
                }
            },
            "violations": [],
        },
        "dagRun": {"dagId": "scale_set_rollout", "runId": "web__v__t", "state": "success"},
        "seconds": 90.0,
    }


def test_a_demo_that_went_well_has_no_problems(as_promised: Summary) -> None:
    """Nothing is objected to when everything is as promised."""
    assert problems_of(as_promised) == []


def _state(summary: Summary) -> None:
    summary["dagRun"]["state"] = "failed"


def _status(summary: Summary) -> None:
    summary["rollout"]["status"] = "Faulted"


def _upgraded(summary: Summary) -> None:
    summary["rollout"]["progress"]["successfulInstanceCount"] = 13


def _failed(summary: Summary) -> None:
    summary["rollout"]["progress"]["failedInstanceCount"] = 2


def _rolled_back(summary: Summary) -> None:
    summary["rollout"]["rollbackInfo"]["successfullyRolledbackInstanceCount"] = 0


def _seen_by_the_referee(summary: Summary) -> None:
    summary["audit"]["scaleSets"]["/subscriptions/s/web"]["rollbacks"] = {"8": 1}


def _met_earlier(summary: Summary) -> None:
    batches = summary["rollout"]["batches"]
    batches[0]["instances"], batches[2]["instances"] = batches[2]["instances"], batches[0]["instances"]


def _never_met(summary: Summary) -> None:
    summary["rollout"]["batches"].pop(2)


def _violation(summary: Summary) -> None:
    summary["audit"]["violations"] = [{"rule": "R7", "detail": "4 of 15 instances out of service, cap 3"}]


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (_state, "state of the DAG run is 'failed', not 'success'"),
        (_status, "status is 'Faulted', not 'Completed'"),
        (_upgraded, "instances upgraded is 13, not 14"),
        (_failed, "instances failed is 2, not 1"),
        (_rolled_back, "instances rolled back is 0, not 1"),
        (_seen_by_the_referee, "rollbacks seen by the referee is {'8': 1}, not {'7': 1}"),
        (_met_earlier, "batch of the bad instance is 1, not 3"),
        (_never_met, "batch of the bad instance is None, not 3"),
        (_violation, "R7"),
    ],
)
def test_each_deviation_is_found(as_promised: Summary, spoil: Callable[[Summary], None], word: str) -> None:
    """One deviation makes one problem, which says what was found and what was promised."""
    spoiled = copy.deepcopy(as_promised)
    spoil(spoiled)

    (problem,) = problems_of(spoiled)

    assert word in problem


def test_the_table_shows_the_outcome(as_promised: Summary) -> None:
    """The closing table has a row for each figure that is promised."""
    table = outcome_table(as_promised)

    cells = dict(zip(*(list(column.cells) for column in table.columns), strict=True))
    assert cells["instances upgraded"] == "14"
    assert cells["instances rolled back"] == "1"
    assert cells["batches"] == "6"
    assert cells["referee"] == "0 violations"
    assert cells["seconds, with starting up"] == "90.0"


def test_the_summary_is_json_in_its_folder(as_promised: Summary, tmp_path: Path) -> None:
    """The file is what was handed over, and its folder is made."""
    path = tmp_path / ".run" / "demo-summary.json"

    write_summary(path, as_promised)

    assert json.loads(path.read_text()) == as_promised
