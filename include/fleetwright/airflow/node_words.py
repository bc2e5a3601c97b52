"""Evaluations and rollouts of node images in words, for the notes in Airflow's grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from fleetwright.airflow.phase_words import LONGEST_NOTE
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.node_images.narrate import pool_line

NODE_ROLLOUT_DAG = "node_pool_rollout"

_ROOM_FOR_THE_REST = 60
_LONGEST_LINE = 300


def evaluations_note(evaluations: Iterable[Evaluation]) -> str:
    """How many came to what, then a line for each cluster: started ones first, then held ones, as many as fit.

    >>> evaluations_note([])
    'no clusters on these channels'
    """
    found = sorted(evaluations, key=lambda one: (_ORDER[one.outcome], one.fleet_id))
    if not found:
        return "no clusters on these channels"
    counts = Counter(str(one.outcome) for one in found)
    first = f"{len(found)} {'cluster' if len(found) == 1 else 'clusters'}: " + ", ".join(
        f"{count} {word}" for word, count in counts.items()
    )
    return _fitting(first, [str(one) for one in found], "see the log of evaluate")


def rollout_note(rollout: NodeRollout) -> str:
    """How a rollout stands, then a line for each pool, as many as fit."""
    first = f"{rollout.rollout_id}: {rollout.state}"
    if rollout.is_ended and rollout.reason:
        first = _short(f"{first}: {rollout.reason}")
    return _fitting(first, [pool_line(pool) for pool in rollout.pools], "see the log of finish")


def clipped(text: str) -> str:
    """A note that Airflow takes: of a long one the beginning."""
    return text if len(text) <= LONGEST_NOTE else f"{text[: LONGEST_NOTE - 2]} …"


def _fitting(first: str, lines: list[str], where: str) -> str:
    """Everything where it fits; else each line is cut, so that more than the first ones are seen."""
    whole = "\n".join((first, *lines))
    return whole if len(whole) <= LONGEST_NOTE else _cut(first, [_short(line) for line in lines], where)


def _cut(first: str, lines: list[str], where: str) -> str:
    text = first
    for index, line in enumerate(lines):
        if len(text) + len(line) + _ROOM_FOR_THE_REST > LONGEST_NOTE:
            return f"{text}\nand {len(lines) - index} more: {where}"
        text = f"{text}\n{line}"
    return text


def _short(line: str) -> str:
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 2]} …"


_ORDER = {Outcome.STARTED: 0, Outcome.HELD: 1, Outcome.NOTHING_TO_DO: 2}
