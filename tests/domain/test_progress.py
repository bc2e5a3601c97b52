"""Counts by the provider's truth, and history in Azure's own shape."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from fleet_builders import (
    NEW,
    NOW,
    PROBED,
    a_batch_to,
    accepted,
    after,
    an_instance,
    finished,
    intended,
    judged,
    replaced,
    rollback_intended,
    sending,
    started,
    told,
    upgraded,
)

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.instances import Health, Instance
from fleetwright.domain.journal import fold
from fleetwright.domain.progress import (
    Progress,
    RollbackInfo,
    azure_time,
    count_progress,
    count_rollbacks,
    ended_at,
    failed_ids,
    history_entry,
    is_history,
    recent_history,
    swapped_count,
)
from fleetwright.domain.records import RolloutView, TriggerKind

WELL = tuple(upgraded(an_instance(i)) for i in range(10))


def view_of(*events: Event) -> RolloutView:
    """A rollout that was told these events."""
    return fold((started(), *events))


def sick(number: int) -> Instance:
    """An instance on the new version that is unhealthy."""
    return an_instance(number, version=NEW, os_disk_id=f"/disks/new-{number}", health=Health.UNHEALTHY)


def rolled_back(number: int, state: str, reason: str = "ready") -> tuple[Event, ...]:
    """The rollback of an unhealthy instance, to its verdict."""
    return (
        rollback_intended(number),
        accepted(number, url="https://arm/op/2", state="rollback accepted"),
        replaced(number, disk="back", state=None),
        judged(number, state, reason),
    )


# --- counts -------------------------------------------------------------------------------------------


def test_swapped_and_ready_is_successful() -> None:
    """R13: successful is swapped by this rollout and ready now."""
    view = view_of(*a_batch_to((0, "healthy"), (1, "healthy")))

    assert count_progress(view, WELL, PROBED, 8) == Progress(successful=2, pending=8)


def test_swapped_and_not_ready_is_failed() -> None:
    """R12: failed is swapped and not ready, whatever it was found before."""
    view = view_of(*a_batch_to((0, "healthy"), (1, "unhealthy"), (2, "healthy")))
    instances = (WELL[0], sick(1), sick(2))

    assert failed_ids(view, instances, PROBED) == ("1", "2")
    assert count_progress(view, instances, PROBED, 0) == Progress(successful=1, failed=2)


def test_an_instance_that_comes_late_is_no_failure_any_more() -> None:
    """R43: without a rollback an instance that got healthy after its verdict is a success."""
    view = view_of(*a_batch_to((0, "unhealthy")))

    assert count_progress(view, WELL, PROBED, 0) == Progress(successful=1)


def test_what_was_rolled_back_counts_as_failed_however_healthy() -> None:
    """R12, C20: an instance that got its old version back is an unhealthy upgraded one."""
    view = view_of(*a_batch_to((0, "unhealthy")), *rolled_back(0, "rolled back"))

    assert failed_ids(view, (an_instance(0, os_disk_id="/disks/back-0"),), PROBED) == ("0",)


def test_a_healthy_verdict_on_a_version_that_is_gone_again_counts_as_failed() -> None:
    """O5: success is what the provider shows now, so the old version is none."""
    view = view_of(*a_batch_to((0, "healthy")))

    assert failed_ids(view, (an_instance(0),), PROBED) == ("0",)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_in_flight_is_in_progress(steps: int) -> None:
    """R44: from the intent to the verdict an instance is in progress and neither good nor bad."""
    events = (intended(0), sending(0), accepted(0), replaced(0))[:steps]

    assert count_progress(view_of(*events), (sick(0),), PROBED, 4) == Progress(in_progress=1, pending=4)


def test_a_rollback_under_way_is_counted_once() -> None:
    """C11: an instance on its way back has failed, and is not in progress on top of that."""
    view = view_of(*a_batch_to((0, "unhealthy")), rollback_intended(0))

    assert count_progress(view, (sick(0),), PROBED, 0) == Progress(failed=1)


def test_a_refused_call_is_no_swap() -> None:
    """R12, C20: what Azure refused is not in the denominator."""
    view = view_of(intended(0, 1), told(EventKind.REFUSED, instances=["0"], reason="no"), sending(1))

    assert swapped_count(view) == 1


def test_progress_is_written_as_azure_writes_it() -> None:
    """R40: the four counters by their names."""
    assert Progress(1, 2, 3, 4).to_dict() == {
        "successfulInstanceCount": 1,
        "failedInstanceCount": 2,
        "inProgressInstanceCount": 3,
        "pendingInstanceCount": 4,
    }


def test_rollbacks_are_counted_and_the_first_failure_is_named() -> None:
    """R11, C11: how many came back, how many did not, and what the first of them said."""
    view = view_of(
        *a_batch_to((0, "unhealthy"), (1, "unhealthy"), (2, "unhealthy")),
        *rolled_back(0, "rolled back"),
        *rolled_back(1, "rollback failed", "extension script failed"),
    )

    assert count_rollbacks(view) == RollbackInfo(1, 1, "instance 1: ready; rollback: extension script failed")
    assert count_rollbacks(view).to_dict() == {
        "successfullyRolledbackInstanceCount": 1,
        "failedRolledbackInstanceCount": 1,
        "rollbackError": {
            "code": "RollbackFailed",
            "message": "instance 1: ready; rollback: extension script failed",
        },
    }


def test_without_rollbacks_there_is_no_rollback_error() -> None:
    """R43: a manual rollout has zeros and nothing else."""
    assert Progress() == Progress(0, 0, 0, 0)
    assert RollbackInfo() == count_rollbacks(view_of())
    assert count_rollbacks(view_of()).to_dict() == {
        "successfullyRolledbackInstanceCount": 0,
        "failedRolledbackInstanceCount": 0,
    }


# --- history ------------------------------------------------------------------------------------------


def ended(
    at: datetime = NOW, state: str = "Completed", code: str = "Completed", **begun: object
) -> RolloutView:
    """A rollout that began at an instant and ended an hour later."""
    outcome = {"progress": Progress(3, 1, 0, 2).to_dict(), "rollback_info": RollbackInfo(1).to_dict()}
    end = finished(state, code, "how it went", now=at + timedelta(hours=1), **outcome)
    return fold((started(at, **begun), end))


def starts(views: list[RolloutView]) -> list[str]:
    """When the entries of the history began, to the day."""
    return [e["properties"]["runningStatus"]["startTime"][:10] for e in recent_history(views)]


def test_an_entry_has_azures_shape() -> None:
    """R40, C6: every field by its name; the end is endTime and never completedTime."""
    assert history_entry(ended(trigger=TriggerKind.AUTOMATIC)) == {
        "properties": {
            "runningStatus": {
                "code": "Completed",
                "startTime": "2024-06-01T12:00:00.0000000+00:00",
                "endTime": "2024-06-01T13:00:00.0000000+00:00",
            },
            "progress": {
                "successfulInstanceCount": 3,
                "failedInstanceCount": 1,
                "inProgressInstanceCount": 0,
                "pendingInstanceCount": 2,
            },
            "startedBy": "Platform",
            "targetImageReference": {
                "publisher": "Canonical",
                "offer": "UbuntuServer",
                "sku": "18.04-LTS",
                "version": NEW,
            },
            "rollbackInfo": {"successfullyRolledbackInstanceCount": 1, "failedRolledbackInstanceCount": 0},
        },
        "type": "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades",
        "location": "westeurope",
    }


@pytest.mark.parametrize(
    ("trigger", "word"), [(TriggerKind.MANUAL, "User"), (TriggerKind.AUTOMATIC, "Platform")]
)
def test_an_entry_says_who_started_it(trigger: TriggerKind, word: str) -> None:
    """R40, R42: a person is User, the schedule is Platform."""
    assert history_entry(ended(trigger=trigger))["properties"]["startedBy"] == word


@pytest.mark.parametrize("state", ["Faulted", "Cancelled"])
def test_an_entry_that_did_not_complete_carries_the_error(state: str) -> None:
    """R12, R40: Azure's code and message stand in the entry, and only there where it went wrong."""
    entry = history_entry(ended(state=state, code="SomeCode"))

    assert entry["properties"]["runningStatus"]["code"] == state
    assert entry["properties"]["error"] == {"code": "SomeCode", "message": "how it went"}
    assert "error" not in history_entry(ended())["properties"]


