"""What happens to images while a rollout runs: withdrawn, overtaken by a newer one, come to by instances themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gallery_worlds import FIRST, GALLERY_IMAGE, SECOND, THIRD, gallery_version, gallery_world
from rehearsals import Admin, Rehearsal, eventful, swap_states, told
from worlds import FLEET_ID, IMAGE, NEW, NEWER, OLD, fault, world

from fleetwright.rollout.report import report

Rehearse = Callable[..., Rehearsal]

IN_GALLERY = {"gallery": "g", "image": "web"}


def withdraw(admin: Admin) -> None:
    """The platform takes its newest version back."""
    admin.post("images/withdraw", **IMAGE, version=NEW)


def versions_of(rehearsal: Rehearsal) -> dict[str, int]:
    """How many instances run which version, by the referee."""
    found: dict[str, int] = rehearsal.admin.audit()["imageVersions"]
    return found


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_platform_version_withdrawn_in_mid_rollout_ends_it(rehearse: Rehearse, trigger: str) -> None:
    """R2, C14: Azure refuses the next swap: the rollout ends with that reason, and nothing is left half done."""
    rehearsal = rehearse(world(), clock=eventful((15, withdraw)))

    view = rehearsal.run(trigger=trigger)

    reason = told(view)["reason"]
    assert (told(view)["status"], reason["code"]) == ("Faulted", "InternalExecutionError")
    assert "Azure refuses it (PlatformImageNotFound)" in reason["message"]
    assert (
        f"version {NEW} of Canonical:UbuntuServer:18.04-LTS is gone from the catalogue" in reason["message"]
    )
    assert "3 of 15 instances run it and stay" in reason["message"]
    assert swap_states(view) == {"healthy": 3, "refused": 2}
    assert versions_of(rehearsal) == {NEW: 3, OLD: 12}
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize(
    "reference", [{"id": GALLERY_IMAGE}, {"sharedGalleryImageId": "/SharedGalleries/0001-G/Images/web"}]
)
def test_gallery_version_withdrawn_in_mid_rollout_ends_it(
    rehearse: Rehearse, reference: dict[str, str]
) -> None:
    """R2, R26: deleted from the gallery after the first batch: the same, with the gallery's own code."""

    def delete(admin: Admin) -> None:
        admin.post("images/withdraw", **IN_GALLERY, version=SECOND)

    rehearsal = rehearse(gallery_world(reference=reference), clock=eventful((15, delete)))

    view = rehearsal.run()

    assert (told(view)["status"], told(view)["reason"]["code"]) == ("Faulted", "InternalExecutionError")
    assert "it was withdrawn while this rollout ran" in told(view)["reason"]["message"]
    assert "1 of 6 instances run it and stay" in told(view)["reason"]["message"]
    assert versions_of(rehearsal) == {SECOND: 1, FIRST: 5}


def test_replica_that_is_lost_in_mid_rollout_ends_it(rehearse: Rehearse) -> None:
    """R26: the region loses the version's replica: the reason says so."""

    def lose(admin: Admin) -> None:
        admin.post("images/replicate", **IN_GALLERY, version=SECOND, region="westeurope", state="Failed")

    rehearsal = rehearse(gallery_world(), clock=eventful((15, lose)))

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert "is not replicated to westeurope: Failed (R26)" in told(view)["reason"]["message"]


@pytest.mark.parametrize("where", ["version-wide", "in the region"])
def test_version_excluded_in_mid_rollout_ends_it(rehearse: Rehearse, where: str) -> None:
    """R27: whoever excludes a version stops its rollouts before their next batch, though Azure would go on."""

    def exclude(admin: Admin) -> None:
        regions = [{"name": "West Europe", "excludeFromLatest": where == "in the region"}]
        flag = where == "version-wide"
        admin.post("images", **IN_GALLERY, version=SECOND, targetRegions=regions, excludeFromLatest=flag)

    rehearsal = rehearse(gallery_world(), clock=eventful((15, exclude)))

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert "is excluded from latest" in told(view)["reason"]["message"]
    assert versions_of(rehearsal) == {SECOND: 1, FIRST: 5}
    assert swap_states(view) == {"healthy": 1}


