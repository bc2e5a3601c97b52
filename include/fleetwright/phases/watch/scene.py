"""What one look of the image watch reads: our fleets, the images that they use, and what the regions have of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleetwright.domain.eligibility import Facts, azure_upgrades_it, opted_out
from fleetwright.domain.errors import HeldError, ProviderError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.image_watch import choose_gallery, choose_platform
from fleetwright.domain.images import IN_GALLERIES, LATEST
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.domain.regions import normal_region
from fleetwright.domain.seen_images import Candidate, FirstStop, Shelf
from fleetwright.phases.watch.watch_ports import WatchPorts
from fleetwright.rollout.ports.catalogue import ImageCatalogue
from fleetwright.rollout.targets import HAS_VERSIONS, search_target


@dataclass(frozen=True, slots=True)
class Scene:
    """What one look has read.

    :param fleets: ours, opted in, and following latest
    :param shelves: by image and region
    """

    plan: PhasePlan
    fleets: tuple[Fleet, ...]
    shelves: Mapping[tuple[str, str], Shelf]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What could begin: one for each platform image, one for each gallery image and region (R50)."""
        by_image: dict[str, list[Fleet]] = {}
        for fleet in self.fleets:
            by_image.setdefault(fleet.image.key, []).append(fleet)
        return tuple(
            candidate for image in sorted(by_image) for candidate in self._candidates(image, by_image[image])
        )

    def _candidates(self, image: str, fleets: list[Fleet]) -> tuple[Candidate, ...]:
        if fleets[0].image.kind in IN_GALLERIES:
            shelves = (self.shelves[image, region] for region in sorted({f.location for f in fleets}))
            return tuple(choose_gallery(image, shelf) for shelf in shelves)
        here = {region: shelf for (of_image, region), shelf in self.shelves.items() if of_image == image}
        return (choose_platform(image, first_stop(self.plan, fleets), here),)

    @property
    def sights(self) -> tuple[Publication, ...]:
        """The newest version of every image in every region, and what could begin: what is new among them is news."""
        in_regions = (
            Publication(image, shelf.newest, region)
            for (image, region), shelf in self.shelves.items()
            if shelf.newest
        )
        able = (candidate.publication for candidate in self.candidates if candidate.publication)
        return tuple(dict.fromkeys((*in_regions, *able)))

    @property
    def without_phase(self) -> tuple[Fleet, ...]:
        """Fleets of platform images that stand in no phase: nothing upgrades them."""
        return tuple(
            fleet
            for fleet in self.fleets
            if fleet.image.kind not in IN_GALLERIES and phase_of(self.plan, fleet) is None
        )


def read_scene(ports: WatchPorts, plan: PhasePlan) -> Scene:
    """Read everything anew: one list of the fleets, and each image once for each region that uses it.

    :raises ProviderError: when the fleets cannot be listed
    """
    ports.catalogue.forget()
    listed = ports.fleets.list_fleets()
    fleets = tuple(f for f in listed if _is_ours(f, requires_deferral=ports.requires_deferral))
    asked = {(fleet.image.key, fleet.location): fleet for fleet in reversed(fleets)}
    shelves = {key: _read_shelf(ports.catalogue, fleet) for key, fleet in sorted(asked.items())}
    return Scene(plan, fleets, shelves)


def phase_of(plan: PhasePlan, fleet: Fleet) -> Phase | None:
    """The first phase that a fleet stands in; None where it stands in none."""
    region = normal_region(fleet.location)
    return next(
        (p for p in plan.phases if region in p.regions and (p.only is None or p.only.includes(fleet))), None
    )


def first_stop(plan: PhasePlan, fleets: list[Fleet]) -> FirstStop | None:
    """The first phase that has any of the fleets, with the regions of those."""
    found = [(phase, fleet.location) for fleet in fleets if (phase := phase_of(plan, fleet)) is not None]
    if not found:
        return None
    first = min((phase for phase, _ in found), key=lambda phase: phase.index)
    return FirstStop(first.label, tuple(sorted({region for phase, region in found if phase == first})))


def _is_ours(fleet: Fleet, *, requires_deferral: bool) -> bool:
    if fleet.image.kind not in HAS_VERSIONS or not fleet.image.follows_latest or opted_out(fleet):
        return False
    return not azure_upgrades_it(Facts(fleet, (), requires_deferral=requires_deferral))


def _read_shelf(catalogue: ImageCatalogue, fleet: Fleet) -> Shelf:
    """One image in one region; where that cannot be read, all others still are."""
    region = fleet.location
    try:
        found = search_target(catalogue, fleet, LATEST)
        if isinstance(found.obstacle, HeldError):
            return Shelf(region, passed=found.reasons)
        if found.target is None:
            return Shelf(region, problem="; ".join(found.reasons))
        versions = catalogue.list_versions(fleet, fleet.image)
    except ProviderError as error:
        return Shelf(region, problem=str(error))
    return Shelf(region, versions, found.version, found.target.passed_over)
