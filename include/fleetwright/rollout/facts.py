"""The events that the steps write, each built in one place from domain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.health import Verdict
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Selection
from fleetwright.domain.states import RolloutState, SwapState
from fleetwright.domain.thresholds import StopReason


def intended(
    index: int,
    selection: Selection,
    instances: Mapping[str, Instance],
    version: str,
    now: datetime,
    *,
    preserves_disk: bool = False,
    surge: Mapping[str, Any] | None = None,
) -> Event:
    """A batch is about to be swapped: who, why, and what each instance has to lose.

    :param preserves_disk: the old disks are kept until their instances are confirmed (O7)
    :param surge: the set's capacity and the ids of its instances before its surge; None where it is swapped in place
    """
    swaps = [
        {
            "instance_id": choice.instance_id,
            "old_version": instances[choice.instance_id].version,
            "old_disk_id": instances[choice.instance_id].os_disk_id,
            "data_disk_ids": list(instances[choice.instance_id].data_disk_ids),
            "new_version": version,
            "preserves_disk": preserves_disk,
            "zone": instances[choice.instance_id].zone,
            "update_domain": instances[choice.instance_id].update_domain,
            "reason": choice.reason,
        }
        for choice in selection.chosen
    ]
    payload = {
        "index": index,
        "zone": selection.zone,
        "update_domain": selection.update_domain,
        "reason": selection.reason,
        "swaps": swaps,
        **({"surge": surge} if surge else {}),
    }
    return Event(EventKind.INTENDED, now, payload)


def sending(instance_ids: Sequence[str], now: datetime) -> Event:
    """The swap call is about to leave: from here on it may have been sent."""
    return Event(EventKind.SENDING, now, {"instances": list(instance_ids)})


def accepted(instance_ids: Sequence[str], url: str, state: SwapState, now: datetime) -> Event:
    """Azure took the call, or was seen at work on it (then there is no URL).

    :param state: ``ACCEPTED`` for a swap, ``ROLLBACK_ACCEPTED`` for a rollback
    """
    payload: dict[str, Any] = {"instances": list(instance_ids), "operation_url": url, "state": str(state)}
    if url:
        # Told by its own name: the rows of events from before it was kept hold no members, and stay right.
        payload["operation_members"] = list(instance_ids)
    return Event(EventKind.ACCEPTED, now, payload)


def refused(instance_ids: Sequence[str], reason: str, now: datetime) -> Event:
    """Azure said no before anything changed."""
    return Event(EventKind.REFUSED, now, {"instances": list(instance_ids), "reason": reason})


def moved(urls: Mapping[str, str], now: datetime) -> Event:
    """Operations are to be polled at newer URLs."""
    return Event(EventKind.MOVED, now, {"urls": dict(urls)})


def surged(replacements: Mapping[str, str], now: datetime) -> Event:
    """New instances were seen that take the places of these (N15)."""
    return Event(EventKind.SURGED, now, {"replacements": dict(replacements)})


def swapped(disks: Mapping[str, str], now: datetime, state: SwapState | None = SwapState.SWAPPED) -> Event:
    """The end of a replacement was seen.

    :param disks: the disk that each instance shows now
    :param state: None for a rollback: its end moves no state, the verdict does
    """
    payload: dict[str, Any] = {"disks": dict(disks)}
    if state is not None:
        payload["state"] = str(state)
    return Event(EventKind.SWAPPED, now, payload)


def judged(verdicts: Mapping[str, Verdict], state_of: Mapping[str, SwapState], now: datetime) -> Event:
    """Instances got their verdicts."""
    rows = [
        {
            "instance_id": instance_id,
            "state": str(state_of[instance_id]),
            "reason": verdict.reason,
            "ready_seconds": verdict.ready_seconds,
            "fatal": verdict.fatal,
            "suffered": verdict.suffered.to_dict(),
        }
        for instance_id, verdict in verdicts.items()
    ]
    return Event(EventKind.JUDGED, now, {"verdicts": rows})


def rollback_intended(disks: Mapping[str, str], now: datetime) -> Event:
    """These instances are about to get their previous version back.

    :param disks: the OS disk that each of them has now, and leaves behind
    """
    return Event(EventKind.ROLLBACK_INTENDED, now, {"instances": list(disks), "disks": dict(disks)})


def swept(disks: Mapping[str, Sequence[str]], now: datetime) -> Event:
    """Disks that were left unattached are gone.

    :param disks: their ids, by the instance that had them
    """
    return Event(EventKind.SWEPT, now, {"disks": {i: list(ids) for i, ids in disks.items()}})


def restoring_opened(
    index: int, place: tuple[str, int], verdicts: Mapping[str, Verdict], why: str, now: datetime
) -> Event:
    """Instances of earlier batches are to get their previous version back before the rollout ends.

    :param place: their zone and update domain
    :param verdicts: what each of them suffers
    """
    rows = [
        {"instance_id": i, "reason": verdict.reason, "suffered": verdict.suffered.to_dict()}
        for i, verdict in verdicts.items()
    ]
    payload = {"index": index, "zone": place[0], "update_domain": place[1], "reason": why, "swaps": rows}
    return Event(EventKind.RESTORING_OPENED, now, payload)


def repairs_suspended(now: datetime) -> Event:
    """Automatic repairs are about to be suspended, or were by a rollout that died: this one has to resume them."""
    return Event(EventKind.REPAIRS_SUSPENDED, now)


def repairs_resumed(now: datetime) -> Event:
    """Automatic repairs are at work again."""
    return Event(EventKind.REPAIRS_RESUMED, now)


def nodes_closed(node_ids: Sequence[str], now: datetime) -> Event:
    """Nodes are about to have their scheduling disabled: whoever has the rollout last enables it again (R55)."""
    return Event(EventKind.NODES_CLOSED, now, {"nodes": list(node_ids)})


def nodes_opened(node_ids: Sequence[str], now: datetime) -> Event:
    """Nodes take work again, or do not exist any more."""
    return Event(EventKind.NODES_OPENED, now, {"nodes": list(node_ids)})


def left_busy(reasons: Mapping[str, str], now: datetime) -> Event:
    """Nodes did not become idle in time: this rollout leaves them as they are.

    :param reasons: why, by their ids
    """
    return Event(EventKind.LEFT_BUSY, now, {"reasons": dict(reasons)})


def waited(since: datetime, behind: Sequence[Mapping[str, str]], now: datetime) -> Event:
    """The rollout waited for its turn (R46, R48).

    :param behind: for whom, as ``turn_words.told`` tells it
    """
    seconds = round((now - since).total_seconds(), 3)
    payload = {"since": since.isoformat(), "seconds": seconds, "behind": [dict(who) for who in behind]}
    return Event(EventKind.WAITED, now, payload)


def settled(index: int, evidence: Mapping[str, Any], now: datetime) -> Event:
    """A batch is over, with its evidence."""
    return Event(EventKind.SETTLED, now, {"index": index, **evidence})


def decided(ending: Mapping[str, str], now: datetime) -> Event:
    """The rollout is to end like this, whoever carries it on."""
    return Event(EventKind.DECIDED, now, dict(ending))


def finished(state: RolloutState, reason: StopReason, outcome: Mapping[str, Any], now: datetime) -> Event:
    """The rollout is over."""
    payload = {"state": str(state), "code": reason.code, "message": reason.message, "outcome": dict(outcome)}
    return Event(EventKind.FINISHED, now, payload)
