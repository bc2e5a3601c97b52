"""``fleetwright plan``: what would be done, batch by batch, with reasons; changes nothing."""

from __future__ import annotations

import click

from fleetwright.cli.drain_flags import drain_flags
from fleetwright.cli.exit_codes import EXIT_HELD
from fleetwright.cli.node_images.foreseeing import plan_nodes
from fleetwright.cli.options import Common, common_flags, rollout_flags
from fleetwright.cli.output import print_json, tell_held
from fleetwright.cli.request import rollout_request
from fleetwright.cli.wiring import build_ports, look_into_ledger
from fleetwright.domain.drains import DrainPolicy
from fleetwright.domain.errors import HeldError
from fleetwright.domain.node_pools.ids import is_cluster_or_pool
from fleetwright.rollout.narrate import plan_text
from fleetwright.rollout.planning import foreseen_end, plan_body, preview, what_went_before
from fleetwright.rollout.validate import examine


@click.command()
@common_flags
@rollout_flags
@drain_flags
def plan(common: Common, *, version: str, trigger: str, rollback: bool, drain: DrainPolicy) -> int:
    """Show what a rollout would do; nothing is changed, at Azure or in the ledger."""
    if is_cluster_or_pool(common.fleet):
        return plan_nodes(common, version=version, trigger=trigger, rollback=rollback)
    request = rollout_request(
        common,
        version=version,
        trigger=trigger,
        rollback=rollback,
        health_timeout=300.0,
        poll=5.0,
        drain=drain,
    )
    ports = build_ports(common, look_into_ledger(common))
    try:
        validated = examine(ports, request)
    except HeldError as held:
        tell_held(held, as_json=common.as_json)
        return EXIT_HELD
    planned = preview(validated, ports.ledger)
    views = ports.ledger.list_rollouts(validated.fleet.key)
    warnings = (*validated.warnings, *what_went_before(views, validated.settings.target_version))
    if common.as_json:
        body = plan_body(planned, warnings, validated.settings.strategy)
        print_json({"status": "Planned", **foreseen_end(planned, validated.fleet.kind.member), **body})
    else:
        settings = validated.settings
        click.echo(plan_text(validated.fleet, planned, rollback=settings.rollback, warnings=warnings))
    return 0
