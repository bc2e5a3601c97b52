"""What is written is what is read: events, projections, the chain, controls, and every instant in UTC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event as sqlalchemy_event

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutSettings, RolloutView
from fleetwright.domain.states import IllegalMoveError, SwapState
from fleetwright.ledger import rollout_log, views
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.rollout.ports.controls import Control, ControlKind
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.ports.ledger import Acquired

if TYPE_CHECKING:
    from tests.ledger.conftest import WallClock

TERMS = LeaseTerms(timedelta(seconds=30))
BERLIN = timezone(timedelta(hours=2))


@pytest.fixture
def acquired(ledger: SqlLedger, settings: RolloutSettings, wall: WallClock) -> Acquired:
    """A rollout that has just begun."""
    return ledger.begin(settings, owner="run-a", now=wall(), terms=TERMS)


@pytest.fixture
def append(ledger: SqlLedger, acquired: Acquired) -> Callable[..., Any]:
    """Append events to that rollout."""
    return lambda *events: ledger.append(acquired.view.rollout.rollout_id, events, lease=acquired.lease)


def accepted(at: datetime, instance_ids: list[str]) -> list[Event]:
    payload = {"instances": instance_ids, "operation_url": "https://arm/op/1", "state": "accepted"}
    sending = Event(EventKind.SENDING, at, {"instances": instance_ids})
    return [sending, Event(EventKind.ACCEPTED, at, payload)]


def test_append_returns_what_load_returns(
    ledger: SqlLedger,
    acquired: Acquired,
    append: Callable[..., Any],
    intend: Callable[..., Event],
    wall: WallClock,
) -> None:
    """The view after a write is the one a later read folds from nothing."""
    view = append(intend(0, ["0", "1"]), *accepted(wall(), ["0"]))
    assert view.swaps["0"].state is SwapState.ACCEPTED
    assert view.open_batch is not None
    assert view.open_batch.operation_urls == ("https://arm/op/1",)
    ledger._views = views.Views()
    assert ledger.load(acquired.view.rollout.rollout_id) == view


def test_illegal_move_leaves_nothing_written(
    ledger: SqlLedger,
    acquired: Acquired,
    append: Callable[..., Any],
    intend: Callable[..., Event],
    wall: WallClock,
    settings: RolloutSettings,
) -> None:
    """Of several events one of which the tables forbid, none is written."""
    before = append(intend(0, ["0"]))
    bad = Event(EventKind.SWAPPED, wall(), {"disks": {"0": "new"}, "state": "rolled back"})
    with pytest.raises(IllegalMoveError):
        append(Event(EventKind.NOTED, wall()), bad)
    assert ledger.load(acquired.view.rollout.rollout_id) == before
    assert len(ledger.list_events(settings.fleet_id)) == 2
    assert ledger.verify_chain() is None


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (Event(EventKind.SWAPPED, datetime(2024, 6, 1, tzinfo=UTC), {"disks": {"7": "new"}}), "'7'"),
        (Event(EventKind.NOTED, datetime(2024, 6, 1, tzinfo=UTC), {"x": {1, 2}}), "plain JSON"),
        (Event(EventKind.NOTED, datetime(2024, 6, 1, tzinfo=UTC), {"x": float("nan")}), "plain JSON"),
        (Event(EventKind.NOTED, datetime(2024, 6, 1), {}), "no time zone"),  # noqa: DTZ001 - what is tested
        (Event(EventKind.STARTED, datetime(2024, 6, 1, tzinfo=UTC), {}), "starts only once"),
    ],
)
def test_event_that_cannot_be_kept_is_refused(
    ledger: SqlLedger, append: Callable[..., Any], event: Event, told: str, settings: RolloutSettings
) -> None:
    """An unknown instance, a payload that is no JSON, an instant without a zone: one line, nothing written."""
    with pytest.raises(LedgerError, match=told):
        append(event)
    assert len(ledger.list_events(settings.fleet_id)) == 1


def test_appending_nothing_returns_the_view(acquired: Acquired, append: Callable[..., Any]) -> None:
    """No events are no change."""
    assert append() == acquired.view


def test_every_instant_comes_back_aware_and_in_utc(
    ledger: SqlLedger, append: Callable[..., Any], intend: Callable[..., Event], settings: RolloutSettings
) -> None:
    """An instant told in another zone is kept as the same instant in UTC, to the microsecond."""
    told = datetime(2024, 6, 1, 2, 0, 0, 123456, tzinfo=BERLIN)
    view = append(intend(0, ["0"], at=told), *accepted(told, ["0"]))
    assert view.swaps["0"].attempted_at == told
    ledger.add_control(settings.fleet_id, Control(ControlKind.CANCEL, "first operator", "lunch", told))
    instants = [
        view.swaps["0"].attempted_at,
        view.batches[0].began_at,
        *(event.happened_at for event in ledger.list_events(settings.fleet_id)),
        *(event.recorded_at for event in ledger.list_events(settings.fleet_id)),
        *(getattr(lock, name) for lock in ledger.list_locks() for name in ("taken_at", "expires_at")),
        *(control.at for control in ledger.list_controls(settings.fleet_id, since=told)),
    ]
    assert all(instant is not None and instant.tzinfo is UTC for instant in instants)


def test_rollouts_are_listed_newest_first(
    ledger: SqlLedger, settings: RolloutSettings, wall: WallClock, fleet_id: Callable[[str], str]
) -> None:
    """A fleet's history is its own, and begins with the latest."""
    ids = []
    for number in range(3):
        taken = ledger.begin(settings, owner=f"run-{number}", now=wall(), terms=TERMS)
        body = {"state": "Completed", "code": "Done", "message": "", "outcome": {"n": number}}
        ids.append(taken.view.rollout.rollout_id)
        ledger.append(ids[-1], [Event(EventKind.FINISHED, wall(), body)], lease=taken.lease)
        ledger.release(ids[-1], owner=f"run-{number}")
    other = replace(settings, fleet_id=fleet_id("Api"))
    ledger.begin(other, owner="run-x", now=wall(), terms=TERMS)
    listed = ledger.list_rollouts(settings.fleet_id.upper())
    assert [view.rollout.rollout_id for view in listed] == ids[::-1]
    assert [view.rollout.outcome["n"] for view in listed] == [2, 1, 0]


