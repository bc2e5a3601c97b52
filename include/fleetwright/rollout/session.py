"""One process's hold on one rollout: its ports, its lease, and the rollout as last written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from fleetwright.domain.events import Event
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.health import Patience
from fleetwright.domain.instances import Instance
from fleetwright.domain.records import RolloutSettings, RolloutView
from fleetwright.domain.situation import Situation
from fleetwright.domain.upgrade_order import UpgradeOrder
from fleetwright.rollout.ports.catalogue import ImageCatalogue
from fleetwright.rollout.ports.clock import Clock
from fleetwright.rollout.ports.driver import FleetDriver
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.ports.ledger import Ledger
from fleetwright.rollout.ports.regions import RegionDirectory

Observer = Callable[[RolloutView], None]


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything outside: made once by a composition root and handed to the steps.

    :param close: gives connections back; whoever lives longer than a rollout calls it
    """

    clock: Clock
    driver: FleetDriver
    catalogue: ImageCatalogue
    ledger: Ledger
    regions: RegionDirectory
    close: Callable[[], None] = lambda: None


@dataclass(slots=True)
class RolloutSession:
    """A rollout that this process may change, as long as its lease is the newest.

    :param fleet: the model, as read when the session was opened
    :param warnings: what the validation found, for the plan
    :param halts_told: why no further batch begins, as it was told last
    :param observe: shown the rollout after everything that is written, for progress
    """

    ports: Ports
    lease: Lease
    view: RolloutView
    fleet: Fleet
    observe: Observer | None = None
    warnings: tuple[str, ...] = ()
    halts_told: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.fleet = replace(self.fleet, strategy=self.settings.strategy)

    @classmethod
    def reopen(
        cls, ports: Ports, rollout_id: str, *, owner: str, terms: LeaseTerms, is_teardown: bool = False
    ) -> RolloutSession:
        """Go on with a rollout in a new process: the lease is taken back, so every earlier process is fenced.

        :param is_teardown: also one that is over, for what comes after its end
        :raises LeaseLostError: when the fleet is somebody else's by now
        """
        lease = ports.ledger.retake(rollout_id, owner=owner, terms=terms, is_teardown=is_teardown)
        view = ports.ledger.load(rollout_id)
        fleet = ports.driver.fetch_fleet(parse_fleet_id(view.rollout.settings.fleet_id))
        return cls(ports, lease, view, fleet)

    @property
    def rollout_id(self) -> str:
        """Id of the rollout."""
        return self.view.rollout.rollout_id

    @property
    def settings(self) -> RolloutSettings:
        """What the rollout was asked to do."""
        return self.view.rollout.settings

    @property
    def poll(self) -> timedelta:
        """Time between two looks at the fleet."""
        return timedelta(seconds=self.settings.poll_seconds)

    @property
    def health_timeout(self) -> timedelta:
        """How long an instance may take to get healthy after its swap."""
        return timedelta(seconds=self.settings.health_timeout_seconds)

    @property
    def patience(self) -> Patience:
        """How verdicts wait: a definite sign is enough where a rollback follows (R10, R11)."""
        return Patience(self.health_timeout, fail_fast=self.settings.rollback)

    def now(self) -> datetime:
        """The rollout's clock."""
        return self.ports.clock.now()

    def refresh_fleet(self) -> None:
        """Read the model again: it may have been opted out, or its policy changed, since the last batch."""
        fleet = self.ports.driver.fetch_fleet(self.fleet.fleet_id)
        self.fleet = replace(fleet, strategy=self.settings.strategy)

    def write(self, *events: Event) -> None:
        """Write facts down; refused, with nothing written, when the lease is not the newest any more."""
        self.view = self.ports.ledger.append(self.rollout_id, events, lease=self.lease)
        if self.observe is not None:
            self.observe(self.view)

    def guard(self) -> None:
        """Make sure that the fleet is still ours; called before every mutating call.

        :raises LeaseLostError: when it is not: nothing may be sent
        """
        self.ports.ledger.check(self.lease)

    def list_instances(self) -> tuple[Instance, ...]:
        """Read the whole set."""
        return self.ports.driver.list_instances(self.fleet)

    @property
    def order(self) -> UpgradeOrder:
        """What the applications asked for when the rollout began (N20); nothing before it is planned."""
        return UpgradeOrder.from_dict(self.view.rollout.plan.get("customMetrics", {}))

    def situation(self, instances: tuple[Instance, ...]) -> Situation:
        """What the choice of a batch depends on, as of this reading."""
        return Situation(
            instances=instances,
            target_version=self.settings.target_version,
            policy=self.fleet.effective_policy,
            health_source=self.fleet.health_source,
            swapped_ids=self.view.swapped_ids,
            in_flight_ids=self.view.in_flight_ids,
            order=self.order,
            closed_ids=frozenset(self.view.rollout.closed),
            left_busy=self.view.rollout.left_busy,
            waits_for_work=self.fleet.waits_for_work,
            one_by_one=self.fleet.hides_zones(i.zone for i in instances),
        )
