"""Runs that must not touch anything: held fleets, and everything that can be wrong with what was asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import ParamValidationError
from airflow_runs import Ran
from small_worlds import Emulated, world

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.ledger.store import open_ledger
from fleetwright_demo.layout import free_port

RollOut = Callable[..., Ran]
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
SET = "/resourceGroups/demo/providers/Microsoft.Compute/virtualMachineScaleSets/"


def opted_out_and_pinned() -> dict[str, Any]:
    """A set that three rules hold: not ours, pinned to a version, nothing that tells health."""
    document = world()
    resource = document["scaleSets"][0]["resource"]
    resource["tags"] = {}
    profile = resource["properties"]["virtualMachineProfile"]
    profile["storageProfile"]["imageReference"]["version"] = "18.04.202401010"
    profile["extensionProfile"]["extensions"] = []
    return document


def failed_at_validate(ran: Ran) -> str:
    """The one line with which the first task failed; everything after it did not run."""
    assert ran.state == "failed"
    assert ran.tasks["validate"] == "failed"
    ran_on = {name for name, state in ran.tasks.items() if state not in {"failed", "upstream_failed"}}
    assert ran_on <= {"release_lease"}
    error = ran.errors["validate"]
    assert "\n" not in error
    return error


def test_a_held_fleet_is_not_touched_and_every_reason_is_told(
    emulator: Emulated, roll_out: RollOut, ledger_url: str
) -> None:
    """R4, R15, R16: no mutating call, each reason in the log on a line of its own and in the ledger."""
    fleet = emulator.serve(opted_out_and_pinned())

    ran = roll_out(fleet)

    told = [line for line in ran.log if line.startswith("held: ")]
    assert len(told) == 3
    assert "opted out" in told[0]
    assert "R15" in told[1]
    assert "R16" in told[2]
    assert emulator.mutating_calls() == 0
    (held,) = open_ledger(ledger_url).list_events(parse_fleet_id(fleet).key)
    assert held.kind == "held"
    assert len(held.payload["reasons"]) == 3


def test_a_hold_is_no_failure(emulator: Emulated, roll_out: RollOut) -> None:
    """Nothing of a held run is red, no task but the first one ran, and no task has an error."""
    fleet = emulator.serve(opted_out_and_pinned())

    ran = roll_out(fleet)

    assert set(ran.tasks.values()) == {"skipped"}
    assert ran.errors == {}


def test_a_fleet_that_does_not_exist_is_named(emulator: Emulated, roll_out: RollOut) -> None:
    """An id of the right form that Azure does not know fails the first task with that id; nothing is changed."""
    emulator.serve(world())

    error = failed_at_validate(roll_out(f"{SUBSCRIPTION}{SET}nothere"))

    assert f"{SUBSCRIPTION}{SET}nothere" in error
    assert "not found" in error
    assert emulator.mutating_calls() == 0


@pytest.mark.parametrize(
    "fleet",
    [
        "",
        "web",
        f"{SUBSCRIPTION}/resourceGroups/demo",
        f"{SUBSCRIPTION}{SET}",
        f"{SUBSCRIPTION}{SET}web/extra",
    ],
)
def test_a_malformed_fleet_id_never_becomes_a_run(emulator: Emulated, roll_out: RollOut, fleet: str) -> None:
    """What is no scale set's id is refused by the form: no run, no call, and the refusal names field and value."""
    emulator.serve(world())

    with pytest.raises(
        ParamValidationError, match=f"Invalid input for param fleet: {re.escape(repr(fleet))}"
    ):
        roll_out(fleet)

    assert emulator.calls() == []


def test_a_version_that_does_not_exist_is_named(emulator: Emulated, roll_out: RollOut) -> None:
    """The error names the version, the image, and the newest version that there is."""
    fleet = emulator.serve(world())

    error = failed_at_validate(roll_out(fleet, version="18.04.209901010"))

    assert "18.04.209901010" in error
    assert "the newest there is 18.04.202402010" in error
    assert emulator.mutating_calls() == 0


