"""What the events of batches and swaps do to a rollout's state; ``journal`` says which event is whose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from fleetwright.domain.ailments import Ailment
from fleetwright.domain.events import Event
from fleetwright.domain.records import BatchRecord, RolloutView, SwapRecord
from fleetwright.domain.states import AWAITING_ROLLBACK, IllegalMoveError, SwapState, advance_swap


def intend(view: RolloutView, event: Event) -> RolloutView:
    """A batch is begun, its swaps are intended."""
    body = event.payload
    if any(batch.index == body["index"] for batch in view.batches):
        return view
    swaps = tuple(
        SwapRecord(**{**swap, "batch_index": body["index"], "data_disk_ids": tuple(swap["data_disk_ids"])})
        for swap in body["swaps"]
    )
    for swap in swaps:
        known = view.swaps.get(swap.instance_id)
        if known is not None:
            # Only what was refused may be tried again: nothing is swapped twice.
            advance_swap(known.state, swap.state)
    batch = BatchRecord(
        index=body["index"],
        instance_ids=tuple(swap.instance_id for swap in swaps),
        zone=body["zone"],
        update_domain=body["update_domain"],
        reason=body["reason"],
        began_at=event.happened_at,
        capacity=body.get("surge", {}).get("capacity", 0),
        known_ids=tuple(body.get("surge", {}).get("known_ids", ())),
    )
    return replace(
        view,
        batches=(*view.batches, batch),
        swaps={**view.swaps, **{swap.instance_id: swap for swap in swaps}},
    )


def send(view: RolloutView, event: Event) -> RolloutView:
    """The calls may be on their way from here on."""
    return _change_swaps(view, {i: {} for i in event.payload["instances"]}, SwapState.SENDING)


def accept(view: RolloutView, event: Event) -> RolloutView:
    """The provider took a call, and says where it ends."""
    body = event.payload
    view = _add_operation(view, body["operation_url"], tuple(body.get("operation_members", ())))
    changes = {
        i: {"attempted_at": view.swaps[i].attempted_at or event.happened_at} for i in body["instances"]
    }
    return _change_swaps(view, changes, body["state"])


def move(view: RolloutView, event: Event) -> RolloutView:
    """Operations are to be asked for at another place."""
    batch = view.open_batch
    if batch is None:
        return view
    moved: Mapping[str, str] = event.payload["urls"]
    urls = tuple(moved.get(url, url) for url in batch.operation_urls)
    return _replace_batch(view, replace(batch, operation_urls=urls))


def surge(view: RolloutView, event: Event) -> RolloutView:
    """New instances came up, each in the place of an old one."""
    found: Mapping[str, str] = event.payload["replacements"]
    return _change_swaps(view, {i: {"replacement_id": new} for i, new in found.items()})


def see_swapped(view: RolloutView, event: Event) -> RolloutView:
    """Disks were replaced."""
    disks: Mapping[str, str] = event.payload["disks"]
    fresh = {i: disk for i, disk in disks.items() if view.swaps[i].ended_at is None}
    changes = {
        i: {"ended_at": event.happened_at, _disk_field(view.swaps[i]): disk} for i, disk in fresh.items()
    }
    return _change_swaps(view, changes, event.payload.get("state"))


def _disk_field(swap: SwapRecord) -> str:
    # A rollback is told from its swap by the swap's own disk, so that one is never overwritten.
    return "restored_disk_id" if swap.state in AWAITING_ROLLBACK else "new_disk_id"


def refuse(view: RolloutView, event: Event) -> RolloutView:
    """The provider said no before anything changed."""
    reason = event.payload["reason"]
    changes = {i: {"verdict_reason": reason} for i in event.payload["instances"]}
    return _change_swaps(view, changes, SwapState.REFUSED)


def judge(view: RolloutView, event: Event) -> RolloutView:
    """Instances have their verdicts."""
    for verdict in event.payload["verdicts"]:
        instance_id = verdict["instance_id"]
        swap = view.swaps[instance_id]
        if swap.state == verdict["state"]:
            continue
        change = {
            **_what_it_suffers(swap, verdict),
            "ready_seconds": verdict.get("ready_seconds"),
            # What once was reason enough to stop stays so, however its rollback goes.
            "fatal": verdict.get("fatal") or swap.fatal,
        }
        view = _change_swaps(view, {instance_id: change}, verdict["state"])
    return view


def _what_it_suffers(swap: SwapRecord, verdict: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict's words and sign; how a rollback went is told behind what was suffered, never instead of it."""
    found = Ailment.from_dict(verdict.get("suffered"))
    if swap.state not in AWAITING_ROLLBACK:
        return {"verdict_reason": verdict["reason"], "suffered": found}
    is_back = verdict["state"] == SwapState.ROLLED_BACK
    outcome = "rolled back" if is_back else f"rollback: {verdict['reason']}"
    return {"verdict_reason": f"{swap.verdict_reason}; {outcome}", "after_rollback": found}


