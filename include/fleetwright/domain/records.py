"""What the ledger remembers about a rollout: frozen records, rebuilt from events by ``journal``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from fleetwright.domain.ailments import NO_AILMENT, Ailment
from fleetwright.domain.drains import DrainPolicy
from fleetwright.domain.states import IN_FLIGHT, TERMINAL_STATES, RolloutState, SwapState
from fleetwright.domain.strategy import Strategy


class TriggerKind(StrEnum):
    """Who asked for the rollout: it decides about rollback (C12) and ``startedBy``."""

    MANUAL = "manual"
    AUTOMATIC = "automatic"


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """What a rollout was asked to do, fixed for its whole life.

    :param target_version: the one exact image version of this rollout
    :param rollback: roll unhealthy instances back; for automatic rollouts unless the fleet disables it,
        for manual ones only when asked for (R43, C12)
    :param paired_regions: regions whose rollouts never run while this one does (R46)
    :param phase: label of the phase that started it, empty for one that nobody's phase did
    :param drain: how long nodes that run tasks are waited for, and what then (R55)
    """

    fleet_id: str
    target_version: str
    trigger: TriggerKind = TriggerKind.MANUAL
    rollback: bool = False
    health_timeout_seconds: float = 300.0
    poll_seconds: float = 5.0
    location: str = ""
    image: Mapping[str, str] = field(default_factory=dict)
    strategy: Strategy = Strategy.REIMAGE
    paired_regions: tuple[str, ...] = ()
    phase: str = ""
    drain: DrainPolicy = field(default_factory=DrainPolicy)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "fleet_id": self.fleet_id,
            "target_version": self.target_version,
            "trigger": str(self.trigger),
            "rollback": self.rollback,
            "health_timeout_seconds": self.health_timeout_seconds,
            "poll_seconds": self.poll_seconds,
            "location": self.location,
            "image": dict(self.image),
            "strategy": str(self.strategy),
            "paired_regions": list(self.paired_regions),
            "phase": self.phase,
            "drain": self.drain.to_dict(),
        }

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> RolloutSettings:
        """From plain JSON, as ``to_dict`` wrote it."""
        strategy = Strategy(body.get("strategy", Strategy.REIMAGE))
        paired = tuple(body.get("paired_regions", ()))
        return cls(
            **{
                **body,
                "trigger": TriggerKind(body["trigger"]),
                "strategy": strategy,
                "paired_regions": paired,
                "drain": DrainPolicy.from_dict(body.get("drain", {})),
            }
        )


@dataclass(frozen=True, slots=True)
class SwapRecord:
    """One instance's swap, written before the call, and everything seen of it since.

    :param old_disk_id: the OS disk before the swap; a healthy instance must show another one
    :param new_disk_id: the disk that the swap brought
    :param restored_disk_id: the disk that a rollback brought
    :param preserves_disk: the old disk itself is kept until the instance is confirmed, and a rollback gives it
        back; else a rollback brings a new disk with the old version (O7)
    :param replacement_id: the instance that takes its place in a surge, once it is known (N15)
    :param swept_disk_ids: disks that the swap or its rollback left behind and that are deleted by now
    :param attempted_at: when the latest call for it (swap or rollback) was sent or adopted
    :param ended_at: when the latest replacement of its disk was first seen done; health time runs from here
    :param verdict_reason: what people are told; decisions go by ``suffered`` and ``after_rollback``
    :param suffered: by what it was found bad after its swap, or later
    :param after_rollback: by what its rollback failed
    :param fatal: why this instance alone stops the rollout, empty where it does not
    """

    instance_id: str
    batch_index: int
    old_version: str
    old_disk_id: str
    new_version: str
    state: SwapState = SwapState.INTENDED
    zone: str = ""
    update_domain: int = 0
    reason: str = ""
    data_disk_ids: tuple[str, ...] = ()
    new_disk_id: str = ""
    restored_disk_id: str = ""
    preserves_disk: bool = False
    swept_disk_ids: tuple[str, ...] = ()
    replacement_id: str = ""
    attempted_at: datetime | None = None
    ended_at: datetime | None = None
    verdict_reason: str = ""
    suffered: Ailment = NO_AILMENT
    after_rollback: Ailment = NO_AILMENT
    ready_seconds: float | None = None
    fatal: str = ""

    @property
    def is_in_flight(self) -> bool:
        """Whether the provider may still be at work on it for us."""
        return self.state in IN_FLIGHT


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch: who, why, and the operations that carry it.

    :param operation_urls: every poll URL in use, swap or rollback, as last seen in a header
    :param operation_members: the instances that each of them carries, in the same order; none where not known
    :param capacity: of the set before its surge, 0 where it is swapped in place (N15)
    :param known_ids: every instance before its surge: whoever is not among them is new
    """

    index: int
    instance_ids: tuple[str, ...]
    zone: str = ""
    update_domain: int = 0
    reason: str = ""
    operation_urls: tuple[str, ...] = ()
    operation_members: tuple[tuple[str, ...], ...] = ()
    began_at: datetime | None = None
    settled_at: datetime | None = None
    capacity: int = 0
    known_ids: tuple[str, ...] = ()

    @property
    def operations(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each operation's poll URL with the instances that it carries, oldest first."""
        pairs = zip(self.operation_urls, self.operation_members, strict=True)
        return tuple((url, members or self.instance_ids) for url, members in pairs)


@dataclass(frozen=True, slots=True)
class RolloutRecord:
    """The rollout itself.

    :param owner: who runs it now, in words a person can follow to a process or an Airflow run
    :param repairs_suspended: it suspended the set's automatic repairs and has not resumed them yet (O8)
    :param waits: how long it waited for whom, oldest first: ``since``, ``seconds`` and ``behind`` (R46, R48)
    :param closed: since when nodes have their scheduling disabled by this rollout, by their ids: written before the
        call, and taken out once they are seen enabled again; nobody else's are ever opened (R55)
    :param left_busy: why nodes that never became idle are left as they are, by their ids
    :param decided: the ending that a batch has decided and that is not carried out yet; empty before
    """

    rollout_id: str
    settings: RolloutSettings
    owner: str = ""
    state: RolloutState = RolloutState.ROLLING_FORWARD
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason_code: str = ""
    reason_message: str = ""
    plan: Mapping[str, Any] = field(default_factory=dict)
    decided: Mapping[str, str] = field(default_factory=dict)
    outcome: Mapping[str, Any] = field(default_factory=dict)
    repairs_suspended: bool = False
    waits: tuple[Mapping[str, Any], ...] = ()
    closed: Mapping[str, datetime] = field(default_factory=dict)
    left_busy: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ended(self) -> bool:
        """Whether nothing moves on from here."""
        return self.state in TERMINAL_STATES


@dataclass(frozen=True, slots=True)
class RolloutView:
    """A rollout with its batches and swaps, as its events tell it."""

    rollout: RolloutRecord
    batches: tuple[BatchRecord, ...] = ()
    swaps: Mapping[str, SwapRecord] = field(default_factory=dict)

    @property
    def open_batch(self) -> BatchRecord | None:
        """The batch that is not settled yet; there is at most one."""
        return next((batch for batch in self.batches if batch.settled_at is None), None)

    @property
    def is_restoring(self) -> bool:
        """Whether the open batch takes instances of earlier batches back before the rollout ends (N11)."""
        batch = self.open_batch
        return batch is not None and any(s.batch_index != batch.index for s in self.swaps_of(batch))

    @property
    def is_surging(self) -> bool:
        """Whether the open batch is replaced by instances more, instead of in place (N15)."""
        return self.open_batch is not None and self.open_batch.capacity > 0

    def swaps_of(self, batch: BatchRecord) -> tuple[SwapRecord, ...]:
        """The batch's swaps in the order in which they were chosen."""
        return tuple(self.swaps[instance_id] for instance_id in batch.instance_ids)

    @property
    def swapped_ids(self) -> frozenset[str]:
        """Every instance this rollout has swapped: never chosen again. A refused call changed nothing."""
        return frozenset(i for i, swap in self.swaps.items() if swap.state is not SwapState.REFUSED)

    def is_over(self, instance_ids: tuple[str, ...]) -> bool:
        """Whether the instances were swapped in batches that are over: nothing of them is left to do."""
        over = {i for batch in self.batches if batch.settled_at is not None for i in batch.instance_ids}
        over -= set(self.open_batch.instance_ids) if self.open_batch else set()
        return bool(instance_ids) and set(instance_ids) <= over & self.swapped_ids

    @property
    def in_flight_ids(self) -> frozenset[str]:
        """The instances that this rollout itself has in flight."""
        return frozenset(swap.instance_id for swap in self.swaps.values() if swap.is_in_flight)
