"""Own galleries: reads, replication, and the life of a version, through Azure's own client."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute import models
from emulated_galleries import (
    GALLERY,
    IMAGE,
    gallery,
    gallery_world,
    regions_of,
    targets,
    version,
)
from emulated_worlds import Serve


def test_gallery_through_the_official_client(serve: Serve) -> None:
    """R26: galleries, images and versions are read as Azure writes them, regions by their display names."""
    compute = serve(gallery_world()).compute()

    assert [g.name for g in compute.galleries.list_by_resource_group("rg")] == ["g"]
    assert [g.id for g in compute.galleries.list()] == [GALLERY]
    assert compute.galleries.get("rg", "g").location == "westeurope"
    assert [i.name for i in compute.gallery_images.list_by_gallery("rg", "g")] == ["web"]
    assert compute.gallery_images.get("rg", "g", "web").os_type == "Linux"
    listed = list(compute.gallery_image_versions.list_by_gallery_image("rg", "g", "web"))
    assert [v.name for v in listed] == ["1.0.0", "1.0.1"]
    assert [t.name for t in listed[0].publishing_profile.target_regions] == ["West Europe", "North Europe"]
    assert listed[0].provisioning_state == "Succeeded"


def test_replication_status_is_shown_to_those_who_ask(serve: Serve) -> None:
    """R26: without ``$expand=ReplicationStatus`` there is none; with it each region has its state and progress."""
    emulator = serve(gallery_world(version("1.0.0", replicated=["West Europe"])))
    versions = emulator.compute().gallery_image_versions

    plain = versions.get("rg", "g", "web", "1.0.0")
    expanded = versions.get("rg", "g", "web", "1.0.0", expand="ReplicationStatus")

    assert plain.replication_status is None
    assert expanded.replication_status.aggregated_state == "InProgress"
    assert regions_of(emulator, "1.0.0") == {
        "West Europe": ("Completed", 100),
        "North Europe": ("Replicating", 0),
    }


@pytest.mark.parametrize(
    ("expand", "status", "shown"),
    [
        ("replicationStatus", 200, True),
        ("UefiSettings,ReplicationStatus", 200, True),
        ("UefiSettings", 200, False),
        ("all", 400, False),
    ],
)
def test_expand_takes_what_azure_takes(serve: Serve, expand: str, status: int, shown: bool) -> None:
    """Both words, in any case and together; another one is refused by name."""
    answer = serve(gallery_world()).arm("GET", f"{IMAGE}/versions/1.0.0", params={"$expand": expand})

    assert answer.status_code == status
    assert ("replicationStatus" in answer.json().get("properties", {})) is shown


def test_versions_come_in_pages(serve: Serve) -> None:
    """Lists page with ``nextLink``, in order of number."""
    shelf = [version(f"1.0.{number}") for number in range(205)]
    emulator = serve(gallery_world(*reversed(shelf)))

    first = emulator.arm("GET", f"{IMAGE}/versions").json()
    names = [
        v.name for v in emulator.compute().gallery_image_versions.list_by_gallery_image("rg", "g", "web")
    ]

    assert len(first["value"]) == 200
    assert "nextLink" in first
    assert names == [f"1.0.{number}" for number in range(205)]


def test_both_exclude_flags_are_shown(serve: Serve) -> None:
    """R27: version-wide and for one region, as the world wrote them."""
    wide = version("1.0.0", excludeFromLatest=True)
    single = version("1.0.1")
    single["properties"]["publishingProfile"]["targetRegions"][1]["excludeFromLatest"] = True
    versions = serve(gallery_world(wide, single)).compute().gallery_image_versions

    profiles = [versions.get("rg", "g", "web", name).publishing_profile for name in ("1.0.0", "1.0.1")]

    assert [p.exclude_from_latest for p in profiles] == [True, False]
    assert [t.exclude_from_latest for t in profiles[1].target_regions] == [False, True]


def test_version_is_published_changed_and_withdrawn_by_the_official_client(serve: Serve) -> None:
    """PUT, PATCH and DELETE are operations whose addresses lie under capsOperations."""
    emulator = serve(gallery_world())
    versions = emulator.compute().gallery_image_versions
    body = models.GalleryImageVersion(
        location="westeurope",
        publishing_profile=models.GalleryImageVersionPublishingProfile(
            target_regions=[models.TargetRegion(name="West Europe")]
        ),
        storage_profile=models.GalleryImageVersionStorageProfile(
            source=models.GalleryArtifactVersionFullSource(id=f"{GALLERY}/source")
        ),
    )

    made = versions.begin_create_or_update("rg", "g", "web", "1.0.2", body).result()
    update = models.GalleryImageVersionUpdate(
        publishing_profile=models.GalleryImageVersionPublishingProfile(exclude_from_latest=True)
    )
    changed = versions.begin_update("rg", "g", "web", "1.0.2", update).result()
    versions.begin_delete("rg", "g", "web", "1.0.2").result()

    assert (made.name, made.provisioning_state) == ("1.0.2", "Succeeded")
    assert changed.publishing_profile.exclude_from_latest is True
    assert [t.name for t in changed.publishing_profile.target_regions] == ["West Europe"]
    with pytest.raises(ResourceNotFoundError):
        versions.get("rg", "g", "web", "1.0.2")


def test_changes_answer_as_azure_does(serve: Serve) -> None:
    """201 for a new version, 200 for one that is there, 202 for a delete and 204 where nothing is to be deleted."""
    emulator = serve(gallery_world())
    path = f"{IMAGE}/versions/1.0.2"
    body = {"location": "westeurope", "properties": targets("West Europe")}

    answers = [
        emulator.arm("PUT", path, body),
        emulator.arm("PUT", path, body),
        emulator.arm("PATCH", path, {"tags": {"a": "b"}}),
        emulator.arm("DELETE", path),
        emulator.arm("DELETE", path),
    ]

    assert [answer.status_code for answer in answers] == [201, 200, 200, 202, 204]
    assert all("/capsOperations/" in answer.headers["Azure-AsyncOperation"] for answer in answers[:4])
    assert "/capsOperations/" in answers[3].headers["Location"]


def test_fault_keeps_a_version_as_it_is(serve: Serve) -> None:
    """An operation that a fault makes fail has changed nothing."""
    fault = {
        "match": {"method": "DELETE"},
        "effect": {"operation": "Failed", "code": "Oops", "message": "no"},
    }
    emulator = serve(gallery_world(faults=[fault]))
    versions = emulator.compute().gallery_image_versions

    with pytest.raises(HttpResponseError, match="Oops"):
        versions.begin_delete("rg", "g", "web", "1.0.1").result()

    assert versions.get("rg", "g", "web", "1.0.1").name == "1.0.1"


@pytest.mark.parametrize(
    ("name", "properties", "words"),
    [
        ("one", targets("West Europe"), "galleryImageVersionName 'one' is invalid"),
        ("1.0.2", targets("Atlantis"), "targetRegions[0]: 'atlantis' is none of the world's locations"),
        (
            "1.0.2",
            {"publishingProfile": {"targetRegions": ["West Europe"]}},
            "targetRegions[0]: 'West Europe'",
        ),
        ("1.0.2", {"publishingProfile": {"targetRegions": "all"}}, "targetRegions: 'all' is no list"),
        ("1.0.2", {"publishingProfile": 1}, "publishingProfile is no object"),
    ],
)
def test_bad_version_is_refused(serve: Serve, name: str, properties: dict[str, Any], words: str) -> None:
    """A PUT with what Azure does not take is 400, names the field, and publishes nothing."""
    emulator = serve(gallery_world())

    answer = emulator.arm("PUT", f"{IMAGE}/versions/{name}", {"properties": properties})

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameter")
    assert words in answer.json()["error"]["message"]
    assert emulator.arm("GET", f"{IMAGE}/versions/{name}").status_code == 404


@pytest.mark.parametrize(
    "path", [f"{GALLERY}x", f"{GALLERY}/images/none", f"{IMAGE}/versions/9.9.9", f"{GALLERY}x/images"]
)
def test_what_is_not_there_is_404(serve: Serve, path: str) -> None:
    """A gallery, image or version that the world does not have is ResourceNotFound."""
    answer = serve(gallery_world()).arm("GET", path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")


def test_galleries_survive_a_round_trip(serve: Serve) -> None:
    """GET /world gives galleries that load again as they are: flags, replication, both public names."""
    emulator = serve(gallery_world(version("1.0.0"), version("1.0.1", replicated=["West Europe"])))
    emulator.admin(
        "POST",
        "images/replicate",
        {
            "gallery": "g",
            "image": "web",
            "version": "1.0.1",
            "region": "North Europe",
            "state": "Replicating",
            "progress": 40,
        },
    )
    document = emulator.admin("GET", "world")

    emulator.admin("POST", "reset", document)

    assert emulator.admin("GET", "world")["galleries"] == document["galleries"]
    assert regions_of(emulator, "1.0.1") == {
        "West Europe": ("Completed", 100),
        "North Europe": ("Replicating", 40),
    }
    assert document["galleries"][0]["x-emulator"] == gallery()["x-emulator"]


@pytest.mark.parametrize(
    ("galleries", "words"),
    [
        ([{"id": "/galleries/g"}], "is no gallery's id"),
        ([gallery(), gallery()], "galleries[1].id: "),
        ([gallery(version("1.0"))], "galleries[0].images[0].versions[0].name: '1.0' is no version"),
        ([gallery(version("1.0.0", "Atlantis"))], "targetRegions[0].name: 'atlantis' is none of the world's"),
        (
            [gallery(version("1.0.0", "West Europe", replicated=["eastus"]))],
            "x-emulator.replicated: 'eastus' is none of the version's target regions",
        ),
        (
            [gallery({"name": "1.0.0", "properties": {"publishingProfile": {"targetRegions": [1]}}})],
            "targetRegions[0]: 1",
        ),
        ([{**gallery(), "colour": "red"}], "galleries[0].colour: unknown key"),
    ],
)
def test_wrong_galleries_are_named(serve: Serve, galleries: list[Any], words: str) -> None:
    """A world whose galleries are wrong is refused in one line that says where."""
    answer = serve().admin("POST", "reset", {**gallery_world(), "galleries": galleries})

    assert words in answer["error"]["message"]
    assert len(answer["error"]["message"].splitlines()) == 1
