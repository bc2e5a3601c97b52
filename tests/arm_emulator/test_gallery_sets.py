"""Scale sets that boot a gallery's image: what latest is for them, and what a reimage may ask for."""

from __future__ import annotations

import pytest
from emulated_galleries import (
    COMMUNITY,
    IMAGE,
    SHARED,
    gallery_set,
    gallery_world,
    running,
    version,
)
from emulated_worlds import Serve, scale_set_id

REFERENCES = [
    {"id": IMAGE},
    {"id": f"{IMAGE.upper()}/versions/latest"},
    {"sharedGalleryImageId": f"/SharedGalleries/{SHARED}/Images/web"},
    {"sharedGalleryImageId": f"/SharedGalleries/{SHARED}/Images/web/Versions/latest"},
    {"communityGalleryImageId": f"/CommunityGalleries/{COMMUNITY}/Images/web"},
]
PUBLISH = {
    "gallery": "g",
    "image": "web",
    "version": "1.0.2",
    "targetRegions": ["West Europe", "North Europe"],
}


@pytest.mark.parametrize("reference", REFERENCES)
def test_instances_show_the_version_that_they_run(serve: Serve, reference: dict[str, str]) -> None:
    """R26: without a word of the world a set runs the newest that its region has; the reference stays as written."""
    made = gallery_set(reference)
    del made["x-emulator"]["imageVersion"]
    emulator = serve(gallery_world(sets=(made,)))

    shown = emulator.instance("0")["properties"]["storageProfile"]["imageReference"]

    assert shown == {**reference, "exactVersion": "1.0.1"}


@pytest.mark.parametrize("reference", REFERENCES)
def test_reimage_to_a_version_of_the_gallery(serve: Serve, reference: dict[str, str]) -> None:
    """R26: exactVersion takes a version of the gallery, and the behaviours of that version are played."""
    sick = {"version": "1.0.1", "instances": ["1"], "health": "unhealthy"}
    emulator = serve(gallery_world(sets=(gallery_set(reference),), imageBehaviours=[sick]))

    accepted = emulator.reimage("0", "1", version="1.0.1")
    emulator.advance(120)

    assert accepted.status_code == 202
    assert running(emulator) == {"0": "1.0.1", "1": "1.0.1", "2": "1.0.0"}
    assert [emulator.codes(i)[2].split("/")[1] for i in ("0", "1")] == ["healthy", "unhealthy"]


@pytest.mark.parametrize("asked", ["1.0.9", "1.0.1"])
def test_version_that_the_region_does_not_have_is_refused(serve: Serve, asked: str) -> None:
    """R26: a version that is not there, or not replicated to the region, is GalleryImageNotFound."""
    emulator = serve(gallery_world(version("1.0.0"), version("1.0.1", replicated=["North Europe"])))

    refused = emulator.reimage("0", version=asked)

    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "GalleryImageNotFound")
    assert (
        f"{IMAGE}/versions/{asked} is not available in westeurope region"
        in refused.json()["error"]["message"]
    )
    assert running(emulator)["0"] == "1.0.0"


def test_scale_out_creates_on_the_newest_that_counts(serve: Serve) -> None:
    """O9, R26, R27: latest leaves out what is excluded, by either flag, and what the region does not have."""
    single = version("1.0.3")
    single["properties"]["publishingProfile"]["targetRegions"][0]["excludeFromLatest"] = True
    emulator = serve(
        gallery_world(
            version("1.0.0"),
            version("1.0.1"),
            version("1.0.2", excludeFromLatest=True),
            single,
            version("1.0.4", replicated=["North Europe"]),
        )
    )

    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 4})

    assert running(emulator)["3"] == "1.0.1"


def test_pinned_set_stays_on_its_version(serve: Serve) -> None:
    """R15: a reference with a version does not follow; new instances run that version."""
    emulator = serve(gallery_world(sets=(gallery_set({"id": f"{IMAGE}/versions/1.0.0"}),)))

    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 4})

    assert set(running(emulator).values()) == {"1.0.0"}


