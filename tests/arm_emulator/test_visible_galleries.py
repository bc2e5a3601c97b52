"""Shared and community galleries: what a region shows of them, through Azure's own client."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from emulated_galleries import COMMUNITY, SHARED, gallery_world, version
from emulated_worlds import SUBSCRIPTION, Serve

LOCATIONS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations"


def test_shared_gallery_through_the_official_client(serve: Serve) -> None:
    """R26: a region shows what it has, and nothing else tells of replication."""
    half = version("1.0.1", replicated=["North Europe"])
    compute = serve(gallery_world(version("1.0.0"), half)).compute()
    versions = compute.shared_gallery_image_versions

    assert [g.unique_id for g in compute.shared_galleries.list("westeurope")] == [
        f"/SharedGalleries/{SHARED}"
    ]
    assert compute.shared_galleries.get("westeurope", SHARED).name == SHARED
    assert [i.name for i in compute.shared_gallery_images.list("westeurope", SHARED)] == ["web"]
    assert compute.shared_gallery_images.get("westeurope", SHARED, "web").properties.os_type == "Linux"
    assert [v.name for v in versions.list("westeurope", SHARED, "web")] == ["1.0.0"]
    assert [v.name for v in versions.list("northeurope", SHARED, "web", shared_to="tenant")] == [
        "1.0.0",
        "1.0.1",
    ]
    assert versions.get("northeurope", SHARED, "web", "1.0.1").properties.exclude_from_latest is False


def test_community_gallery_through_the_official_client(serve: Serve) -> None:
    """R27: a community gallery is read by its public name, and shows what is excluded from latest."""
    compute = serve(gallery_world(version("1.0.0"), version("1.0.1", excludeFromLatest=True))).compute()
    versions = compute.community_gallery_image_versions

    assert compute.community_galleries.get("westeurope", COMMUNITY).name == COMMUNITY
    assert [i.name for i in compute.community_gallery_images.list("westeurope", COMMUNITY)] == ["web"]
    assert compute.community_gallery_images.get("westeurope", COMMUNITY, "web").properties.os_type == "Linux"
    found = {v.name: v.properties.exclude_from_latest for v in versions.list("westeurope", COMMUNITY, "web")}
    assert found == {"1.0.0": False, "1.0.1": True}
    assert versions.get("westeurope", COMMUNITY, "web", "1.0.0").properties.disclaimer


@pytest.mark.parametrize("name", ["g", "nobody", COMMUNITY])
def test_gallery_is_only_shared_under_its_unique_name(serve: Serve, name: str) -> None:
    """A gallery's own name, or its public one, is not that under which it is shared."""
    versions = serve(gallery_world()).compute().shared_gallery_image_versions

    with pytest.raises(HttpResponseError) as refused:
        list(versions.list("westeurope", name, "web"))

    assert refused.value.status_code == 404


def test_version_that_the_region_does_not_have_is_404(serve: Serve) -> None:
    """R26: what is not replicated to the region is not there."""
    emulator = serve(gallery_world(version("1.0.1", replicated=["North Europe"])))
    below = f"sharedGalleries/{SHARED}/images/web/versions/1.0.1"

    answers = [
        emulator.arm("GET", f"{LOCATIONS}/{region}/{below}") for region in ("westeurope", "northeurope")
    ]

    assert [answer.status_code for answer in answers] == [404, 200]


def test_unknown_region_is_400(serve: Serve) -> None:
    """A region that the world does not have is named."""
    answer = serve(gallery_world()).arm("GET", f"{LOCATIONS}/atlantis/sharedGalleries")

    assert (answer.status_code, answer.json()["error"]["target"]) == (400, "location")
