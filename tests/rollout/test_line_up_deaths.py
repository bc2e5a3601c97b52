"""Runs that die or sleep while they have a zone: others wait until nothing of theirs is in flight, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from crashes import Killed, bent
from line_ups import BEGINNING, DiesAtSwap, LineUp, began, fleet_id, shared, states, waits, worlds_of
from rehearsals import Rehearsal
from worlds import fault

from fleetwright.rollout.session import Ports

Rehearse = Callable[..., Rehearsal]


def test_a_dead_run_keeps_its_zone_until_its_batch_is_down(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """R48: whoever dies with a batch in flight keeps the others out until every instance of it is ready, and no longer."""
    slow = {"swap": 400, "boot": 60, "health": 5}
    sets = {"a": {"n": 5, "zone": "1", "pace": slow}, "b": {"n": 5, "zone": "2"}, "c": {"n": 5, "zone": "2"}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))
    caplog.set_level("INFO", logger="fleetwright.rollout")

    ended = line_up.run(
        line_up.job("a", ports=DiesAtSwap().ports), line_up.job("b", after=5), line_up.job("c", after=5)
    )

    assert isinstance(ended[0].error, Killed)
    assert states(ended[1:]) == ["Completed", "Completed"]
    assert line_up.rehearsal.admin.violations() == []
    assert line_up.zones_at_once() == {"westeurope": 1}
    assert 460 <= began(ended[1]) <= 460 + 60
    assert any("may be in flight" in line and "run its rollout again" in line for line in caplog.messages)


def test_a_dead_run_that_cannot_be_read_keeps_its_zone(rehearse: Rehearse) -> None:
    """R48: an error while asking what a dead run has in flight means that something is: nobody takes its place before it can be read."""
    sets = {"a": {"n": 5, "zone": "1"}, "b": {"n": 5, "zone": "2"}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))
    unread = fault({"status": 403, "code": "AuthorizationFailed"}, "GET", f"{fleet_id('a')}/*")

    def lock_and_unlock() -> None:
        line_up.clock.wait_until(BEGINNING + timedelta(seconds=20))
        line_up.rehearsal.admin.post("faults", **unread)
        line_up.clock.wait_until(BEGINNING + timedelta(seconds=900))
        line_up.rehearsal.admin.delete_faults()

    ended = line_up.clock.run_all(
        [line_up.job("a", ports=DiesAtSwap().ports), line_up.job("b", after=5), lock_and_unlock]
    )

    assert states(ended[1:2]) == ["Completed"]
    assert 900 <= began(ended[1]) <= 940


def test_a_dead_run_whose_set_was_deleted_keeps_nothing(rehearse: Rehearse) -> None:
    """R48: of a scale set that does not exist any more nothing is in flight."""
    sets = {"a": {"n": 5, "zone": "1"}, "b": {"n": 5, "zone": "2"}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))

    def delete() -> None:
        line_up.clock.wait_until(BEGINNING + timedelta(seconds=20))
        assert line_up.rehearsal.admin.send("DELETE", f"{fleet_id('a')}?api-version=2024-07-01") < 300

    ended = line_up.clock.run_all(
        [line_up.job("a", ports=DiesAtSwap().ports), line_up.job("b", after=5), delete]
    )

    assert states(ended[1:2]) == ["Completed"]
    assert began(ended[1]) <= 180


def test_a_dead_run_goes_on_after_those_who_took_its_turn(rehearse: Rehearse) -> None:
    """R48: a run that is started again after others went on in its place gives its batch its verdicts, then waits like everybody."""
    sets = {"a": {"n": 5, "zone": "1"}, "b": {"n": 15, "zone": "2"}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))

    ended = line_up.run(
        line_up.job("a", ports=DiesAtSwap().ports),
        line_up.job("b", after=5),
        line_up.job("a", after=200, owner="run of a again"),
    )

    assert isinstance(ended[0].error, Killed)
    assert states(ended[1:]) == ["Completed", "Completed"]
    assert line_up.rehearsal.admin.violations() == []
    assert [name for name, _ in waits(ended[2])] == ["b"]
    assert line_up.rehearsal.admin.get("audit")["scaleSets"][fleet_id("a")]["swaps"] == dict.fromkeys(
        "01234", 1
    )


def test_a_run_that_slept_sends_nothing_out_of_turn(rehearse: Rehearse) -> None:
    """R48: a run that was asleep while others went on in its place finds that its turn is gone, sends nothing, and claims again."""
    sets = {"a": {"n": 5, "zone": "1"}, "b": {"n": 5, "zone": "2"}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))
    slept: list[str] = []

    def asleep(ports: Ports) -> Ports:
        def begin_swap(*given: object) -> str:
            if not slept:
                slept.append("once")
                line_up.clock.wait_until(BEGINNING + timedelta(seconds=150))
            return ports.driver.begin_swap(*given)  # type: ignore[arg-type] # handed on as it came

        return bent(ports, begin_swap=begin_swap)

    ended = line_up.run(line_up.job("a", ports=asleep), line_up.job("b", after=5))

    first = ended[0].result()
    assert states(ended) == ["Completed", "Completed"]
    assert line_up.rehearsal.admin.violations() == []
    assert line_up.zones_at_once() == {"westeurope": 1}
    assert [name for name, _ in waits(ended[0])] == ["b"]
    assert len(first.batches) == 6, "the batch that was refused, and the five that were swapped"
