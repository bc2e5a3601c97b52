"""``fleetwright disks``: the disks that rollouts of a Flexible set have left behind, and deleting those nobody needs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
from tabulate import tabulate

from fleetwright.cli.exit_codes import EXIT_COMPLETED, EXIT_STOPPED
from fleetwright.cli.options import Common, fleet_argument
from fleetwright.cli.output import print_json
from fleetwright.cli.owner import owner_of_process
from fleetwright.cli.wiring import build_clock, build_ledger, build_ports, look_into_ledger
from fleetwright.domain.durations import clock_text
from fleetwright.domain.fleets import parse_fleet_id, resource_name
from fleetwright.domain.leftovers import Leftover, list_leftovers
from fleetwright.ledger.locks import LockScope
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.sweeping import Sweep, sweep_fleet


@click.group(no_args_is_help=False)
def disks() -> None:
    """Show or delete the disks that rollouts of a Flexible set have left behind."""


@disks.command("list")
@fleet_argument
def list_disks(common: Common) -> int:
    """Show each disk with its owner, its age and why it is there; the ledger alone is read."""
    now = build_clock(common).now()
    ledger, fleet = look_into_ledger(common), parse_fleet_id(common.fleet)
    found = list_leftovers(ledger.list_rollouts(fleet.key))
    if common.as_json:
        print_json({"value": [_body(leftover, now) for leftover in found]})
    elif found:
        headers = ("disk", "instance", "owner", "age", "needed", "why")
        click.echo(tabulate([_row(leftover, now) for leftover in found], headers=headers, tablefmt="simple"))
    else:
        click.echo(f"no disk of {fleet.name} is left behind; ledger: {ledger}")
    return EXIT_COMPLETED


@disks.command("sweep")
@fleet_argument
def sweep(common: Common) -> int:
    """Delete the disks that nobody needs and nothing has attached; held while a rollout has the fleet."""
    ledger = build_ledger(common)
    ports = build_ports(common, ledger)
    fleet = ports.driver.fetch_fleet(parse_fleet_id(common.fleet))
    lease = _take(ledger, fleet.key)
    try:
        done = sweep_fleet(ports, fleet, lease)
    finally:
        ledger.release_lock(LockScope.FLEET, lease.fleet_key, lease.holder)
    _tell(done, common, ports.clock.now())
    return EXIT_STOPPED if done.left else EXIT_COMPLETED


def _take(ledger: SqlLedger, fleet_key: str) -> Lease:
    owner, terms = owner_of_process("disks sweep"), LeaseTerms()
    held = ledger.take_lock(LockScope.FLEET, fleet_key, owner, owner, terms)
    return Lease(fleet_key, owner, held.token, terms)


def _tell(done: Sweep, common: Common, now: datetime) -> None:
    groups = (("deleted", done.gone), ("kept", done.kept), ("left", done.left))
    if common.as_json:
        print_json({name: [_body(leftover, now) for leftover in found] for name, found in groups})
        return
    for name, found in groups:
        for leftover in found:
            click.echo(f"{name}: {leftover.disk_id} of {leftover.instance_id}: {leftover.why}")
    click.echo(", ".join(f"{len(found)} {name}" for name, found in groups))


def _body(leftover: Leftover, now: datetime) -> dict[str, Any]:
    return {
        "diskId": leftover.disk_id,
        "instance": leftover.instance_id,
        "owner": leftover.rollout_id,
        "fleetId": leftover.fleet_id,
        "since": leftover.since.isoformat() if leftover.since else None,
        "ageSeconds": (now - leftover.since).total_seconds() if leftover.since else None,
        "needed": leftover.is_needed,
        "why": leftover.why,
    }


def _row(leftover: Leftover, now: datetime) -> tuple[str, ...]:
    age = clock_text(now - leftover.since) if leftover.since else "-"
    name = resource_name(leftover.disk_id)
    needed = "yes" if leftover.is_needed else "no"
    return (name, leftover.instance_id, leftover.rollout_id, age, needed, leftover.why)
