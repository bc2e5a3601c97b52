"""Readiness, and the verdicts after a swap and after a rollback."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from fleet_builders import (
    NEW,
    NEWER,
    NOW,
    OLD,
    PROBED,
    a_swap,
    accepted,
    after,
    an_instance,
    intended,
    judged,
    patience,
    replaced,
    rollback_intended,
    sending,
    started,
    upgraded,
)

from fleetwright.domain.ailments import Ailment, Sign
from fleetwright.domain.health import (
    DISKS_DIFFER,
    OPERATION_LIMIT,
    TIMED_OUT,
    VerdictKind,
    find_ailment,
    is_ready,
    is_replaced,
    judge_rollback,
    judge_swap,
    why_not_ready,
)
from fleetwright.domain.instances import Health, HealthSource, Instance
from fleetwright.domain.journal import fold

WAIT, HEALTHY, UNHEALTHY = VerdictKind.WAIT, VerdictKind.HEALTHY, VerdictKind.UNHEALTHY
POWERS = ("running", "starting", "stopping", "stopped", "deallocating", "deallocated", "unknown", "")
PROVISIONINGS = ("Succeeded", "succeeded", "Failed", "Updating", "Creating", "Deleting")
EXTENSIONS = ((), ("script",))
ENDED = {"ended_at": NOW, "new_disk_id": "/disks/new-0"}


def new(**changes: object) -> Instance:
    """Instance 0 after its swap: target version, new disk, running, healthy; unless said otherwise."""
    return an_instance(0, **{"version": NEW, "os_disk_id": "/disks/new-0", **changes})


def verdict(
    instance: Instance | None, seconds: float = 10, *, fail_fast: bool = False, **swap: object
) -> object:
    """The verdict about the swap of instance 0, so many seconds after its end."""
    record = a_swap(0, **{**ENDED, **swap})
    return judge_swap(record, instance, PROBED, patience(fail_fast=fail_fast), after(seconds))


# --- ready --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", HealthSource)
@pytest.mark.parametrize("health", Health)
def test_ready_is_running_provisioned_extended_and_healthy(health: Health, source: HealthSource) -> None:
    """R32, N21: each of the five must be right, health only where a source judges it."""
    for power, provisioning, failed, pending in product(POWERS, PROVISIONINGS, EXTENSIONS, EXTENSIONS):
        instance = an_instance(
            power=power,
            provisioning_state=provisioning,
            failed_extensions=failed,
            pending_extensions=pending,
            health=health,
        )
        serves = power == "running" and provisioning.lower() == "succeeded" and not failed and not pending
        expected = serves and (source == "none" or health == "healthy")

        assert is_ready(instance, source) is expected, instance
        assert bool(why_not_ready(instance, source)) is not expected, instance


@pytest.mark.parametrize(
    ("changes", "words", "sign"),
    [
        ({"power": "stopped"}, "power state is stopped", Sign.POWER),
        ({"power": ""}, "power state is not shown", Sign.POWER),
        ({"provisioning_state": "Failed"}, "provisioning is Failed", Sign.PROVISIONING_FAILED),
        ({"provisioning_state": "Updating"}, "provisioning is Updating", Sign.PROVISIONING_UNSETTLED),
        ({"failed_extensions": ("a", "b")}, "extension a, b failed", Sign.EXTENSION_FAILED),
        ({"pending_extensions": ("c",)}, "extension c is not provisioned yet", Sign.EXTENSION_UNSETTLED),
        ({"health": Health.UNKNOWN}, "health is unknown", Sign.HEALTH),
        ({"health": Health.NOT_REPORTED}, "health is not reported", Sign.HEALTH),
        ({"power": "stopped", "health": Health.UNHEALTHY}, "power state is stopped", Sign.POWER),
        ({}, "", Sign.NONE),
    ],
)
def test_what_is_not_ready_says_why(changes: dict[str, object], words: str, sign: Sign) -> None:
    """R32: the first thing that is wrong, from the ground up, in a few words and as a sign with what it is about."""
    instance = an_instance(**changes)

    assert words == why_not_ready(instance, PROBED)
    assert find_ailment(instance, PROBED) == Ailment(sign, instance.failed_extensions)


@pytest.mark.parametrize(
    ("instance", "changes", "ailment"),
    [
        (None, {}, Ailment(Sign.GONE)),
        (an_instance(0), {}, Ailment(Sign.NO_END)),
        (new(health=Health.UNHEALTHY), ENDED, Ailment(Sign.HEALTH)),
        (new(failed_extensions=("a",)), ENDED, Ailment(Sign.EXTENSION_FAILED, ("a",))),
        (new(), {**ENDED, "data_disk_ids": ("0:/disks/d",)}, Ailment(Sign.DATA_DISKS)),
        (new(), ENDED, Ailment()),
    ],
)
def test_a_verdict_carries_what_was_suffered(
    instance: Instance | None, changes: dict[str, object], ailment: Ailment
) -> None:
    """R5, R10, R38: whoever decides by a verdict later needs none of its words."""
    assert judge_swap(a_swap(0, **changes), instance, PROBED, patience(), after(1800)).suffered == ailment


# --- replaced -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "disk", "done"),
    [
        (NEW, "/disks/new-0", True),
        (NEW, "/disks/old-0", False),
        (NEW, "/DISKS/Old-0", False),
        (OLD, "/disks/new-0", False),
        (NEWER, "/disks/new-0", False),
        ("", "/disks/new-0", False),
    ],
)
def test_replaced_is_the_version_on_another_disk(version: str, disk: str, done: bool) -> None:
    """R5, O5: the target version alone or a new disk alone is no swap; ids compare in any case."""
    assert is_replaced(new(version=version, os_disk_id=disk), NEW, "/disks/old-0") is done


def test_no_disk_shown_is_no_new_disk() -> None:
    """R5: healthy counts only where a new disk id is shown."""
    assert not is_replaced(new(os_disk_id=""), NEW, "/disks/old-0")


# --- the verdict after a swap -------------------------------------------------------------------------


def test_a_ready_instance_on_the_target_is_healthy() -> None:
    """R10, R13: healthy, with the seconds from the end of the swap."""
    found = verdict(new(), 42)

    assert (found.kind, found.ready_seconds, found.fatal) == (HEALTHY, 42, "")


def test_the_first_look_that_sees_the_end_counts_from_now() -> None:
    """R10: where no end was remembered yet, health time begins at this look."""
    assert verdict(new(), 1000, ended_at=None).ready_seconds == 0
    assert verdict(new(health=Health.UNHEALTHY), 1000, ended_at=None).kind is WAIT


@pytest.mark.parametrize(
    "changes", [{"version": OLD, "os_disk_id": "/disks/old-0"}, {"os_disk_id": "/disks/old-0"}]
)
def test_an_instance_on_its_old_disk_waits_however_healthy(changes: dict[str, object]) -> None:
    """R10, O5: what still shows the old disk has not been swapped, so its health says nothing."""
    found = verdict(new(**changes), fail_fast=True, ended_at=None)

    assert (found.kind, found.reason) == (WAIT, "the swap is not done yet")


@pytest.mark.parametrize("fail_fast", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {"health": Health.INITIALIZING},
        {"health": Health.NOT_REPORTED},
        {"power": "starting"},
        {"provisioning_state": "Updating"},
        {"provisioning_state": "Updating", "health": Health.UNHEALTHY},
        {"provisioning_state": "Updating", "failed_extensions": ("script",)},
        {"pending_extensions": ("script",), "health": Health.UNHEALTHY},
    ],
)
def test_what_may_still_come_waits(changes: dict[str, object], fail_fast: bool) -> None:
    """N21: initializing, starting and provisioning wait, with a rollback to come or without."""
    assert verdict(new(**changes), 299.9, fail_fast=fail_fast).kind is WAIT


@pytest.mark.parametrize(
    "changes",
    [
        {"health": Health.UNHEALTHY},
        {"health": Health.UNKNOWN},
        {"failed_extensions": ("script",)},
        {"provisioning_state": "Failed"},
        {"power": "stopped"},
        {"power": "deallocated"},
    ],
)
def test_a_definite_sign_ends_the_wait_only_where_a_rollback_follows(changes: dict[str, object]) -> None:
    """N21, R10, R11: with a rollback to come it is a verdict at once, without one the five minutes run."""
    assert verdict(new(**changes), 1, fail_fast=True).kind is UNHEALTHY
    assert verdict(new(**changes), 1, fail_fast=False).kind is WAIT


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        (HealthSource.BINARY_EXTENSION, WAIT),
        (HealthSource.EXTENSION, UNHEALTHY),
        (HealthSource.PROBE, UNHEALTHY),
    ],
)
def test_unhealthy_is_no_definite_sign_behind_the_binary_extension(
    source: HealthSource, kind: VerdictKind
) -> None:
    """R10, N21, N22: extension 1.0 calls an application that starts unhealthy, so it keeps its five minutes."""
    starting = new(health=Health.UNHEALTHY)
    swap = a_swap(ended_at=NOW)

    assert judge_swap(swap, starting, source, patience(fail_fast=True), after(299)).kind is kind
    assert judge_swap(swap, starting, source, patience(fail_fast=True), after(300)).kind is UNHEALTHY


@pytest.mark.parametrize("changes", [{"failed_extensions": ("script",)}, {"provisioning_state": "Failed"}])
def test_what_failed_is_definite_behind_the_binary_extension_too(changes: dict[str, object]) -> None:
    """N21, N22: only the word *unhealthy* is waited out; a failed extension or provisioning is a verdict at once."""
    found = judge_swap(
        a_swap(ended_at=NOW),
        new(**changes),
        HealthSource.BINARY_EXTENSION,
        patience(fail_fast=True),
        after(1),
    )

    assert found.kind is UNHEALTHY


@pytest.mark.parametrize("fail_fast", [True, False])
@pytest.mark.parametrize(
    "changes",
    [
        {"health": Health.INITIALIZING},
        {"health": Health.UNHEALTHY},
        {"power": "starting"},
        {"pending_extensions": ("script",)},
        {"provisioning_state": "Updating"},
    ],
)
def test_the_time_is_up_at_exactly_five_minutes(changes: dict[str, object], fail_fast: bool) -> None:
    """R10, R11: at 300 s from the end of its swap what is not ready is unhealthy, and not a moment earlier."""
    found = verdict(new(**changes), 300, fail_fast=fail_fast)

    assert (found.kind, found.fatal) == (UNHEALTHY, "")
    assert found.reason.endswith(" 300 s after the end of its swap")
    assert verdict(new(**changes), 299.999).kind is WAIT


def test_ready_at_exactly_five_minutes_is_healthy() -> None:
    """R10: up to five minutes includes the fifth."""
    assert verdict(new(), 300).kind is HEALTHY


def test_each_instance_has_its_own_five_minutes() -> None:
    """R10: the time runs from the end of the instance's own swap, not from the call."""
    sick = new(health=Health.INITIALIZING)

    assert verdict(sick, 400, ended_at=after(101)).kind is WAIT
    assert verdict(sick, 400, ended_at=after(100)).kind is UNHEALTHY


