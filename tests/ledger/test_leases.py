"""One owner a fleet: taking, refusing, resuming, taking back, losing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fleetwright.domain.errors import GivenBackError, HeldError, LeaseLostError, LedgerError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutSettings
from fleetwright.domain.states import RolloutState
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.ports.ledger import Acquired

if TYPE_CHECKING:
    from tests.ledger.conftest import WallClock

TERMS = LeaseTerms(timedelta(seconds=30))
JUST_EXPIRED = 30.0


@pytest.fixture
def begin(ledger: SqlLedger, settings: RolloutSettings, wall: WallClock) -> Callable[..., Acquired]:
    """Begin a rollout of the fleet ``Web`` in an owner's name."""

    def begin_as(owner: str, **changes: object) -> Acquired:
        return ledger.begin(replace(settings, **changes), owner=owner, now=wall(), terms=TERMS)

    return begin_as


@pytest.fixture
def note(wall: WallClock) -> Event:
    """An event that changes nothing but the record."""
    return Event(EventKind.NOTED, wall(), {"text": "seen"})


def finish(wall: WallClock) -> Event:
    payload = {"state": "Completed", "code": "RolloutCompleted", "message": "all upgraded", "outcome": {}}
    return Event(EventKind.FINISHED, wall(), payload)


def count_events(ledger: SqlLedger, settings: RolloutSettings) -> int:
    return len(ledger.list_events(settings.fleet_id))


def test_first_owner_starts_a_rollout_with_a_readable_id(begin: Callable[..., Acquired]) -> None:
    """A rollout's id tells the fleet and when, and its view carries owner and settings."""
    acquired = begin("run-a")
    assert acquired.view.rollout.rollout_id.startswith("web-20240601T000000Z-")
    assert acquired.view.rollout.owner == "run-a"
    assert acquired.view.rollout.settings.image == {"publisher": "Canonical"}
    assert not acquired.resumed


def test_live_holder_refuses_and_is_named(
    ledger: SqlLedger, begin: Callable[..., Acquired], wall: WallClock, settings: RolloutSettings
) -> None:
    """A second rollout is refused at once with holder, rollout, times and what to do; nothing is written."""
    first = begin("run-a")
    wall.advance(10)
    ledger.check(first.lease)
    wall.advance(29.9)
    with pytest.raises(HeldError) as refused:
        begin("run-b")
    (reason,) = refused.value.reasons
    for told in (
        "'run-a'",
        first.view.rollout.rollout_id,
        "since 2024-06-01 00:00:00Z",
        "last heartbeat 2024-06-01 00:00:10Z",
        "lease until 2024-06-01 00:00:40Z",
        "wait for it to end, or look at that run",
    ):
        assert told in reason
    assert "\n" not in reason
    assert count_events(ledger, settings) == 1


@pytest.mark.parametrize("spelled", [str.upper, str.lower, lambda text: f"{text}/"])
def test_fleet_is_one_however_its_id_is_spelled(
    begin: Callable[..., Acquired], settings: RolloutSettings, spelled: Callable[[str], str]
) -> None:
    """Azure's ids have no case: another spelling of the same id is the same fleet."""
    begin("run-a")
    with pytest.raises(HeldError):
        begin("run-b", fleet_id=spelled(settings.fleet_id))


def test_next_run_resumes_a_dead_holders_rollout(
    ledger: SqlLedger,
    begin: Callable[..., Acquired],
    wall: WallClock,
    intend: Callable[..., Event],
    settings: RolloutSettings,
) -> None:
    """After expiry the next run goes on: same id, version, settings and counts, whatever it asked for."""
    first = begin("run-a")
    rollout_id = first.view.rollout.rollout_id
    ledger.append(rollout_id, [intend(0, ["0", "1"])], lease=first.lease)
    wall.advance(JUST_EXPIRED)
    second = begin("run-b", target_version="9.9.9", rollback=True)
    assert second.resumed
    assert second.view.rollout.rollout_id == rollout_id
    assert second.view.rollout.settings == settings
    assert second.view.rollout.owner == "run-b"
    assert second.view.in_flight_ids == {"0", "1"}
    assert second.lease.token > first.lease.token
    assert [event.kind for event in ledger.list_events(settings.fleet_id)][-1] is EventKind.RESUMED


def test_released_but_unfinished_rollout_is_resumed(
    ledger: SqlLedger, begin: Callable[..., Acquired]
) -> None:
    """A lease that was given back before the end leaves a rollout that the next run goes on with."""
    first = begin("run-a")
    ledger.release(first.view.rollout.rollout_id, owner="run-a")
    second = begin("run-b")
    assert second.resumed
    assert second.view.rollout.rollout_id == first.view.rollout.rollout_id


def test_finished_rollout_is_not_resumed(
    ledger: SqlLedger, begin: Callable[..., Acquired], wall: WallClock
) -> None:
    """After the end the next run is a rollout of its own, with its own version."""
    first = begin("run-a")
    ledger.append(first.view.rollout.rollout_id, [finish(wall)], lease=first.lease)
    ledger.release(first.view.rollout.rollout_id, owner="run-a")
    second = begin("run-b", target_version="1.0.2")
    assert not second.resumed
    assert second.view.rollout.rollout_id != first.view.rollout.rollout_id
    assert second.view.rollout.settings.target_version == "1.0.2"


