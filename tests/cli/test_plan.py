"""``fleetwright plan``: what would be done, with reasons, and nothing is done."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Fleetwright
from rehearsals import Rehearsal
from worlds import NEW, OLD, sick, world

Rehearse = Callable[..., Rehearsal]


def _world(rehearsal: Rehearsal) -> dict[str, Any]:
    """The whole world but for the number of request ids that it has given out."""
    document: dict[str, Any] = rehearsal.admin.get("world")
    document["operations"].pop("issued")
    return document


def _ledger_text(rehearsal: Rehearsal) -> str:
    file = Path(rehearsal.ledger_url.removeprefix("sqlite:///"))
    if not file.exists():
        return "there is none"
    connection = sqlite3.connect(file)
    text = "\n".join(connection.iterdump())
    connection.close()
    return text


@pytest.mark.parametrize("arguments", [(), ("--json",), ("--trigger", "automatic"), ("--rollback",)])
def test_plan_changes_nothing(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    """World and ledger are the same before and after a plan, and no call would have changed anything."""
    rehearsal = rehearse(world())
    fleetwright = Fleetwright(rehearsal, capsys)
    before = _world(rehearsal), _ledger_text(rehearsal)

    ended = fleetwright("plan", *arguments)

    assert ended.code == 0
    assert (_world(rehearsal), _ledger_text(rehearsal)) == before
    assert rehearsal.admin.mutating() == 0


def test_held_plan_changes_nothing(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan of a fleet that may not be upgraded: exit 3, every reason, and not even the evaluation is written down."""
    rehearsal = rehearse(world(version=OLD, tags={}))
    fleetwright = Fleetwright(rehearsal, capsys)
    before = _ledger_text(rehearsal)

    ended = fleetwright("plan", "--json")

    assert ended.code == 3
    assert ended.body["status"] == "Held"
    assert len(ended.body["reasons"]) == 2
    assert _ledger_text(rehearsal) == before


def test_plan_is_what_the_run_does(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """When all goes well the batches of the run are those of the plan, in order."""
    rehearsal = rehearse(world(14, 3, updateDomains=2))
    fleetwright = Fleetwright(rehearsal, capsys)

    planned = fleetwright("plan", "--json").body["batches"]
    done = fleetwright("run", "--json").body["batches"]

    facts = ("index", "zone", "updateDomain", "instances")
    assert [{name: batch[name] for name in facts} for batch in planned] == [
        {name: batch[name] for name in facts} for batch in done
    ]


def test_plan_for_people(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A plan names the versions, each batch with its instances, what is left out, and what one failure would do (R9, R12)."""
    protected = {"4": {"protectionPolicy": {"protectFromScaleSetActions": True}}}
    rehearsal = rehearse(world(5, 0, updateDomains=1, instances=protected))

    ended = Fleetwright(rehearsal, capsys)("plan")

    assert ended.code == 0
    assert ended.err == ""
    assert f"-> {NEW}" in ended.out
    assert "4: protected" in ended.out
    assert "one failure in batch 1 stops" in ended.out
    assert (
        len([line for line in ended.out.splitlines() if line.split()[:1] in (["1"], ["2"], ["3"], ["4"])])
        == 4
    )


def test_plan_learns_from_earlier_rollouts(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Times are taken from the fleet's earlier batches, where there were any."""
    newest = "18.04.202403010"
    rehearsal = rehearse(world(3, 0, versions=(OLD, NEW, newest), behaviours=[sick("9")]))
    fleetwright = Fleetwright(rehearsal, capsys)
    unknown = fleetwright("plan", "--json", "--version", NEW).body
    fleetwright("run", "--version", NEW)

    learned = fleetwright("plan", "--json").body

    assert unknown["durationSeconds"] == 3 * 300
    assert learned["durationSeconds"] == 3 * 40