def test_the_timeout_is_the_one_that_was_asked_for() -> None:
    """R10: a health timeout of 20 s ends the wait after 20 s."""
    sick = new(health=Health.INITIALIZING)

    assert judge_swap(a_swap(**ENDED), sick, PROBED, patience(20), after(19.9)).kind is WAIT
    assert judge_swap(a_swap(**ENDED), sick, PROBED, patience(20), after(20)).kind is UNHEALTHY


DATA_DISK = "0:/disks/data-0:ReadOnly"


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        ((), "data disk /disks/data-0 was at LUN 0, caching ReadOnly and is lost"),
        (
            ("0:/disks/other:ReadOnly",),
            (
                "data disk /disks/data-0 was at LUN 0, caching ReadOnly and is lost; "
                "data disk /disks/other was not there and is at LUN 0, caching ReadOnly"
            ),
        ),
        (
            ("3:/disks/data-0:ReadOnly",),
            "data disk /disks/data-0 was at LUN 0, caching ReadOnly and is at LUN 3, caching ReadOnly",
        ),
        (
            ("0:/disks/data-0:None",),
            "data disk /disks/data-0 was at LUN 0, caching ReadOnly and is at LUN 0, caching None",
        ),
        (
            (DATA_DISK, "1:/disks/data-1:None"),
            "data disk /disks/data-1 was not there and is at LUN 1, caching None",
        ),
    ],
)
def test_a_difference_of_data_disks_stops_everything(seen: tuple[str, ...], said: str) -> None:
    """R5, N5: a data disk lost, moved, cached otherwise or added is fatal, at once, with before and after, however healthy it looks."""
    found = verdict(new(data_disk_ids=seen), data_disk_ids=(DATA_DISK,))

    assert (found.kind, found.fatal) == (UNHEALTHY, DISKS_DIFFER)
    assert found.reason == f"its data disks differ after the swap: {said}"


