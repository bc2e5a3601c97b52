"""The image catalogue against the emulator's galleries: which versions a region may have, and why not others."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parent.parent / "rollout"))

from gallery_worlds import (
    BOTH,
    COMMUNITY_IMAGE,
    FIRST,
    GALLERY,
    GALLERY_IMAGE,
    SECOND,
    SHARED_IMAGE,
    THIRD,
    gallery_version,
    gallery_world,
)
from worlds import FLEET_ID

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.gallery_parsing import parse_listed_version, parse_replicated_version
from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import ImageReference

OWN = ImageReference(resource_id=GALLERY_IMAGE)
SHARED = ImageReference(resource_id=SHARED_IMAGE)
COMMUNITY = ImageReference(resource_id=f"{COMMUNITY_IMAGE}/Versions/latest")
EVERY_KIND = pytest.mark.parametrize("image", [OWN, SHARED, COMMUNITY], ids=["own", "shared", "community"])
WEST = Fleet(parse_fleet_id(FLEET_ID), "westeurope", 6, OWN)
NORTH = replace(WEST, location="northeurope")

NOW = datetime(2024, 6, 1, tzinfo=UTC)
LAPSED, AHEAD = "2024-05-31T00:00:00Z", "2024-07-01T00:00:00Z"
SHELF = (
    gallery_version(THIRD, excludeFromLatest=True),
    gallery_version(SECOND, replicated=["North Europe"], endOfLifeDate=AHEAD),
    gallery_version("1.0.3", excluded_in=["West Europe"]),
    gallery_version("1.0.4", endOfLifeDate=LAPSED),
    gallery_version(FIRST),
)


class Shop:
    """An emulator with the shelf, and a catalogue that asks it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = connect(AzureEndpoint(url, StaticToken("any")), EmulatorClock(url))
        self.catalogue = AzureImageCatalogue(self.client)

    def admin(self, route: str, **body: object) -> None:
        """Tell the emulator something."""
        requests.post(f"{self.url}/_emulator/{route}", json=body, timeout=10).raise_for_status()

    def paths(self) -> list[str]:
        """The ARM calls so far, below the gallery."""
        log = requests.get(f"{self.url}/_emulator/requests", timeout=10).json()["log"]
        return [entry["path"].removeprefix(f"{GALLERY}/images/web") for entry in log]


@pytest.fixture
def shop() -> Iterator[Shop]:
    """The shelf, served."""
    with EmulatorServer(gallery_world(*SHELF), clock="manual", seed=0) as server:
        shop = Shop(server.url)
        yield shop
        shop.client.close()


def test_every_version_of_an_own_gallery_is_listed(shop: Shop) -> None:
    """R41: all of them, oldest first by number, whatever becomes of them."""
    assert shop.catalogue.list_versions(WEST, OWN) == (FIRST, SECOND, "1.0.3", "1.0.4", THIRD)


@pytest.mark.parametrize(
    ("version", "west", "north"),
    [
        (FIRST, "", ""),
        (SECOND, "is replicating to westeurope, 0 % done (R26)", ""),
        ("1.0.3", "is excluded from latest in westeurope (R27)", ""),
        ("1.0.4", "reached its end of life on 2024-05-31", "reached its end of life on 2024-05-31"),
        (THIRD, "is excluded from latest (R27)", "is excluded from latest (R27)"),
        ("9.9.9", "is gone from the catalogue", "is gone from the catalogue"),
    ],
)
def test_each_region_has_its_own_answer(shop: Shop, version: str, west: str, north: str) -> None:
    """R26, R27: short names and display names of regions are one; each version says why it is not rolled out."""
    answers = [shop.catalogue.why_not_rolled_out(fleet, OWN, version) for fleet in (WEST, NORTH)]

    assert answers == [west, north]


@EVERY_KIND
@pytest.mark.parametrize(("version", "reason"), [(THIRD, ""), ("1.0.4", ""), (FIRST, ""), ("9.9.9", "gone")])
def test_what_is_excluded_can_still_be_deployed(
    shop: Shop, image: ImageReference, version: str, reason: str
) -> None:
    """O6, R27: a way back needs the version in the region, not that it is the latest."""
    assert reason in shop.catalogue.why_not_deployable(WEST, image, version)
    assert bool(reason) == bool(shop.catalogue.why_not_deployable(WEST, image, version))


