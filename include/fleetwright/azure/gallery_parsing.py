"""From gallery image versions' ARM bodies to what they mean for one region (R26, R27)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from fleetwright.azure.bodies import Body, bodies_at, body_at, flag_at, number_at, text_at
from fleetwright.domain.image_versions import ImageVersion
from fleetwright.domain.regions import normal_region

COMPLETED = "completed"
EXCLUDED = "is excluded from latest (R27)"

# Provisioning states in which a region that has the version keeps it.
_STILL_THERE = frozenset({"succeeded", "updating", "migrating", ""})


def parse_listed_version(body: Body, location: str, now: datetime) -> ImageVersion:
    """A version as a list shows it: without its replication."""
    properties = body_at(body, "properties")
    region = _target_region(properties, location)
    missing = _not_provisioned(properties) or ("" if region is not None else _not_there(location))
    return ImageVersion(text_at(body, "name"), missing, _withheld(properties, region or {}, location, now))


def parse_replicated_version(body: Body, location: str, now: datetime) -> ImageVersion:
    """A version that was asked for with ``$expand=ReplicationStatus``."""
    listed = parse_listed_version(body, location, now)
    missing = listed.missing or _not_replicated(body_at(body, "properties"), location)
    return ImageVersion(listed.version, missing, listed.withheld)


def parse_visible_version(body: Body, now: datetime) -> ImageVersion:
    """A version of a shared or community gallery: that the region shows it means that it is there."""
    properties = body_at(body, "properties")
    excluded = EXCLUDED if flag_at(properties, "excludeFromLatest") else ""
    return ImageVersion(text_at(body, "name"), withheld=excluded or _end_of_life(properties, now))


def _target_region(properties: Body, location: str) -> Body | None:
    """The region's entry; an empty one where the version names no regions, None where it names others only."""
    regions = bodies_at(properties, "publishingProfile", "targetRegions")
    if not regions:
        return {}
    return next((r for r in regions if normal_region(text_at(r, "name")) == location), None)


def _not_provisioned(properties: Body) -> str:
    state = text_at(properties, "provisioningState")
    return "" if state.lower() in _STILL_THERE else f"is not provisioned ({state})"


def _withheld(properties: Body, region: Body, location: str, now: datetime) -> str:
    return next(_reasons(properties, region, location, now), "")


def _reasons(properties: Body, region: Body, location: str, now: datetime) -> Iterator[str]:
    profile = body_at(properties, "publishingProfile")
    if flag_at(profile, "excludeFromLatest"):
        yield EXCLUDED
    if flag_at(region, "excludeFromLatest"):
        yield f"is excluded from latest in {location} (R27)"
    state = text_at(properties, "provisioningState")
    if state.lower() not in {"succeeded", ""}:
        yield f"is being changed ({state})"
    if ended := _end_of_life(profile, now):
        yield ended


def _end_of_life(body: Body, now: datetime) -> str:
    text = text_at(body, "endOfLifeDate")
    try:
        end = datetime.fromisoformat(text)
    except ValueError:
        return ""
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    return f"reached its end of life on {text[:10]}" if end <= now else ""


def _not_replicated(properties: Body, location: str) -> str:
    """Why the region does not have it yet (R26); empty where it has."""
    summary = bodies_at(properties, "replicationStatus", "summary")
    found = next((r for r in summary if normal_region(text_at(r, "region")) == location), None)
    if found is None:
        return _not_there(location)
    state = text_at(found, "state")
    if state.lower() == COMPLETED:
        return ""
    if state.lower() == "replicating":
        return f"is replicating to {location}, {number_at(found, 'progress')} % done (R26)"
    details = text_at(found, "details")
    return f"is not replicated to {location}: {state or 'Unknown'}{f', {details}' if details else ''} (R26)"


def _not_there(location: str) -> str:
    return f"is not replicated to {location} (R26)"
