"""Rollouts of gallery images: which version a region gets, and when it gets none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gallery_worlds import (
    COMMUNITY_IMAGE,
    FIRST,
    GALLERY_IMAGE,
    NORTH_ID,
    SECOND,
    SHARED_IMAGE,
    THIRD,
    gallery_version,
    gallery_world,
    two_regions,
)
from rehearsals import Admin, Rehearsal, eventful, told
from worlds import FLEET_ID, IMAGE, NEW, sick, world

from fleetwright.domain.errors import ConfigurationError, HeldError
from fleetwright.domain.progress import history_entry, recent_history
from fleetwright.rollout.report import report

Rehearse = Callable[..., Rehearsal]

REPLICATE = {"gallery": "g", "image": "web"}


def versions_of(rehearsal: Rehearsal, fleet_id: str = FLEET_ID) -> dict[str, int]:
    """How many instances of a set run which version, by the referee."""
    found: dict[str, int] = rehearsal.admin.get("audit")["scaleSets"][fleet_id]["imageVersions"]
    return found


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        ({"id": GALLERY_IMAGE}, {"id": f"{GALLERY_IMAGE}/versions/{SECOND}"}),
        ({"id": f"{GALLERY_IMAGE}/versions/latest"}, {"id": f"{GALLERY_IMAGE}/versions/{SECOND}"}),
        (
            {"sharedGalleryImageId": SHARED_IMAGE},
            {"sharedGalleryImageId": f"{SHARED_IMAGE}/versions/{SECOND}"},
        ),
        (
            {"communityGalleryImageId": f"{COMMUNITY_IMAGE}/Versions/latest"},
            {"communityGalleryImageId": f"{COMMUNITY_IMAGE}/versions/{SECOND}"},
        ),
    ],
    ids=["own", "own latest", "shared", "community"],
)
def test_gallery_set_goes_to_the_newest(
    rehearse: Rehearse, reference: dict[str, str], target: dict[str, str]
) -> None:
    """R1, R28, R40: own, shared and community images are rolled out, and the history names them in Azure's fields."""
    rehearsal = rehearse(gallery_world(reference=reference))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert versions_of(rehearsal) == {SECOND: 6}
    assert rehearsal.admin.violations() == []
    entry = history_entry(view)["properties"]["targetImageReference"]
    assert entry == {**target, "version": SECOND}


def test_set_stays_where_its_region_waits_and_the_other_region_goes(rehearse: Rehearse) -> None:
    """R26, C16: not replicated to West Europe yet, so the set there stays, and the one in North Europe proceeds."""
    half = gallery_version(SECOND, replicated=["North Europe"])
    rehearsal = rehearse(two_regions(gallery_version(FIRST), half))
    ports = rehearsal.ports()

    west = rehearsal.run(ports)
    north = rehearsal.run(ports, fleet_id=NORTH_ID)

    assert told(west)["reason"]["code"] == "NothingToDo"
    assert west.rollout.plan["notes"] == [
        f"version {SECOND} is replicating to westeurope, 0 % done (R26): it is not rolled out"
    ]
    assert told(north)["progress"]["successfulInstanceCount"] == 6
    assert (versions_of(rehearsal), versions_of(rehearsal, NORTH_ID)) == ({FIRST: 6}, {SECOND: 6})


def test_set_goes_as_soon_as_its_region_has_the_version(rehearse: Rehearse) -> None:
    """R1, R26, C15, C16: publication is what counts, and it counts from the region's own replication on."""
    rehearsal = rehearse(
        gallery_world(gallery_version(FIRST), gallery_version(SECOND, replicated=["North Europe"]))
    )
    before = rehearsal.run()

    rehearsal.admin.post(
        "images/replicate", **REPLICATE, version=SECOND, region="West Europe", state="Completed"
    )
    after = rehearsal.run()

    assert [told(view)["reason"]["code"] for view in (before, after)] == ["NothingToDo", "Completed"]
    assert versions_of(rehearsal) == {SECOND: 6}