def intend_rollback(view: RolloutView, event: Event) -> RolloutView:
    """Instances are to get their previous version back."""
    changes = {
        i: {"attempted_at": None, "ended_at": None, **_disk_to_leave(view.swaps[i], event)}
        for i in event.payload["instances"]
    }
    return _change_swaps(view, changes, SwapState.ROLLBACK_INTENDED)


def _disk_to_leave(swap: SwapRecord, event: Event) -> dict[str, str]:
    """The disk that the swap brought, where nobody has seen it before the rollback that takes it off."""
    seen: str = event.payload.get("disks", {}).get(swap.instance_id, "")
    is_news = not swap.new_disk_id and seen.lower() not in {"", swap.old_disk_id.lower()}
    return {"new_disk_id": seen} if is_news else {}


def sweep(view: RolloutView, event: Event) -> RolloutView:
    """Disks that were left behind are gone."""
    disks: Mapping[str, list[str]] = event.payload["disks"]
    changes = {
        i: {"swept_disk_ids": tuple(dict.fromkeys((*view.swaps[i].swept_disk_ids, *gone)))}
        for i, gone in disks.items()
    }
    return _change_swaps(view, changes)


def open_restoring(view: RolloutView, event: Event) -> RolloutView:
    """A batch that gives unhealthy instances of earlier ones their previous version back."""
    body = event.payload
    if any(batch.index == body["index"] for batch in view.batches):
        return view
    changes = {
        swap["instance_id"]: {
            "verdict_reason": swap["reason"],
            "suffered": Ailment.from_dict(swap.get("suffered")),
        }
        for swap in body["swaps"]
        if view.swaps[swap["instance_id"]].state is SwapState.HEALTHY
    }
    batch = BatchRecord(
        index=body["index"],
        instance_ids=tuple(swap["instance_id"] for swap in body["swaps"]),
        zone=body["zone"],
        update_domain=body["update_domain"],
        reason=body["reason"],
        began_at=event.happened_at,
    )
    return _change_swaps(replace(view, batches=(*view.batches, batch)), changes, SwapState.UNHEALTHY)


def settle(view: RolloutView, event: Event) -> RolloutView:
    """The open batch is over."""
    batch = view.open_batch
    if batch is None or batch.index != event.payload["index"]:
        return view
    flying = [swap.instance_id for swap in view.swaps_of(batch) if swap.is_in_flight]
    if flying:
        raise IllegalMoveError(
            f"batch {batch.index + 1} is not over: {', '.join(flying)} have no verdict yet"
        )
    return _replace_batch(view, replace(batch, settled_at=event.happened_at))


def _add_operation(view: RolloutView, url: str, members: tuple[str, ...]) -> RolloutView:
    batch = view.open_batch
    if batch is None or not url:
        return view
    pairs = zip(batch.operation_urls, batch.operation_members, strict=True)
    operations = {**{known: carried for known, carried in pairs if known != url}, url: members}
    urls, carried = tuple(operations), tuple(operations.values())
    return _replace_batch(view, replace(batch, operation_urls=urls, operation_members=carried))


def _replace_batch(view: RolloutView, batch: BatchRecord) -> RolloutView:
    batches = tuple(batch if known.index == batch.index else known for known in view.batches)
    return replace(view, batches=batches)


def _change_swaps(
    view: RolloutView, changes: Mapping[str, Mapping[str, Any]], state: str | None = None
) -> RolloutView:
    swaps = dict(view.swaps)
    for instance_id, change in changes.items():
        swap = swaps[instance_id]
        moved = swap.state if state is None else advance_swap(swap.state, SwapState(state))
        swaps[instance_id] = replace(swap, state=moved, **change)
    return replace(view, swaps=swaps)
