"""Rollouts of fleets with maintenance windows: automatic ones begin batches inside of them only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from rehearsals import Admin, Rehearsal, eventful
from worlds import FLEET_ID, START, rolling_policy, world

from fleetwright.domain.errors import HeldError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import RolloutState
from fleetwright.domain.windows import parse_windows
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout.cancelling import request_cancel
from fleetwright.rollout.validate import examine

Rehearse = Callable[..., Rehearsal]

BEGAN = datetime.fromisoformat(START)  # a Saturday
QUICK = {"swap": 4, "boot": 2, "extension": 2, "health": 2}
LATER = "Sat 02:00-03:00 UTC"
CLOSED = (
    "its maintenance window (Sat 02:00-03:00 UTC) closed at Sat 2024-05-25 03:00 UTC, "
    "opens Sat 2024-06-01 02:00 UTC"
)


def tagged(window: str, *, pause: str = "PT0S", **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - as ``world`` takes them
    """A set of five with a window."""
    tags = {"fleetwright": "enabled", "fleetwright-window": window}
    policy = rolling_policy(pauseTimeBetweenBatches=pause)
    return world(5, 0, timings=QUICK, updateDomains=1, tags=tags, policy=policy, **rest)


def staged(rehearse: Rehearse, document: dict[str, Any], *happenings: Any) -> Rehearsal:  # noqa: ANN401 - as ``eventful`` takes them
    """A rehearsal in which things happen at instants of its clock."""
    return rehearse(document, clock=eventful(*happenings))


def after(hours: float = 0, minutes: float = 0) -> float:
    """Seconds after the world's start."""
    return timedelta(hours=hours, minutes=minutes).total_seconds()


def began(view: RolloutView) -> Sequence[datetime]:
    """When each batch began."""
    return [batch.began_at for batch in view.batches if batch.began_at is not None]


