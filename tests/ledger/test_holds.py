"""Holds in the ledger: who held what, when and why, and who released it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.ledger.store import SqlLedger, open_ledger

if TYPE_CHECKING:
    from tests.ledger.conftest import WallClock


def test_a_hold_is_kept_with_who_when_and_why(ledger: SqlLedger, wall: WallClock) -> None:
    """What a person holds is held until they release it, and stays in the ledger with both their words."""
    hold = Hold(HoldSubject.PHASE, "phase_1_europe", "ann", "a trade fair", wall())
    ledger.add_hold(hold)
    held = ledger.list_holds()
    later = wall() + timedelta(hours=2)
    ended = ledger.release_holds(hold.subject, hold.name, actor="bob", reason="it is over", at=later)

    assert (held, ended, ledger.list_holds()) == ((hold,), 1, ())
    assert ledger.list_holds(with_released=True) == (
        Hold(hold.subject, hold.name, "ann", "a trade fair", hold.at, "bob", "it is over", later),
    )


def test_holding_twice_is_harmless(ledger: SqlLedger, wall: WallClock) -> None:
    """The first word stays in force; a second one writes nothing, and is told what is in force."""
    first = Hold(HoldSubject.FLEET, "/a", "ann", "a fair", wall())
    second = Hold(HoldSubject.FLEET, "/a", "bob", "another", wall() + timedelta(minutes=1))

    assert ledger.add_hold(first) == first
    assert ledger.add_hold(second) == first
    assert ledger.list_holds(with_released=True) == (first,)


def test_only_what_is_named_is_released(ledger: SqlLedger, wall: WallClock) -> None:
    """A release ends the holds of one thing, and is no release of what was held again later."""
    for name in ("1.0.1", "1.0.2"):
        ledger.add_hold(Hold(HoldSubject.VERSION, name, "ann", "wait", wall()))
    word = {"actor": "bob", "reason": "go", "at": wall()}

    assert ledger.release_holds(HoldSubject.VERSION, "1.0.1", **word) == 1
    assert ledger.release_holds(HoldSubject.VERSION, "1.0.1", **word) == 0
    assert ledger.release_holds(HoldSubject.PHASE, "1.0.2", **word) == 0
    assert [hold.name for hold in ledger.list_holds()] == ["1.0.2"]
    ledger.add_hold(Hold(HoldSubject.VERSION, "1.0.1", "ann", "again", wall()))
    assert [hold.name for hold in ledger.list_holds()] == ["1.0.2", "1.0.1"]


def test_another_process_sees_a_hold(shared_url: str, wall: WallClock) -> None:
    """A hold is in the ledger before the command returns, for every process that looks."""
    one, other = open_ledger(shared_url), open_ledger(shared_url)
    one.add_hold(Hold(HoldSubject.FLEET, "/a", "ann", "a fair", wall()))

    assert [hold.name for hold in other.list_holds()] == ["/a"]
    one.close()
    other.close()