def test_community_image_that_is_not_visible_any_more_ends_it(rehearse: Rehearse) -> None:
    """R26: an image that its region does not show any more ends the rollout, as a version that is gone does."""
    gone = fault({"status": 404, "code": "NotFound"}, "GET", "*/communityGalleries/*", after=2)
    reference = {"communityGalleryImageId": "/CommunityGalleries/g-public/Images/web"}
    rehearsal = rehearse(gallery_world(reference=reference, faults=[gone]))

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert "is not visible in westeurope: NotFound" in told(view)["reason"]["message"]
    assert versions_of(rehearsal) == {SECOND: 1, FIRST: 5}


def test_version_deleted_between_check_and_swap_ends_it(rehearse: Rehearse) -> None:
    """R26: what the check could not see yet Azure refuses: the batch is refused, and the reason is the version."""
    late = fault({"status": 429, "retryAfter": 30}, after=1, times=1)

    def delete(admin: Admin) -> None:
        admin.post("images/withdraw", **IN_GALLERY, version=SECOND)

    rehearsal = rehearse(gallery_world(faults=[late]), clock=eventful((60, delete)))

    view = rehearsal.run()

    assert "Azure refuses it (GalleryImageNotFound)" in told(view)["reason"]["message"]
    assert swap_states(view) == {"healthy": 1, "refused": 1}


def test_refusal_of_a_version_that_is_still_there_is_no_withdrawal(rehearse: Rehearse) -> None:
    """R2: a batch that is refused for another reason is tried again, as long as the catalogue has the version."""
    refusal = fault({"status": 404, "code": "PlatformImageNotFound"}, times=1)
    rehearsal = rehearse(world(3, 0, updateDomains=1, faults=[refusal]))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert versions_of(rehearsal) == {NEW: 3}


def test_catalogue_that_does_not_answer_is_no_withdrawal(rehearse: Rehearse) -> None:
    """R2: an error while asking is no proof: the batch is refused, tried again, and the rollout completes."""
    refusal = fault({"status": 409, "code": "OperationNotAllowed"}, times=1)
    silent = fault({"status": 403}, "GET", "*/versions", after=1)
    rehearsal = rehearse(world(3, 0, updateDomains=1, faults=[refusal, silent]))

    view = rehearsal.run()

    assert (told(view)["status"], report(view)["newerVersion"]) == ("Completed", "")


def test_next_rollout_after_a_withdrawal_goes_to_what_there_is(rehearse: Rehearse) -> None:
    """R1, R2: the version that replaces the withdrawn one is rolled out to all, those on the withdrawn one too."""
    rehearsal = rehearse(world(), clock=eventful((15, withdraw)))
    ports = rehearsal.ports()
    rehearsal.run(ports)
    rehearsal.admin.post("images", **IMAGE, version=NEWER)

    rehearsal.run(ports, trigger="manual")

    assert versions_of(rehearsal) == {NEWER: 15}


def test_newer_version_published_in_mid_rollout_is_reported(rehearse: Rehearse) -> None:
    """R2: this run stays with its own version, and says that a newer one exists."""
    publish = (15, lambda admin: admin.post("images", **IMAGE, version=NEWER))
    rehearsal = rehearse(world(), clock=eventful(publish))

    view = rehearsal.run()

    assert (told(view)["status"], report(view)["newerVersion"]) == ("Completed", NEWER)
    assert versions_of(rehearsal) == {NEW: 15}


@pytest.mark.parametrize("flags", [{}, {"excludeFromLatest": True}, {"replicated": ["North Europe"]}])
def test_newer_gallery_version_is_reported_where_it_counts(rehearse: Rehearse, flags: dict[str, Any]) -> None:
    """R2, R26, R27: one that is excluded, or not in the region yet, is no newer version for this fleet."""

    def publish(admin: Admin) -> None:
        regions = ["West Europe", "North Europe"]
        admin.post("images", **IN_GALLERY, version=THIRD, targetRegions=regions, **flags)

    rehearsal = rehearse(gallery_world(), clock=eventful((15, publish)))

    view = rehearsal.run()

    assert report(view)["newerVersion"] == ("" if flags else THIRD)
    assert versions_of(rehearsal) == {SECOND: 6}


