"""Automatic repairs around a DAG run: suspended before the first batch, resumed by the teardown (O8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow_runs import Ran
from small_worlds import BY_HALVES, Emulated, world

RollOut = Callable[..., Ran]
RESUME = "*/setOrchestrationServiceState"


def repaired(**rest: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever a world takes
    """A world whose set has automatic repairs."""
    made = world(policy=BY_HALVES, **rest)
    made["scaleSets"][0]["resource"]["properties"]["automaticRepairsPolicy"] = {"enabled": True}
    return made


@pytest.mark.parametrize(("bad", "state"), [((), "success"), (("0", "1"), "failed")])
def test_the_teardown_resumes_them(
    emulator: Emulated, roll_out: RollOut, bad: tuple[str, ...], state: str
) -> None:
    """O8: a run that succeeds and one that stops leave automatic repairs at work; while batches run they are suspended."""
    fleet = emulator.serve(repaired(bad=bad))
    seen: list[bool] = []

    ran = roll_out(fleet, after={"plan": lambda: seen.append(emulator.has_suspended_repairs())})

    assert (ran.state, seen, emulator.has_suspended_repairs()) == (state, [True], False)
    assert ran.tasks["release_lease"] == "success"
    assert "are resumed (O8)" in ran.text


def test_a_resume_that_fails_still_gives_the_fleet_back(emulator: Emulated, roll_out: RollOut) -> None:
    """O8: when Azure refuses to resume, the teardown warns with the command to run and frees the fleet."""
    made = repaired()
    made["faults"] = [{"match": {"path": RESUME}, "effect": {"status": 403}, "after": 1}]
    fleet = emulator.serve(made)

    ran = roll_out(fleet)

    assert (ran.tasks["release_lease"], emulator.has_suspended_repairs()) == ("success", True)
    assert "az vmss set-orchestration-service-state" in ran.text
