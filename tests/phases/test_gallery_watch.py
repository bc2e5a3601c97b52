"""The image watch over gallery images: region by region, as they are replicated (R26, R27, R50)."""

from __future__ import annotations

from gallery_worlds import FIRST, GALLERY, GALLERY_IMAGE, SECOND, THIRD, gallery_version, two_regions
from travel_fixtures import Keep
from vigils import Vigil, words

from fleetwright.domain.publications import Publication

KEY = GALLERY_IMAGE.lower()
WEST, NORTH = "westeurope", "northeurope"


def announced(watch: Vigil) -> list[tuple[str, str]]:
    """Version and region of every announcement."""
    return [(one.version, one.region) for one in watch.listeners.heard]


def test_a_version_is_announced_in_each_region_when_it_is_there(vigil: Keep) -> None:
    """A region that is still replicating waits and says so; the other goes ahead, past every phase (R26, R50)."""
    watch = vigil(two_regions(gallery_version(FIRST), gallery_version(SECOND, replicated=["West Europe"])))

    first = watch.look()
    watch.admin.post(
        "images/replicate",
        gallery=GALLERY,
        image="web",
        version=SECOND,
        region="North Europe",
        state="Completed",
    )
    watch.look()

    assert announced(watch) == [(FIRST, NORTH), (SECOND, WEST), (SECOND, NORTH)]
    assert f"{SECOND} is replicating to {NORTH}" in words(first, KEY) or "R26" in words(first, KEY)


def test_an_excluded_version_is_never_announced(vigil: Keep) -> None:
    """Excluded everywhere or in one region: the newest that is not is announced (R27)."""
    watch = vigil(
        two_regions(
            gallery_version(FIRST),
            gallery_version(SECOND, excluded_in=["North Europe"]),
            gallery_version(THIRD, excludeFromLatest=True),
        )
    )
    found = watch.look()
    assert announced(watch) == [(FIRST, NORTH), (SECOND, WEST)]
    assert f"{THIRD} is excluded from latest (R27)" in words(found, KEY)


def test_a_fleet_enabled_late_gets_what_its_region_has(vigil: Keep) -> None:
    """A version whose own run in the region succeeded reaches fleets that were enabled after it (R1, R26, R50)."""
    from fleetwright.domain.phases import regional_phase
    from fleetwright.phases.runner import travel

    watch = vigil(two_regions(gallery_version(FIRST), gallery_version(SECOND)))
    watch.admin.patch({"tags": {"fleetwright": "no"}})
    watch.look()
    published = Publication(KEY, SECOND, WEST)
    assert regional_phase(WEST).label == "gallery_westeurope"
    travel(watch.phase_ports(), watch.plan, published, owner="test", roll_out_fleets=lambda *_: None)
    watch.admin.patch({"tags": {"fleetwright": "enabled"}})

    found = watch.look()

    assert [(start.version, start.fleet_id.rpartition("/")[2]) for start in found.starts] == [(SECOND, "web")]
    assert f"{SECOND} is replicated to {WEST}" in found.starts[0].reason


def test_a_look_costs_two_questions_for_each_region(vigil: Keep) -> None:
    """One list of versions, and one question about the replication of the newest (R26)."""
    watch = vigil(two_regions(gallery_version(FIRST), gallery_version(SECOND)))
    watch.look()
    before = len(watch.asked())

    watch.look()

    assert len([call for call in watch.asked()[before:] if "/galleries/" in call]) == 4
