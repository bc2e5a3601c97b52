"""Image versions are numbers, and a reference tells where its image comes from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.images import (
    ImageKind,
    ImageReference,
    is_exact_version,
    is_older,
    newest,
    target_reference,
    version_key,
)

versions = st.lists(st.integers(0, 10**12), min_size=1, max_size=5).map(
    lambda parts: ".".join(map(str, parts))
)
GALLERY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/galleries/g/images/web"
MANAGED = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/images/web"


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("18.04.202401010", "18.04.202402010"),
        ("18.04.9", "18.04.10"),
        ("1.9.0", "1.10.0"),
        ("2016.127.20180613", "2016.127.20190603"),
        ("9.0.0", "10.0.0"),
        ("17763.6414.240910", "17763.6414.241004"),
        ("1.0", "1.0.1"),
        ("18.04.202401010", "18.04.1000000000"),
    ],
)
def test_versions_are_ordered_by_number(older: str, newer: str) -> None:
    """R41: segment by segment as numbers, whatever letters would say, and whatever their arity."""
    assert version_key(older) < version_key(newer)
    assert is_older(older, newer)
    assert not is_older(newer, older)
    assert newest((newer, older)) == newest((older, newer)) == newer


@given(versions, versions)
def test_exactly_one_of_two_different_versions_is_older(one: str, other: str) -> None:
    """R41: the order is total over versions that differ in a number."""
    assert is_older(one, other) + is_older(other, one) == (version_key(one) != version_key(other))


@given(st.lists(versions, min_size=1))
def test_the_newest_is_older_than_none(names: list[str]) -> None:
    """R41: no version of the list is above the one that is called newest."""
    assert not any(is_older(newest(tuple(names)), name) for name in names)


def test_the_newest_of_nothing_is_nothing() -> None:
    """R41: an image without versions has no newest one."""
    assert newest(()) is None


@pytest.mark.parametrize(
    "text", ["", "latest", "1.", ".1", "1..2", "1.0-rc1", "v1.0", " 1.0", "1.0\n", "1,0"]
)
def test_other_text_is_no_version(text: str) -> None:
    """R41: what is not dotted numbers has no place in the order, and the error quotes it."""
    assert not is_exact_version(text)
    with pytest.raises(ConfigurationError, match="is not dotted numbers such as"):
        version_key(text)


@pytest.mark.parametrize("version", ["", "latest", "unknown"])
def test_an_unreadable_version_has_to_move_up(version: str) -> None:
    """R13: an instance that does not say what it runs is upgraded."""
    assert is_older(version, "1.0.0")


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        (ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest"), ImageKind.PLATFORM),
        (ImageReference(resource_id=GALLERY), ImageKind.GALLERY),
        (ImageReference(resource_id=GALLERY.upper()), ImageKind.GALLERY),
        (ImageReference(resource_id=f"{GALLERY}/versions/1.0.0"), ImageKind.GALLERY),
        (
            ImageReference(resource_id="/SharedGalleries/g/Images/web/Versions/latest"),
            ImageKind.SHARED_GALLERY,
        ),
        (ImageReference(resource_id="/CommunityGalleries/g/Images/web"), ImageKind.COMMUNITY_GALLERY),
        (
            ImageReference(resource_id="/subscriptions/s/providers/Microsoft.Compute/disks/d"),
            ImageKind.UNKNOWN,
        ),
        (ImageReference(resource_id=MANAGED), ImageKind.MANAGED),
        (ImageReference(resource_id=MANAGED.lower()), ImageKind.MANAGED),
        (ImageReference("Canonical", "UbuntuServer", "", "latest"), ImageKind.UNKNOWN),
        (ImageReference(), ImageKind.UNKNOWN),
    ],
    ids=lambda value: str(value) if isinstance(value, ImageKind) else "",
)
def test_a_reference_tells_its_kind(reference: ImageReference, kind: ImageKind) -> None:
    """R28: platform, gallery and managed images are told apart by their ids, in any case."""
    assert reference.kind is kind


@pytest.mark.parametrize(
    ("reference", "follows"),
    [
        (ImageReference("p", "o", "s", "latest"), True),
        (ImageReference("p", "o", "s", "Latest"), True),
        (ImageReference("p", "o", "s", "18.04.202401010"), False),
        (ImageReference("p", "o", "s", ""), False),
        (ImageReference(resource_id=GALLERY), True),
        (ImageReference(resource_id=f"{GALLERY}/versions/latest"), True),
        (ImageReference(resource_id=f"{GALLERY}/Versions/1.0.0"), False),
    ],
)
def test_a_reference_tells_whether_it_follows_the_newest(reference: ImageReference, follows: bool) -> None:
    """R15: `latest`, or a gallery image without a version, follows; a pinned version does not."""
    assert reference.follows_latest is follows


def test_an_image_is_named_without_its_version() -> None:
    """R52: publisher, offer and SKU are the image; a rollout changes none of them."""
    assert ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest").name == (
        "Canonical:UbuntuServer:18.04-LTS"
    )
    assert ImageReference(resource_id=GALLERY).name == GALLERY
    assert ImageReference(resource_id=f"{GALLERY}/versions/1.0.0").name == GALLERY


def test_an_image_has_one_key_however_it_is_written() -> None:
    """R52: case and version make no other image, so quarantines and phases find it again."""
    written = [GALLERY, GALLERY.upper(), f"{GALLERY}/Versions/1.0.0", f"{GALLERY}/versions/latest"]

    assert {ImageReference(resource_id=text).key for text in written} == {GALLERY.lower()}
    assert ImageReference("CANONICAL", "ubuntuserver", "18.04-LTS").key == "canonical:ubuntuserver:18.04-lts"


@pytest.mark.parametrize(
    ("reference", "target"),
    [
        (
            ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest"),
            {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": "1.0.1"},
        ),
        (ImageReference(resource_id=GALLERY), {"id": f"{GALLERY}/versions/1.0.1", "version": "1.0.1"}),
        (
            ImageReference(resource_id="/SharedGalleries/g/Images/web/Versions/latest"),
            {"sharedGalleryImageId": "/SharedGalleries/g/Images/web/versions/1.0.1", "version": "1.0.1"},
        ),
        (
            ImageReference(resource_id="/CommunityGalleries/g/Images/web"),
            {
                "communityGalleryImageId": "/CommunityGalleries/g/Images/web/versions/1.0.1",
                "version": "1.0.1",
            },
        ),
    ],
)
def test_the_target_is_written_in_azures_fields(reference: ImageReference, target: dict[str, str]) -> None:
    """R40, R52: the history's targetImageReference is the model's own image at the target version."""
    assert target_reference(reference.to_dict(), "1.0.1") == target
