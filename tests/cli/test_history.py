"""``fleetwright history``: the last attempts of a fleet, in the shape of Azure's osUpgradeHistory."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from commands import Fleetwright
from rehearsals import Rehearsal
from worlds import IMAGE, NEW, OLD, sick, world

Rehearse = Callable[..., Rehearsal]

DAY = 24 * 3600


def publish_and_run(fleetwright: Fleetwright, number: int) -> None:
    """One more version, and its rollout."""
    version = f"18.04.2025{number:02}010"
    fleetwright.rehearsal.admin.post("images", **IMAGE, version=version)
    assert fleetwright("run").code == 0


def test_entry_of_a_completed_rollout(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """An entry has Azure's own keys, times and words (R40, C6)."""
    rehearsal = rehearse(world(behaviours=[sick("7")]))
    fleetwright = Fleetwright(rehearsal, capsys)
    fleetwright("run", "--trigger", "automatic")

    (entry,) = fleetwright("history", "--json").body["value"]

    assert entry == {
        "properties": {
            "runningStatus": {
                "code": "Completed",
                "startTime": "2024-06-01T00:00:00.0000000+00:00",
                "endTime": "2024-06-01T00:09:20.0000000+00:00",
            },
            "progress": {
                "successfulInstanceCount": 14,
                "failedInstanceCount": 1,
                "inProgressInstanceCount": 0,
                "pendingInstanceCount": 0,
            },
            "startedBy": "Platform",
            "targetImageReference": {**IMAGE, "version": NEW},
            "rollbackInfo": {"successfullyRolledbackInstanceCount": 1, "failedRolledbackInstanceCount": 0},
        },
        "type": "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades",
        "location": "westeurope",
    }


def test_entry_of_a_stopped_rollout(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A stopped rollout says why, and who started it (R40, N9)."""
    rehearsal = rehearse(world(behaviours=[sick("0", "3")]))
    fleetwright = Fleetwright(rehearsal, capsys)
    fleetwright("run", "--trigger", "manual", "--health-timeout", "20")

    (entry,) = fleetwright("history", "--json").body["value"]

    assert entry["properties"]["runningStatus"]["code"] == "Faulted"
    assert entry["properties"]["startedBy"] == "User"
    error = entry["properties"]["error"]
    assert error["code"] == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"


def test_five_newest_attempts(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """The sixth oldest attempt is gone; the newest comes first (R39)."""
    fleetwright = Fleetwright(rehearse(world(1, 0)), capsys)
    for number in range(1, 8):
        publish_and_run(fleetwright, number)

    entries = fleetwright("history", "--json").body["value"]

    versions = [entry["properties"]["targetImageReference"]["version"] for entry in entries]
    assert versions == [f"18.04.2025{number:02}010" for number in (7, 6, 5, 4, 3)]


def test_two_months_count_back_from_the_newest(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str]
) -> None:
    """An attempt of more than two months before the newest one is gone, however long ago that was itself (R39)."""
    rehearsal = rehearse(world(1, 0))
    fleetwright = Fleetwright(rehearsal, capsys)
    for number, days in ((1, 2), (2, 60), (3, 400)):
        publish_and_run(fleetwright, number)
        rehearsal.admin.post("clock", advance=days * DAY)

    entries = fleetwright("history", "--json").body["value"]

    # 1 and 3 are 62 days apart, from June 1 to August 2; 2 and 3 are 60.
    versions = [entry["properties"]["targetImageReference"]["version"] for entry in entries]
    assert versions == ["18.04.202503010", "18.04.202502010"]


def test_what_is_no_attempt(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Held evaluations, plans and runs with nothing to do are no entries."""
    rehearsal = rehearse(world(1, 0, imageVersion=NEW))
    fleetwright = Fleetwright(rehearsal, capsys)
    assert fleetwright("run").code == 0
    assert fleetwright("plan").code == 0
    rehearsal.admin.patch({"tags": {"fleetwright": "off"}})
    assert fleetwright("run").code == 3

    ended = fleetwright("history", "--json")

    assert (ended.code, ended.body) == (0, {"value": []})


def test_history_for_people(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Without ``--json`` there is a line an attempt, and a sentence where there is none."""
    fleetwright = Fleetwright(rehearse(world(2, 0)), capsys)
    nothing = fleetwright("history")
    fleetwright("run")

    ended = fleetwright("history")

    assert "no rollout of this fleet" in nothing.out
    assert [line for line in ended.out.splitlines() if "Completed" in line and NEW in line]
    assert OLD not in ended.out


def test_history_asks_nobody_but_the_ledger(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """History reads the ledger alone; Azure is not called, so looking starts nothing (C13)."""
    rehearsal = rehearse(world(1, 0))

    Fleetwright(rehearsal, capsys)("history")

    assert rehearsal.admin.get("requests")["total"] == 0


def test_notifications_of_rollouts(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Each rollout tells its submission, that one's outcome and its own outcome, each with its errors (N9)."""
    rehearsal = rehearse(world(behaviours=[sick("0", "3")]))
    fleetwright = Fleetwright(rehearsal, capsys)
    fleetwright("run", "--health-timeout", "20")
    rehearsal.admin.patch({"tags": {"fleetwright": "off"}})
    assert fleetwright("run").code == 3

    told = fleetwright("history", "--notifications", "--json").body["value"]

    assert [(one["notification"], one["status"], bool(one["errors"])) for one in told] == [
        ("submission", "Started", False),
        ("submission outcome", "Accepted", False),
        ("completion outcome", "Failed", True),
        ("submission", "Started", False),
        ("submission outcome", "Failed", True),
    ]
    assert told[2]["errors"][0].startswith("MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade: ")
    assert "is opted out" in told[4]["errors"][0]
    assert told[2]["errors"][0] in fleetwright("history", "--notifications").out
