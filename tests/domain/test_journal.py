"""Events and their fold: the same events give the same rollout, and a fact told twice changes nothing."""

from __future__ import annotations

import pytest
from fleet_builders import (
    NOW,
    a_batch_to,
    accepted,
    after,
    finished,
    intended,
    judged,
    replaced,
    rollback_intended,
    sending,
    settings,
    settled,
    started,
    told,
)

from fleetwright.domain.ailments import Ailment, Sign
from fleetwright.domain.errors import FleetwrightError, LedgerError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.journal import _APPLY, fold
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import IllegalMoveError, RolloutState, SwapState

STORY = (
    started(),
    told(EventKind.PLANNED, batches=[]),
    intended(0, 3),
    sending(0, 3, now=after(1)),
    accepted(0, 3, now=after(2)),
    told(EventKind.MOVED, urls={"https://arm/op/1": "https://arm/op/1?t=2"}),
    replaced(0, now=after(10)),
    replaced(3, now=after(12)),
    judged(0, "healthy", ready_seconds=5.0, now=after(15)),
    judged(3, "unhealthy", "health is unhealthy", now=after(20)),
    rollback_intended(3, now=after(21)),
    accepted(3, url="https://arm/op/2", state="rollback accepted", now=after(22)),
    replaced(3, disk="back", state=None, now=after(30)),
    judged(3, "rolled back", now=after(40)),
    settled(0, now=after(41)),
    finished("Faulted", "Code", "why", now=after(42), versions={}),
)


def one_by_one(events: tuple[Event, ...]) -> RolloutView | None:
    """Fold events as a ledger does: one at a time, onto what was there."""
    view: RolloutView | None = None
    for event in events:
        view = fold([event], view)
    return view


# --- the story ----------------------------------------------------------------------------------------


def test_the_events_tell_the_rollout() -> None:
    """R40: who, what, when it began and ended, how and why."""
    rollout = fold(STORY).rollout

    assert (rollout.rollout_id, rollout.owner, rollout.settings) == ("r1", "somebody", settings())
    assert (rollout.started_at, rollout.ended_at) == (NOW, after(42))
    assert (rollout.state, rollout.reason_code, rollout.reason_message) == (
        RolloutState.FAULTED,
        "Code",
        "why",
    )
    assert rollout.outcome == {"versions": {}}


def test_the_events_tell_the_batch() -> None:
    """R2: members, place, reason, times, and the newest URL of every operation."""
    (batch,) = fold(STORY).batches

    assert (batch.index, batch.instance_ids, batch.zone, batch.reason) == (0, ("0", "3"), "1", "zone 1")
    assert batch.operation_urls == ("https://arm/op/1?t=2", "https://arm/op/2")
    assert (batch.began_at, batch.settled_at) == (NOW, after(41))


def test_the_events_tell_each_swap() -> None:
    """R5, R11: versions, disks, times and verdicts; the swap's disk and the restored one are kept apart."""
    well, back = fold(STORY).swaps["0"], fold(STORY).swaps["3"]

    assert (well.state, well.new_disk_id, well.ended_at) == (SwapState.HEALTHY, "/disks/new-0", after(10))
    assert (well.attempted_at, well.ready_seconds) == (after(2), 5.0)
    assert well.data_disk_ids == ("0:/disks/data-0",)
    assert (back.state, back.new_disk_id, back.restored_disk_id) == (
        SwapState.ROLLED_BACK,
        "/disks/new-3",
        "/disks/back-3",
    )
    assert (back.attempted_at, back.ended_at) == (after(22), after(30))


def test_replaying_gives_the_same_rollout() -> None:
    """The fold in one go is the fold event by event, from every point on."""
    whole = fold(STORY)

    assert one_by_one(STORY) == whole
    for cut in range(1, len(STORY)):
        assert fold(STORY[cut:], fold(STORY[:cut])) == whole


def test_every_kind_of_event_can_be_told() -> None:
    """No event that can be written is one that cannot be read."""
    assert set(_APPLY) == set(EventKind)


def test_a_fold_leaves_what_it_was_given_as_it_was() -> None:
    """A view is a value: going on from it changes nothing in it."""
    before = fold(STORY[:5])
    copy = fold(STORY[:5])
    fold(STORY[5:], before)

    assert before == copy


