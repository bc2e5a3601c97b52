"""Batch pools whose nodes boot an image of a gallery: each region by itself, as soon as it has the version."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gallery_worlds import FIRST, GALLERY, GALLERY_IMAGE, SECOND, THIRD, gallery_version
from pool_rehearsals import PoolSide, broken, roll_out
from pool_worlds import ACCOUNT_ID, POOL_ID, accounts_world, batch_account, batch_pool
from rehearsals import Rehearsal, told

Rehearse = Callable[..., Rehearsal]

NORTH_ACCOUNT = f"{ACCOUNT_ID}north"
NORTH_POOL = f"{NORTH_ACCOUNT}/pools/frames"


def two_regions(*versions: dict[str, Any]) -> dict[str, Any]:
    """The same pool in West Europe and in North Europe, in an account each."""
    pools = (
        batch_pool(3, image={"id": GALLERY_IMAGE}, pool_id=pool_id, imageVersion=FIRST)
        for pool_id in (POOL_ID, NORTH_POOL)
    )
    west, north = pools
    galleries = [{"id": GALLERY, "images": [{"name": "web", "versions": list(versions)}]}]
    return accounts_world(
        batch_account(west),
        batch_account(north, account_id=NORTH_ACCOUNT, location="northeurope"),
        galleries=galleries,
    )


def test_a_pool_waits_for_its_own_region(rehearse: Rehearse) -> None:
    """R26, R50, R54: a version that is replicated to one region upgrades the pool there, and leaves the other region's alone."""
    document = two_regions(gallery_version(FIRST), gallery_version(SECOND, replicated=["North Europe"]))
    rehearsal = rehearse(document)

    west = roll_out(rehearsal)
    north = roll_out(rehearsal, fleet_id=NORTH_POOL)

    assert told(west)["reason"]["code"] == "NothingToDo"
    assert told(north)["progress"]["successfulInstanceCount"] == 3
    assert PoolSide(rehearsal.admin, POOL_ID).audit()["imageVersions"] == {FIRST: 3}
    assert PoolSide(rehearsal.admin, NORTH_POOL).audit()["imageVersions"] == {SECOND: 3}
    assert broken(rehearsal, POOL_ID) + broken(rehearsal, NORTH_POOL) == []


@pytest.mark.parametrize("fleet_id", [POOL_ID, NORTH_POOL])
def test_what_is_excluded_from_latest_is_not_rolled_out(rehearse: Rehearse, fleet_id: str) -> None:
    """R27, R54: the newest version is excluded from latest, so the pool gets the newest of the others."""
    excluded = gallery_version(THIRD, excludeFromLatest=True)
    rehearsal = rehearse(two_regions(gallery_version(FIRST), gallery_version(SECOND), excluded))

    view = roll_out(rehearsal, fleet_id=fleet_id)

    assert told(view)["progress"]["successfulInstanceCount"] == 3
    assert PoolSide(rehearsal.admin, fleet_id).audit()["imageVersions"] == {SECOND: 3}
    assert broken(rehearsal, fleet_id) == []