def test_an_automatic_rollout_waits_for_its_window(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is swapped before the window opens; while it waits the log says when that is (N6)."""
    caplog.set_level(logging.INFO, "fleetwright.rollout")
    rehearsal = rehearse(tagged(LATER))

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.COMPLETED
    assert min(began(view)) == BEGAN + timedelta(hours=2)
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count(f"no further batch begins: {CLOSED}") == 1
    assert rehearsal.admin.violations() == []


def test_a_window_that_closes_stops_the_next_batch(rehearse: Rehearse) -> None:
    """The batch under way is finished, the next one begins when the window opens again (N6)."""
    windows = "Sat 00:00-00:02 UTC; Sat 04:00-04:02 +02:00; Sat 03:00-24:00 UTC"
    rehearsal = rehearse(tagged(windows, pause="PT1M"))

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.COMPLETED
    assert len(began(view)) == 5
    assert all(parse_windows(windows).contains(instant) for instant in began(view))
    assert {instant.hour for instant in began(view)} == {0, 2, 3}
    assert all(batch.settled_at is not None for batch in view.batches)
    assert rehearsal.admin.violations() == []


def test_a_rollout_by_hand_is_warned_and_goes_on(rehearse: Rehearse) -> None:
    """Who starts a rollout by hand outside of the window is told in the plan, and nothing waits."""
    rehearsal = rehearse(tagged(LATER))

    view = rehearsal.run(trigger="manual")

    assert view.rollout.state is RolloutState.COMPLETED
    assert max(began(view)) < BEGAN + timedelta(minutes=10)
    assert f"{CLOSED}; a rollout by hand does not wait for it" in view.rollout.plan["notes"]


def test_an_open_window_is_no_news(rehearse: Rehearse) -> None:
    """Inside of its window a fleet is rolled out as any other, without a word about it."""
    view = rehearse(tagged("daily 00:00-01:00 UTC")).run()

    assert view.rollout.state is RolloutState.COMPLETED
    assert not [note for note in view.rollout.plan["notes"] if "window" in note]


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_a_window_that_cannot_be_read_is_never_open(rehearse: Rehearse, trigger: str) -> None:
    """An automatic rollout is held with the tag's mistake; a person is warned of it, and may go on."""
    rehearsal = rehearse(tagged("weekends"))
    told = (
        "its maintenance window is never open: tag fleetwright-window: 'weekends' is no maintenance window, "
        "such as Sat,Sun 22:00-04:00 +02:00; daily 01:00-05:00 UTC"
    )

    if trigger == "manual":
        notes = rehearsal.run(trigger=trigger).rollout.plan["notes"]
        assert f"{told}; a rollout by hand does not wait for it" in notes
    else:
        with pytest.raises(HeldError) as held:
            rehearsal.run(trigger=trigger)
        assert held.value.reasons == (told,)
        assert rehearsal.admin.mutating() == 0


def test_a_changed_tag_counts_for_whoever_waits(rehearse: Rehearse) -> None:
    """A person who widens the window sees the rollout go on within a quarter of an hour."""

    def open_it(admin: Admin) -> None:
        admin.patch({"tags": {"fleetwright": "enabled", "fleetwright-window": "daily 00:00-24:00 UTC"}})

    rehearsal = staged(rehearse, tagged(LATER), (after(minutes=30), open_it))

    view = rehearsal.run()

    assert BEGAN + timedelta(minutes=30) <= min(began(view)) <= BEGAN + timedelta(minutes=45)


def test_a_tag_that_breaks_in_mid_rollout_stops_it_until_it_is_mended(rehearse: Rehearse) -> None:
    """What cannot be read any more is closed: no batch begins until somebody has mended it."""

    def write(value: str) -> Callable[[Admin], None]:
        return lambda admin: admin.patch({"tags": {"fleetwright": "enabled", "fleetwright-window": value}})

    said = ((after(minutes=1), write("daily")), (after(hours=1), write("daily 00:00-24:00 UTC")))
    rehearsal = staged(rehearse, tagged("daily 00:00-24:00 UTC", pause="PT30S"), *said)

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.COMPLETED
    span = (BEGAN + timedelta(minutes=2), BEGAN + timedelta(hours=1))
    assert not [instant for instant in began(view) if span[0] <= instant < span[1]]


def test_a_cancel_ends_the_wait_for_a_window(rehearse: Rehearse) -> None:
    """A rollout that waits for its window may be cancelled; that is seen within a minute (N12)."""

    def cancel(_admin: Admin) -> None:
        ledger = open_ledger(rehearsal.ledger_url)
        at = BEGAN + timedelta(minutes=10)
        request_cancel(ledger, FLEET_ID.lower(), actor="bob", reason="not today", now=at)
        ledger.close()

    rehearsal = staged(rehearse, tagged(LATER), (after(minutes=10), cancel))

    view = rehearsal.run()

    assert view.rollout.ended_at is not None
    assert view.rollout.ended_at <= BEGAN + timedelta(minutes=11)
    assert (view.batches, view.rollout.reason_message) == ((), "cancelled by bob: not today")


def test_a_hold_and_a_window_are_both_waited_for(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """A window that opens while a person holds the fleet opens nothing; each end is told by itself."""
    caplog.set_level(logging.INFO, "fleetwright.rollout")

    def say(deed: Callable[[Any], object]) -> Callable[[Admin], None]:
        def said(_admin: Admin) -> None:
            ledger = open_ledger(rehearsal.ledger_url)
            deed(ledger)
            ledger.close()

        return said

    word: dict[str, Any] = {"actor": "bob", "reason": "over", "at": BEGAN}
    hold = say(
        lambda ledger: ledger.add_hold(Hold(HoldSubject.FLEET, FLEET_ID.lower(), "ann", "a fair", BEGAN))
    )
    release = say(lambda ledger: ledger.release_holds(HoldSubject.FLEET, FLEET_ID.lower(), **word))
    said = ((after(hours=1), hold), (after(hours=2.5), release))
    rehearsal = staged(rehearse, tagged(LATER), *said)

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.COMPLETED
    assert min(began(view)) >= BEGAN + timedelta(hours=2.5)
    told = [
        line for line in (r.getMessage() for r in caplog.records) if line.startswith("no longer in the way: ")
    ]
    assert ["window" in line for line in told] == [True, False]


def test_a_plan_says_when_its_window_opens(rehearse: Rehearse) -> None:
    """The plan of an automatic rollout outside of the window says that it would wait."""
    from rehearsals import asked

    validated = examine(rehearse(tagged(LATER)).ports(), asked())

    (note,) = [warning for warning in validated.warnings if "window" in warning]
    assert note == f"{CLOSED}: no batch begins before"
