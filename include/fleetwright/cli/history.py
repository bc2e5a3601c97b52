"""``fleetwright history``: the last attempts of a fleet, in Azure's own shape (R39, R40)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click
from tabulate import tabulate

from fleetwright.cli.node_images.past import history_of_nodes
from fleetwright.cli.options import Common, common_flags
from fleetwright.cli.output import print_json
from fleetwright.cli.wiring import build_clock, look_into_ledger
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.holds import Hold, Holdable, find_holds, hold_text, holdable
from fleetwright.domain.node_pools.ids import is_cluster_or_pool
from fleetwright.domain.notifications import notifications_of
from fleetwright.domain.progress import ended_at, recent_history
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.ledger.event_log import RecordedEvent
from fleetwright.ledger.locks import LockScope
from fleetwright.ledger.store import SqlLedger


@click.command()
@common_flags
@click.option("--notifications", is_flag=True, help="Show submissions and outcomes, held ones included.")
def history(common: Common, *, notifications: bool) -> int:
    """Show the last five rollouts within the two months before the newest one; held evaluations are none.

    Of an AKS cluster, the last rollouts of its node images and the last looks of schedules.
    """
    if is_cluster_or_pool(common.fleet):
        return history_of_nodes(common)
    if common.virtual_time:
        build_clock(common)  # history needs no clock, but a flag that cannot be honoured is told
    ledger, key = look_into_ledger(common), parse_fleet_id(common.fleet).key
    if notifications:
        _show_notifications(ledger.list_events(key), as_json=common.as_json)
    else:
        _show_attempts(ledger, key, as_json=common.as_json)
    return 0


def _show_attempts(ledger: SqlLedger, key: str, *, as_json: bool) -> None:
    views = ledger.list_rollouts(key)
    entries = recent_history(views)
    if as_json:
        held = [hold.to_dict() for hold in _holds(ledger, key, views)]
        print_json({"value": list(entries), **({"holds": held} if held else {})})
    elif entries:
        headers = (
            "started (UTC)",
            "ended (UTC)",
            "status",
            "version",
            "ok",
            "failed",
            "pending",
            "rolled back",
            "error",
            *(("phase",) if any("phase" in entry for entry in entries) else ()),
        )
        preserves = any(swap.preserves_disk for view in views for swap in view.swaps.values())
        click.echo(f"{_what_rollbacks_give(preserves=preserves)} (O7)\n")
        click.echo(tabulate([_row(entry) for entry in entries], headers=headers, tablefmt="simple"))
        for line in _left_busy(entries):
            click.echo(line)
    else:
        click.echo(f"no rollout of this fleet that did anything has ended; ledger: {ledger}")
    for view in () if as_json else views:
        if view.rollout.state not in TERMINAL_STATES:
            click.echo(_under_way(view, is_held=_is_held(ledger, key)))
    for hold in () if as_json else _holds(ledger, key, views):
        click.echo(f"held: {hold_text(hold)}")


def _left_busy(entries: Iterable[dict[str, Any]]) -> Iterable[str]:
    """The nodes that each rollout left as they were because they did not become idle."""
    for entry in entries:
        started = (entry["properties"]["runningStatus"]["startTime"] or "")[:19]
        for node, reason in entry.get("leftBusy", {}).items():
            yield f"rollout of {started} left {node} as it was: {reason}"


def _holds(ledger: SqlLedger, key: str, views: tuple[RolloutView, ...]) -> tuple[Hold, ...]:
    """What keeps the fleet from its next batch: holds of its rollout under way, and of itself."""
    under_way = [view.rollout for view in views if view.rollout.state not in TERMINAL_STATES]
    about = [holdable(rollout.settings) for rollout in under_way] or [Holdable(fleet=key)]
    return tuple(hold for one in about for hold in find_holds(ledger.list_holds(), one))


def _is_held(ledger: SqlLedger, key: str) -> bool:
    """Whether a run has the fleet, dead or alive: one that has given it back does not go on."""
    return any((lock.scope, lock.key) == (LockScope.FLEET, key) for lock in ledger.list_locks())


def _under_way(view: RolloutView, *, is_held: bool) -> str:
    """What goes on, or waits for somebody to go on with it."""
    rollout = view.rollout
    since = f" since {rollout.started_at:%Y-%m-%d %H:%M:%SZ}" if rollout.started_at else ""
    phase = f", started by {rollout.settings.phase}" if rollout.settings.phase else ""
    target = rollout.settings.target_version
    about = f"{rollout.rollout_id} to {target}{since}, by {rollout.owner}{phase}"
    if is_held:
        return f"under way: {about}"
    return f"not over: {about}, which has the fleet no more; start a rollout of it again to go on"


def _show_notifications(events: Iterable[RecordedEvent], *, as_json: bool) -> None:
    told = [
        notification
        for event in events
        if isinstance(event.kind, EventKind)
        for notification in notifications_of(
            Event(event.kind, event.happened_at, event.payload), event.rollout_id or ""
        )
    ]
    if as_json:
        print_json({"value": [notification.to_dict() for notification in told]})
    for one in () if as_json else told:
        errors = "".join(f"\n  {error}" for error in one.errors)
        click.echo(f"{one.at:%Y-%m-%d %H:%M:%SZ}  {one.rollout_id or '-'}  {one.stage}: {one.status}{errors}")


def _what_rollbacks_give(*, preserves: bool) -> str:
    if preserves:
        return "a rollback gives the previous disk itself back"
    return "a rollback gives the previous version back on a new disk, not the previous disk"


def _row(entry: dict[str, Any]) -> tuple[Any, ...]:
    phase, entry = entry.get("phase", ""), entry["properties"]
    status, progress = entry["runningStatus"], entry["progress"]
    return (
        (status["startTime"] or "")[:19],
        ended_at(status)[:19],
        status["code"],
        entry["targetImageReference"]["version"],
        progress["successfulInstanceCount"],
        progress["failedInstanceCount"],
        progress["pendingInstanceCount"],
        entry["rollbackInfo"]["successfullyRolledbackInstanceCount"],
        entry.get("error", {}).get("code", ""),
        *((phase,) if phase else ()),
    )
