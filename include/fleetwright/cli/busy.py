"""``fleetwright busy``: which nodes of a Batch pool run tasks now, and which of them hold up its rollout (R55)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import click
from tabulate import tabulate

from fleetwright.cli.exit_codes import EXIT_COMPLETED
from fleetwright.cli.options import Common, fleet_argument
from fleetwright.cli.output import print_json
from fleetwright.cli.wiring import build_ports, look_into_ledger
from fleetwright.domain.busy_nodes import NOT_UPGRADED, BusyNode, age_of, list_busy, rollout_under_way
from fleetwright.domain.drains import RunningTask
from fleetwright.domain.durations import clock_text
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import FleetId, FleetKind, parse_fleet_id
from fleetwright.domain.records import RolloutView
from fleetwright.rollout.cancelling import EVER, find_meant
from fleetwright.rollout.heeding import why_held
from fleetwright.rollout.ports.ledger import Ledger

_HEADERS = ("node", "task", "age", "closed since (UTC)", "deadline (UTC)", "what becomes of it")


@click.command()
@fleet_argument
def busy(common: Common) -> int:
    """Show who holds up the rollout of a Batch pool: node, task, age, and until when it is waited for."""
    fleet_id = _pool(common.fleet)
    ports = build_ports(common, look_into_ledger(common))
    fleet = ports.driver.fetch_fleet(fleet_id)
    instances = ports.driver.list_instances(fleet)
    view, now = next(iter(ports.ledger.list_rollouts(fleet.key)), None), ports.clock.now()
    found = list_busy(instances, view, now, waits=fleet.waits_for_work)
    halts = _halts(ports.ledger, view)
    if common.as_json:
        about = {**_about(fleet_id, view), "halts": list(halts)}
        print_json({**about, "value": [node.to_dict(now) for node in found]})
        return EXIT_COMPLETED
    click.echo("\n".join((_head(fleet_id, view, len(found), len(instances)), *halts)))
    if found:
        rows = [row for node in found for row in _rows(node, now)]
        click.echo(f"\n{tabulate(rows, headers=_HEADERS, tablefmt='simple')}")
    return EXIT_COMPLETED


def _halts(ledger: Ledger, view: RolloutView | None) -> tuple[str, ...]:
    """What people have said to the rollout under way, a line for each word; empty where it goes on."""
    under_way = rollout_under_way(view)
    if under_way is None:
        return ()
    rollout = under_way.rollout
    controls = ledger.list_controls(parse_fleet_id(rollout.settings.fleet_id).key, since=EVER)
    cancelled = (
        f"cancelled by {said.actor} ({said.reason}): it ends between two batches"
        for said in find_meant(controls, rollout)
    )
    return (*cancelled, *(f"no further batch begins: {held}" for held in why_held(ledger, rollout.settings)))


def _pool(given: str) -> FleetId:
    fleet_id = parse_fleet_id(given)
    if fleet_id.kind is not FleetKind.BATCH_POOL:
        raise ConfigurationError(
            f"fleet {fleet_id.resource_id} is a {fleet_id.kind.words}: only the nodes of a Batch pool are given tasks "
            "that a rollout can see; name a pool"
        )
    return fleet_id


def _about(fleet_id: FleetId, view: RolloutView | None) -> dict[str, Any]:
    under_way = rollout_under_way(view)
    return {
        "fleet": fleet_id.resource_id,
        "rolloutId": under_way.rollout.rollout_id if under_way else "",
        "targetVersion": under_way.rollout.settings.target_version if under_way else "",
    }


def _head(fleet_id: FleetId, view: RolloutView | None, count: int, total: int) -> str:
    about = _about(fleet_id, view)
    rollout = f"rollout {about['rolloutId']} to {about['targetVersion']} is under way"
    work = f"{count} of {total} nodes of {fleet_id.name} run tasks now"
    return f"{work}; {rollout if about['rolloutId'] else NOT_UPGRADED}"


def _rows(node: BusyNode, now: datetime) -> Iterator[tuple[str, ...]]:
    """One row a task; what is the node's stands in its first one."""
    first, *others = node.tasks
    closed, deadline = _instant(node.closed_since), _instant(node.deadline)
    yield node.node_id, first.name, _age(first, now), closed, deadline, node.becomes
    for task in others:
        yield "", task.name, _age(task, now), "", "", ""


def _age(task: RunningTask, now: datetime) -> str:
    seconds = age_of(task, now)
    return "-" if seconds is None else clock_text(timedelta(seconds=seconds))


def _instant(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else "-"