def test_operations_are_told_with_whom_they_carry() -> None:
    """O5: each operation keeps its instances as its URL moves; one from before they were kept may carry the whole batch."""
    begun = (started(), intended(0, 3), sending(0, 3, now=after(1)))
    news = [accepted(i, url=f"https://arm/op/{i}", now=after(2)) for i in (0, 3)]
    known = Event(news[1].kind, news[1].happened_at, {**news[1].payload, "operation_members": ["3"]})
    moved = told(EventKind.MOVED, urls={"https://arm/op/3": "https://arm/op/3?t=2"})

    batch = fold((*begun, news[0], known, moved)).open_batch

    assert batch is not None
    assert batch.operations == (("https://arm/op/0", ("0", "3")), ("https://arm/op/3?t=2", ("3",)))


@pytest.mark.parametrize(
    ("state", "words", "after_rollback"),
    [
        ("rolled back", "ill; rolled back", Ailment()),
        ("rollback failed", "ill; rollback: down", Ailment(Sign.POWER)),
    ],
)
def test_a_rollback_is_told_apart_from_what_was_suffered(
    state: str, words: str, after_rollback: Ailment
) -> None:
    """R11, C11: neither the words nor the sign of a rollback take the place of what led to it."""
    begun = (started(), intended(0), sending(0), accepted(0), replaced(0))
    bad = judged(0, "unhealthy", "ill", suffered={"sign": "health"})
    ending = judged(0, state, "down", suffered=after_rollback.to_dict())

    swap = fold((*begun, bad, rollback_intended(0), ending)).swaps["0"]

    assert (swap.verdict_reason, swap.suffered, swap.after_rollback) == (
        words,
        Ailment(Sign.HEALTH),
        after_rollback,
    )


def test_a_verdict_from_before_signs_has_none() -> None:
    """R2: an older ledger goes on being read; its verdicts prove nothing."""
    view = fold((started(), *a_batch_to((0, "unhealthy"))))

    assert view.swaps["0"].suffered == Ailment()


# --- order --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [kind for kind in EventKind if kind is not EventKind.STARTED])
def test_nothing_comes_before_the_start(kind: EventKind) -> None:
    """The first event of a rollout is its start; anything else names itself in the error."""
    with pytest.raises(LedgerError) as caught:
        fold([told(kind)])

    assert "must begin with" in str(caught.value)
    assert kind.value in str(caught.value)


@pytest.mark.parametrize("events", [[settled(0)], [started(), intended(0), replaced(0)]])
def test_an_error_speaks_in_words(events: list[Event]) -> None:
    """An error is one line for people: 'rollout started', and not <EventKind.STARTED: 'rollout started'>."""
    with pytest.raises(FleetwrightError) as caught:
        fold(events)

    assert "<" not in str(caught.value)


def test_no_events_are_no_rollout() -> None:
    """An empty record is an error, not an empty rollout."""
    with pytest.raises(LedgerError, match="there are no events"):
        fold([])


@pytest.mark.parametrize(
    "events",
    [
        (accepted(0),),
        (sending(0), replaced(0)),
        (sending(0), accepted(0), judged(0, "rolled back")),
        (sending(0), accepted(0), sending(0)),
        (sending(0), accepted(0), told(EventKind.REFUSED, instances=["0"], reason="no")),
        (sending(0), accepted(0), judged(0, "healthy"), rollback_intended(0)),
        (sending(0), accepted(0), judged(0, "unhealthy"), judged(0, "healthy")),
    ],
    ids=[
        "accepted unsent", "replaced unaccepted", "rolled back unasked", "sent twice", "refused late",
        "rollback of a healthy one", "verdict changed",
    ],
)  # fmt: skip
def test_an_event_that_contradicts_the_tables_is_refused(events: tuple[Event, ...]) -> None:
    """R11, R49: what the tables do not allow raises instead of being believed."""
    with pytest.raises(IllegalMoveError):
        fold((started(), intended(0), *events))


def test_a_refused_call_leaves_the_instance_to_a_later_batch() -> None:
    """R13: what Azure refused is intended again, in a batch of its own."""
    refused = told(EventKind.REFUSED, instances=["0"], reason="Conflict")
    view = fold((started(), intended(0), refused, settled(0), intended(0, index=1)))

    assert (view.swaps["0"].state, view.swaps["0"].batch_index) == (SwapState.INTENDED, 1)
    assert view.swapped_ids == {"0"}


