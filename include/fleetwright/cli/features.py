"""``fleetwright features``: the preview features that a cluster's channel needs (R62, R63)."""

from __future__ import annotations

from dataclasses import replace

import click

from fleetwright.cli.exit_codes import EXIT_COMPLETED
from fleetwright.cli.options import Common, common_flags
from fleetwright.cli.output import print_json
from fleetwright.cli.wiring import build_node_ports, look_into_ledger
from fleetwright.domain.node_pools.ids import parse_target

NAMESPACE = "Microsoft.ContainerService"


@click.group()
def features() -> None:
    """Show and register the preview features that a cluster's channel needs."""


@features.command()
@common_flags
@click.option(
    "--api-version",
    default="",
    metavar="DATE",
    help="Version of the calls about clusters; features are needed with early previews [default: the built-in one].",
)
def register(common: Common, *, api_version: str) -> int:
    """Register what is missing, wait for it, and register the resource provider anew: three steps, in that order."""
    known = replace(common, api_version=api_version)
    ports = build_node_ports(known, look_into_ledger(common))
    cluster = ports.driver.fetch_cluster(parse_target(common.fleet).cluster)
    missing = [name for name, state in cluster.features.items() if state.lower() != "registered"]
    if not common.as_json:
        for line in _steps(missing, cluster.name):
            click.echo(line)
    if missing:
        ports.driver.register_features(cluster, missing, _nobody, ports.clock)
    if common.as_json:
        print_json({"registered": missing, "features": dict.fromkeys(cluster.features, "Registered")})
    elif missing:
        click.echo("done: a rollout of this cluster may begin")
    return EXIT_COMPLETED


def _steps(missing: list[str], cluster: str) -> tuple[str, ...]:
    if not missing:
        return (f"cluster {cluster}: nothing to register, its channel needs no feature that is missing",)
    names = ", ".join(missing)
    return (
        f"1. register {names}",
        "2. wait until it is Registered, which may take minutes",
        f"3. register {NAMESPACE} anew, so that it takes effect",
    )


def _nobody() -> None:
    """Features belong to the subscription: no cluster's lease is asked for."""