def test_the_same_data_disks_are_no_difference() -> None:
    """R5: the same disks at the same LUNs with the same caching are what a swap leaves behind; caching that an older ledger did not write down is not compared."""
    for before in (DATA_DISK, "0:/disks/data-0"):
        assert verdict(new(data_disk_ids=(DATA_DISK,)), data_disk_ids=(before,)).kind is HEALTHY


@pytest.mark.parametrize(("seconds", "kind", "fatal"), [(1799.9, WAIT, ""), (1800, UNHEALTHY, TIMED_OUT)])
def test_an_operation_without_an_end_fails_after_thirty_minutes(
    seconds: float, kind: VerdictKind, fatal: str
) -> None:
    """R10: thirty minutes after the call what was never replaced has failed, and the rollout stops."""
    stuck = an_instance(0, provisioning_state="Updating")
    found = verdict(stuck, seconds, ended_at=None)

    assert timedelta(minutes=30) == OPERATION_LIMIT
    assert (found.kind, found.fatal) == (kind, fatal)
    assert fatal == "" or found.reason == "the swap had no end after 30 minutes"


def test_an_instance_that_is_gone_is_unhealthy() -> None:
    """R11, C11: what the provider does not list any more cannot become healthy."""
    assert verdict(None).kind is UNHEALTHY
    assert judge_rollback(a_swap(0), None, PROBED, patience(), NOW).kind is UNHEALTHY


