"""R25/R49 and R48: one update domain of a set at a time, one zone of a region at a time for each image version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.referee.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.referee.acceptance import Acceptance


def judge_domains(acceptance: Acceptance) -> Iterator[Violation]:
    """Judge the swaps of an accepted call."""
    if acceptance.swaps:
        if acceptance.record.work is None:  # Batch pools have no update domains
            yield from _two_update_domains(acceptance)
        yield from _two_zones(acceptance)


def _two_update_domains(acceptance: Acceptance) -> Iterator[Violation]:
    """R25 for Service Fabric sets, R49 for all others. A set that crosses zones counts its domains as a regional one."""
    record, crosses = acceptance.record, acceptance.policy.enable_cross_zone_upgrade
    domains = {(None if crosses else f.zone, f.update_domain) for f in record.flights.values()}
    if len(domains) > 1:
        rule = "R25" if acceptance.event.service_fabric else "R49"
        listed = ", ".join(
            sorted(f"{domain} of zone {zone}" if zone else str(domain) for zone, domain in domains)
        )
        yield Violation(rule, acceptance.at, record.id, f"{len(domains)} update domains in flight: {listed}")


def _two_zones(acceptance: Acceptance) -> Iterator[Violation]:
    versions = {acceptance.image_of(swap): swap.to_version for swap in acceptance.swaps}
    for image, version in versions.items():
        yield from _two_zones_of(acceptance, image, f"{acceptance.event.image}:{version}")


def _two_zones_of(acceptance: Acceptance, image: str, words: str) -> Iterator[Violation]:
    """R48. ``enableCrossZoneUpgrade`` lifts it inside the set, never between the sets of a region."""
    record = acceptance.record
    places = acceptance.regions[record.location].places_of(image)
    own = {place.zone for place in places if place.scale_set == record.id and place.zone}
    others = {place.zone for place in places if place.scale_set != record.id and place.zone}
    is_own_breach = len(own) > 1 and not acceptance.policy.enable_cross_zone_upgrade
    is_shared_breach = bool(own and others) and len(own | others) > 1
    if is_own_breach or is_shared_breach:
        zones = ", ".join(sorted(own | others))
        where = "" if is_own_breach else ", counting the other scale sets of the region"
        detail = f"zones {zones} of {record.location} in flight for {words}{where}"
        yield Violation("R48", acceptance.at, record.id, detail)
