"""What has changed between the plan of before and the one made anew, for whoever resumes a rollout."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fleetwright.domain.plan import Plan
from fleetwright.domain.thresholds import name_ids

_Batches = Sequence[tuple[str, ...]]


def tell_plan_changes(before: Mapping[str, Any], after: Plan, done: Collection[str]) -> str:
    """One line about what is left of the rollout; empty where nothing has changed.

    :param before: the plan in the ledger, as plain JSON
    :param done: the instances that the rollout has swapped since
    """
    old = [left for batch in before.get("batches", ()) if (left := _left(batch["instances"], done))]
    new = [batch.instance_ids for batch in after.batches]
    places, were = _places(new), _places(old)
    moved = tuple(i for i, place in places.items() if i in were and were[i] != place)
    told = [
        f"{len(new)} batches instead of {len(old)}" if len(new) != len(old) else "",
        *_no_more(tuple(i for i in were if i not in places), after),
        _named("new", tuple(i for i in places if i not in were)),
        _named("in another batch", moved),
    ]
    return "; ".join(filter(None, told))


def _left(instance_ids: Sequence[str], done: Collection[str]) -> tuple[str, ...]:
    return tuple(i for i in instance_ids if i not in done)


def _places(batches: _Batches) -> dict[str, int]:
    return {i: place for place, batch in enumerate(batches) for i in batch}


def _no_more(instance_ids: tuple[str, ...], after: Plan) -> list[str]:
    reasons = {choice.instance_id: choice.reason for choice in after.left_out}
    grouped: dict[str, list[str]] = {}
    for instance_id in instance_ids:
        grouped.setdefault(reasons.get(instance_id, "not in the set any more"), []).append(instance_id)
    return [f"{_named('no more', tuple(ids))} ({reason})" for reason, ids in grouped.items()]


def _named(what: str, instance_ids: tuple[str, ...]) -> str:
    return f"{what}: {name_ids(instance_ids, most=20)}" if instance_ids else ""