@pytest.mark.parametrize(
    ("view", "shown"),
    [
        (ended(), True),
        (ended(state="Faulted", code="Code"), True),
        (ended(state="Cancelled", code="OptedOut"), True),
        (ended(state="Held", code="OperationNotAllowed"), False),
        (ended(code="NothingToDo"), False),
        (fold([started()]), False),
    ],
    ids=["completed", "faulted", "cancelled", "held", "nothing to do", "running"],
)
def test_attempts_are_entries_and_evaluations_are_not(view: RolloutView, shown: bool) -> None:
    """R39: a hold, and a set that was on its target already, upgraded nothing and are no attempts."""
    assert is_history(view) is shown
    assert len(recent_history([view])) == shown


def test_the_sixth_oldest_is_missing() -> None:
    """R39: the last five attempts, newest first, in whatever order they are read."""
    views = [ended(NOW - timedelta(days=day)) for day in (3, 0, 5, 1, 4, 2)]

    assert starts(views) == ["2024-06-01", "2024-05-31", "2024-05-30", "2024-05-29", "2024-05-28"]


def test_the_two_months_count_back_from_the_newest_entry() -> None:
    """R39: two calendar months before the newest attempt are shown to the second, older ones are not."""
    exactly = datetime(2024, 4, 1, 12, 0, tzinfo=UTC)
    views = [ended(NOW), ended(exactly), ended(exactly - timedelta(seconds=1))]

    assert starts(views) == ["2024-06-01", "2024-04-01"]


