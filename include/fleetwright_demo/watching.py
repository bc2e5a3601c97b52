"""Watching a rollout while Airflow runs it: the ledger says how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console
from rich.live import Live
from rich.table import Table

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.records import RolloutView
from fleetwright.ledger.store import SqlLedger
from fleetwright_demo.airflow_api import DAG_ID, AirflowApi
from fleetwright_demo.errors import StageError

RUN_ENDED = frozenset({"success", "failed"})
_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Watch:
    """One run of a DAG and the ledger that it writes."""

    api: AirflowApi
    ledger: SqlLedger
    fleet_key: str
    run_id: str
    dag_id: str = DAG_ID

    def newest(self) -> RolloutView | None:
        """The fleet's newest rollout, None before it has begun."""
        return next(iter(self.ledger.list_rollouts(self.fleet_key)), None)


def watch_run(watch: Watch, show: Callable[[RolloutView | None], None], limit_seconds: float) -> str:
    """Follow a DAG run to its end.

    :param show: told how the rollout stands, again and again
    :returns: the run's state
    :raises StageError: when it has no end in time
    """
    deadline = time.monotonic() + limit_seconds
    while (state := watch.api.run_state(watch.run_id, watch.dag_id)) not in RUN_ENDED:
        show(watch.newest())
        if time.monotonic() > deadline:
            raise StageError(f"run {watch.run_id} is still {state} after {limit_seconds:g} s")
        time.sleep(_POLL_SECONDS)
    show(watch.newest())
    return state


def follow(watch: Watch, console: Console, limit_seconds: float) -> str:
    """Follow a run with a live table on a terminal, and a line for each change elsewhere."""
    if console.is_terminal:
        with Live(console=console, refresh_per_second=4) as live:
            return watch_run(watch, lambda view: live.update(batches_table(view)), limit_seconds)
    told: set[str] = set()

    def tell(view: RolloutView | None) -> None:
        for line in _lines(view):
            if line not in told:
                told.add(line)
                console.print(line, highlight=False)

    return watch_run(watch, tell, limit_seconds)


def batches_table(view: RolloutView | None) -> Table:
    """The batches of a rollout with the state of each instance, and the nodes that it waits for or has left."""
    table = Table("batch", "zone", "instances", title="waiting for the first batch" if view is None else "")
    for batch in view.batches if view else ():
        states = [f"{swap.instance_id}: {swap.state}" for swap in view.swaps_of(batch)] if view else []
        table.add_row(str(batch.index + 1), batch.zone, "\n".join(states))
    for words, lines in (("closed", closed_lines(view)), ("left", left_lines(view))):
        if lines:
            table.add_row(words, "", "\n".join(lines))
    return table


def closed_lines(view: RolloutView | None) -> list[str]:
    """Nodes that are given no new work and whose turn has not come yet (R55)."""
    if view is None:
        return []
    waiting = {node: since for node, since in view.rollout.closed.items() if node not in view.swapped_ids}
    return [f"{node}: given no new work since {since:%H:%M:%S}" for node, since in waiting.items()]


def left_lines(view: RolloutView | None) -> list[str]:
    """Nodes that did not become idle in time."""
    return [f"{node}: {reason}" for node, reason in view.rollout.left_busy.items()] if view else []


def _lines(view: RolloutView | None) -> list[str]:
    if view is None:
        return []
    member = parse_fleet_id(view.rollout.settings.fleet_id).kind.member
    swaps = [
        f"  batch {batch.index + 1}{batch.zone and f', zone {batch.zone}'}: {member} {swap.instance_id} {swap.state}"
        for batch in view.batches
        for swap in view.swaps_of(batch)
    ]
    return [*(f"  {line}" for line in (*closed_lines(view), *left_lines(view))), *swaps]
