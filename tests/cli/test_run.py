"""``fleetwright run``: its exit codes, its one JSON object, and what it says to people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from commands import Fleetwright
from crashes import Death, Killed, Moment, Mortal
from rehearsals import TOKEN, Rehearsal
from worlds import FLEET_ID, NEW, OLD, fault, sick, world

Rehearse = Callable[..., Rehearsal]

PROGRESS = {
    "successfulInstanceCount",
    "failedInstanceCount",
    "inProgressInstanceCount",
    "pendingInstanceCount",
}
ROLLBACKS = {"successfullyRolledbackInstanceCount", "failedRolledbackInstanceCount"}
KEYS = {"rolloutId", "status", "reason", "reasons", "targetVersion", "progress", "rollbackInfo", "batches"}
BATCH = {"index", "zone", "updateDomain", "instances", "reason"}


def test_completed_rollout(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything good: exit 0, and the object has every key it is to have, with the provider's numbers (R13)."""
    rehearsal = rehearse(world())

    ended = Fleetwright(rehearsal, capsys)("run", "--json", "--trigger", "automatic")

    body = ended.body
    assert ended.code == 0
    assert set(body) >= KEYS
    assert body["status"] == "Completed"
    assert set(body["reason"]) == {"code", "message"}
    assert body["reasons"] == []
    assert body["targetVersion"] == NEW
    assert body["progress"] == {
        "successfulInstanceCount": 15,
        "failedInstanceCount": 0,
        "inProgressInstanceCount": 0,
        "pendingInstanceCount": 0,
    }
    assert body["rollbackInfo"] == dict.fromkeys(ROLLBACKS, 0)
    assert [batch["index"] for batch in body["batches"]] == list(range(6))
    assert all(set(batch) >= BATCH for batch in body["batches"])
    assert body["batches"][0]["zone"] == "1"
    assert body["batches"][0]["instances"] == ["0", "3", "6"]