def test_held_evaluation_is_kept_but_is_no_rollout(
    ledger: SqlLedger, settings: RolloutSettings, wall: WallClock
) -> None:
    """Why nothing happened is written down with its reasons, and history stays empty."""
    ledger.record_held(settings.fleet_id, ["no tag", "no health probe"], actor="dag run 7", now=wall())
    (held,) = ledger.list_events(settings.fleet_id)
    assert (held.kind, held.rollout_id, held.actor) == (EventKind.HELD, None, "dag run 7")
    assert held.payload == {"reasons": ["no tag", "no health probe"]}
    assert ledger.list_rollouts(settings.fleet_id) == ()
    assert ledger.verify_chain() is None
    assert ledger.replay() == ()


def test_controls_are_read_back_in_order(
    ledger: SqlLedger, settings: RolloutSettings, fleet_id: Callable[[str], str], wall: WallClock
) -> None:
    """What people said since an instant, that instant included, oldest first, of this fleet alone."""
    at = wall()
    words = [
        Control(ControlKind.CANCEL, "first operator", "early", at - timedelta(seconds=1)),
        Control(ControlKind.CANCEL, "first operator", "noise", at),
        Control(ControlKind.CANCEL, "second operator", "quiet", at),
        Control(ControlKind.CANCEL, "first operator", "enough", at + timedelta(seconds=9)),
    ]
    for word in (words[3], *words[:3]):
        ledger.add_control(settings.fleet_id, word)
    ledger.add_control(fleet_id("Api"), words[3])
    assert ledger.list_controls(settings.fleet_id, since=at) == tuple(words[1:])


def test_recorded_time_is_wall_time(ledger: SqlLedger, settings: RolloutSettings, wall: WallClock) -> None:
    """Virtual time says when it happened, wall time when it was written down."""
    virtual = wall() + timedelta(days=400)
    ledger.begin(settings, owner="run-a", now=virtual, terms=TERMS)
    (started,) = ledger.list_events(settings.fleet_id)
    assert (started.happened_at, started.recorded_at) == (virtual, wall())


def test_append_writes_only_the_rows_that_changed(
    ledger: SqlLedger, append: Callable[..., Any], intend: Callable[..., Event], wall: WallClock
) -> None:
    """One instance's verdict among five hundred is its events and one swap row."""
    append(intend(0, [str(number) for number in range(500)]))
    written: list[tuple[str, int]] = []

    def see(_c: object, _u: object, statement: str, sent: list[object], _x: object, many: bool) -> None:
        if statement.startswith(("INSERT", "UPDATE")):
            written.append(
                (
                    statement.removeprefix("INSERT INTO ").removeprefix("UPDATE ").split()[0],
                    len(sent) if many else 1,
                )
            )

    sqlalchemy_event.listen(ledger._database._engine, "before_cursor_execute", see)
    append(*accepted(wall(), ["7"]))
    tables = dict(written)
    assert tables == {"locks": 1, "events": 2, "batches": 1, "swaps": 1, "heads": 1}