# --- facts told twice ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "index",
    [pytest.param(i, id=f"{i} {event.kind}") for i, event in enumerate(STORY)],
)
def test_a_fact_that_is_told_again_a_moment_later_changes_nothing(index: int) -> None:
    """A step that was cut off between the act and the record tells it again: the rollout stays as it was."""
    event = STORY[index]
    again = Event(event.kind, after(1000), event.payload)
    before = fold(STORY[: index + 1])
    if event.kind is EventKind.ROLLBACK_INTENDED:
        assert before.swaps["3"].ended_at is None

    assert fold([again], before) == before


def test_health_time_runs_from_the_first_time_the_end_was_seen() -> None:
    """R10: a second look at the same new disk does not begin the five minutes again."""
    view = fold((started(), intended(0), sending(0), accepted(0), replaced(0, now=after(10))))

    assert fold([replaced(0, now=after(99))], view).swaps["0"].ended_at == after(10)


def test_a_rollback_has_health_time_of_its_own() -> None:
    """C11: with the intent to roll back the times of the swap are over."""
    swap = fold(STORY[:11]).swaps["3"]

    assert (swap.state, swap.attempted_at, swap.ended_at) == (SwapState.ROLLBACK_INTENDED, None, None)
    assert swap.new_disk_id == "/disks/new-3"


def test_a_batch_that_is_settled_again_leaves_the_next_one_open() -> None:
    """R2: the end of batch 1, told again after batch 2 began, does not end batch 2."""
    view = fold((started(), *a_batch_to((0, "healthy")), settled(0), intended(1, index=1), settled(0)))

    assert view.open_batch is not None
    assert view.open_batch.index == 1


@pytest.mark.parametrize("verdict", ["healthy", "unhealthy"])
def test_an_instance_is_never_intended_twice(verdict: str) -> None:
    """R49: a swap that was done is no intent again: one swap an instance and rollout, by the table."""
    with pytest.raises(IllegalMoveError):
        fold((started(), *a_batch_to((0, verdict)), settled(0), intended(0, index=1)))


def test_a_rollout_that_ended_begins_no_batch() -> None:
    """R12: nothing moves on from the end of a rollout."""
    with pytest.raises(IllegalMoveError):
        fold((started(), finished("Faulted"), intended(0)))


def test_a_rollout_that_ended_one_way_does_not_end_another_way() -> None:
    """R12: completed and then faulted is a contradiction, and is refused as one."""
    with pytest.raises(IllegalMoveError):
        fold((started(), finished("Completed"), finished("Faulted")))


# --- the rest -----------------------------------------------------------------------------------------


def test_a_resumed_rollout_has_a_new_owner_and_is_otherwise_the_same() -> None:
    """Resuming changes who carries it on: id, version and counts stay."""
    before = fold(STORY[:9])
    resumed = fold([told(EventKind.RESUMED, owner="somebody else")], before)

    assert resumed.rollout.owner == "somebody else"
    assert (resumed.rollout.rollout_id, resumed.batches, resumed.swaps) == (
        before.rollout.rollout_id,
        before.batches,
        before.swaps,
    )


def test_a_decided_ending_is_remembered_until_it_is_carried_out() -> None:
    """R12: whoever resumes a rollout knows that its end was decided."""
    ending = {"state": "Faulted", "code": "Code", "message": "why"}
    rollout = fold((started(), told(EventKind.DECIDED, **ending))).rollout

    assert (rollout.decided, rollout.state) == (ending, RolloutState.ROLLING_FORWARD)


@pytest.mark.parametrize("kind", [EventKind.NOTED, EventKind.HELD])
def test_a_note_changes_no_state(kind: EventKind) -> None:
    """What is only worth remembering leaves the rollout as it was."""
    before = fold(STORY[:5])

    assert fold([told(kind, text="by the way")], before) == before


def test_a_fatal_verdict_is_remembered() -> None:
    """R5: why one instance alone stops the rollout stands in its record."""
    view = fold((*STORY[:9], judged(3, "unhealthy", "data disk lost", fatal="data disk lost")))

    assert view.swaps["3"].fatal == "data disk lost"


def test_an_adopted_call_has_no_url() -> None:
    """Seen at work without an answer: accepted, and nothing to poll."""
    view = fold((started(), intended(0), sending(0), accepted(0, url="")))

    assert (view.swaps["0"].state, view.open_batch.operation_urls) == (SwapState.ACCEPTED, ())


def test_a_batch_with_an_instance_in_flight_is_not_over() -> None:
    """R11: whoever settles too early, a cleared task for instance, loses no verdict and no rollback."""
    with pytest.raises(IllegalMoveError, match="batch 1 is not over: 0 have no verdict yet"):
        fold((started(), intended(0), sending(0), accepted(0), settled(0)))