def test_batches_have_no_other_keys(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A batch of the JSON object has exactly index, zone, updateDomain, instances and reason."""
    rehearsal = rehearse(world(1, 0))

    (batch,) = Fleetwright(rehearsal, capsys)("run", "--json").body["batches"]

    assert set(batch) == BATCH


def test_stopped_rollout(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Stopped by a threshold: exit 1, Azure's code, and the numbers of what was and was not touched (R12)."""
    rehearsal = rehearse(world(behaviours=[sick("0", "3", "6")]))

    ended = Fleetwright(rehearsal, capsys)("run", "--json", "--trigger", "automatic")

    body = ended.body
    assert ended.code == 1
    assert body["status"] == "Faulted"
    assert body["reason"]["code"] == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert body["progress"]["failedInstanceCount"] == 3
    assert body["progress"]["pendingInstanceCount"] == 12
    assert body["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 3
    assert rehearsal.state()["imageVersions"] == {OLD: 15}


def test_held_rollout(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A fleet that may not be upgraded: exit 3, every reason at once, and nothing was touched (R15, R16, O3)."""
    rehearsal = rehearse(world(version=OLD, tags={}, extensions=[]))

    ended = Fleetwright(rehearsal, capsys)("run", "--json")

    body = ended.body
    assert ended.code == 3
    assert set(body) >= KEYS
    assert body["status"] == "Held"
    assert len(body["reasons"]) == 3
    assert [
        rule for rule in ("R15", "R16", "O3") if not any(rule in reason for reason in body["reasons"])
    ] == []
    assert len([line for line in ended.errors if "held: " in line]) == 3
    assert rehearsal.admin.mutating() == 0


def test_live_holder_is_named(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A fleet that another live run has: exit 3 at once, with the holder's name, and nothing was touched."""
    rehearsal = rehearse(world())
    rehearsal.wall.now = datetime.now(UTC)
    mortal = Mortal(Death(8, Moment.BEFORE))
    with pytest.raises(Killed):
        rehearsal.run(mortal.ports(rehearsal.ports()), owner="on-call on laptop 7")
    before = rehearsal.admin.mutating()

    ended = Fleetwright(rehearsal, capsys)("run", "--json")

    assert ended.code == 3
    assert ended.body["status"] == "Held"
    assert "on-call on laptop 7" in ended.body["reasons"][0]
    assert rehearsal.admin.mutating() == before


def test_nothing_to_do_is_a_success(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Everything on the target already: completed, NothingToDo, no batches, no call that changes anything (R44)."""
    rehearsal = rehearse(world(3, 0, imageVersion=NEW))

    ended = Fleetwright(rehearsal, capsys)("run", "--json")

    assert ended.code == 0
    assert ended.body["status"] == "Completed"
    assert ended.body["reason"]["code"] == "NothingToDo"
    assert ended.body["batches"] == []
    assert rehearsal.admin.mutating() == 0


def test_people_read_plain_lines(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nobody watches a terminal: one line of result on standard output, the story without colours on standard error."""
    rehearsal = rehearse(world(behaviours=[sick("7")]))

    ended = Fleetwright(rehearsal, capsys)("run", "--trigger", "automatic")

    assert ended.code == 0
    assert ended.out.count("\n") == 1
    assert ended.out.startswith("Completed: ")
    assert "\x1b" not in ended.out + ended.err
    assert (
        "instance 7 is unhealthy after its swap: health is initializing 300 s after the end of its swap"
        in ended.errors
    )
    assert any(line.startswith(f"rolling instance 7 back to {OLD}") for line in ended.errors)


def test_exact_version_and_health_timeout(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """``--version`` and ``--health-timeout`` are obeyed: the version that was named, judged after that time (R10)."""
    newest = "18.04.202403010"
    rehearsal = rehearse(world(3, 0, versions=(OLD, NEW, newest), behaviours=[sick("0")]))

    ended = Fleetwright(rehearsal, capsys)("run", "--json", "--version", NEW, "--health-timeout", "40")

    assert ended.body["targetVersion"] == NEW
    assert rehearsal.state()["imageVersions"] == {OLD: 2, NEW: 1}
    assert "40 s after the end of its swap" in ended.body["reason"]["message"]


def test_older_version_changes_nothing(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """No instance is ever taken back to an older version than it runs."""
    rehearsal = rehearse(world(3, 0, imageVersion=NEW))

    ended = Fleetwright(rehearsal, capsys)("run", "--json", "--version", OLD)

    assert ended.code == 0
    assert ended.body["reason"]["code"] == "NothingToDo"
    assert rehearsal.admin.mutating() == 0


@pytest.mark.parametrize("verb", ["run", "plan", "history"])
def test_token_is_never_shown(rehearse: Rehearse, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """The token stands in no output, also where Azure refuses it."""
    rehearsal = rehearse(world(3, 0, tokens={"good": ["another"]}))
    fleetwright = Fleetwright(rehearsal, capsys)
    refused = fleetwright(verb)
    rehearsal.admin.post("reset", **world(3, 0))
    good = fleetwright(verb, "--json")

    assert TOKEN not in refused.out + refused.err + good.out + good.err


def test_interrupted_rollout_counts_what_it_did(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str]
) -> None:
    """Azure falls silent for good in mid-rollout: exit 1, and the counts say what was swapped until then."""
    silent = fault({"status": 503}, "GET", "*/virtualMachines", after=20)
    rehearsal = rehearse(world(faults=[silent]))

    ended = Fleetwright(rehearsal, capsys)("run", "--json")

    assert ended.code == 1
    assert ended.body["progress"]["successfulInstanceCount"] == 3


def test_interrupted_rollout_is_resumed(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Azure falls silent in mid-rollout: exit 1 and one line that says that it stays open; the next run ends it, swapping nobody twice."""
    silent = fault({"status": 503}, "GET", "*/virtualMachines", after=20)
    rehearsal = rehearse(world(faults=[silent]))
    fleetwright = Fleetwright(rehearsal, capsys)
    first = fleetwright("run", "--json")
    rehearsal.admin._http.delete(f"{rehearsal.url}/_emulator/faults", timeout=30)

    second = fleetwright("run", "--json")

    assert first.code == 1
    assert "the rollout stays open" in first.body["reason"]["message"]
    assert second.code == 0
    assert second.body["rolloutId"] == first.body["rolloutId"]
    assert rehearsal.state()["swaps"] == {str(i): 1 for i in range(15)}
    assert rehearsal.admin.violations() == []


def test_ledger_of_the_environment(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without ``--ledger`` the ledger is that of FLEETWRIGHT_LEDGER_URL."""
    rehearsal = rehearse(world(1, 0))
    monkeypatch.setenv("FLEETWRIGHT_LEDGER_URL", rehearsal.ledger_url)

    ended = Fleetwright(rehearsal, capsys)("run", "--json", ledger=None)

    known = rehearsal.ports().ledger.list_rollouts(FLEET_ID.lower())
    assert [view.rollout.rollout_id for view in known] == [ended.body["rolloutId"]]


@pytest.mark.parametrize(("asked", "code", "words"), [(OLD, 0, "is not over"), ("9.9.9", 2, "9.9.9")])
def test_resuming_does_not_pass_over_another_version_in_silence(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], asked: str, code: int, words: str
) -> None:
    """Another version asked for while a rollout is open: one that exists is told to wait its turn, one that does not is bad input."""
    silent = fault({"status": 503}, "GET", "*/virtualMachines", after=20)
    rehearsal = rehearse(world(faults=[silent]))
    fleetwright = Fleetwright(rehearsal, capsys)
    fleetwright("run")
    rehearsal.admin._http.delete(f"{rehearsal.url}/_emulator/faults", timeout=30)

    ended = fleetwright("run", "--version", asked)

    assert ended.code == code
    assert words in ended.err
