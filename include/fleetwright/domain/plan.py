"""The plan: every batch that will come if all goes well, with reasons, worst cases and times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from fleetwright.domain.batches import Choice, Situation, Standing, select_batch
from fleetwright.domain.instances import Health, Instance
from fleetwright.domain.thresholds import exceeds, share

# Without a rollout to learn from, a batch is taken to need as long as an instance may take to get healthy.
UNKNOWN_BATCH_DURATION = timedelta(minutes=5)

_SMALL_SETS = range(2, 5)  # one instance is more than 20 % of 2, 3 or 4


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One predicted batch.

    :param starts_after: from the start of the rollout, predicted
    """

    index: int
    zone: str
    update_domain: int
    choices: tuple[Choice, ...]
    reason: str
    starts_after: timedelta

    @property
    def instance_ids(self) -> tuple[str, ...]:
        """Ids of the batch."""
        return tuple(choice.instance_id for choice in self.choices)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a rollout would do, batch by batch.

    :param left_out: instances that no batch touches, with the reason
    :param notes: what a person should know before saying yes
    """

    target_version: str
    batches: tuple[PlannedBatch, ...]
    left_out: tuple[Choice, ...]
    notes: tuple[str, ...]
    duration: timedelta


def plan_batches(situation: Situation, *, batch_duration: timedelta | None = None) -> Plan:
    """Predict every batch by asking ``select_batch`` again and again while all goes well.

    :param batch_duration: what a batch of this fleet took before, None where nothing is known
    """
    each = (batch_duration or UNKNOWN_BATCH_DURATION) + situation.policy.pause_time_between_batches
    batches: list[PlannedBatch] = []
    selection = select_batch(situation)
    left_out = tuple(c for c in selection.left_out if c.standing in _UNTOUCHED)
    while selection.chosen:
        index = len(batches)
        batches.append(
            PlannedBatch(
                index,
                selection.zone,
                selection.update_domain,
                selection.chosen,
                selection.reason,
                index * each,
            )
        )
        situation = _after(situation, frozenset(selection.chosen_ids))
        selection = select_batch(situation)
    notes = _notes(
        situation, tuple(len(batch.choices) for batch in batches), known=batch_duration is not None
    )
    return Plan(situation.target_version, tuple(batches), left_out, notes, len(batches) * each)


_UNTOUCHED = frozenset({Standing.ON_TARGET, Standing.NEWER, Standing.PROTECTED, Standing.SWAPPED_BEFORE})


def _after(situation: Situation, swapped: frozenset[str]) -> Situation:
    instances = tuple(
        _upgraded(i, situation.target_version) if i.instance_id in swapped else i for i in situation.instances
    )
    return replace(situation, instances=instances, swapped_ids=situation.swapped_ids | swapped)


def _upgraded(instance: Instance, version: str) -> Instance:
    return replace(
        instance,
        version=version,
        power="running",
        provisioning_state="Succeeded",
        health=Health.HEALTHY,
        failed_extensions=(),
        pending_extensions=(),
    )


def _notes(situation: Situation, sizes: tuple[int, ...], *, known: bool) -> tuple[str, ...]:
    notes = []
    if sizes and situation.total in _SMALL_SETS:
        out = share(1, situation.total)
        notes.append(f"a set of {situation.total} has {out} out of service while one instance is upgraded")
    fatal = fatal_batches(sizes, situation.policy.max_unhealthy_upgraded_instance_percent)
    if fatal:
        notes.append(_fatal_note(fatal, situation.policy.max_unhealthy_upgraded_instance_percent))
    if sizes and not known:
        minutes = UNKNOWN_BATCH_DURATION // timedelta(minutes=1)
        notes.append(f"times assume {minutes} minutes a batch: no earlier rollout of this fleet is known")
    return tuple(notes)


def fatal_batches(sizes: tuple[int, ...], percent: int) -> tuple[int, ...]:
    """Indexes of the batches in which a single failed instance stops the rollout (R12).

    >>> fatal_batches((3, 2, 3), 20), fatal_batches((1, 1, 1, 1, 1), 20)
    ((0,), (0, 1, 2, 3))
    """
    swapped, fatal = 0, []
    for index, size in enumerate(sizes):
        swapped += size
        if exceeds(1, swapped, percent):
            fatal.append(index)
    return tuple(fatal)


def _fatal_note(fatal: tuple[int, ...], percent: int) -> str:
    why = f"it would be more than {percent} % of those upgraded until then"
    if len(fatal) == 1:
        return f"one failure in batch 1 stops: {why}"
    return f"one failure in batch 1 stops, and so does one in each batch up to {fatal[-1] + 1}: {why}"