@pytest.mark.parametrize(
    "excluded",
    [
        gallery_version(THIRD, excludeFromLatest=True),
        gallery_version(THIRD, excluded_in=["West Europe"]),
        gallery_version(THIRD, endOfLifeDate="2024-05-01T00:00:00Z"),
    ],
    ids=["version-wide", "in the region", "end of life"],
)
def test_newest_that_is_excluded_is_passed_over(rehearse: Rehearse, excluded: dict[str, Any]) -> None:
    """R27: excluded version-wide or for the region, or at its end of life: the newest other one is the target."""
    rehearsal = rehearse(gallery_world(gallery_version(FIRST), gallery_version(SECOND), excluded))

    view = rehearsal.run()

    assert (view.rollout.settings.target_version, versions_of(rehearsal)) == (SECOND, {SECOND: 6})
    (note,) = [note for note in view.rollout.plan["notes"] if "it is not rolled out" in note]
    assert note.startswith(f"version {THIRD} ")
    assert report(view)["newerVersion"] == ""


def test_version_that_is_excluded_elsewhere_counts(rehearse: Rehearse) -> None:
    """R27: a flag for another region says nothing about this one."""
    elsewhere = gallery_version(SECOND, excluded_in=["North Europe"])
    rehearsal = rehearse(gallery_world(gallery_version(FIRST), elsewhere))

    rehearsal.run()

    assert versions_of(rehearsal) == {SECOND: 6}


@pytest.mark.parametrize(
    ("version", "words"),
    [
        (gallery_version(SECOND, excludeFromLatest=True), "is excluded from latest (R27)"),
        (gallery_version(SECOND, excluded_in=["West Europe"]), "is excluded from latest in westeurope (R27)"),
        (
            gallery_version(SECOND, replicated=["North Europe"]),
            "is replicating to westeurope, 0 % done (R26)",
        ),
    ],
)
def test_version_that_may_not_be_rolled_out_is_held_when_asked_for(
    rehearse: Rehearse, version: dict[str, Any], words: str
) -> None:
    """R26, R27: asking for it by number changes nothing: held, with the reason, and nothing is touched."""
    rehearsal = rehearse(gallery_world(gallery_version(FIRST), version))

    with pytest.raises(HeldError, match=f"version {SECOND} of .* is not rolled out") as held:
        rehearsal.run(version=SECOND)

    assert words in held.value.reasons[0]
    assert rehearsal.admin.mutating() == 0


def test_version_that_does_not_exist_is_no_version(rehearse: Rehearse) -> None:
    """A version that the gallery does not list is a wrong request, and the newest that it does list is named."""
    rehearsal = rehearse(gallery_world())

    with pytest.raises(ConfigurationError, match=rf"version 9\.9\.9 .* the newest there is {SECOND}"):
        rehearsal.run(version="9.9.9")


def test_every_version_that_does_not_count_is_named(rehearse: Rehearse) -> None:
    """R26, R27: where no version fits, the fleet is held with all of them and why each does not count."""
    rehearsal = rehearse(
        gallery_world(
            gallery_version(FIRST, excludeFromLatest=True),
            gallery_version(SECOND, replicated=["North Europe"]),
            gallery_version(THIRD, replicated=["North Europe"]),
        )
    )
    for version, state, progress in ((SECOND, "Replicating", 40), (THIRD, "Failed", 10)):
        rehearsal.admin.post(
            "images/replicate",
            **REPLICATE,
            version=version,
            region="westeurope",
            state=state,
            progress=progress,
        )

    with pytest.raises(HeldError) as held:
        rehearsal.run()

    (reason,) = held.value.reasons
    assert f"{THIRD} is not replicated to westeurope: Failed (R26)" in reason
    assert f"{SECOND} is replicating to westeurope, 40 % done (R26)" in reason
    assert f"{FIRST} is excluded from latest (R27)" in reason


@pytest.mark.parametrize(
    ("reference", "rule", "words"),
    [
        ({"id": f"{GALLERY_IMAGE}/versions/{FIRST}"}, "R15", f"pinned to /versions/{FIRST}"),
        (
            {"id": GALLERY_IMAGE.replace("galleries/g/images", "images").replace("/images/web", "/images/x")},
            "R28",
            "managed image",
        ),
    ],
)
def test_pinned_and_managed_images_are_held(
    rehearse: Rehearse, reference: dict[str, str], rule: str, words: str
) -> None:
    """R15, R28: an id with a version, and a managed image, are held before anything changes."""
    rehearsal = rehearse(gallery_world(reference=reference))

    with pytest.raises(HeldError) as held:
        rehearsal.run()

    assert [words in reason and f"({rule})" in reason for reason in held.value.reasons] == [True]
    assert rehearsal.admin.mutating() == 0


