"""``fleetwright disks``: what rollouts of a Flexible set left behind, with owner and age, and its sweep."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from commands import Fleetwright, where
from rehearsals import EXPIRY, TOKEN, Rehearsal, asked
from worlds import FLEET_ID, fault, flexible, rolling_policy, sick, world

from fleetwright.rollout.runner import opened

Rehearse = Callable[..., Rehearsal]

LENIENT = rolling_policy(maxUnhealthyUpgradedInstancePercent=100, maxUnhealthyInstancePercent=100)
NOT_NOW = fault({"status": 409, "code": "Conflict"}, "DELETE", "*/disks/*")
RUN = ("run", "--health-timeout", "30")


def a_world() -> dict[str, object]:
    """Three machines of which one stays unhealthy, in a world that deletes no disk."""
    return flexible(world(3, 0, updateDomains=1, policy=LENIENT, behaviours=[sick("2")], faults=[NOT_NOW]))


def disks(fleetwright: Fleetwright, verb: str, *more: str) -> object:
    """``fleetwright disks``, with the fleet as its argument."""
    flags = where(fleetwright.rehearsal, fleet=None)
    return fleetwright.raw("disks", verb, FLEET_ID, *flags, "--virtual-time", *more)


def test_list_shows_owner_age_and_need(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Each disk has the rollout that owns it, its age, and whether its instance still needs it (O7)."""
    fleetwright = Fleetwright(rehearse(a_world()), capsys)
    run = fleetwright(*RUN, "--json").body
    fleetwright.rehearsal.admin.post("clock", advance=3600)

    listed = disks(fleetwright, "list", "--json").body["value"]

    assert [(one["instance"], one["needed"]) for one in listed] == [
        ("web_0", False),
        ("web_1", False),
        ("web_2", True),
    ]
    assert {one["owner"] for one in listed} == {run["rolloutId"]}
    assert all(one["ageSeconds"] > 3600 for one in listed)
    assert len(run["keptDisks"]) == 3
    text = disks(fleetwright, "list")
    assert (text.code, "which is not confirmed (unhealthy)" in text.out) == (0, True)


def test_sweep_deletes_what_nobody_needs(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A sweep deletes the two disks that are free and keeps the one that is not; a second sweep has nothing to do (O7)."""
    rehearsal = rehearse(a_world())
    fleetwright = Fleetwright(rehearsal, capsys)
    fleetwright(*RUN)

    refused = disks(fleetwright, "sweep", "--json")
    rehearsal.admin.delete_faults()
    done = disks(fleetwright, "sweep", "--json")
    calls = rehearsal.admin.mutating()
    again = disks(fleetwright, "sweep")

    assert (refused.code, len(refused.body["left"])) == (1, 2)
    assert (done.code, len(done.body["deleted"]), len(done.body["kept"])) == (0, 2, 1)
    assert (again.code, again.out.splitlines()[-1]) == (0, "0 deleted, 1 kept, 0 left")
    assert rehearsal.admin.mutating() == calls
    assert len(rehearsal.disks()["unattached"]) == 1


def test_sweep_is_held_while_a_rollout_has_the_fleet(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str]
) -> None:
    """A live rollout is named, and nothing is deleted: exit code 3."""
    rehearsal = rehearse(flexible(world(3, 0, updateDomains=1)))
    fleetwright = Fleetwright(rehearsal, capsys)
    rehearsal.wall.now = rehearsal.wall.now.replace(year=2124)

    with opened(rehearsal.ports(), asked(), owner="somebody else", terms=EXPIRY):
        held = disks(fleetwright, "sweep")

    assert held.code == 3
    assert "somebody else" in held.err


@pytest.mark.parametrize("words", [(), (FLEET_ID, "--fleet", FLEET_ID), ("no-id",)])
def test_fleet_is_named_once(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    """No fleet, two, or no id at all is told in one line: exit code 2."""
    rehearsal = rehearse(flexible(world(1, 0)))
    flags = ["--endpoint", rehearsal.url, "--token", TOKEN, "--ledger", rehearsal.ledger_url]

    ended = Fleetwright(rehearsal, capsys).raw("disks", "list", *words, *flags)

    assert (ended.code, len(ended.errors)) == (2, 1)


def test_nothing_left_behind(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A fleet without a rollout has no leftovers, and its ledger is not made for looking."""
    fleetwright = Fleetwright(rehearse(flexible(world(1, 0))), capsys)

    assert disks(fleetwright, "list").out.startswith("no disk of web is left behind; ledger: sqlite:")
