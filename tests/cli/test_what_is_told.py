"""What a person reads in the middle of the night: who failed, what follows, and which ledger was asked."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from commands import Fleetwright
from rehearsals import Rehearsal, eventful
from worlds import FLEET_ID, NEW, sick, world

from fleetwright.cli.app import exit_code
from fleetwright.cli.output import story
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout.ports.leases import LeaseTerms

Rehearse = Callable[..., Rehearsal]

BY = ["--by", "on-call", "--reason", "night"]


def test_the_end_names_who_failed(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A rollout that completed without one instance names it, with what became of it and why, in text and JSON (R11)."""
    fleetwright = Fleetwright(rehearse(world(behaviours=[sick("7")])), capsys)

    ended = fleetwright("run", "--trigger", "automatic", "--json")

    (failed,) = ended.body["failed"]
    assert ended.body["reason"]["message"].endswith("; failed: 7")
    assert (failed["instance"], failed["state"]) == ("7", "rolled back")
    assert f"rolled back: 7: {failed['reason']}" in ended.err
    assert "instances: 14 successful, 1 failed, 0 in progress, 0 pending" in ended.err


def test_a_stop_that_quarantines_says_so(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """The end of the rollout itself tells that the version is put away, and the command that it names works (R12)."""
    fleetwright = Fleetwright(rehearse(world(behaviours=[sick("0", "3", "6")])), capsys)

    ended = fleetwright("run", "--trigger", "automatic")

    command = re.search(r"fleetwright (quarantine release \S+ \S+) --by", ended.err)
    assert command is not None
    words = [*command[1].split(), *BY, "--ledger", fleetwright.rehearsal.ledger_url]
    assert fleetwright.raw(*words).code == 0


def test_a_stop_says_what_to_do(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A stopped rollout ends its log with the next step, a completed one does not (R8, N9)."""
    fleetwright = Fleetwright(rehearse(world(unhealthyInstances=["1", "2", "4", "5"])), capsys)

    stopped = fleetwright("run")
    fleetwright.rehearsal.admin.touch("1", "2", "4", "5", health="healthy")
    completed = fleetwright("run")

    assert "what now: bring the named instances back" in stopped.err
    assert "what now" not in completed.err


def test_history_tells_what_is_under_way(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A rollout that has not ended is no attempt yet, and is named all the same (R39)."""
    clock = eventful((30, lambda _admin: exit_code(asked)))
    rehearsal = rehearse(world(), clock=clock)
    asked = ["history", "--fleet", FLEET_ID, "--ledger", rehearsal.ledger_url]

    view = rehearsal.run()

    told = capsys.readouterr().out
    assert "no rollout of this fleet that did anything has ended" in told
    assert f"under way: {view.rollout.rollout_id} to {NEW} since 2024-06-01 00:00:00Z" in told


def test_history_tells_what_nobody_goes_on_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A rollout whose run gave the fleet back before its end is not shown as if somebody were at it (R39, R44)."""
    url, terms = f"sqlite:///{tmp_path / 'ledger.db'}", LeaseTerms(timedelta(hours=1))
    ledger = open_ledger(url)
    begun = ledger.begin(
        RolloutSettings(FLEET_ID, NEW), owner="run a", now=datetime.now(UTC), terms=terms
    ).view.rollout
    ledger.release(begun.rollout_id, owner="run a")
    ledger.close()

    assert exit_code(["history", "--fleet", FLEET_ID, "--ledger", url]) == 0

    told = capsys.readouterr().out
    assert f"not over: {begun.rollout_id} to {NEW} since" in told
    assert "start a rollout of it again to go on" in told


@pytest.mark.parametrize(
    "words",
    [
        ["history", "--fleet", FLEET_ID],
        ["cancel", FLEET_ID, *BY],
        ["disks", "list", FLEET_ID],
        ["quarantine", "list"],
        ["quarantine", "release", "1.0.0", *BY],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_an_empty_answer_names_the_ledger(
    words: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Whoever looks into the wrong ledger sees which one, and that it is not there; nothing is made (N12)."""
    absent = tmp_path / "ledger.db"

    exit_code([*words, "--ledger", f"sqlite:///{absent}"])

    captured = capsys.readouterr()
    assert f"ledger: sqlite:///{absent} (not there yet)" in captured.out + captured.err
    assert not absent.exists()


@pytest.mark.parametrize("lives", [True, False])
def test_a_cancel_says_who_carries_it_out(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], *, lives: bool
) -> None:
    """While a run lives it is named; where its lease is long over, the next run ends the rollout (N12)."""
    clock = eventful((30, lambda _admin: exit_code(asked)))
    rehearsal = rehearse(world(), clock=clock)
    rehearsal.wall.now = datetime.now(UTC) + timedelta(hours=1 if lives else -1)
    asked = ["cancel", FLEET_ID, *BY, "--ledger", rehearsal.ledger_url]

    owner = rehearsal.run().rollout.owner

    told = capsys.readouterr().out
    assert (f"{owner} ends it as Cancelled before its next batch" in told) is lives
    assert ("no run has the fleet now; the next one ends it as Cancelled" in told) is not lives


def test_a_missing_flag_names_the_verb_to_ask(capsys: pytest.CaptureFixture[str]) -> None:
    """The hint leads to the help that lists the flag."""
    assert exit_code(["cancel", FLEET_ID, "--reason", "night"]) == 2

    assert "(see fleetwright cancel --help)" in capsys.readouterr().err


def test_virtual_time_without_an_emulator(capsys: pytest.CaptureFixture[str]) -> None:
    """An endpoint where nobody listens is one line without a library's words."""
    words = [
        "plan",
        "--fleet",
        FLEET_ID,
        "--endpoint",
        "http://127.0.0.1:9",
        "--token",
        "x",
        "--virtual-time",
    ]

    assert exit_code(words) == 2

    told = capsys.readouterr().err
    assert "nobody answers at http://127.0.0.1:9/_emulator/clock" in told
    assert "HTTPConnection" not in told


@pytest.mark.parametrize("dated", [True, False])
def test_lines_of_a_run_begin_with_their_instant(capsys: pytest.CaptureFixture[str], *, dated: bool) -> None:
    """In real time each line is dated in UTC; in virtual time, where that would mislead, none is."""
    with story(dated=dated):
        logging.getLogger("fleetwright.rollout.some").info("swap accepted")

    pattern = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ swap accepted\n" if dated else r"swap accepted\n"
    assert re.fullmatch(pattern, capsys.readouterr().err)