def test_instances_that_scale_out_creates_are_counted_and_not_swapped(rehearse: Rehearse) -> None:
    """O9: scale-out puts new instances on the target by itself: counted, reported, and left alone."""
    scale = (15, lambda admin: admin.post("scale", id=FLEET_ID, capacity=17))
    rehearsal = rehearse(world(), clock=eventful(scale))

    view = rehearsal.run()

    assert report(view)["byThemselves"] == [
        {"instance": "15", "version": NEW},
        {"instance": "16", "version": NEW},
    ]
    assert sorted(rehearsal.admin.audit()["swaps"], key=int) == [str(i) for i in range(15)]
    assert told(view)["status"] == "Completed"


def test_instances_that_come_to_a_newer_version_by_themselves_are_reported(rehearse: Rehearse) -> None:
    """O9, R2: past the target even: the instance is reported with its own version, and never taken back."""

    def publish_and_scale(admin: Admin) -> None:
        admin.post("images", **IMAGE, version=NEWER)
        admin.post("scale", id=FLEET_ID, capacity=16)

    rehearsal = rehearse(world(), clock=eventful((15, publish_and_scale)))

    view = rehearsal.run()

    assert report(view)["byThemselves"] == [{"instance": "15", "version": NEWER}]
    assert "15" not in rehearsal.admin.audit()["swaps"]
    assert versions_of(rehearsal) == {NEW: 15, NEWER: 1}


def test_instances_that_ran_the_version_before_are_not_counted(rehearse: Rehearse) -> None:
    """O9: who was on the target at the start did not come to it during the rollout; nor did those that were swapped."""
    on_target = {str(i): {"exactVersion": NEW} for i in (1, 4)}
    rehearsal = rehearse(world(instances=on_target))

    view = rehearsal.run()

    assert report(view)["byThemselves"] == []


def test_count_survives_a_resumed_rollout(rehearse: Rehearse) -> None:
    """O9: a rollout that another process goes on with still knows who ran the version when it began."""
    refusing = fault({"status": 403}, "GET", "*/virtualMachines", after=4, times=1)
    rehearsal = rehearse(world(faults=[refusing]))
    ports = rehearsal.ports()
    with pytest.raises(Exception, match="403"):
        rehearsal.run(ports)
    rehearsal.admin.post("scale", id=FLEET_ID, capacity=16)
    rehearsal.wall.advance(60)

    view = rehearsal.run(ports, owner="second")

    assert report(view)["byThemselves"] == [{"instance": "15", "version": NEW}]
    assert told(view)["status"] == "Completed"


def test_ending_is_told_with_what_nobody_asked_for(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """O9, R2: the log's last lines name the instances, their version, and the newer one."""

    def publish_and_scale(admin: Admin) -> None:
        admin.post("scale", id=FLEET_ID, capacity=16)
        admin.post("images", **IMAGE, version=NEWER)

    caplog.set_level("INFO", logger="fleetwright.rollout")
    rehearsal = rehearse(world(), clock=eventful((15, publish_and_scale)))

    rehearsal.run()

    assert caplog.messages[-2:] == [
        f"1 on {NEW} by themselves, through scale-out or repairs and not by this rollout: 15 (O9)",
        f"a newer version exists: {NEWER}; this rollout stayed with {NEW} (R2)",
    ]


def test_gallery_calls_are_few(rehearse: Rehearse) -> None:
    """R26, R27: one list, and one look at each candidate until one fits; what the list rules out is not looked at."""
    shelf = [gallery_version(f"1.{minor}.0") for minor in range(1, 40)]
    out = gallery_version("2.0.0", excludeFromLatest=True)
    rehearsal = rehearse(gallery_world(gallery_version(FIRST), *shelf, out, imageVersion="1.39.0"))

    rehearsal.run()

    asked = [
        entry["path"] for entry in rehearsal.admin.get("requests")["log"] if "/galleries/" in entry["path"]
    ]
    assert asked == [
        f"{GALLERY_IMAGE}/versions",
        f"{GALLERY_IMAGE}/versions/1.39.0",
        f"{GALLERY_IMAGE}/versions",
    ]
