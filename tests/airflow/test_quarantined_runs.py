"""Runs of a version that made one stop: held when nobody asked for it, warned when somebody did."""

from __future__ import annotations

from collections.abc import Callable

from airflow_runs import Ran
from small_worlds import NEW, Emulated, world

RollOut = Callable[..., Ran]


def test_a_version_that_stopped_a_run_is_held_from_the_next(emulator: Emulated, roll_out: RollOut) -> None:
    """The first automatic run is red; the next is held over its version and touches nothing; a dry run by hand warns (R12, R42)."""
    fleet = emulator.serve(world(2, bad=("0", "1")))
    stopped = roll_out(fleet, trigger="automatic")
    before = emulator.mutating_calls()

    held = roll_out(fleet, trigger="automatic")
    by_hand = roll_out(fleet, dry_run=True)

    assert (stopped.state, held.state, by_hand.state) == ("failed", "success", "success")
    assert held.tasks["validate"] == "skipped"
    (reason,) = (line for line in held.log if line.startswith("held: "))
    assert f"version {NEW} of canonical:ubuntuserver:18.04-lts is quarantined" in reason
    assert "fleetwright quarantine release" in reason
    assert emulator.mutating_calls() == before
    assert f"version {NEW} of canonical:ubuntuserver:18.04-lts is quarantined" in by_hand.text