def test_a_set_without_instances_is_named(emulator: Emulated, roll_out: RollOut) -> None:
    """Zero instances are bad input, not a success."""
    fleet = emulator.serve(world(0))

    assert f"scale set {fleet} has no instances" in failed_at_validate(roll_out(fleet))


def test_a_refused_token_is_named(
    emulator: Emulated, roll_out: RollOut, connect: Callable[..., None]
) -> None:
    """401: the error names the endpoint and what to do, and not the token."""
    fleet = emulator.serve({**world(), "tokens": {"good": ["another-token"]}})
    connect(emulator.url, extra={"token": "a-token-that-is-refused"})

    error = failed_at_validate(roll_out(fleet))

    assert f"{emulator.url} refused the token" in error
    assert "a-token-that-is-refused" not in error


def test_an_endpoint_that_does_not_answer_is_named(
    emulator: Emulated, roll_out: RollOut, connect: Callable[..., None]
) -> None:
    """Nobody listens: the error names the address and asks whether it is right."""
    fleet = emulator.serve(world())
    nobody = f"http://127.0.0.1:{free_port()}"
    connect(nobody, extra={"token": "some-token"})

    error = failed_at_validate(roll_out(fleet))

    assert f"{nobody} does not answer" in error


def test_a_connection_of_another_subscription_is_refused(
    emulator: Emulated, roll_out: RollOut, connect: Callable[..., None]
) -> None:
    """A fleet of another subscription than the connection's ends before any call, naming both."""
    fleet = emulator.serve(world())
    other = "99999999-0000-0000-0000-000000000009"
    connect(emulator.url, extra={"token": "some-token", "subscription_id": other})

    error = failed_at_validate(roll_out(fleet))

    assert other in error
    assert "00000000-0000-0000-0000-000000000001" in error
    assert emulator.calls() == []


def test_a_connection_that_is_missing_is_named(
    emulator: Emulated, roll_out: RollOut, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the connection the first task fails and names the connection's id."""
    fleet = emulator.serve(world())
    monkeypatch.delenv("AIRFLOW_CONN_AZURE_RM_DEFAULT")

    assert "azure_rm_default" in failed_at_validate(roll_out(fleet))


def test_a_ledger_that_cannot_be_opened_is_named(
    emulator: Emulated, roll_out: RollOut, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A ledger in a folder that does not exist fails the first task with the folder, and makes no folder."""
    fleet = emulator.serve(world())
    folder = tmp_path / "no" / "such"
    monkeypatch.setenv("FLEETWRIGHT_LEDGER_URL", f"sqlite:///{folder / 'ledger.db'}")

    error = failed_at_validate(roll_out(fleet))

    assert str(folder) in error
    assert not folder.exists()
    assert emulator.mutating_calls() == 0


@pytest.mark.parametrize("wrong", ["version", "instances", "fleet", "token", "ledger"])
def test_what_no_retry_can_mend_is_tried_once(
    wrong: str,
    emulator: Emulated,
    roll_out: RollOut,
    connect: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """What only a person can mend is red at once, not after three retries with pauses between them."""
    document = world(0 if wrong == "instances" else 2)
    fleet = emulator.serve({**document, "tokens": {"good": ["good"]}} if wrong == "token" else document)
    if wrong == "token":
        connect(emulator.url, extra={"token": "refused"})
    if wrong == "ledger":
        monkeypatch.setenv("FLEETWRIGHT_LEDGER_URL", f"sqlite:///{tmp_path / 'none' / 'ledger.db'}")

    ran = roll_out(
        f"{fleet}-gone" if wrong == "fleet" else fleet,
        version="18.04.209901010" if wrong == "version" else "latest",
    )

    failed_at_validate(ran)
    assert ran.tries["validate"] == 1
