"""Two processes on one rollout: a retried task beside the one that was given up, and two runs on one fleet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from airflow_runs import Ran
from rollout_steps import begin, reopen, swap_first_batch
from small_worlds import BY_HALVES, NEW, Emulated, world

from fleetwright.airflow import wiring
from fleetwright.domain.errors import FleetwrightError, LeaseLostError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout import processes
from fleetwright.rollout.ports.driver import FleetDriver
from fleetwright.rollout.ports.leases import Guard, LeaseTerms
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.swapping import swap_os_disk

RollOut = Callable[..., Ran]


def test_a_retried_swap_adopts_what_the_first_try_began(emulator: Emulated, ledger_url: str) -> None:
    """R44: the retry finds the instance at work, sends nothing, and the first try's wait can go on from it."""
    first = begin(emulator.serve(world(2)))
    ids = swap_first_batch(first)

    swap_os_disk(reopen(first.rollout_id), ids)

    assert emulator.judged()["swaps"] == dict.fromkeys(ids, 1)
    assert emulator.broken_rules() == []


def test_a_try_that_was_given_up_can_send_nothing_any_more(emulator: Emulated, ledger_url: str) -> None:
    """A worker that Airflow counted as dead and that wakes up again is refused before its call leaves."""
    first = begin(emulator.serve(world(2)))
    reopen(first.rollout_id)

    with pytest.raises(LeaseLostError):
        swap_first_batch(first)

    assert emulator.mutating_calls() == 0


def test_a_call_still_on_its_way_is_not_sent_a_second_time(emulator: Emulated, ledger_url: str) -> None:
    """R44: a worker dies while its call is under way and unseen; the retry must not make it two swaps."""
    fleet = emulator.serve(world(2))
    emulator.hit("*/reimage", {"latency": 2.0}, times=1)
    first = begin(fleet)
    dying = threading.Thread(target=_swap_and_be_forgotten, args=(first,))
    dying.start()
    ledger = open_ledger(ledger_url)
    eventually(lambda: bool(ledger.load(first.rollout_id).swaps))

    swap_os_disk(reopen(first.rollout_id), ("0",))
    dying.join(30)

    sent = [call for call in emulator.calls() if call["path"].endswith("/reimage") and call["status"] == 202]
    assert len(sent) == 1
    assert emulator.broken_rules() == []


def test_an_instance_that_shows_later_than_its_neighbour_is_not_sent_again(
    emulator: Emulated, ledger_url: str
) -> None:
    """R44: two instances of one batch begin at different moments; the retry waits for both before it sends."""
    fleet = emulator.serve(world(4, policy=BY_HALVES))
    emulator.hit("*/reimage", {"latency": 2.0}, instances=("1",), times=1)
    first = begin(fleet)
    first.ports = replace(first.ports, driver=OneByOne(first.ports.driver))
    dying = threading.Thread(target=_swap_and_be_forgotten, args=(first,))
    dying.start()
    eventually(lambda: emulator.judged()["swaps"] == {"0": 1})

    swap_os_disk(reopen(first.rollout_id), ("0", "1"))
    dying.join(30)

    sent = [call for call in emulator.calls() if call["path"].endswith("/reimage")]
    assert len(sent) == 2
    assert emulator.broken_rules() == []


def eventually(is_so: Callable[[], bool]) -> None:
    """Return as soon as it is so."""
    for _ in range(500):
        if is_so():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it was not so within 10 s")


class OneByOne:
    """A driver that swaps the instances of a batch one call after the other: they begin at different moments."""

    def __init__(self, driver: FleetDriver) -> None:
        self._driver = driver

    def __getattr__(self, name: str) -> object:
        return getattr(self._driver, name)

    def begin_swap(self, fleet: Fleet, instance_ids: tuple[str, ...], version: str, guard: Guard) -> str:
        """Begin each of them; the poll URL is the last one's."""
        return [self._driver.begin_swap(fleet, (one,), version, guard) for one in instance_ids][-1]


def _swap_and_be_forgotten(session: RolloutSession) -> None:
    with suppress(FleetwrightError):
        swap_first_batch(session)


def test_a_long_pause_between_batches_does_not_give_the_fleet_away(
    emulator: Emulated, roll_out: RollOut, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that pauses longer than its lease lasts is alive all the same: nobody else may take the fleet."""
    fleet = emulator.serve(world(2, rest=4.0))
    # A lease of minutes renewed every ten seconds, ten times as fast.
    monkeypatch.setattr(wiring, "lease_terms", lambda: LeaseTerms(timedelta(seconds=3)))
    monkeypatch.setattr(processes, "KEEP_LEASE_SECONDS", 1.0)
    dead: list[str] = []
    over = threading.Event()

    def look() -> None:
        ledger = open_ledger(ledger_url)
        key = parse_fleet_id(fleet).key
        clock = wiring.SystemClock()
        while not over.wait(0.1):
            for lock in ledger.list_locks():
                rollout = next(iter(ledger.list_rollouts(key)))
                if not lock.is_alive(clock.now()) and len(rollout.batches) == 1:
                    dead.append(f"{lock.holder} was silent since {lock.heartbeat_at}")

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        ran = roll_out(fleet)
    finally:
        over.set()
        watcher.join(30)

    assert ran.state == "success"
    assert emulator.judged()["imageVersions"] == {NEW: 2}
    assert dead == []
