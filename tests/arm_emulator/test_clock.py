"""The world's three clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from emulated_worlds import V2, Json, Serve, world

from arm_emulator.clock import ClockError, ManualClock, RealClock, ScaledClock, clock_named

START = datetime(2024, 6, 1, tzinfo=UTC)


def test_scaled_clock_runs_as_fast_as_it_says() -> None:
    """A clock scaled by 60 makes a minute of every second of the machine."""
    ticks = iter([0.0, 100.0, 102.0])
    clock = ScaledClock(60, ticks=lambda: next(ticks))

    clock.start_at(START)

    assert clock.now() == START + timedelta(minutes=2)


def test_manual_clock_never_goes_back() -> None:
    """Moving to an instant twice, or to one in the past, changes nothing."""
    clock = ManualClock()
    clock.start_at(START)

    clock.move_to(START + timedelta(minutes=5))
    clock.move_to(START)

    assert clock.now() == START + timedelta(minutes=5)


@pytest.mark.parametrize("clock", [RealClock(), ScaledClock(2)])
def test_clocks_that_run_cannot_be_moved(clock: RealClock | ScaledClock) -> None:
    """Only the manual clock is moved by hand."""
    with pytest.raises(ClockError, match="not manual"):
        clock.move_to(START)


@pytest.mark.parametrize("word", ["real", "manual", "scaled:60", "scaled:0.5"])
def test_clock_is_named_by_its_mode(word: str) -> None:
    """The word that asks for a clock is the mode that it reports."""
    assert clock_named(word).mode == word


def test_moving_the_clock_runs_what_is_due_at_its_own_instant(serve: Serve) -> None:
    """One long step does what many short ones do: every event happens at its own instant."""
    in_one, in_many = serve(), serve()
    for emulator in (in_one, in_many):
        emulator.reimage("0", "3")

    in_one.advance(300)
    for _ in range(300):
        in_many.advance(1)

    assert in_one.instance("0") == in_many.instance("0")
    assert in_one.admin("GET", "audit")["scaleSets"] == in_many.admin("GET", "audit")["scaleSets"]


def test_clock_moves_to_an_instant_once(serve: Serve) -> None:
    """``to`` is idempotent: two callers who both wait for an instant do not add up."""
    emulator = serve()

    for _ in range(2):
        now = emulator.admin("POST", "clock", {"to": "2024-06-01T00:10:00Z"})

    assert now == {"now": "2024-06-01T00:10:00Z", "mode": "manual"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "exactly one of advance and to is needed"),
        ({"advance": 1, "to": "2024-06-01T00:10:00Z"}, "exactly one of advance and to is needed"),
        ({"advance": -1}, "advance: -1: input should be greater than or equal to 0"),
        ({"advance": "1"}, "advance: '1': input should be a valid number"),
        ({"advance": 1e300}, "advance: 1e+300: input should be less than or equal to 1000000000"),
        ({"to": "9999-12-31T00:00:00Z"}, "to: '9999-12-31T00:00:00Z' is not in the years"),
        ({"to": "noon"}, "to: 'noon' is no ISO 8601 instant"),
        ({"forward": 1}, "forward: unknown key"),
    ],
)
def test_clock_refuses_what_it_cannot_do(serve: Serve, body: Json, said: str) -> None:
    """A wrong move is refused with what would be right, and the clock stands."""
    emulator = serve()

    refused = emulator.admin("POST", "clock", body)

    assert refused["error"]["code"] == "InvalidBody"
    assert said in refused["error"]["message"]
    assert emulator.admin("GET", "clock")["now"] == "2024-06-01T00:00:00Z"


def test_clock_that_is_not_manual_refuses_to_be_moved(serve: Serve) -> None:
    """A scaled clock answers 409 and says what it is."""
    emulator = serve(clock="scaled:60")

    response = emulator.http.post("/_emulator/clock", json={"advance": 1})

    assert response.status_code == 409
    assert "scaled:60, not manual" in response.json()["error"]["message"]


def test_world_says_when_it_starts(serve: Serve) -> None:
    """``now`` of the document is the manual clock's time at load, also after a reset."""
    emulator = serve(world(now="2030-01-02T03:04:05Z"))
    before = emulator.admin("GET", "clock")["now"]

    emulator.admin("POST", "reset", world(now="2020-01-01T00:00:00Z"))

    assert [before, emulator.admin("GET", "clock")["now"]] == ["2030-01-02T03:04:05Z", "2020-01-01T00:00:00Z"]


def test_every_time_on_the_wire_is_the_worlds(serve: Serve) -> None:
    """Headers and bodies of ARM, the request log and the audit all print the world's time (R3: any day will do)."""
    emulator = serve(world(now="2030-01-02T03:04:05Z"))

    response = emulator.reimage("0", version=V2)

    assert response.headers["Date"] == "Wed, 02 Jan 2030 03:04:05 GMT"
    assert emulator.admin("GET", "requests")["log"][0]["at"] == "2030-01-02T03:04:05Z"
    assert emulator.audit()["firstSwapAt"] == "2030-01-02T03:04:05Z"
