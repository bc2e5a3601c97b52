"""``fleetwright history``: the last attempts of a fleet, in Azure's own shape (R39, R40)."""

from __future__ import annotations

from typing import Any

import click
from tabulate import tabulate

from fleetwright.cli.options import Common, common_flags
from fleetwright.cli.output import print_json
from fleetwright.cli.wiring import build_clock, look_into_ledger
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.progress import recent_history


@click.command()
@common_flags
def history(common: Common) -> int:
    """Show the last five rollouts within the two months before the newest one; held evaluations are none."""
    if common.virtual_time:
        build_clock(common)  # history needs no clock, but a flag that cannot be honoured is told
    entries = recent_history(look_into_ledger(common).list_rollouts(parse_fleet_id(common.fleet).key))
    if common.as_json:
        print_json({"value": list(entries)})
    elif entries:
        headers = ("started", "ended", "status", "version", "ok", "failed", "pending", "rolled back", "error")
        click.echo("a rollback gives the previous version back on a new disk, not the previous disk (O7)\n")
        click.echo(
            tabulate([_row(entry["properties"]) for entry in entries], headers=headers, tablefmt="simple")
        )
    else:
        click.echo("no rollout of this fleet is in the ledger")
    return 0


def _row(entry: dict[str, Any]) -> tuple[Any, ...]:
    status, progress = entry["runningStatus"], entry["progress"]
    return (
        (status["startTime"] or "")[:19],
        (status["endTime"] or "")[:19],
        status["code"],
        entry["targetImageReference"]["version"],
        progress["successfulInstanceCount"],
        progress["failedInstanceCount"],
        progress["pendingInstanceCount"],
        entry["rollbackInfo"]["successfullyRolledbackInstanceCount"],
        entry.get("error", {}).get("code", ""),
    )