def test_an_old_fleet_shows_its_old_attempts() -> None:
    """R39: the clock on the wall does not matter, so a fleet that rested for years has a history."""
    views = [ended(datetime(2001, 3, 1, tzinfo=UTC)), ended(datetime(2001, 2, 1, tzinfo=UTC))]

    assert starts(views) == ["2001-03-01", "2001-02-01"]


def test_two_months_before_the_end_of_april_is_the_end_of_february() -> None:
    """R39: calendar months, also where the earlier one is shorter."""
    views = [
        ended(datetime(2023, 4, 30, tzinfo=UTC)),
        ended(datetime(2023, 2, 28, tzinfo=UTC)),
        ended(datetime(2023, 2, 27, tzinfo=UTC)),
    ]

    assert starts(views) == ["2023-04-30", "2023-02-28"]


def test_evaluations_take_no_place_from_attempts() -> None:
    """R39: five holds, newer than the attempt, neither hide it nor date it."""
    holds = [ended(NOW + timedelta(days=90 + day), state="Held", code="Held") for day in range(5)]

    assert starts([*holds, ended(NOW)]) == ["2024-06-01"]


def test_no_attempts_are_an_empty_history() -> None:
    """R39: a fleet that was never upgraded has no entries."""
    assert recent_history([]) == ()


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (None, None),
        (NOW, "2024-06-01T12:00:00.0000000+00:00"),
        (after(0.5), "2024-06-01T12:00:00.5000000+00:00"),
        (NOW.replace(microsecond=7), "2024-06-01T12:00:00.0000070+00:00"),
    ],
)
def test_a_time_is_written_as_compute_writes_it(instant: datetime | None, text: str | None) -> None:
    """R40: seven fractional digits and an offset; what has not happened has no time."""
    assert azure_time(instant) == text


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ({"endTime": "a", "completedTime": "b"}, "a"),
        ({"completedTime": "b"}, "b"),
        ({"endTime": None}, ""),
        ({}, ""),
    ],
)
def test_an_end_is_read_by_either_name(status: dict[str, str | None], ended: str) -> None:
    """An attempt's end is read from ``endTime``, or from ``completedTime`` as older samples write it (C6)."""
    assert ended_at(status) == ended
