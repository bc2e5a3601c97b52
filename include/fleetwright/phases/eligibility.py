"""Which fleets a phase starts, and why not the others: regions first, then fleets (R51)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from fleetwright.domain.eligibility import opted_out
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.forecasts import forecast
from fleetwright.domain.holds import Hold, Holdable, why_on_hold
from fleetwright.domain.phase_runs import FleetStart, LeftOut
from fleetwright.domain.phases import Phase
from fleetwright.domain.publications import Publication
from fleetwright.domain.regions import normal_region
from fleetwright.domain.windows import why_window_closed, window_of
from fleetwright.rollout.ports.catalogue import ImageCatalogue


@dataclass(frozen=True, slots=True)
class Circumstances:
    """A publication on its way through one phase, at one instant.

    :param holds: what is held now
    :param missing: why a region cannot have the version, by region; regions that can have it are not in it (R26, R27)
    """

    phase: Phase
    publication: Publication
    now: datetime
    holds: tuple[Hold, ...] = ()
    missing: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Every fleet of the list, started or left out.

    :param next_opening: the earliest instant at which a window of those left out opens
    """

    starts: tuple[FleetStart, ...]
    left_out: tuple[LeftOut, ...]
    next_opening: datetime | None = None

    @property
    def waiting(self) -> tuple[LeftOut, ...]:
        """Fleets that belong to the phase and may be started later."""
        return tuple(left for left in self.left_out if not left.settled)


def judge_fleets(given: Circumstances, fleets: Iterable[Fleet]) -> Eligibility:
    """Ask every fleet in turn; the first thing that is in its way is its reason (R4, R15, R26, R27, O1, O3)."""
    starts: list[FleetStart] = []
    left_out: list[LeftOut] = []
    openings: list[datetime] = []
    for fleet in fleets:
        settled = why_never(given, fleet)
        reason = settled or why_not_now(given, fleet)
        if not reason:
            starts.append(_start(fleet))
            continue
        left_out.append(LeftOut(fleet.fleet_id.resource_id, reason, settled=bool(settled)))
        window = None if settled else window_of(fleet)
        opening = window.next_opening(given.now) if window else None
        openings += [opening] if opening and opening > given.now else []
    return Eligibility(tuple(starts), tuple(left_out), min(openings, default=None))


def belongs(given: Circumstances, fleet: Fleet) -> bool:
    """Whether the phase is about the fleet at all: its image, its region, ours, on latest, of the phase's choice."""
    return not why_never(given, fleet)


def why_never(given: Circumstances, fleet: Fleet) -> str:
    """Why the fleet never gets the version in this phase, as its model is now; empty where it may."""
    phase, publication = given.phase, given.publication
    if fleet.image.key != publication.image:
        return f"it boots another image, {fleet.image.name}"
    if not _is_of(phase, fleet):
        return f"region {normal_region(fleet.location)} is not of {phase.label}"
    why_not_ours = opted_out(fleet)
    if why_not_ours:
        return why_not_ours
    if not fleet.image.follows_latest:
        return f"its model is pinned to version {fleet.image.asked_version}, and not to latest (R15)"
    if phase.only is not None and not phase.only.includes(fleet):
        return f"{phase.label} is for chosen fleets, and neither its name nor its tags are among them"
    return ""


def why_not_now(given: Circumstances, fleet: Fleet) -> str:
    """Why the fleet does not get the version now, although it may later; empty where it does (R26, R27)."""
    return (
        (given.missing or {}).get(normal_region(fleet.location), "")
        or why_on_hold(given.holds, Holdable(fleet=fleet.key))
        or why_window_closed(fleet, given.now)
    )


def find_missing(catalogue: ImageCatalogue, given: Circumstances, fleets: Iterable[Fleet]) -> dict[str, str]:
    """Which regions of the phase cannot have the version, and why: one question for each region (R26, R27, R51, C16).

    :raises ProviderError: when one cannot be asked
    """
    asked: dict[str, str] = {}
    for fleet in fleets:
        region = normal_region(fleet.location)
        if region not in asked and belongs(given, fleet):
            asked[region] = _why_missing(catalogue, given.publication, fleet)
    return {region: reason for region, reason in asked.items() if reason}


def _why_missing(catalogue: ImageCatalogue, publication: Publication, fleet: Fleet) -> str:
    try:
        reason = catalogue.why_not_rolled_out(fleet, fleet.image, publication.version)
    except ConfigurationError as error:
        return str(error)
    if not reason:
        return ""
    return f"version {publication.version} {reason}: {normal_region(fleet.location)} cannot have it yet"


def _is_of(phase: Phase, fleet: Fleet) -> bool:
    return normal_region(fleet.location) in {normal_region(region) for region in phase.regions}


def _start(fleet: Fleet) -> FleetStart:
    predicted = forecast(fleet)
    return FleetStart(
        fleet.fleet_id.resource_id,
        normal_region(fleet.location),
        fleet.capacity,
        predicted.batches,
        predicted.duration.total_seconds(),
    )
