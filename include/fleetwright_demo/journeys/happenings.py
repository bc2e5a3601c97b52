"""What happens in a world while versions travel it: publications, replicas, zones that go down, people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from fleetwright.domain.errors import FleetwrightError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.rollout.ports.holds import Hold
from fleetwright.rollout.request import RolloutRequest
from fleetwright_demo.journeys.documents import publication_body, replication_body
from fleetwright_demo.journeys.drawn import START, DrawnFleet, DrawnHold, DrawnVersion, DrawnWorld
from fleetwright_demo.journeys.stage import Stage


def instants(world: DrawnWorld) -> Iterator[datetime]:
    """When something happens in a world; its start is one of them."""
    yield START
    for version in world.versions:
        yield version.published_at
        yield from (version.published_at + timedelta(seconds=delay) for _, delay in version.replicas)
    for after, _, _, seconds in world.outages:
        yield START + timedelta(seconds=after + seconds)
    yield from (START + timedelta(seconds=after) for after, _ in world.manual)
    yield from (START + timedelta(seconds=hold.at + hold.seconds) for hold in world.holds)


def arrange(stage: Stage) -> None:
    """Let everything that the world has drawn take part at its instant."""
    world = stage.world
    stage.last_happening = max(instants(world))
    for version in world.versions:
        _arrange_version(stage, version)
    for after, region, zone, seconds in world.outages:
        body = {"effect": {"zoneDown": zone, "location": region}, "seconds": seconds}
        stage.clock.start(
            partial(stage.emulator.post, "faults", **body), at=START + timedelta(seconds=after), name="outage"
        )
    for after, name in world.manual:
        at = START + timedelta(seconds=after)
        stage.clock.start(partial(_roll_out_by_hand, stage, world.fleet(name)), at=at, name=f"hand on {name}")
    for hold in world.holds:
        at = START + timedelta(seconds=hold.at)
        stage.clock.start(partial(_hold, stage, hold), at=at, name=f"hold {hold.name}")


def _hold(stage: Stage, hold: DrawnHold) -> None:
    """A person holds something, and releases it later."""
    fleets = {fleet.name: parse_fleet_id(fleet.fleet_id).key for fleet in stage.world.fleets}
    name, clock = fleets.get(hold.name, hold.name), stage.clock
    stage.ledger.add_hold(Hold(hold.subject, name, "a person", "to look at it", clock.now()))
    clock.wait_until(clock.now() + timedelta(seconds=hold.seconds))
    said = {"actor": "a person", "reason": "looked at it", "at": clock.now()}
    stage.ledger.release_holds(hold.subject, name, **said)


def _arrange_version(stage: Stage, version: DrawnVersion) -> None:
    clock, post = stage.clock, stage.emulator.post
    body = publication_body(stage.world, version)
    clock.start(partial(post, "images", **body), at=version.published_at, name=f"publish {version.version}")
    for region, delay in version.replicas:
        at = version.published_at + timedelta(seconds=delay)
        replica = replication_body(version, region)
        clock.start(partial(post, "images/replicate", **replica), at=at, name=f"replicate to {region}")


def _roll_out_by_hand(stage: Stage, fleet: DrawnFleet) -> None:
    """A person starts a rollout, past all phases; what keeps it from beginning is told to the person."""
    try:
        stage.roll_out(RolloutRequest(fleet.fleet_id), owner="a person")
    except FleetwrightError:
        return
