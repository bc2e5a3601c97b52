"""Everything that a person may give wrong: one line that names it, exit 2, and nothing is changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import Ended, Fleetwright, where
from rehearsals import TOKEN, Rehearsal
from worlds import FLEET_ID, world

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure import scale_sets
from fleetwright.azure.bodies import Body
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout import clocks

Rehearse = Callable[..., Rehearsal]

VERBS = pytest.mark.parametrize("verb", ["run", "plan"])


@pytest.fixture
def fleetwright(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> Fleetwright:
    """The command, on a world in which a rollout would go well."""
    return Fleetwright(rehearse(world(3, 0)), capsys)


def assert_refused(fleetwright: Fleetwright, ended: Ended, *names: str) -> None:
    """Exit 2, one line with these words, and nothing was changed."""
    assert ended.code == 2, ended
    assert ended.out == ""
    assert len(ended.errors) == 1, ended.errors
    assert ended.errors[0].startswith("fleetwright: ")
    assert [name for name in names if name not in ended.errors[0]] == []
    assert "Traceback" not in ended.err
    assert fleetwright.rehearsal.admin.mutating() == 0


@VERBS
@pytest.mark.parametrize(
    "fleet",
    [
        "web",
        "",
        "/subscriptions/nobody/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web",
        FLEET_ID.replace("virtualMachineScaleSets", "virtualMachines"),
        FLEET_ID + "/virtualMachines/3",
        "we\nb",
    ],
)
def test_malformed_fleet(fleetwright: Fleetwright, verb: str, fleet: str) -> None:
    """A fleet id that is none is shown as it was given."""
    assert_refused(fleetwright, fleetwright(verb, fleet=fleet), "fleet", repr(fleet)[1:-1])


@pytest.mark.parametrize("verb", ["run", "plan"])
@pytest.mark.parametrize("below", ["", "/agentPools/np1"])
def test_unknown_cluster(fleetwright: Fleetwright, verb: str, below: str) -> None:
    """An AKS cluster that does not exist is named, also where one of its node pools is asked for (C9, C17)."""
    cluster = (
        f"{FLEET_ID.partition('/providers/')[0]}/providers/Microsoft.ContainerService/managedClusters/nothing"
    )
    assert_refused(fleetwright, fleetwright(verb, fleet=f"{cluster}{below}"), "nothing")


def test_malformed_fleet_of_history(fleetwright: Fleetwright) -> None:
    """History refuses an id that is none as well, instead of finding nothing."""
    assert_refused(fleetwright, fleetwright("history", fleet="web"), "'web'")


@VERBS
def test_unknown_fleet(fleetwright: Fleetwright, verb: str) -> None:
    """A fleet that does not exist is named, and where it was looked for."""
    unknown = FLEET_ID.replace("/web", "/nothing")
    assert_refused(fleetwright, fleetwright(verb, fleet=unknown), unknown, fleetwright.rehearsal.url)


@VERBS
@pytest.mark.parametrize("version", ["9.9.9", "18.04", "newest", "latest ", "18.04.202402010-beta", ""])
def test_version_that_does_not_exist(fleetwright: Fleetwright, verb: str, version: str) -> None:
    """A version that there is not, or that can be none, is named."""
    assert_refused(fleetwright, fleetwright(verb, "--version", version), "version", version)


@pytest.mark.parametrize(
    ("flag", "value"), [("health-timeout", "0"), ("health-timeout", "nan"), ("poll", "-1"), ("poll", "often")]
)
def test_number_that_cannot_be(fleetwright: Fleetwright, flag: str, value: str) -> None:
    """Times that are no times are named with their value."""
    assert_refused(fleetwright, fleetwright("run", f"--{flag}", value), value)


@pytest.mark.parametrize(
    ("flag", "value"),
    [("health-timeout", "inf"), ("health-timeout", "1e300"), ("poll", "1e13"), ("poll", "inf")],
)
def test_number_without_an_end(fleetwright: Fleetwright, flag: str, value: str) -> None:
    """Times that no clock can hold are refused before anything changes."""
    assert_refused(fleetwright, fleetwright("run", f"--{flag}", value), flag.split("-", maxsplit=1)[0])


@VERBS
def test_trigger_that_is_none(fleetwright: Fleetwright, verb: str) -> None:
    """A trigger is manual or automatic."""
    assert_refused(fleetwright, fleetwright(verb, "--trigger", "cron"), "cron", "manual", "automatic")


@VERBS
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("maxBatchInstancePercent", 0),
        ("maxBatchInstancePercent", 101),
        ("maxUnhealthyInstancePercent", 4),
        ("maxUnhealthyUpgradedInstancePercent", -1),
        ("maxUnhealthyUpgradedInstancePercent", 101),
        ("pauseTimeBetweenBatches", "five minutes"),
    ],
)
def test_policy_out_of_range(
    fleetwright: Fleetwright, monkeypatch: pytest.MonkeyPatch, verb: str, field: str, value: object
) -> None:
    """A policy that holds what is none: the field and its value are named. No endpoint here would say such a thing, so the answer is changed on its way."""
    parse = scale_sets.parse_fleet

    def changed(fleet_id: FleetId, body: Body) -> Fleet:
        properties = {**body["properties"], "upgradePolicy": {"rollingUpgradePolicy": {field: value}}}
        return parse(fleet_id, {**body, "properties": properties})

    monkeypatch.setattr(scale_sets, "parse_fleet", changed)
    assert_refused(fleetwright, fleetwright(verb), "five minutes" if "pause" in field else field, str(value))


@VERBS
def test_set_without_instances(rehearse: Rehearse, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """A scale set with zero instances has nothing to upgrade, and is named."""
    fleetwright = Fleetwright(rehearse(world(0)), capsys)
    assert_refused(fleetwright, fleetwright(verb), FLEET_ID, "no instances")


@VERBS
def test_silent_endpoint(fleetwright: Fleetwright, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    """An endpoint that does not answer is named in one line."""
    monkeypatch.setattr(clocks.time, "sleep", lambda _seconds: None)
    dead = "http://127.0.0.1:1"
    ended = fleetwright.raw(verb, *where(fleetwright.rehearsal, endpoint=dead))
    assert ended.code == 2
    assert dead in ended.errors[-1]
    assert_refused(fleetwright, ended, dead)


@pytest.mark.parametrize(
    "endpoint", ["nowhere", "ftp://example.org", "http://", "http://user:pw@127.0.0.1:1"]
)
def test_endpoint_that_is_none(fleetwright: Fleetwright, endpoint: str) -> None:
    """An endpoint that is no URL, or holds a password, is refused; the password is not repeated."""
    ended = fleetwright.raw("run", *where(fleetwright.rehearsal, endpoint=endpoint))
    assert_refused(fleetwright, ended, "endpoint")
    assert "pw" not in ended.err


@VERBS
def test_refused_token(rehearse: Rehearse, capsys: pytest.CaptureFixture[str], verb: str) -> None:
    """A token that is refused: the endpoint is named, and what to do; the token is not shown."""
    fleetwright = Fleetwright(rehearse(world(3, 0, tokens={"good": ["another"]})), capsys)
    ended = fleetwright(verb)
    assert_refused(fleetwright, ended, fleetwright.rehearsal.url, "refused the token")
    assert TOKEN not in ended.err


@pytest.mark.parametrize("token", ["", "two words", "a\nb"])
def test_token_that_is_none(fleetwright: Fleetwright, token: str) -> None:
    """An empty token, or one with blanks, is refused before it is sent."""
    assert_refused(fleetwright, fleetwright("run", token=token), "token")
    assert fleetwright.rehearsal.admin.get("requests")["total"] == 0


@pytest.mark.parametrize("verb", ["run", "plan", "history"])
def test_ledger_in_a_folder_that_is_not_there(fleetwright: Fleetwright, tmp_path: Path, verb: str) -> None:
    """The folder of a ledger that was given must exist, is named, and is never created."""
    folder = tmp_path / "nowhere"
    assert_refused(fleetwright, fleetwright(verb, ledger=f"sqlite:///{folder / 'l.db'}"), str(folder))
    assert not folder.exists()


def test_ledger_that_is_no_database(fleetwright: Fleetwright, tmp_path: Path) -> None:
    """A file that is no database is named and left as it is."""
    file = tmp_path / "letter.db"
    file.write_text("Dear Sir or Madam, " * 100)
    assert_refused(fleetwright, fleetwright("run", ledger=f"sqlite:///{file}"), str(file))
    assert file.read_text().startswith("Dear Sir")


def test_ledger_of_another_database(fleetwright: Fleetwright) -> None:
    """A kind of database that is not served is named, without its password."""
    ended = fleetwright("run", ledger="mysql://ann:s3cret@db/ledger")
    assert_refused(fleetwright, ended, "mysql")
    assert "s3cret" not in ended.err


def test_ledger_of_a_newer_schema(fleetwright: Fleetwright) -> None:
    """A ledger that a newer Fleetwright wrote is refused and left as it is."""
    open_ledger(fleetwright.rehearsal.ledger_url).close()
    file = fleetwright.rehearsal.ledger_url.removeprefix("sqlite:///")
    connection = sqlite3.connect(file)
    (table,) = connection.execute(
        "SELECT name FROM sqlite_master WHERE name LIKE '%version%' AND type = 'table'"
    ).fetchone()
    connection.execute(f"UPDATE {table} SET version_num = '9999'")
    connection.commit()
    connection.close()

    assert_refused(fleetwright, fleetwright("run"), file, "newer")


@pytest.mark.parametrize("verb", ["run", "plan"])
def test_virtual_time_on_another_clock(fleetwright: Fleetwright, verb: str) -> None:
    """``--virtual-time`` where the clock is not the manual one is an error that names the clock."""
    with EmulatorServer(world(3, 0), clock="real") as server:
        ended = fleetwright(verb, endpoint=server.url)
    assert_refused(fleetwright, ended, "--virtual-time", "real", server.url)


def test_virtual_time_of_history_on_another_clock(fleetwright: Fleetwright) -> None:
    """``--virtual-time`` is a flag of all verbs, and an error on any other clock."""
    with EmulatorServer(world(3, 0), clock="real") as server:
        ended = fleetwright("history", endpoint=server.url)
    assert_refused(fleetwright, ended, "--virtual-time")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("frobnicate",), "frobnicate"),
        (("run",), "--fleet"),
        (("run", "--fleet", FLEET_ID, "--frobnicate"), "--frobnicate"),
        (("history", "--fleet", FLEET_ID, "--version", "1.0.0"), "--version"),
        (("run", "--fleet"), "--fleet"),
        (("quarantine",), "command"),
        (("quarantine", "drop"), "drop"),
        (("disks",), "command"),
        (("disks", "eat"), "eat"),
    ],
)
def test_bad_usage(fleetwright: Fleetwright, words: tuple[str, ...], named: str) -> None:
    """Words that the command does not know are named in one line, which is no page of help."""
    ended = fleetwright.raw(*words)
    assert_refused(fleetwright, ended, named)
    assert len(ended.err) < 200


@pytest.mark.parametrize("verb", ["run", "plan", "history"])
def test_help_says_what_a_verb_does(fleetwright: Fleetwright, verb: str) -> None:
    """Help is no error, and names the flags that all verbs have."""
    ended = fleetwright.raw(verb, "--help")
    assert ended.code == 0
    flags = ("--endpoint", "--token", "--fleet", "--ledger", "--virtual-time", "--json")
    assert [flag for flag in flags if flag not in ended.out] == []
