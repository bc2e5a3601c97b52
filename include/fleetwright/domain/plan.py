"""The plan: every batch that will come if all goes well, with reasons, worst cases and times."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from fleetwright.domain.batches import predict_batches, select_batch
from fleetwright.domain.instances import Health, Instance
from fleetwright.domain.situation import PENDING, Choice, Selection, Situation, Standing
from fleetwright.domain.thresholds import exceeds, judge_set, share

# Without a rollout to learn from, a batch is taken to need as long as an instance may take to get healthy.
UNKNOWN_BATCH_DURATION = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """One predicted batch.

    :param starts_after: from the start of the rollout, predicted
    :param phase: the ``PhaseOrderingNumber`` of its instances, None for those without one (N18)
    """

    index: int
    zone: str
    update_domain: int
    choices: tuple[Choice, ...]
    reason: str
    starts_after: timedelta
    phase: int | None = None

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


def plan_batches(
    situation: Situation, *, batch_duration: timedelta | None = None, first_index: int = 0
) -> Plan:
    """Predict every batch that ``select_batch`` would choose while all goes well.

    :param batch_duration: what a batch of this fleet took before, None where nothing is known
    :param first_index: how many batches a resumed rollout has behind it
    """
    pause = situation.policy.pause_time_between_batches
    each = (batch_duration or UNKNOWN_BATCH_DURATION) + pause
    batches = tuple(
        _planned(selection, first_index + position, position * each)
        for position, selection in enumerate(predict_batches(situation))
    )
    upgraded = frozenset(i for batch in batches for i in batch.instance_ids)
    last = select_batch(_after(situation, upgraded))
    stuck = tuple(choice for choice in last.left_out if choice.standing in PENDING)
    untouched = tuple(
        choice
        for choice in last.left_out
        if choice.standing in _UNTOUCHED and choice.instance_id not in upgraded
    )
    notes = _notes(situation, batches, known=batch_duration is not None)
    duration = len(batches) * each - (pause if batches else timedelta(0))
    return Plan(situation.target_version, batches, (*untouched, *stuck), notes, duration)


def _planned(selection: Selection, index: int, starts_after: timedelta) -> PlannedBatch:
    return PlannedBatch(
        index,
        selection.zone,
        selection.update_domain,
        selection.chosen,
        selection.reason,
        starts_after,
        selection.phase,
    )


_UNTOUCHED = frozenset(
    {
        Standing.ON_TARGET,
        Standing.NEWER,
        Standing.PROTECTED,
        Standing.CLOSED,
        Standing.LEFT_BUSY,
        Standing.SKIPPED,
        Standing.SWAPPED_BEFORE,
    }
)


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


def _notes(situation: Situation, batches: tuple[PlannedBatch, ...], *, known: bool) -> tuple[str, ...]:
    if not batches:
        return ()
    policy, total = situation.policy, situation.total
    notes = []
    stop = judge_set(
        situation.unhealthy_ids,
        total,
        policy.max_unhealthy_instance_percent,
        started=bool(situation.swapped_ids),
        member=situation.member,
    )
    if stop:
        notes.append(
            f"as the {situation.noun} is now, the rollout stops before its next batch: {stop.message}"
        )
    if total > 1 and exceeds(situation.cap, total, policy.max_batch_instance_percent):
        out = share(situation.cap, total)
        notes.append(
            f"a {situation.noun} of {total} has {out} out of service while one {situation.member} is upgraded"
        )
    percent = policy.max_unhealthy_upgraded_instance_percent
    fatal = fatal_batches(tuple(len(b.choices) for b in batches), percent, len(situation.swapped_ids))
    if fatal:
        notes.append(_fatal_note(batches[fatal[0]].index, batches[fatal[-1]].index, percent))
    if not known:
        minutes = UNKNOWN_BATCH_DURATION // timedelta(minutes=1)
        notes.append(f"times assume {minutes} minutes a batch: no earlier rollout of this fleet is known")
    return tuple(notes)


def fatal_batches(sizes: tuple[int, ...], percent: int, swapped: int = 0) -> tuple[int, ...]:
    """Positions of the batches in which a single failed instance stops the rollout (R12).

    :param swapped: how many instances the rollout has swapped before the first of them

    >>> fatal_batches((3, 2, 3), 20), fatal_batches((1, 1, 1, 1, 1), 20), fatal_batches((3,), 20, swapped=10)
    ((0,), (0, 1, 2, 3), ())
    """
    fatal = []
    for position, size in enumerate(sizes):
        swapped += size
        if exceeds(1, swapped, percent):
            fatal.append(position)
    return tuple(fatal)


def _fatal_note(first: int, last: int, percent: int) -> str:
    why = f"it would be more than {percent} % of those upgraded until then"
    if first == last:
        return f"one failure in batch {first + 1} stops: {why}"
    return f"one failure in batch {first + 1} stops, and so does one in each batch up to {last + 1}: {why}"
