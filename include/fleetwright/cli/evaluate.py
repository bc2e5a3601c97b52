"""``fleetwright evaluate``: a schedule's look at the clusters of a channel, now and by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from fleetwright.cli.exit_codes import EXIT_COMPLETED, EXIT_HELD, EXIT_STOPPED, EXIT_USAGE
from fleetwright.cli.node_images.asking import site_settings
from fleetwright.cli.node_images.running import carry_out
from fleetwright.cli.options import Command, Common, common_flags_of, common_options
from fleetwright.cli.output import print_json, story
from fleetwright.cli.owner import owner_of_process
from fleetwright.cli.wiring import build_ledger, build_node_ports
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import resource_name
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.ledger.store import SqlLedger
from fleetwright.node_images.evaluating import evaluate_channel, parse_channel, request_of
from fleetwright.node_images.ports import NodePorts
from fleetwright.node_images.report import evaluation_report
from fleetwright.node_images.settings import NodeImageSettings


def _without_fleet(command: Command) -> Callable[..., Any]:
    """Give a verb the common flags but the fleet: it is about every cluster there is."""

    @wraps(command)
    def with_common(**flags: Any) -> Any:  # noqa: ANN401 - click's values, handed on
        return common_flags_of(command)(fleet="", **flags)

    return common_options(with_common)


@click.command()
@_without_fleet
@click.option(
    "--channel",
    default=str(NodeOsChannel.NODE_IMAGE),
    show_default=True,
    metavar="CHANNEL",
    help=f"Whose clusters are looked at: {', '.join(NodeOsChannel)}.",
)
@click.option("--subscription", default="", metavar="GUID", help="Only clusters of this one [default: all].")
@click.option("--start", is_flag=True, help="Begin what is to be started, one cluster after the other.")
def evaluate(common: Common, *, channel: str, subscription: str, start: bool) -> int:
    """Look at every cluster of a channel: started, nothing to do, or held, with reasons, a line each."""
    if start and common.as_json:
        raise click.UsageError("--start tells rollouts in lines as they go: leave --json out, or --start")
    wanted, settings = parse_channel(channel), site_settings()
    ledger = build_ledger(common)
    ports = build_node_ports(common, ledger, subscription)
    found = evaluate_channel(
        ports,
        wanted,
        actor=owner_of_process("evaluate"),
        manners=settings.manners,
        default_window=settings.window,
        starts=start,
    )
    _tell(found, wanted, is_started=start, as_json=common.as_json)
    if not start:
        return EXIT_COMPLETED
    return _start_all(ports, ledger, found, settings, dated=not common.virtual_time)


def _tell(found: tuple[Evaluation, ...], channel: NodeOsChannel, *, is_started: bool, as_json: bool) -> None:
    if as_json:
        print_json(
            {"channel": str(channel), "value": [evaluation_report(evaluation) for evaluation in found]}
        )
        return
    for evaluation in found:
        would = evaluation.outcome is Outcome.STARTED and not is_started
        click.echo(str(evaluation).replace(": started:", ": would be started:", 1) if would else evaluation)
    if not found:
        click.echo(f"no cluster of channel {channel} was found")


def _start_all(
    ports: NodePorts,
    ledger: SqlLedger,
    found: tuple[Evaluation, ...],
    settings: NodeImageSettings,
    *,
    dated: bool,
) -> int:
    """Run what is to be started in the order of their places in the window; the worst exit code."""
    starting = [evaluation for evaluation in found if evaluation.outcome is Outcome.STARTED]
    starting.sort(key=lambda evaluation: evaluation.not_before or evaluation.at)
    codes = {EXIT_COMPLETED}
    with story(dated=dated):
        for evaluation in starting:
            click.echo(f"cluster {resource_name(evaluation.fleet_id)}:")
            request = request_of(evaluation, settings.manners, settings.window)
            try:
                codes.add(carry_out(ports, ledger, request, as_json=False))
            except ConfigurationError as error:
                click.echo(f"{evaluation.fleet_id}: {error}", err=True)
                codes.add(EXIT_USAGE)
    return next(code for code in (EXIT_STOPPED, EXIT_USAGE, EXIT_HELD, EXIT_COMPLETED) if code in codes)