@pytest.mark.parametrize("image", [SHARED, COMMUNITY], ids=["shared", "community"])
def test_what_a_region_shows_is_what_it_has(shop: Shop, image: ImageReference) -> None:
    """R26, R27: for galleries of others visibility is the signal, and what is excluded there is left out."""
    assert shop.catalogue.list_versions(WEST, image) == (FIRST, "1.0.3", "1.0.4", THIRD)
    assert shop.catalogue.list_versions(NORTH, image) == (FIRST, SECOND, "1.0.3", "1.0.4", THIRD)
    reasons = [shop.catalogue.why_not_rolled_out(WEST, image, v) for v in (FIRST, "1.0.3", "1.0.4", THIRD)]
    assert reasons == [
        "",
        "is excluded from latest (R27)",
        "reached its end of life on 2024-05-31",
        "is excluded from latest (R27)",
    ]


def test_what_was_read_is_remembered_until_it_is_forgotten(shop: Shop) -> None:
    """R26: one list and one look at a version, however often they are asked for; after ``forget`` anew."""
    for _ in range(3):
        shop.catalogue.why_not_rolled_out(WEST, OWN, SECOND)
        shop.catalogue.why_not_rolled_out(WEST, OWN, THIRD)
    before = shop.paths()
    arrived = {
        "gallery": "g",
        "image": "web",
        "version": SECOND,
        "region": "West Europe",
        "state": "Completed",
    }
    shop.admin("images/replicate", **arrived)

    shop.catalogue.forget()

    assert before == ["/versions", f"/versions/{SECOND}"]
    assert shop.catalogue.why_not_rolled_out(WEST, OWN, SECOND) == ""


@pytest.mark.parametrize(
    ("image", "words"),
    [
        (ImageReference(resource_id=f"{GALLERY_IMAGE}x"), "webx of web does not exist: ResourceNotFound"),
        (
            ImageReference(resource_id="/SharedGalleries/none/Images/web"),
            "web of web is not visible in westeurope",
        ),
        (ImageReference(resource_id="/CommunityGalleries/none/Images/web"), "is not visible in westeurope"),
    ],
)
def test_gallery_that_is_not_there_is_named(shop: Shop, image: ImageReference, words: str) -> None:
    """R28: an image that cannot be found is a wrong configuration, told in one line."""
    with pytest.raises(ConfigurationError, match=words) as refused:
        shop.catalogue.list_versions(WEST, image)

    assert len(str(refused.value).splitlines()) == 1


def body(state: str = "Completed", *, provisioning: str = "Succeeded", progress: int = 40) -> dict[str, Any]:
    """A version as Azure shows it."""
    summary = [{"region": name, "state": state, "progress": progress, "details": "no quota"} for name in BOTH]
    return {
        "name": FIRST,
        "properties": {
            "provisioningState": provisioning,
            "publishingProfile": {"targetRegions": [{"name": name} for name in BOTH]},
            "replicationStatus": {"aggregatedState": "InProgress", "summary": summary},
        },
    }


@pytest.mark.parametrize(
    ("seen", "missing", "withheld"),
    [
        (body(), "", ""),
        (body("completed"), "", ""),
        (body("Replicating"), "is replicating to westeurope, 40 % done (R26)", ""),
        (body("Failed"), "is not replicated to westeurope: Failed, no quota (R26)", ""),
        (body("Unknown"), "is not replicated to westeurope: Unknown, no quota (R26)", ""),
        (body(provisioning="Updating"), "", "is being changed (Updating)"),
        (body(provisioning="Creating"), "is not provisioned (Creating)", "is being changed (Creating)"),
        (body(provisioning="Failed"), "is not provisioned (Failed)", "is being changed (Failed)"),
    ],
)
def test_states_of_a_version_are_read(seen: dict[str, Any], missing: str, withheld: str) -> None:
    """R26: only a version that is provisioned and completed in the region counts; each state has its words."""
    found = parse_replicated_version(seen, "westeurope", NOW)

    assert (found.missing, found.withheld) == (missing, withheld)


def test_region_that_is_no_target_does_not_have_it() -> None:
    """R26: the list alone tells that a version goes elsewhere only."""
    assert parse_listed_version(body(), "eastus", NOW).missing == "is not replicated to eastus (R26)"
