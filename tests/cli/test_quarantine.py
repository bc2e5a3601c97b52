"""``fleetwright quarantine``: a version that stopped a rollout waits for a person's word."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from commands import Fleetwright
from rehearsals import Rehearsal
from worlds import FLEET_ID, NEW, NEWER, OLD, sick, world

Rehearse = Callable[..., Rehearsal]

NAME = "canonical:ubuntuserver:18.04-lts"
BY = ("--by", "on-call", "--reason", "the fix is in the application")


@pytest.fixture
def stopped(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> Fleetwright:
    """After an automatic rollout that two sick instances stopped."""
    fleetwright = Fleetwright(rehearse(world(behaviours=[sick("0", "3", "6")])), capsys)
    assert fleetwright("run", "--trigger", "automatic").code == 1
    return fleetwright


def ledger(fleetwright: Fleetwright) -> tuple[str, str]:
    """The flag that names the ledger."""
    return ("--ledger", fleetwright.rehearsal.ledger_url)


def test_a_rollback_stop_quarantines_the_version(stopped: Fleetwright) -> None:
    """The list says image, version, since when, rollout, fleet, code and reason (R12)."""
    (entry,) = stopped.raw("quarantine", "list", "--json", *ledger(stopped)).body["value"]

    assert entry["image"] == NAME
    assert (entry["version"], entry["fleet"], entry["released"]) == (NEW, FLEET_ID.lower(), None)
    assert entry["code"] == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert entry["rolloutId"].startswith("web-")
    assert entry["since"].startswith("2024-06-01T")
    assert "First failed instance ID is: 0." in entry["reason"]
    assert entry["rolloutId"] in stopped.raw("quarantine", "list", *ledger(stopped)).out


def test_an_automatic_rollout_is_held(stopped: Fleetwright) -> None:
    """No automatic rollout uses it: held, nothing changed; the reason names rollout, code and release (R12, R1)."""
    before = stopped.rehearsal.admin.mutating()
    rollout_id = stopped.raw("quarantine", "list", "--json", *ledger(stopped)).body["value"][0]["rolloutId"]

    held = stopped("run", "--trigger", "automatic", "--json")
    planned = stopped("plan", "--trigger", "automatic")

    assert (held.code, planned.code) == (3, 3)
    (reason,) = held.body["reasons"]
    for word in (rollout_id, "MaxUnhealthyUpgraded", f"fleetwright quarantine release {NAME} {NEW}"):
        assert word in reason
    assert stopped.rehearsal.admin.mutating() == before


def test_a_manual_rollout_is_warned(stopped: Fleetwright) -> None:
    """A person may use it all the same, and is warned in plan and log (R42)."""
    planned = stopped("plan")
    run = stopped("run")

    assert planned.code == 0
    assert f"version {NEW} of {NAME} is quarantined" in planned.out
    assert run.code == 1
    assert f"version {NEW} of {NAME} is quarantined" in run.err


@pytest.mark.parametrize(
    "words",
    [(NEW,), (NAME, NEW), (NAME.upper(), NEW), (f"{NAME}:{NEW}",), ("--version", NEW, "--image", NAME)],
)
def test_a_release_lets_automatic_rollouts_go_on(stopped: Fleetwright, words: tuple[str, ...]) -> None:
    """Released with a name and a reason, both kept; the next automatic rollout goes on (R1)."""
    released = stopped.raw("quarantine", "release", *words, *BY, *ledger(stopped))
    run = stopped("run", "--trigger", "automatic", "--json")

    assert released.code == 0, released.err
    assert run.body["status"] == "Faulted"
    listed = stopped.raw("quarantine", "list", "--all", "--json", *ledger(stopped)).body["value"]
    assert [bool(entry["released"]) for entry in listed] == [True, False]
    assert listed[0]["released"]["by"] == "on-call"
    assert listed[0]["released"]["reason"] == "the fix is in the application"


def test_another_version_is_free(stopped: Fleetwright) -> None:
    """Only the version that did it is put away: a newer one is rolled out (R2)."""
    admin = stopped.rehearsal.admin
    admin.post("images", publisher="Canonical", offer="UbuntuServer", sku="18.04-LTS", version=NEWER)

    assert stopped("run", "--trigger", "automatic").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((OLD, *BY), f"'{OLD}' is not quarantined; quarantined now: {NAME} {NEW}"),
        (("other:image:1", NEW, *BY), "is not quarantined"),
        ((NEW, "--by", " ", "--reason", "x"), "--by is empty"),
        ((NEW, "--by", "on-call", "--reason", ""), "--reason is empty"),
        (BY, "needs a VERSION"),
        ((NEW, "--by", "on-call"), "--reason"),
        ((NEW, "--reason", "x"), "--by"),
    ],
)
def test_a_release_that_cannot_be(stopped: Fleetwright, arguments: tuple[str, ...], said: str) -> None:
    """An unknown entry, and a release without name or reason, end with 2 and one line; nothing is released (R12)."""
    ended = stopped.raw("quarantine", "release", *arguments, *ledger(stopped))

    assert ended.code == 2
    assert said in ended.err
    assert len(ended.errors) == 1
    assert len(stopped.raw("quarantine", "list", "--json", *ledger(stopped)).body["value"]) == 1


def test_what_is_no_fault_of_the_version(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """A set that was unhealthy before puts nothing away, and an empty list says so (R8)."""
    rehearsal = rehearse(world())
    fleetwright = Fleetwright(rehearsal, capsys)
    rehearsal.admin.touch("0", "1", "2", "3", health="unhealthy")
    assert fleetwright("run", "--trigger", "automatic").code == 1

    assert fleetwright.raw("quarantine", "list", "--json", *ledger(fleetwright)).body == {"value": []}
    assert (
        "no image version is quarantined" in fleetwright.raw("quarantine", "list", *ledger(fleetwright)).out
    )
