"""Several rollouts side by side: worlds with many sets, and rehearsals of them on one shared clock."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from crashes import Mortal
from rehearsals import Rehearsal
from worlds import START, SUBSCRIPTION, Json, world

from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.domain.records import RolloutView
from fleetwright.rollout.ports.turns import TurnHolder
from fleetwright.rollout.session import Ports
from fleetwright_demo.journeys.participants import Ended
from fleetwright_demo.journeys.shared_clock import SharedClock

BEGINNING = datetime.fromisoformat(START)


def fleet_id(name: str) -> str:
    """The ARM id of a set of these worlds."""
    return f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"


def worlds_of(sets: Mapping[str, dict[str, Any]], **rest: Json) -> dict[str, Any]:
    """One world with many sets.

    :param sets: by name, what ``worlds.world`` takes for each, its ``location``,
        its ``pace`` (its own timings), and the one ``zone`` that it is in
    """
    return {**world(1, **rest), "scaleSets": [_one_of(name, **said) for name, said in sets.items()]}


def _one_of(
    name: str,
    location: str = "westeurope",
    pace: dict[str, Any] | None = None,
    zone: str = "",
    **said: Json,
) -> dict[str, Any]:
    document: dict[str, Any] = world(fleet_id=fleet_id(name), **said)["scaleSets"][0]
    document["resource"]["location"] = location
    if zone:
        document["resource"]["zones"] = [zone]
    document["x-emulator"]["timings"] = pace or {}
    return document


def random_sets(seed: int, count: int = 10) -> dict[str, dict[str, Any]]:
    """Sets of 5 to 40 instances in three zones, each as quick or slow as chance has it."""
    draw = random.Random(seed)
    return {f"set{n}": {"n": draw.randint(5, 40), "pace": _pace(draw)} for n in range(count)}


def _pace(draw: random.Random) -> dict[str, Any]:
    swap, boot = draw.randint(10, 40), draw.randint(5, 20)
    return {"swap": [swap, 2 * swap], "boot": [boot, 2 * boot], "health": [2, 10]}


def shared(url: str) -> SharedClock:
    """The emulator's clock for several rollouts; a day is more than any of them needs."""
    return SharedClock(EmulatorClock(url), until=BEGINNING + timedelta(days=1))


@dataclass(slots=True)
class LineUp:
    """Rollouts of one world, side by side.

    :param rehearsal: made with ``clock=shared``
    """

    rehearsal: Rehearsal
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        # Leases live on the time that the rollouts share: whoever dies is missed after their expiry.
        self.rehearsal.wall = self.clock.now

    @property
    def clock(self) -> SharedClock:
        """The time that they share."""
        clock: Any = self.rehearsal.clock
        return clock

    def job(
        self, name: str, *, after: float = 0, ports: Callable[[Ports], Ports] | None = None, **request: Json
    ) -> Callable[[], RolloutView]:
        """A rollout of one set that begins some seconds after the world."""

        def roll_out() -> RolloutView:
            self.clock.wait_until(BEGINNING + timedelta(seconds=after))
            own = self.rehearsal.ports()
            asked = {"poll_seconds": 5, "owner": f"run of {name}", **request}
            return self.rehearsal.run(ports(own) if ports else own, fleet_id=fleet_id(name), **asked)

        return roll_out

    def run(self, *jobs: Callable[[], RolloutView]) -> tuple[Ended[RolloutView], ...]:
        """Run them side by side to their ends."""
        return self.clock.run_all(jobs)

    def seconds(self) -> float:
        """How long it has taken."""
        return (self.clock.now() - BEGINNING).total_seconds()

    def turns(self) -> tuple[TurnHolder, ...]:
        """Who holds or waits now."""
        return self.rehearsal.ports().ledger.list_turns()

    def zones_at_once(self) -> dict[str, int]:
        """In how many zones one version was in flight at once, by region."""
        regions = self.rehearsal.admin.get("audit")["regions"]
        return {name: region["maxZonesInFlightPerImage"] for name, region in regions.items()}

    def overlap(self) -> float:
        """For how long paired regions were upgraded at once."""
        return float(self.rehearsal.admin.get("audit")["pairs"]["overlapSeconds"])


class DiesAtSwap(Mortal):
    """A process that dies right after Azure has taken its swap, the first one unless told otherwise."""

    def __init__(self, number: int = 0) -> None:
        super().__init__()
        self._left = number

    def call(self, name: str, act: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the port returns
        """Carry one call out, and die once it is the one."""
        answer = super().call(name, act)
        if name == "begin_swap":
            self._left -= 1
            if self._left < 0:
                self._die(name)
        return answer


def states(ended: tuple[Ended[RolloutView], ...]) -> list[str]:
    """How the rollouts ended."""
    return [str(one.result().rollout.state) for one in ended]


def waits(one: Ended[RolloutView]) -> list[tuple[str, float]]:
    """For whom a rollout waited, and how long."""
    return [
        (who["fleet"].rpartition("/")[2], wait["seconds"])
        for wait in one.result().rollout.waits
        for who in wait["behind"]
    ]


def began(one: Ended[RolloutView]) -> float:
    """When its first batch began, in seconds after the world's start."""
    at = one.result().batches[0].began_at
    assert at is not None
    return (at - BEGINNING).total_seconds()


def ended_at(one: Ended[RolloutView]) -> float:
    """When it ended."""
    at = one.result().rollout.ended_at
    assert at is not None
    return (at - BEGINNING).total_seconds()
