"""Whether a publication that a person wrote down exists at all: one that does not would wait, and others behind it."""

from __future__ import annotations

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.publications import Publication
from fleetwright.domain.regions import normal_region
from fleetwright.domain.thresholds import name_ids
from fleetwright.phases.ports import PhasePorts


def why_unheard_of(ports: PhasePorts, publication: Publication) -> str:
    """Why nobody has heard of it: no set boots the image, or no region of such sets lists the version; empty where one does.

    A version that is on its way to a region is listed in another one, and a gallery's in the gallery (R26).

    :raises ProviderError: when fleets or versions cannot be listed
    """
    fleets = ports.fleets.list_fleets()
    by_region = {normal_region(one.location): one for one in fleets if one.image.key == publication.image}
    if not by_region:
        images = sorted({one.image.key for one in fleets})
        return f"no scale set or Batch pool boots image {publication.image}; there are: {name_ids(images) or 'none'}"
    ports.catalogue.forget()
    newest = {}
    for region, fleet in sorted(by_region.items()):
        listed = _listed(ports, fleet)
        if publication.version in listed:
            return ""
        newest[region] = listed[-1] if listed else "none"
    told = name_ids([f"{version} in {region}" for region, version in newest.items()], 3)
    return f"no region lists version {publication.version} of {publication.image}; the newest is {told}"


def _listed(ports: PhasePorts, fleet: Fleet) -> tuple[str, ...]:
    return ports.catalogue.list_versions(fleet, fleet.image)
