"""``fleetwright plan`` of a cluster: which pools go, when and how, with the arithmetic; changes nothing."""

from __future__ import annotations

import click

from fleetwright.cli.exit_codes import EXIT_COMPLETED
from fleetwright.cli.node_images.asking import node_request
from fleetwright.cli.node_images.running import tell_held
from fleetwright.cli.options import Common
from fleetwright.cli.output import print_json
from fleetwright.cli.wiring import build_node_ports, look_into_ledger
from fleetwright.domain.errors import HeldError
from fleetwright.domain.node_pools.plan_words import plan_json, plan_lines
from fleetwright.node_images.validating import examine, find_unfinished, plan_of, why_not


def plan_nodes(common: Common, *, version: str, trigger: str, rollback: bool) -> int:
    """Show what a rollout would do; one that may not begin now is shown all the same, and held."""
    request = node_request(common, trigger=trigger, version=version, rollback=rollback)
    ports = build_node_ports(common, look_into_ledger(common))
    found = examine(ports, request)
    plan, reasons = plan_of(found), why_not(ports, request, found)
    unfinished = find_unfinished(ports.ledger, found.cluster.key)
    status = "Held" if reasons else "UpToDate" if found.nothing else "Planned"
    if common.as_json:
        goes_on = unfinished.rollout_id if unfinished else ""
        print_json({"status": status, "reasons": list(reasons), "goesOn": goes_on, **plan_json(plan)})
    else:
        for line in plan_lines(plan):
            click.echo(line)
        if unfinished is not None:
            click.echo(f"  rollout {unfinished.rollout_id} is not over: a run goes on with it")
    return tell_held(request.fleet_id, HeldError(reasons), as_json=False) if reasons else EXIT_COMPLETED
