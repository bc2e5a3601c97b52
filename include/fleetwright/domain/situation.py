"""What the choice of a batch depends on, and what it comes to: values, and the sizes and budgets they imply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fleetwright.domain.health import is_ready
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.policy import RollingUpgradePolicy
from fleetwright.domain.upgrade_order import UpgradeOrder


def batch_size(total: int, percent: int) -> int:
    """How many instances may be out at once: the floor, and never less than one (R9).

    >>> [batch_size(n, 20) for n in (1, 5, 9, 10, 14, 15, 100)]
    [1, 1, 1, 2, 2, 3, 20]
    """
    return max(1, total * percent // 100)


class Standing(StrEnum):
    """How an instance stands to a rollout; every instance has exactly one standing."""

    CHOSEN = "chosen"
    ON_TARGET = "on target"
    NEWER = "newer"
    SWAPPED_BEFORE = "swapped before"
    PROTECTED = "protected"
    CLOSED = "closed"  # somebody else disabled its scheduling
    LEFT_BUSY = "left busy"  # it did not become idle in time
    SKIPPED = "skipped"
    BUSY = "busy"
    LATER_PHASE = "later phase"
    OTHER_DOMAIN = "other domain"
    NO_BUDGET = "no budget"


# Still to be upgraded by this rollout, now or in a later batch.
PENDING = frozenset(
    {Standing.CHOSEN, Standing.BUSY, Standing.LATER_PHASE, Standing.OTHER_DOMAIN, Standing.NO_BUDGET}
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One instance's standing with its reason."""

    instance_id: str
    standing: Standing
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What ``select_batch`` decided about every instance.

    :param chosen: the batch; empty when nothing is left or nothing fits
    :param left_out: everybody else
    :param blockers: ids that fill the budget, when something is left and nothing fits
    :param phase: the ``PhaseOrderingNumber`` of the batch, None for those without one
    """

    chosen: tuple[Choice, ...]
    left_out: tuple[Choice, ...]
    zone: str = ""
    update_domain: int = 0
    reason: str = ""
    blockers: tuple[str, ...] = ()
    phase: int | None = None

    @property
    def pending_ids(self) -> tuple[str, ...]:
        """Instances still to be upgraded, those of this batch included."""
        return tuple(c.instance_id for c in (*self.chosen, *self.left_out) if c.standing in PENDING)

    @property
    def chosen_ids(self) -> tuple[str, ...]:
        """Ids of the batch."""
        return tuple(choice.instance_id for choice in self.chosen)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the choice of a batch depends on.

    :param instances: the whole set, as read just now
    :param swapped_ids: instances that this rollout has swapped or tried to
    :param in_flight_ids: instances that this rollout has in flight
    :param order: what the applications asked for at the start of the rollout
    :param closed_ids: nodes whose scheduling this rollout has disabled: out of service for it, and not ill
    :param left_busy: why nodes that never became idle are left alone, by their ids
    :param waits_for_work: only nodes that are closed and idle are swapped (R55)
    :param one_by_one: nobody knows in which zones its nodes are, so no two are in one batch
    :param zone: the one zone in which to choose, because the others are not this fleet's turn (R48); None for any
    """

    instances: tuple[Instance, ...]
    target_version: str
    policy: RollingUpgradePolicy
    health_source: HealthSource
    swapped_ids: frozenset[str] = frozenset()
    in_flight_ids: frozenset[str] = frozenset()
    order: UpgradeOrder = field(default_factory=UpgradeOrder)
    closed_ids: frozenset[str] = frozenset()
    left_busy: Mapping[str, str] = field(default_factory=dict)
    waits_for_work: bool = False
    one_by_one: bool = False
    zone: str | None = None

    @property
    def member(self) -> str:
        """What people call one of the instances."""
        return "node" if self.health_source is HealthSource.NODE else "instance"

    @property
    def noun(self) -> str:
        """What people call all of them."""
        return "pool" if self.health_source is HealthSource.NODE else "set"

    @property
    def has_update_domains(self) -> bool:
        """Whether Azure shows in which update domain an instance stands; of nodes it does not."""
        return self.health_source is not HealthSource.NODE

    def place_words(self, zone: str, update_domain: int) -> str:
        """Where a batch is, in words: ``zone 1, update domain 0``; empty for nodes that stand in no zone."""
        domain = f"update domain {update_domain}" if self.has_update_domains else ""
        return ", ".join(filter(None, (f"zone {zone}" if zone else "", domain)))

    @property
    def total(self) -> int:
        """How many instances the set has."""
        return len(self.instances)

    @property
    def cap(self) -> int:
        """How many may be out of service at once, and be in one batch (R7, R9)."""
        return batch_size(self.total, self.policy.max_batch_instance_percent)

    @property
    def largest_batch(self) -> int:
        """How many may be in one batch: the cap, unless they go one by one."""
        return 1 if self.one_by_one else self.cap

    @property
    def out_of_service(self) -> frozenset[str]:
        """Ids in flight, not ready, or given no work."""
        return self.in_flight_ids | frozenset(
            i.instance_id
            for i in self.instances
            if not i.takes_work or i.instance_id in self.closed_ids or not is_ready(i, self.health_source)
        )

    @property
    def not_serving(self) -> frozenset[str]:
        """Ids in flight or not ready; a node that is closed and ready serves until its swap."""
        return self.in_flight_ids | frozenset(self.unhealthy_ids)

    @property
    def unhealthy_ids(self) -> tuple[str, ...]:
        """Ids not ready and not in flight: what R8 and R14 count."""
        return tuple(
            i.instance_id
            for i in sorted(self.instances, key=lambda i: i.order)
            if i.instance_id not in self.in_flight_ids and not is_ready(i, self.health_source)
        )
