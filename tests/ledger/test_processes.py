"""Several real processes on one ledger: one wins, nobody's write is lost, a killed one leaves no half."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fleetwright.domain.events import EventKind
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.ports.turns import TurnScope, Want

CONTENDER = Path(__file__).parent / "contender.py"
PROCESSES = 5
NOTES = 25  # as many as contender.py writes
LEGS = 6  # as many zones as contender.py goes through


@contextmanager
def start(*calls: tuple[str, str, str, str]) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that are ready and wait for their line; none is left behind."""
    started = [
        subprocess.Popen(
            [sys.executable, str(CONTENDER), *call], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for call in calls
    ]
    try:
        for process in started:
            assert read_line(process) == '"ready"'
        for process in started:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def read_line(process: subprocess.Popen[str]) -> str:
    """The next line that a process prints."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def run_all(*calls: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    """What came of each process."""
    with start(*calls) as processes:
        return [json.loads(read_line(process)) for process in processes]


def test_exactly_one_of_many_processes_takes_the_fleet(
    shared_url: str, fleet_id: Callable[[str], str]
) -> None:
    """Of several that open a new ledger and begin at once, one wins and every other is told its name."""
    calls = [("begin", shared_url, f"run-{n}", fleet_id("Web")) for n in range(PROCESSES)]
    results = run_all(*calls)
    winners = [n for n, result in enumerate(results) if "won" in result]
    assert len(winners) == 1
    told = [result["held"] for result in results if "held" in result]
    assert len(told) == PROCESSES - 1
    for line in told:
        assert f"'run-{winners[0]}'" in line
        assert results[winners[0]]["won"] in line


def test_nothing_is_lost_when_processes_write_at_once(
    shared_url: str, fleet_id: Callable[[str], str]
) -> None:
    """Each process's events are all there, and the one hash chain over all of them holds."""
    results = run_all(*(("note", shared_url, f"run-{n}", fleet_id(f"Web-{n}")) for n in range(3)))
    ledger = open_ledger(shared_url)
    for n, result in enumerate(results):
        events = ledger.list_events(fleet_id(f"Web-{n}"))
        assert {event.rollout_id for event in events} == {result["won"]}
        assert [event.payload.get("n") for event in events[1:]] == list(range(NOTES))
    assert ledger.verify_chain() is None
    assert ledger.replay() == ()


def test_kill_in_the_middle_of_a_write_leaves_a_whole_ledger(
    shared_url: str, fleet_id: Callable[[str], str]
) -> None:
    """After kill -9 inside a transaction nothing of it is there, and the next process writes at once."""
    with start(("hang", shared_url, "run-killed", fleet_id("Web"))) as (process,):
        rollout_id = json.loads(read_line(process))["inside"]
        process.kill()
        process.wait()
        ledger = open_ledger(shared_url)
        assert [event.kind for event in ledger.list_events(fleet_id("Web"))] == [EventKind.STARTED]
        assert ledger.load(rollout_id).rollout.owner == "run-killed"
        ledger.release(rollout_id, owner="run-killed")
        assert ledger.verify_chain() is None
        assert ledger.replay() == ()
        assert ledger.list_locks() == ()


def test_processes_share_zones_and_all_come_through(shared_url: str, fleet_id: Callable[[str], str]) -> None:
    """Several that claim zones at once, in different orders, never hold two zones, and each gets all of them (R48)."""
    results = run_all(*(("share", shared_url, f"run-{n}", fleet_id(f"Web-{n}")) for n in range(3)))

    assert [result["legs"] for result in results] == [LEGS] * 3
    assert {result["most"] for result in results} <= {0, 1}
    assert open_ledger(shared_url).list_turns() == ()


def test_a_killed_holder_blocks_until_it_is_named_as_over(
    shared_url: str, fleet_id: Callable[[str], str]
) -> None:
    """After kill -9 the zone stays taken, is told as a dead run's once its lease is up, and is then had (R48)."""
    with start(("keep", shared_url, "run-killed", fleet_id("Web"))) as (process,):
        key = json.loads(read_line(process))["holds"]
        process.kill()
        process.wait()
    ledger = open_ledger(shared_url, wall_clock=lambda: datetime.now(UTC) + timedelta(hours=2))
    settings, want = RolloutSettings(fleet_id("Api"), "1.0.1"), Want(TurnScope.ZONE, key, ("2",))
    lease = ledger.begin(settings, owner="run-b", now=datetime.now(UTC), terms=LeaseTerms()).lease

    (dead,) = ledger.claim_turns(lease, (want,)).in_the_way
    assert (dead.run, dead.is_alive) == ("run-killed", False)
    assert ledger.claim_turns(lease, (want,), over=(dead.fleet_key,)).is_granted


def test_opening_a_current_ledger_does_not_load_alembic(file_url: str) -> None:
    """A fresh process, as every Airflow task is one, pays for migrations only where there are any."""
    open_ledger(file_url).close()
    program = (
        "import sys; from fleetwright.ledger.store import open_ledger;"
        f"open_ledger({file_url!r}); print('alembic' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
