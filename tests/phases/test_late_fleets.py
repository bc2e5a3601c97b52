"""Fleets that no phase takes with it any more: when their rollouts begin, and why not, over HTTP in virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rehearsals import EXPIRY, asked
from travel_fixtures import Keep
from vigils import AT_ONCE, HALF_HOUR, Vigil
from voyages import IMAGE_KEY, MINUTE, NORTH, fleet_id, published, scale_set, sea
from worlds import NEW, NEWER, OLD, Json, sick

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.quarantine import Quarantined
from fleetwright.domain.seen_images import WatchTimes
from fleetwright.phases.watch.watching import Look
from fleetwright.rollout.validate import validate

MONTHLY = WatchTimes()
LATE = fleet_id("late")


def keep_watch(vigil: Keep, *more: dict[str, Any], times: WatchTimes = AT_ONCE, **options: Json) -> Vigil:
    """A world in which NEW has gone through every phase, while the set `late` was not ours."""
    late = scale_set("late", tags={}, **options)
    watch = vigil(sea(scale_set("web"), late, *more), times=times)
    watch.sail(published(NEW))
    watch.admin.fleet_id = LATE
    return watch


def enable(watch: Vigil, **tags: str) -> None:
    """The owner opts in."""
    watch.admin.patch({"tags": {"fleetwright": "enabled", **tags}})


def late_words(found: Look) -> str:
    """What a look said about late fleets."""
    return "\n".join(map(str, found.late))


def test_a_freshly_enabled_fleet_gets_what_its_phase_has_proven(vigil: Keep) -> None:
    """Nobody does anything: the version that succeeded in its phase is rolled out, with the reason (R1, R29, O3)."""
    watch = keep_watch(vigil)
    enable(watch)

    found = watch.look()

    (start,) = found.starts
    assert (start.fleet_id, start.version, start.phase) == (LATE, NEW, "phase_0_westeurope")
    assert f"{NEW} has succeeded in phase_0_westeurope, 3 of 3 instances are behind it" in start.reason
    assert "late: started" in late_words(found)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(enabled_at=st.integers(0, 59 * 60))
def test_the_first_rollout_comes_within_three_hours(vigil: Keep, enabled_at: int) -> None:
    """Whenever a set is enabled between two looks, on a moved clock: not at once, and within three hours (R29, N6)."""
    watch = keep_watch(vigil, times=MONTHLY)
    watch.look()
    watch.clock.wait_until(watch.clock.now() + timedelta(seconds=enabled_at))
    enabled = watch.clock.now()
    enable(watch)
    watch.clock.wait_until(enabled + HALF_HOUR - timedelta(seconds=enabled_at % 1800))

    when = watch.watch_until(enabled + timedelta(hours=4))

    assert 120 * MINUTE <= when[LATE] - enabled <= 180 * MINUTE


def test_the_first_fleet_of_an_image_is_in_time_as_well(vigil: Keep) -> None:
    """Nobody used the image before: its version is announced within the hour of the enabling, to its phase (R1, R29, C16)."""
    watch = vigil(sea(scale_set("late", tags={})), times=MONTHLY)
    watch.look()
    watch.clock.wait_until(watch.clock.now() + timedelta(minutes=7))
    watch.admin.fleet_id, enabled = LATE, watch.clock.now()
    enable(watch)
    watch.clock.wait_until(enabled + timedelta(minutes=23))
    when = watch.watch_until(enabled + timedelta(hours=3))
    assert when[published(NEW).key] - enabled <= 60 * MINUTE


def test_a_fleet_that_boots_another_image_now_begins_anew(vigil: Keep) -> None:
    """What a rollout of another image came to says nothing about the version of this one (R1)."""
    watch = keep_watch(vigil)
    enable(watch)
    ports = watch.ports()
    others = validate(ports, asked(fleet_id=LATE), actor="first")
    of_another = replace(others.settings, image={"publisher": "a", "offer": "b", "sku": "c"})
    begun = ports.ledger.begin(of_another, owner="first", now=watch.clock.now(), terms=EXPIRY)
    over = Event(
        EventKind.FINISHED,
        watch.clock.now(),
        {"state": "Completed", "code": "", "message": "", "outcome": {}},
    )
    ports.ledger.append(begun.view.rollout.rollout_id, [over], lease=begun.lease)
    assert len(watch.look().starts) == 1


def test_opting_out_and_in_again_starts_the_clock_anew(vigil: Keep) -> None:
    """The two hours count from the latest opting in (R4, R29, O3)."""
    watch = keep_watch(vigil, times=MONTHLY)
    enable(watch)
    watch.look()
    watch.clock.wait_until(watch.clock.now() + timedelta(minutes=90))
    watch.admin.patch({"tags": {"fleetwright": "no"}})
    watch.look()
    enable(watch)
    again = watch.clock.now()
    watch.look()

    watch.clock.wait_until(again + timedelta(minutes=90))
    found = watch.look()

    assert found.starts == ()
    assert "waits until" in late_words(found)


def test_a_fleet_on_the_version_is_looked_at_once(vigil: Keep) -> None:
    """A set that is on the newest version already waits for a new image, and costs no call from then on (N6)."""
    watch = keep_watch(vigil, imageVersion=NEW)
    enable(watch)

    first = watch.look()
    before = watch.asked()
    second = watch.look()

    assert (first.late, second.late) == ((), ())
    assert not any("/virtualMachines" in call for call in watch.asked()[len(before) :])


def test_fleets_that_a_phase_upgraded_cost_nothing(vigil: Keep) -> None:
    """What a phase brought a fleet stands in the ledger: nobody is asked (N6)."""
    watch = keep_watch(vigil)
    before = watch.asked()
    found = watch.look()
    assert found.late == ()
    assert not any("/virtualMachines" in call for call in watch.asked()[len(before) :])


def test_nothing_is_proven_before_the_phase_has_succeeded(vigil: Keep) -> None:
    """A fleet of a region whose phase has not succeeded waits for its phase (R45)."""
    watch = vigil(sea(scale_set("web"), scale_set("api", NORTH)))
    watch.sail(published(NEW))
    watch.publish(NEWER)
    assert watch.look().late == ()


def test_only_ten_begin_at_once(vigil: Keep) -> None:
    """No more than the limit at one look; the others say that they wait (R1)."""
    watch = keep_watch(vigil, *(scale_set(f"s{i}", n=1, tags={}) for i in range(3)))
    watch.times = WatchTimes(timedelta(minutes=30), timedelta(), timedelta(), late_starts=2)
    for name in ("s0", "s1", "s2"):
        watch.admin.fleet_id = fleet_id(name)
        enable(watch)

    found = watch.look()

    assert len(found.starts) == 2
    assert late_words(found).endswith(
        "wait for the next look: 2 rollouts of late fleets begin at this one, and no more at once"
    )


def test_what_a_person_held_does_not_begin(vigil: Keep) -> None:
    """A held version, phase or fleet begins nothing, and it is said who holds it and why (R1)."""
    watch = keep_watch(vigil)
    enable(watch)
    ledger, now = watch.watch_ports().ledger, watch.clock.now()
    names = {
        HoldSubject.VERSION: f"{IMAGE_KEY}|{NEW}",
        HoldSubject.PHASE: "phase_0_westeurope",
        HoldSubject.FLEET: LATE.lower(),
    }
    for subject, name in names.items():
        ledger.add_hold(Hold(subject, name, "ann", "a fair", now))
        held = watch.look()
        ledger.release_holds(subject, name, actor="ann", reason="over", at=now)
        assert (held.starts, "a fair" in late_words(held)) == ((), True), subject
    assert len(watch.look().starts) == 1


def test_a_closed_window_holds_the_start_back(vigil: Keep) -> None:
    """A fleet with a maintenance window begins within it, and is told when that is (R1, N6)."""
    watch = keep_watch(vigil)
    enable(watch, **{"fleetwright-window": "daily 03:00-04:00 UTC"})

    closed = watch.look()
    watch.clock.wait_until(watch.clock.now().replace(hour=3, minute=30))
    opened = watch.look()

    assert (closed.starts, len(opened.starts)) == ((), 1)
    assert "maintenance window" in late_words(closed)


def test_a_quarantined_version_begins_nowhere(vigil: Keep) -> None:
    """A version that did harm later on is not brought to fleets that lack it (R45)."""
    watch = keep_watch(vigil)
    enable(watch)
    now = watch.clock.now()
    watch.watch_ports().ledger.quarantine(
        Quarantined(IMAGE_KEY, NEW, now, "r-1", fleet_id("web"), "Failed", "ill")
    )
    found = watch.look()
    assert found.starts == ()
    assert "quarantined" in late_words(found)


def test_a_rollout_that_stopped_is_for_a_person(vigil: Keep) -> None:
    """What faulted on the fleet is not tried again every half an hour (R12)."""
    late = scale_set("late", tags={})
    watch = vigil(sea(scale_set("web", n=1), late, behaviours=(sick("1", "2"),)))
    watch.sail(published(NEW))
    watch.admin.fleet_id = LATE
    enable(watch)
    watch.run(fleet_id=LATE, version=NEW)

    found = watch.look()

    assert found.starts == ()
    assert "ended as Faulted" in late_words(found)
    assert "a person starts it again" in late_words(found)


def test_one_attempt_is_one_run_for_a_day(vigil: Keep) -> None:
    """However often it is asked for, the same state of things makes the same run: nothing begins twice (R2)."""
    watch = keep_watch(vigil)
    enable(watch)

    (first,), (second,) = watch.look().starts, watch.look().starts
    watch.clock.wait_until(watch.clock.now() + timedelta(days=1))
    (third,) = watch.look().starts

    assert first.attempt == second.attempt != third.attempt
    assert first.attempt.startswith(f"late__late__{NEW}__2024-06-01__")


def test_a_rollout_under_way_is_left_alone(vigil: Keep) -> None:
    """Never two rollouts on one fleet: while one is not over, no other begins (R2)."""
    watch = keep_watch(vigil)
    enable(watch)
    ports = watch.ports()
    validated = validate(ports, asked(fleet_id=LATE), actor="first")
    ports.ledger.begin(validated.settings, owner="first", now=watch.clock.now(), terms=EXPIRY)

    found = watch.look()

    assert found.starts == ()
    assert "is under way" in late_words(found)


def test_the_late_rollout_brings_the_fleet_there(vigil: Keep) -> None:
    """Carried out, the start leaves every instance on the version, and the next look has nothing to say (R1)."""
    watch = keep_watch(vigil, imageVersion=OLD)
    enable(watch)
    (start,) = watch.look().starts

    watch.run(fleet_id=start.fleet_id, version=start.version)

    assert watch.look().late == ()
    assert watch.admin.audit()["imageVersions"] == {NEW: 3}
    assert watch.admin.violations() == []