@pytest.mark.parametrize("health", Health)
def test_without_a_source_running_is_healthy(health: Health) -> None:
    """R32: where the set has no health source, power state and extensions are the verdict."""
    found = judge_swap(a_swap(**ENDED), new(health=health), HealthSource.NONE, patience(), after(1))

    assert found.kind is HEALTHY


# --- the verdict after a rollback ---------------------------------------------------------------------


def back(**changes: object) -> Instance:
    """Instance 0 after its rollback: the old version on a third disk."""
    return an_instance(0, **{"os_disk_id": "/disks/back-0", **changes})


def test_a_rollback_is_good_when_the_old_version_is_ready_on_a_new_disk() -> None:
    """R11, O7: the previous version, ready within the health timeout."""
    record = a_swap(0, new_disk_id="/disks/new-0", ended_at=NOW)

    assert judge_rollback(record, back(), PROBED, patience(), after(12)).kind is HEALTHY


@pytest.mark.parametrize("instance", [new(), back(os_disk_id="/disks/new-0"), back(version=NEWER)])
def test_a_rollback_that_shows_no_old_version_on_another_disk_is_not_done(instance: Instance) -> None:
    """R11: the disk that the swap brought is not the way back, nor is a third version."""
    record = a_swap(0, new_disk_id="/disks/new-0")

    assert judge_rollback(record, instance, PROBED, patience(), after(12)).kind is WAIT


@pytest.mark.parametrize(("seconds", "kind"), [(299.9, WAIT), (300, UNHEALTHY)])
def test_a_rollback_has_the_same_five_minutes(seconds: float, kind: VerdictKind) -> None:
    """C11: not ready on the previous version after the health timeout is a rollback that failed."""
    record = a_swap(0, new_disk_id="/disks/new-0", ended_at=NOW)
    sick = back(health=Health.INITIALIZING)

    assert judge_rollback(record, sick, PROBED, patience(), after(seconds)).kind is kind


def test_a_rollback_without_an_end_fails_after_thirty_minutes() -> None:
    """C11: the limit of an operation holds for the way back too."""
    found = judge_rollback(a_swap(0, new_disk_id="/disks/new-0"), new(), PROBED, patience(), after(1800))

    assert (found.kind, found.fatal, found.reason) == (
        UNHEALTHY,
        TIMED_OUT,
        "the rollback had no end after 30 minutes",
    )


def test_a_rollback_of_a_swap_that_changed_nothing_needs_another_disk_than_before() -> None:
    """R11: where the swap failed on the old disk, putting the version back makes a new disk all the same."""
    record = a_swap(0, new_disk_id="", ended_at=NOW)

    assert judge_rollback(record, an_instance(0), PROBED, patience(), after(1)).kind is WAIT
    assert judge_rollback(record, back(), PROBED, patience(), after(1)).kind is HEALTHY


ROLLED_BACK_STORY = (
    started(),
    intended(0),
    sending(0),
    accepted(0),
    replaced(0),
    judged(0, "unhealthy", "health is unhealthy"),
    rollback_intended(0),
    accepted(0, url="https://arm/op/2", state="rollback accepted"),
    replaced(0, disk="back", state=None, now=after(60)),
)


def test_a_rollback_whose_end_was_remembered_gets_its_verdict() -> None:
    """R11, C11: once the restored disk was seen and written down, a ready instance is rolled back."""
    record = fold(ROLLED_BACK_STORY).swaps["0"]

    assert (
        judge_rollback(record, back(data_disk_ids=record.data_disk_ids), PROBED, patience(), after(70)).kind
        is HEALTHY
    )


def test_a_data_disk_lost_in_the_rollback_is_told() -> None:
    """R5: the data disks are kept on the way back as well."""
    record = a_swap(0, new_disk_id="/disks/new-0", ended_at=NOW, data_disk_ids=("0:/disks/data-0",))

    assert judge_rollback(record, back(), PROBED, patience(), after(1)).kind is UNHEALTHY


def test_a_swap_that_went_well_is_what_the_builders_say() -> None:
    """The helper that drives sets to their end makes instances that these rules call healthy."""
    assert verdict(upgraded(an_instance(0))).kind is HEALTHY