@pytest.mark.parametrize(
    "reference",
    [
        {"id": f"{IMAGE}x"},
        {"sharedGalleryImageId": "/SharedGalleries/nobody/Images/web"},
        {"communityGalleryImageId": "/CommunityGalleries/nobody/Images/web"},
        {"id": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/images/managed"},
    ],
)
def test_set_whose_image_cannot_be_resolved_is_loaded(serve: Serve, reference: dict[str, str]) -> None:
    """R28: the set is there, runs what the world says, and a reimage to a version is refused."""
    emulator = serve(gallery_world(sets=(gallery_set(reference),)))

    refused = emulator.reimage("0", version="1.0.1")

    assert running(emulator) == {"0": "1.0.0", "1": "1.0.0", "2": "1.0.0"}
    assert (refused.status_code, refused.json()["error"]["code"]) in {
        (404, "GalleryImageNotFound"),
        (404, "PlatformImageNotFound"),
    }


@pytest.mark.parametrize("gallery", ["g", "G", IMAGE.removesuffix("/images/web")])
def test_published_version_is_there_at_once(serve: Serve, gallery: str) -> None:
    """R26: POST /images publishes in a gallery that is given by name or id, with behaviours."""
    emulator = serve(gallery_world())
    behaviours = [{"instances": ["0"], "health": "never"}]

    answer = emulator.admin("POST", "images", {**PUBLISH, "gallery": gallery, "behaviours": behaviours})
    emulator.reimage("0", version="1.0.2")
    emulator.advance(120)

    assert answer == {"gallery": gallery, "image": "web", "version": "1.0.2"}
    assert emulator.codes("0")[2] == "HealthState/initializing"


def test_published_version_may_have_flags_and_reach_its_regions_later(serve: Serve) -> None:
    """R26, R27: targetRegions as ARM writes them, excludeFromLatest, and the regions that have it at once."""
    emulator = serve(gallery_world())
    regions = [{"name": "West Europe", "excludeFromLatest": True}, {"name": "North Europe"}]
    body = {**PUBLISH, "targetRegions": regions, "replicated": ["North Europe"]}

    emulator.admin("POST", "images", body)
    first = emulator.reimage("0", version="1.0.2").status_code
    arrived = {
        "gallery": "g",
        "image": "web",
        "version": "1.0.2",
        "region": "West Europe",
        "state": "Completed",
    }
    emulator.admin("POST", "images/replicate", arrived)

    assert (first, emulator.reimage("0", version="1.0.2").status_code) == (404, 202)
    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 4})
    assert running(emulator)["3"] == "1.0.1"


@pytest.mark.parametrize(
    ("route", "change", "status", "words"),
    [
        ("images", {"gallery": "x"}, 404, "gallery: the world has no gallery 'x'"),
        ("images", {"version": "1.0"}, 400, "version: '1.0' is no version such as 1.0.0"),
        ("images", {"targetRegions": []}, 400, "targetRegions: "),
        ("images", {"targetRegions": ["Atlantis"]}, 400, "targetRegions[0]: 'atlantis' is none of the world's"),
        ("images", {"targetRegions": [1]}, 400, "targetRegions[0]: 1 is no region"),
        ("images", {"replicated": ["eastus"]}, 400, "replicated: 'eastus' is none of targetRegions"),
        ("images", {"colour": "red"}, 400, "colour: unknown key"),
        ("images/replicate", {"state": "Done"}, 400, "state: 'Done'"),
        ("images/replicate", {"progress": 101}, 400, "progress: 101"),
        ("images/replicate", {"region": "eastus"}, 400, "region: 'eastus' is none of the version's target regions"),
        ("images/replicate", {"image": "x"}, 404, "image: gallery g has no image 'x'"),
        ("images/replicate", {"version": "9.9.9"}, 404, "version: image web has no version '9.9.9'"),
        ("images/withdraw", {"version": "9.9.9"}, 404, "version: image web has no version '9.9.9'"),
    ],
)  # fmt: skip
def test_bad_values_are_named(
    serve: Serve, route: str, change: dict[str, object], status: int, words: str
) -> None:
    """A body that is wrong is refused in one line that names the field, and changes nothing."""
    emulator = serve(gallery_world())
    before = emulator.admin("GET", "world")
    bodies: dict[str, dict[str, object]] = {
        "images": dict(PUBLISH),
        "images/replicate": {
            "gallery": "g",
            "image": "web",
            "version": "1.0.1",
            "region": "westeurope",
            "state": "Failed",
        },
        "images/withdraw": {"gallery": "g", "image": "web", "version": "1.0.1"},
    }

    answer = emulator.http.post(f"/_emulator/{route}", json={**bodies[route], **change})

    assert (answer.status_code, words in answer.json()["error"]["message"]) == (status, True), answer.text
    assert emulator.admin("GET", "world") == before


def test_platform_upgrades_gallery_sets_too(serve: Serve) -> None:
    """R1, R26: with platformUpgrades the set goes to a version as soon as its region has it, by nobody's action."""
    policy = {"mode": "Manual", "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}
    half = version("1.0.1", replicated=["North Europe"])
    emulator = serve(
        gallery_world(
            version("1.0.0"), half, sets=(gallery_set(upgrade_policy=policy),), platformUpgrades=True
        )
    )
    emulator.advance(600)
    before = set(running(emulator).values())

    arrived = {
        "gallery": "g",
        "image": "web",
        "version": "1.0.1",
        "region": "westeurope",
        "state": "Completed",
    }
    emulator.admin("POST", "images/replicate", arrived)
    emulator.advance(1)
    emulator.advance(1800)

    assert (before, set(running(emulator).values())) == ({"1.0.0"}, {"1.0.1"})
