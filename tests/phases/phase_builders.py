"""Fleets, phases and events in one line each, for the tests without a world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fleetwright.domain.batch_pools import BatchPool
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.phase_documents import write_left_out, write_outcome, write_start
from fleetwright.domain.phase_runs import (
    FleetOutcome,
    FleetResult,
    FleetStart,
    LeftOut,
    PhaseEvent,
    PhaseEventKind,
    PhaseState,
)
from fleetwright.domain.policy import UpgradePolicy
from fleetwright.domain.publications import Publication

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)  # a Saturday
IMAGE = ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest")
VERSION = "18.04.202402010"
PUBLISHED = Publication(IMAGE.key, VERSION)
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"


def fleet_id(name: str) -> str:
    """The ARM id of a set."""
    return f"{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"


def a_fleet(name: str = "web", location: str = "westeurope", **changes: Any) -> Fleet:  # noqa: ANN401 - its fields
    """A set of ours, on latest of the image; ``tags`` come beside the one that opts in."""
    tags = {"fleetwright": "enabled", **changes.pop("tags", {})}
    image = changes.pop("image", IMAGE)
    capacity = changes.pop("capacity", 6)
    return Fleet(parse_fleet_id(fleet_id(name)), location, capacity, image, tags=tags, **changes)


def a_pool(name: str = "frames", location: str = "westeurope", **changes: Any) -> Fleet:  # noqa: ANN401 - as above
    """A Batch pool of ours, on latest of the image, flagged with deferral."""
    pool_id = (
        f"{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Batch/batchAccounts/renders/pools/{name}"
    )
    policy = UpgradePolicy(enable_automatic_os_upgrade=True, os_rolling_upgrade_deferral=True)
    values = {
        "capacity": 10,
        "image": IMAGE,
        "policy": policy,
        "health_sources": (HealthSource.NODE,),
        "pool": BatchPool("renders"),
        **changes,
    }
    return Fleet(parse_fleet_id(pool_id), location, **values)


def after(minutes: float) -> datetime:
    """So many minutes after ``NOW``."""
    return NOW + timedelta(minutes=minutes)


def event(kind: PhaseEventKind, minutes: float = 0, **payload: Any) -> PhaseEvent:  # noqa: ANN401 - plain JSON
    """An event of a phase."""
    return PhaseEvent(kind, after(minutes), payload)


def opened(minutes: float = 0, owner: str = "run 1", publication: Publication = PUBLISHED) -> PhaseEvent:
    """A phase is opened."""
    about = {"image": publication.image, "version": publication.version, "region": publication.region}
    return event(PhaseEventKind.OPENED, minutes, phase="phase_0_first", owner=owner, **about)


def waited(minutes: float = 0, reason: str = "held") -> PhaseEvent:
    """It waits."""
    return event(PhaseEventKind.WAITED, minutes, reason=reason, until=after(minutes + 30).isoformat())


def rolling(*names: str, minutes: float = 1, left_out: Sequence[LeftOut] = ()) -> PhaseEvent:
    """It starts these fleets."""
    starts = [write_start(FleetStart(fleet_id(name), "westeurope", 6, 5, 1500.0)) for name in names]
    return event(
        PhaseEventKind.ROLLING_BEGAN,
        minutes,
        starts=starts,
        left_out=[write_left_out(one) for one in left_out],
    )


def started(name: str = "web", minutes: float = 2) -> PhaseEvent:
    """A fleet's rollout begins."""
    return event(PhaseEventKind.FLEET_STARTED, minutes, fleet_id=fleet_id(name))


def outcome(name: str = "web", result: FleetResult = FleetResult.COMPLETED, **changes: Any) -> FleetOutcome:  # noqa: ANN401
    """What became of a fleet."""
    return FleetOutcome(fleet_id(name), result, **changes)


def fleet_ended(one: FleetOutcome, minutes: float = 30) -> PhaseEvent:
    """A fleet's rollout is over."""
    return event(PhaseEventKind.FLEET_ENDED, minutes, **write_outcome(one))


def judged(*outcomes: FleetOutcome, minutes: float = 40) -> PhaseEvent:
    """The fleets were looked at."""
    return event(PhaseEventKind.JUDGED, minutes, outcomes=[write_outcome(one) for one in outcomes])


def baking(minutes: float = 40) -> PhaseEvent:
    """It bakes."""
    return event(PhaseEventKind.BAKING_BEGAN, minutes)


def ended(state: PhaseState = PhaseState.SUCCEEDED, minutes: float = 60, reason: str = "") -> PhaseEvent:
    """It is over."""
    return event(PhaseEventKind.ENDED, minutes, state=str(state), reason=reason)