@pytest.mark.parametrize("way", ["withdrawn", "not replicated"])
def test_previous_version_that_is_gone_allows_no_way_back(rehearse: Rehearse, way: str) -> None:
    """O6: a previous version withdrawn, or not in the region any more, holds automatic runs; manual ones are warned."""
    rehearsal = rehearse(gallery_world())
    if way == "withdrawn":
        rehearsal.admin.post("images/withdraw", **REPLICATE, version=FIRST)
    else:
        rehearsal.admin.post(
            "images/replicate", **REPLICATE, version=FIRST, region="westeurope", state="Failed"
        )

    with pytest.raises(HeldError, match=r"rollback is impossible: previous version 1\.0\.0 .* \(O6\)"):
        rehearsal.run()
    view = rehearsal.run(trigger="manual")

    assert any("(O6)" in note for note in view.rollout.plan["notes"])
    assert versions_of(rehearsal) == {SECOND: 6}


def test_excluded_previous_version_is_a_way_back(rehearse: Rehearse) -> None:
    """O6, R27, R11: excluded from latest, yet deployable: an instance that fails gets it back."""
    old = gallery_version(FIRST, excludeFromLatest=True)
    rehearsal = rehearse(
        gallery_world(old, gallery_version(SECOND), n=15, behaviours=[sick("14", version=SECOND)])
    )

    view = rehearsal.run()

    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert versions_of(rehearsal) == {SECOND: 14, FIRST: 1}


def test_each_publication_is_one_rollout(rehearse: Rehearse) -> None:
    """R1, R2: two publications are two entries of the history, in at least two batches each."""
    rehearsal = rehearse(gallery_world(gallery_version(FIRST), n=10))
    views = []
    for version in (SECOND, THIRD):
        rehearsal.admin.post("images", **REPLICATE, version=version, targetRegions=["West Europe"])
        views.append(rehearsal.run())

    history = recent_history(rehearsal.ports().ledger.list_rollouts(FLEET_ID.lower()))

    assert [entry["properties"]["targetImageReference"]["version"] for entry in history] == [THIRD, SECOND]
    assert all(len(view.batches) >= 2 for view in views)
    assert versions_of(rehearsal) == {THIRD: 10}


def test_target_keeps_the_image_of_the_model(rehearse: Rehearse) -> None:
    """R52, C3: publisher, offer and SKU of the target are the model's, as ids; only the version is new."""
    rehearsal = rehearse(world(3, 0))

    entry = history_entry(rehearsal.run())["properties"]["targetImageReference"]

    assert entry == {**IMAGE, "version": NEW}


@pytest.mark.parametrize("withdrawn", [False, True])
def test_deferred_upgrade_of_a_gallery_set_is_approved(rehearse: Rehearse, withdrawn: bool) -> None:
    """R26, N24, O1: Azure swaps to the gallery's version what we approve; once that is withdrawn no more is approved."""
    policy = {
        "mode": "Manual",
        "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True, "osRollingUpgradeDeferral": True},
    }
    document = {**gallery_world(policy=policy, tags={}), "platformUpgrades": True}

    def withdraw(admin: Admin) -> None:
        if withdrawn:
            admin.post("images/withdraw", **REPLICATE, version=SECOND)

    rehearsal = rehearse(document, clock=eventful((60, withdraw)))

    view = rehearsal.run()

    if withdrawn:
        assert "it was withdrawn while this rollout ran" in told(view)["reason"]["message"]
        assert set(versions_of(rehearsal)) == {FIRST, SECOND}
    else:
        assert versions_of(rehearsal) == {SECOND: 6}
    assert rehearsal.admin.violations() == []


def test_flexible_set_takes_a_gallerys_image_too(rehearse: Rehearse) -> None:
    """R26, R28: machines of a Flexible set are reimaged to the gallery's version, one after the other."""
    document = gallery_world(n=3)
    properties = document["scaleSets"][0]["resource"]["properties"]
    properties["orchestrationMode"] = "Flexible"
    properties["virtualMachineProfile"]["storageProfile"]["osDisk"]["deleteOption"] = "Detach"
    rehearsal = rehearse(document)

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert versions_of(rehearsal) == {SECOND: 3}
    assert rehearsal.admin.violations() == []
