"""The plan: every batch with its reason, worst cases in words, and times."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fleet_builders import NEW, OLD, a_set, a_situation, an_instance, upgraded

from fleetwright.domain.instances import Health
from fleetwright.domain.plan import Plan, fatal_batches, plan_batches
from fleetwright.domain.situation import Standing
from fleetwright.domain.thresholds import judge_upgraded

FATAL = "one failure in batch 1 stops"


def plan_of(size: int, **changes: object) -> Plan:
    """The plan of a regional set with one update domain."""
    return plan_batches(a_situation(a_set(size), **changes))


def test_fifteen_in_three_zones_go_three_and_two_zone_by_zone() -> None:
    """R7, R48, R49: cap 3 of 15 and five instances a zone make six batches, each in one zone."""
    plan = plan_batches(a_situation(a_set(15, zones=3)))

    assert [(b.index, b.zone, b.instance_ids) for b in plan.batches] == [
        (0, "1", ("0", "3", "6")),
        (1, "1", ("9", "12")),
        (2, "2", ("1", "4", "7")),
        (3, "2", ("10", "13")),
        (4, "3", ("2", "5", "8")),
        (5, "3", ("11", "14")),
    ]


def test_every_batch_and_instance_has_a_reason() -> None:
    """R7: each planned batch tells its numbers, each instance what it comes from and goes to."""
    plan = plan_batches(a_situation(a_set(15, zones=3)))

    assert all("cap 3 of 15 (20 %)" in batch.reason for batch in plan.batches)
    assert all(OLD in c.reason and NEW in c.reason for b in plan.batches for c in b.choices)


def test_whoever_is_not_touched_is_listed_with_a_reason() -> None:
    """R44, N23: on target and protected instances stand in the plan with why."""
    instances = (*a_set(3), upgraded(an_instance(3)), an_instance(4, protected=True))
    plan = plan_batches(a_situation(instances))

    assert {(c.instance_id, c.standing) for c in plan.left_out} == {
        ("3", Standing.ON_TARGET),
        ("4", Standing.PROTECTED),
    }


def test_an_upgraded_set_has_an_empty_plan() -> None:
    """R44: nothing to do is a plan without batches, notes or time."""
    plan = plan_batches(a_situation(tuple(upgraded(i) for i in a_set(7))))

    assert (plan.batches, plan.notes, plan.duration) == ((), (), timedelta(0))


def test_an_empty_set_has_an_empty_plan() -> None:
    """R3: a set without instances has no batches."""
    assert plan_of(0).batches == ()


@pytest.mark.parametrize("n", range(61))
def test_everybody_is_planned_once(n: int) -> None:
    """R3, R13: sets of 0 to 60 are planned completely, in batches of at most a fifth."""
    plan = plan_of(n)

    assert sorted(int(i) for b in plan.batches for i in b.instance_ids) == list(range(n))
    assert all(len(b.choices) <= max(1, n // 5) for b in plan.batches)


@pytest.mark.parametrize(
    "instances",
    [
        (*a_set(4), an_instance(4, provisioning_state="Updating")),
        (*a_set(4), an_instance(4, protected=True, health=Health.UNHEALTHY)),
    ],
    ids=["busy", "no budget"],
)
def test_no_instance_is_missing_from_the_plan(instances: tuple[object, ...]) -> None:
    """R49: an instance is in a batch of the plan or left out with its reason, busy and stuck ones too."""
    plan = plan_batches(a_situation(instances))
    planned = {i for b in plan.batches for i in b.instance_ids}
    left_out = {c.instance_id for c in plan.left_out}

    assert planned | left_out == {i.instance_id for i in instances}


# --- notes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(1, 61))
def test_the_plan_says_when_one_failure_in_the_first_batch_stops(n: int) -> None:
    """R12, C20: the note stands exactly where one failed instance of the first batch breaks 20 %."""
    plan = plan_of(n)
    breaks = judge_upgraded(("0",), len(plan.batches[0].choices), 20) is not None

    assert any(note.startswith(FATAL) for note in plan.notes) is breaks


@pytest.mark.parametrize(
    ("sizes", "batches"), [(range(5, 10), 4), (range(10, 15), 2), (range(15, 25), 1), (range(25, 61), 0)]
)
def test_how_many_first_batches_one_failure_stops(sizes: range, batches: int) -> None:
    """R12, C20: sets of 5-9 stop in their first four batches, 10-14 in two, 15-24 in one, larger ones in none."""
    for n in sizes:
        plan = plan_of(n)
        assert fatal_batches(tuple(len(b.choices) for b in plan.batches), 20) == tuple(range(batches))
        assert sum(note.startswith(FATAL) for note in plan.notes) == bool(batches)


@pytest.mark.parametrize(
    ("n", "extent"),
    [
        (7, ", and so does one in each batch up to 4"),
        (12, ", and so does one in each batch up to 2"),
        (15, ""),
    ],
)
def test_the_note_tells_up_to_which_batch_one_failure_stops(n: int, extent: str) -> None:
    """R12: seven instances up to batch 4, twelve up to batch 2, fifteen in the first alone."""
    why = ": it would be more than 20 % of those upgraded until then"

    assert f"{FATAL}{extent}{why}" in plan_of(n).notes


def test_no_failure_stops_at_a_hundred_percent() -> None:
    """R12: where every upgraded instance may fail, the plan warns of nothing."""
    plan = plan_of(7, max_unhealthy_upgraded_instance_percent=100)

    assert not any(FATAL in note for note in plan.notes)


def test_every_failure_stops_at_zero_percent() -> None:
    """R12: where none may fail, a failure in any batch is fatal."""
    assert fatal_batches((3, 2, 3, 2), 0) == (0, 1, 2, 3)


@pytest.mark.parametrize(("n", "out"), [(2, "50%"), (3, "33.3%"), (4, "25%")])
def test_the_plan_says_how_much_of_a_small_set_is_out(n: int, out: str) -> None:
    """R9: sets of two, three and four have 50, 33 and 25 % out of service, and the plan says so."""
    assert f"a set of {n} has {out} out of service while one instance is upgraded" in plan_of(n).notes


@pytest.mark.parametrize("n", [1, 5, 6, 9])
def test_other_sets_have_no_such_note(n: int) -> None:
    """R9: from five on a fifth is the truth, and a set of one has no other choice."""
    assert not any("out of service while" in note for note in plan_of(n).notes)


def test_the_note_on_small_sets_follows_the_batch() -> None:
    """R9: a set of four that goes two by two has half of it out, and the plan does not say a quarter."""
    plan = plan_of(4, max_batch_instance_percent=50)

    assert len(plan.batches[0].choices) == 2
    assert not any("25%" in note for note in plan.notes)


def test_a_resumed_plan_counts_what_was_swapped_before() -> None:
    """R12, C20: with ten of fifteen swapped, one failure is 1 of 13 and stops nothing."""
    instances = (*(upgraded(i) for i in a_set(10)), *(an_instance(i) for i in range(10, 15)))
    plan = plan_batches(a_situation(instances, swapped_ids=frozenset(str(i) for i in range(10))))

    assert not any(FATAL in note for note in plan.notes)


# --- times --------------------------------------------------------------------------------------------


def test_without_experience_a_batch_is_taken_for_five_minutes() -> None:
    """R10: a batch may take as long as health may, and the plan says that it is an assumption."""
    plan = plan_of(5)

    assert [b.starts_after for b in plan.batches] == [timedelta(minutes=5 * i) for i in range(5)]
    assert plan.duration == timedelta(minutes=25)
    assert "times assume 5 minutes a batch: no earlier rollout of this fleet is known" in plan.notes


def test_experience_replaces_the_assumption() -> None:
    """R10: with a known duration the times follow it and the note is gone."""
    plan = plan_batches(a_situation(a_set(5)), batch_duration=timedelta(seconds=40))

    assert plan.duration == timedelta(seconds=200)
    assert not any("times assume" in note for note in plan.notes)


def test_pauses_delay_the_batches_after_them() -> None:
    """PauseTimeBetweenBatches (N11): each batch starts one pause later than the one before it ended."""
    situation = a_situation(a_set(5), pause_time_between_batches=timedelta(seconds=30))
    plan = plan_batches(situation, batch_duration=timedelta(seconds=60))

    assert [b.starts_after.total_seconds() for b in plan.batches] == [0, 90, 180, 270, 360]


def test_there_is_no_pause_after_the_last_batch() -> None:
    """N11: the pause lies between batches, so five batches have four."""
    situation = a_situation(a_set(5), pause_time_between_batches=timedelta(seconds=30))

    assert plan_batches(situation, batch_duration=timedelta(seconds=60)).duration == timedelta(seconds=420)