def test_append_folds_only_what_is_new(
    append: Callable[..., Any],
    intend: Callable[..., Event],
    wall: WallClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A long rollout is not read and folded from its beginning at every append."""
    append(intend(0, ["0"]))
    folded: list[int] = []
    fold_onto = views.fold_onto

    def count(view: RolloutView | None, events: Sequence[Event], rollout_id: str) -> RolloutView:
        folded.append(len(events))
        return fold_onto(view, events, rollout_id)

    monkeypatch.setattr(views, "fold_onto", count)
    monkeypatch.setattr(rollout_log, "fold_onto", count)
    append(*accepted(wall(), ["0"]))
    append(Event(EventKind.NOTED, wall()))
    assert folded == [2, 1]


def test_reading_another_processes_rollout_keeps_it(
    shared_url: str, settings: RolloutSettings, wall: WallClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was folded to be read is not folded again while nothing new was written."""
    taken = open_ledger(shared_url, wall_clock=wall).begin(settings, owner="run-a", now=wall(), terms=TERMS)
    reader = open_ledger(shared_url)
    first = reader.load(taken.view.rollout.rollout_id)
    monkeypatch.setattr(views, "fold_onto", None)
    assert reader.load(taken.view.rollout.rollout_id) is first


def test_kept_views_are_bounded(acquired: Acquired) -> None:
    """A process that lives for months keeps the rollouts it looked at last, not all of them."""
    kept = views.Views()
    for number in range(3 * views.KEPT_VIEWS):
        kept.keep(
            number, replace(acquired.view, rollout=replace(acquired.view.rollout, rollout_id=str(number)))
        )
    assert list(kept._kept) == [str(n) for n in range(2 * views.KEPT_VIEWS, 3 * views.KEPT_VIEWS)]


def test_view_is_of_plain_json_at_once(
    ledger: SqlLedger, acquired: Acquired, append: Callable[..., Any], wall: WallClock
) -> None:
    """What append returns holds what was written, not what was handed in: a tuple is a list from the start."""
    view = append(Event(EventKind.PLANNED, wall(), {"batches": ("0", "1")}))
    assert view.rollout.plan == {"batches": ["0", "1"]}
    ledger._views = views.Views()
    assert ledger.load(acquired.view.rollout.rollout_id) == view


def test_another_handles_events_are_folded_in(
    shared_url: str, settings: RolloutSettings, intend: Callable[..., Event], wall: WallClock
) -> None:
    """A view kept from before another process wrote is brought up to date before it is used."""
    one, two = open_ledger(shared_url, wall_clock=wall), open_ledger(shared_url, wall_clock=wall)
    taken = one.begin(settings, owner="run-a", now=wall(), terms=TERMS)
    rollout_id = taken.view.rollout.rollout_id
    two.load(rollout_id)
    one.append(rollout_id, [intend(0, ["0"])], lease=taken.lease)
    view = two.append(rollout_id, accepted(wall(), ["0"]), lease=taken.lease)
    assert view.swaps["0"].state is SwapState.ACCEPTED
    assert one.load(rollout_id) == view
    assert one.replay() == ()


def test_two_threads_share_one_ledger(
    ledger: SqlLedger,
    acquired: Acquired,
    append: Callable[..., Any],
    wall: WallClock,
    settings: RolloutSettings,
) -> None:
    """A heartbeat's thread and the rollout's own use the same object at once; nothing is lost."""
    failed: list[BaseException] = []

    def beat() -> None:
        try:
            for _ in range(60):
                ledger.check(acquired.lease)
        except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
            failed.append(error)

    beating = Thread(target=beat)
    beating.start()
    for number in range(60):
        append(Event(EventKind.NOTED, wall(), {"n": number}))
    beating.join()
    assert failed == []
    assert [event.payload["n"] for event in ledger.list_events(settings.fleet_id)[1:]] == list(range(60))
    assert ledger.verify_chain() is None


def test_settings_survive_whole(ledger: SqlLedger, settings: RolloutSettings, wall: WallClock) -> None:
    """Every field of what was asked for is there when a later run resumes."""
    asked = replace(settings, rollback=True, health_timeout_seconds=20.5, poll_seconds=0.5)
    taken = ledger.begin(asked, owner="run-a", now=wall(), terms=TERMS)
    ledger._views = views.Views()
    kept = ledger.load(taken.view.rollout.rollout_id).rollout.settings
    assert {f.name: getattr(kept, f.name) for f in fields(kept)} == {
        f.name: getattr(asked, f.name) for f in fields(asked)
    }
