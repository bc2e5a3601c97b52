"""``fleetwright locks``: who has what, who waits for whom, and what to do about the dead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fleetwright.cli.app import exit_code
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.node_pools.rollouts import NodeRolloutSettings
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.ports.turns import TurnScope, Want

SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
ZONES = "westeurope|canonical:ubuntuserver:18.04-lts|1.0.1"
PAIR = "northeurope|westeurope"
DEAD = LeaseTerms(timedelta(0))
ALIVE = LeaseTerms(timedelta(hours=1))


def fleet_id(name: str) -> str:
    """A scale set's id."""
    return f"{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A ledger that is not there yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    """The same ledger, as rollouts write it."""
    opened = open_ledger(url)
    yield opened
    opened.close()


def take(
    ledger: SqlLedger, name: str, *wants: tuple[TurnScope, str, str], terms: LeaseTerms = ALIVE
) -> Lease:
    """Begin a rollout and claim."""
    settings = RolloutSettings(fleet_id(name), "1.0.1")
    lease = ledger.begin(settings, owner=f"run of {name}", now=datetime.now(UTC), terms=terms).lease
    for scope, key, mode in wants:
        ledger.claim_turns(lease, (Want(scope, key, (mode,)),))
    return lease


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What the command prints."""
    assert exit_code(["locks", *arguments]) == 0
    return capsys.readouterr().out


def test_nothing_is_told_with_the_ledgers_name(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where nobody has anything that is said, with the ledger it was read from; none is made by looking."""
    said = shown(capsys, "--ledger", url)

    assert "no run has a fleet, and nobody has or waits for a turn" in said
    assert url in said
    assert list(tmp_path.iterdir()) == []
    assert json.loads(shown(capsys, "--ledger", url, "--json")) == {"value": []}


def test_who_has_and_who_waits(ledger: SqlLedger, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """By pair and by zone: who has it, who waits for what, since when, for which run and rollout (R46, R48)."""
    take(ledger, "web", (TurnScope.PAIR, PAIR, "westeurope"), (TurnScope.ZONE, ZONES, "1"))
    take(ledger, "api", (TurnScope.PAIR, PAIR, "westeurope"), (TurnScope.ZONE, ZONES, "2"))
    take(ledger, "far", (TurnScope.PAIR, PAIR, "northeurope"))
    lines = shown(capsys, "--ledger", url).splitlines()

    assert lines[0] == f"pair {PAIR}: one region of the pair at a time, now westeurope"
    assert [line.partition(" since ")[0].strip() for line in lines[1:4]] == [
        "web (resource group shop) has westeurope",
        "api (resource group shop) has westeurope",
        "far (resource group shop) waits for northeurope",
    ]
    assert lines[4] == f"zone {ZONES}: one zone at a time, now zone 1"
    assert lines[5].startswith("  web (resource group shop) has zone 1 since 20")
    assert lines[6].startswith("  api (resource group shop) waits for zone 2 since 20")
    assert "run 'run of api' (rollout api-" in lines[6]
    assert lines[6].endswith(": alive")
    assert [line.partition(" is taken")[0] for line in lines[7:]] == [
        "fleet api (resource group shop)",
        "fleet far (resource group shop)",
        "fleet web (resource group shop)",
    ]


def test_a_dead_holder_comes_with_what_to_do(
    ledger: SqlLedger, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody who is dead is told as that, with the command that goes on with its rollout (R48)."""
    lease = take(ledger, "web", (TurnScope.ZONE, ZONES, "1"), terms=DEAD)
    head, line, fleet = shown(capsys, "--ledger", url).splitlines()

    assert head.endswith("now zone 1")
    assert "DEAD, its instances may be in flight" in line
    assert f"fleetwright run --fleet {lease.fleet_key}" in line
    assert "the fleet's next run goes on with it" in fleet


def test_a_person_who_keeps_everybody_waiting_is_named(
    ledger: SqlLedger, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fleet that has its side of a pair and is held tells who holds it, why, and what releases it (R46)."""
    take(ledger, "web", (TurnScope.PAIR, PAIR, "westeurope"))
    take(ledger, "api", (TurnScope.PAIR, PAIR, "northeurope"))
    at = datetime(2024, 6, 1, tzinfo=UTC)
    ledger.add_hold(Hold(HoldSubject.FLEET, fleet_id("web").lower(), "ann", "a fair", at))

    said = shown(capsys, "--ledger", url)
    body = json.loads(shown(capsys, "--ledger", url, "--json"))["value"]

    (told,) = [line for line in said.splitlines() if "is held by" in line]
    assert told.startswith("  no further batch of it begins: fleet ")
    assert "is held by ann since 2024-06-01 00:00 UTC: a fair" in told
    assert told.endswith(f"fleetwright release {fleet_id('web').lower()} --reason TEXT")
    held = {seat["fleet"].rpartition("/")[2]: seat["holds"][0]["by"] for seat in body if "holds" in seat}
    assert held == {"web": "ann"}


def test_whoever_shares_with_nobody(ledger: SqlLedger, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A fleet that excludes everybody has all of it, not a zone with a long name (R48)."""
    take(ledger, "web", (TurnScope.ZONE, ZONES, fleet_id("web").lower()))

    assert shown(capsys, "--ledger", url).splitlines()[0].endswith("now all of it")


def test_json_has_every_seat(ledger: SqlLedger, url: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One object a seat: scope, key, mode, fleet, run, rollout, since when, alive, waiting or not (R48)."""
    take(ledger, "web", (TurnScope.ZONE, ZONES, "1"))
    take(ledger, "api", (TurnScope.ZONE, ZONES, "2"))
    web, api, *fleets = json.loads(shown(capsys, "--ledger", url, "--json"))["value"]

    assert (web["scope"], web["key"], web["mode"], web["waits"], web["alive"]) == (
        "zone",
        ZONES,
        "1",
        False,
        True,
    )
    assert (api["mode"], api["waits"], api["run"]) == ("2", True, "run of api")
    assert api["fleet"] == fleet_id("api").lower()
    assert api["rolloutId"].startswith("api-")
    assert datetime.fromisoformat(api["since"]).tzinfo is not None
    assert [one["scope"] for one in fleets] == ["fleet", "fleet"]


def test_a_cluster_is_told_with_its_rollout(
    ledger: SqlLedger, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run that upgrades a cluster's node images shows which rollout it is at, as any other run does."""
    cluster = f"{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.ContainerService/managedClusters/web"
    now = datetime.now(UTC)
    begun = ledger.begin_nodes(NodeRolloutSettings(cluster), owner="run of web", now=now, terms=ALIVE)

    told = shown(capsys, "--ledger", url)

    assert f"rollout {begun.rollout.rollout_id}" in told