def test_two_fleets_do_not_hinder_each_other(
    begin: Callable[..., Acquired], fleet_id: Callable[[str], str]
) -> None:
    """A lease is of one fleet."""
    web, api = begin("run-a"), begin("run-b", fleet_id=fleet_id("Api"))
    assert web.view.rollout.rollout_id != api.view.rollout.rollout_id


def test_expired_lease_that_nobody_took_is_still_good(
    ledger: SqlLedger, begin: Callable[..., Acquired], wall: WallClock, note: Event
) -> None:
    """A holder that was silent too long but unchallenged goes on, and is alive again."""
    first = begin("run-a")
    wall.advance(3600)
    ledger.check(first.lease)
    with pytest.raises(HeldError):
        begin("run-b")
    wall.advance(3600)
    ledger.append(first.view.rollout.rollout_id, [note], lease=first.lease)
    with pytest.raises(HeldError):
        begin("run-b")


@pytest.fixture(params=["another owner took it", "it took it back", "released"])
def stale(
    request: pytest.FixtureRequest, ledger: SqlLedger, begin: Callable[..., Acquired], wall: WallClock
) -> Acquired:
    """What an owner still has in hand after its token died in one of the possible ways."""
    first = begin("run-a")
    rollout_id = first.view.rollout.rollout_id
    if request.param == "another owner took it":
        wall.advance(JUST_EXPIRED)
        begin("run-b")
    elif request.param == "it took it back":
        ledger.retake(rollout_id, owner="run-a", terms=TERMS)
    else:
        ledger.release(rollout_id, owner="run-a")
    return first


def test_stale_token_is_refused_and_nothing_is_written(
    ledger: SqlLedger, stale: Acquired, note: Event, settings: RolloutSettings
) -> None:
    """An owner that wakes up late can neither check nor write."""
    before, held = count_events(ledger, settings), ledger.list_locks()
    with pytest.raises(LeaseLostError, match="run-a"):
        ledger.check(stale.lease)
    with pytest.raises(LeaseLostError):
        ledger.append(stale.view.rollout.rollout_id, [note], lease=stale.lease)
    assert count_events(ledger, settings) == before
    assert ledger.list_locks() == held


def test_stale_owner_is_refused_even_after_the_new_one_left(
    ledger: SqlLedger, begin: Callable[..., Acquired], wall: WallClock
) -> None:
    """A token that was overtaken never becomes good again, also when the fleet is free."""
    first = begin("run-a")
    wall.advance(JUST_EXPIRED)
    second = begin("run-b")
    ledger.release(second.view.rollout.rollout_id, owner="run-b")
    with pytest.raises(LeaseLostError, match="nobody holds the fleet"):
        ledger.check(first.lease)
    with pytest.raises(LeaseLostError, match="its owner is 'run-b'"):
        ledger.retake(first.view.rollout.rollout_id, owner="run-a", terms=TERMS)


def test_lost_lease_names_the_new_holder(
    ledger: SqlLedger, begin: Callable[..., Acquired], wall: WallClock
) -> None:
    """Who lost a fleet reads who has it now."""
    first = begin("run-a")
    wall.advance(JUST_EXPIRED)
    begin("run-b")
    with pytest.raises(LeaseLostError, match=r"'run-b' holds the fleet with token 2"):
        ledger.check(first.lease)


def test_owner_takes_its_own_lease_back(
    ledger: SqlLedger, begin: Callable[..., Acquired], note: Event, wall: WallClock
) -> None:
    """The same owner retakes with a larger token, which is good, and the lock still tells since when."""
    first = begin("run-a")
    rollout_id = first.view.rollout.rollout_id
    (before,) = ledger.list_locks()
    wall.advance(5)
    lease = ledger.retake(rollout_id, owner="run-a", terms=TERMS)
    assert lease.token > first.lease.token
    ledger.check(lease)
    ledger.append(rollout_id, [note], lease=lease)
    (after,) = ledger.list_locks()
    assert after.taken_at == before.taken_at
    assert after.heartbeat_at > before.heartbeat_at


def test_same_owner_begins_again(ledger: SqlLedger, begin: Callable[..., Acquired]) -> None:
    """A task that is tried again begins in the same owner's name: its own lease is no obstacle."""
    first = begin("run-a")
    again = begin("run-a")
    assert again.view.rollout.rollout_id == first.view.rollout.rollout_id
    with pytest.raises(LeaseLostError):
        ledger.check(first.lease)
    ledger.check(again.lease)


def test_another_owner_cannot_retake(ledger: SqlLedger, begin: Callable[..., Acquired]) -> None:
    """Only the rollout's own owner takes it back."""
    first = begin("run-a")
    with pytest.raises(LeaseLostError, match="'run-a'"):
        ledger.retake(first.view.rollout.rollout_id, owner="run-b", terms=TERMS)
    ledger.check(first.lease)


