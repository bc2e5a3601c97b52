"""``fleetwright cancel``: a person ends a rollout at its next boundary; the open batch is finished first."""

from __future__ import annotations

import click

from fleetwright.cli.node_images.cancelling import cancel_nodes
from fleetwright.cli.people import ledger_flag, person_flags
from fleetwright.cli.wiring import look_into
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.node_pools.ids import is_cluster_or_pool
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.cancelling import request_cancel
from fleetwright.rollout.clocks import SystemClock


@click.command()
@click.argument("fleet", required=False)
@click.option(
    "--fleet",
    "fleet_flag",
    default=None,
    metavar="ID",
    help="ARM id of a scale set, Batch pool or AKS cluster.",
)
@person_flags
@ledger_flag
def cancel(fleet: str | None, fleet_flag: str | None, by: str, reason: str, ledger: str | None) -> int:
    """Cancel the rollout of FLEET: no further batch; who is in flight gets its verdict first."""
    given = fleet or fleet_flag
    if not given:
        raise click.UsageError("cancel needs the ARM id of a scale set or Batch pool, or of an AKS cluster")
    if is_cluster_or_pool(given):
        return cancel_nodes(look_into(ledger), given, by=by, reason=reason)
    key = parse_fleet_id(given).key
    opened = look_into(ledger)
    view = request_cancel(opened, key, actor=by, reason=reason, now=SystemClock().now())
    if view is None:
        raise ConfigurationError(
            f"no rollout of {given} is under way: there is nothing to cancel; ledger: {opened}"
        )
    click.echo(f"rollout {view.rollout.rollout_id} is asked to stop: {_what_follows(opened, key)}")
    return 0


def _what_follows(ledger: SqlLedger, key: str) -> str:
    holder = ledger.find_holder(key)
    if not holder:
        return "no run has the fleet now; the next one ends it as Cancelled, before any further batch"
    return f"{holder} ends it as Cancelled before its next batch"
