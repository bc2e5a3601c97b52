"""R55: a node that runs tasks is left alone while its pool defers upgrades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.referee.violations import Violation, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.record import NodeInterrupted, TasksEnded
    from arm_emulator.referee.scale_set_record import ScaleSetRecord


def judge_interruption(record: ScaleSetRecord, event: NodeInterrupted) -> Iterator[Violation]:
    """Count a node that was replaced or restarted in the middle of its work; a violation where the pool defers (N28)."""
    if record.work is None:
        return
    record.work.running_nodes_interrupted += 1
    if not event.deferred:
        record.work.tasks_requeued += len(event.tasks) if event.requeued else 0
        record.work.tasks_ended_by_order += 0 if event.requeued else len(event.tasks)
        return
    listed = names(list(event.tasks))
    detail = f"node {record.named(event.instance)} interrupted while it ran {listed}, although upgrades are deferred"
    yield Violation("R55", event.at, record.id, detail)


def note_order(record: ScaleSetRecord, event: TasksEnded) -> None:
    """Count tasks that their owner ended by closing the node."""
    if record.work is not None:
        record.work.tasks_ended_by_order += len(event.tasks)