def test_finished_rollout_cannot_be_retaken(
    ledger: SqlLedger, begin: Callable[..., Acquired], wall: WallClock
) -> None:
    """There is nothing to take back once a rollout has ended."""
    first = begin("run-a")
    rollout_id = first.view.rollout.rollout_id
    view = ledger.append(rollout_id, [finish(wall)], lease=first.lease)
    assert view.rollout.state is RolloutState.COMPLETED
    with pytest.raises(LeaseLostError, match="it is Completed"):
        ledger.retake(rollout_id, owner="run-a", terms=TERMS)


def test_a_fleet_that_was_given_back_is_not_retaken_by_a_late_step(
    ledger: SqlLedger, begin: Callable[..., Acquired]
) -> None:
    """R44, R55: after the last step of a run only a teardown, or one that begins anew, gets the fleet."""
    rollout_id = begin("run-a").view.rollout.rollout_id
    ledger.release(rollout_id, owner="run-a")

    with pytest.raises(GivenBackError, match="start a rollout of the fleet again"):
        ledger.retake(rollout_id, owner="run-a", terms=TERMS)
    torn_down = ledger.retake(rollout_id, owner="run-a", terms=TERMS, is_teardown=True)
    ledger.release(rollout_id, owner="run-a")
    begin("run-a")
    again = ledger.retake(rollout_id, owner="run-a", terms=TERMS)

    assert again.token > torn_down.token
    ledger.check(again)


def test_release_is_harmless_however_often_and_by_whom(
    ledger: SqlLedger, begin: Callable[..., Acquired]
) -> None:
    """Releasing again, a stranger's lease, or an unknown rollout changes nothing and raises nothing."""
    first = begin("run-a")
    rollout_id = first.view.rollout.rollout_id
    ledger.release(rollout_id, owner="run-b")
    ledger.release("no-such-rollout", owner="run-a")
    ledger.check(first.lease)
    ledger.release(rollout_id, owner="run-a")
    ledger.release(rollout_id, owner="run-a")
    assert ledger.list_locks() == ()


def test_tokens_outlive_release(ledger: SqlLedger, begin: Callable[..., Acquired]) -> None:
    """A token is never given out twice, also when no lock is left to count from."""
    tokens = []
    for owner in ("run-a", "run-b", "run-c"):
        acquired = begin(owner)
        tokens.append(acquired.lease.token)
        ledger.release(acquired.view.rollout.rollout_id, owner=owner)
    assert tokens == sorted(set(tokens))


def test_lease_of_one_fleet_does_not_write_another(
    ledger: SqlLedger, begin: Callable[..., Acquired], fleet_id: Callable[[str], str], note: Event
) -> None:
    """A good token is good for its own fleet's rollout only."""
    web, api = begin("run-a"), begin("run-a", fleet_id=fleet_id("Api"))
    with pytest.raises(LeaseLostError, match="is of fleet"):
        ledger.append(web.view.rollout.rollout_id, [note], lease=api.lease)


def test_unknown_rollout_is_named(ledger: SqlLedger) -> None:
    """A rollout that is not there is a ledger error with its id."""
    with pytest.raises(LedgerError, match="has no rollout 'web-1'"):
        ledger.load("web-1")
    with pytest.raises(LedgerError, match="has no rollout 'web-1'"):
        ledger.retake("web-1", owner="run-a", terms=TERMS)


def test_holders_of_one_mode_share_and_exclude_others(ledger: SqlLedger, wall: WallClock) -> None:
    """A lock has many holders of one mode and none of another, until the last of them is gone or dead."""
    ledger.take_lock("zone", "westeurope", "run-a", "1", TERMS)
    ledger.take_lock("zone", "westeurope", "run-b", "1", TERMS)
    with pytest.raises(HeldError, match="zone westeurope is held by 'run-a'"):
        ledger.take_lock("zone", "westeurope", "run-c", "2", TERMS)
    ledger.release_lock("zone", "westeurope", "run-a")
    with pytest.raises(HeldError, match="'run-b'"):
        ledger.take_lock("zone", "westeurope", "run-c", "2", TERMS)
    wall.advance(JUST_EXPIRED)
    ledger.take_lock("zone", "westeurope", "run-c", "2", TERMS)
    assert [(lock.holder, lock.mode) for lock in ledger.list_locks()] == [("run-c", "2")]


def test_sole_holder_may_change_its_mode(ledger: SqlLedger) -> None:
    """A holder that is alone moves from one mode to another, as from zone to zone."""
    first = ledger.take_lock("zone", "westeurope", "run-a", "1", TERMS)
    second = ledger.take_lock("zone", "westeurope", "run-a", "2", TERMS)
    assert second.token > first.token
    assert [lock.mode for lock in ledger.list_locks()] == ["2"]


def test_invented_token_is_refused(ledger: SqlLedger, begin: Callable[..., Acquired]) -> None:
    """A larger token than the newest is no better than an old one."""
    first = begin("run-a")
    with pytest.raises(LeaseLostError):
        ledger.check(Lease(first.lease.fleet_key, "run-a", first.lease.token + 1, TERMS))
