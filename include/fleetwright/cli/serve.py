"""``fleetwright serve``: Azure's own interfaces of automatic OS upgrades, for the sets that we orchestrate."""

from __future__ import annotations

import click

from fleetwright.cli.people import ledger_flag

DEFAULT_PORT = 8200
TOKEN_VARIABLE = "FLEETWRIGHT_API_TOKEN"  # noqa: S105 - the variable's name, not a token


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "--port",
    default=DEFAULT_PORT,
    type=click.IntRange(0, 65535),
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--airflow-url",
    required=True,
    envvar="FLEETWRIGHT_AIRFLOW_URL",
    metavar="URL",
    help="Airflow's API server.",
)
@click.option("--airflow-user", default="", envvar="FLEETWRIGHT_AIRFLOW_USER", help="Empty: nobody signs in.")
@click.option(
    "--airflow-password", default="", envvar="FLEETWRIGHT_AIRFLOW_PASSWORD", help="Better by its variable."
)
@click.option(
    "--token-file",
    default=None,
    metavar="FILE",
    help=f"Holds the token that callers show [default: {TOKEN_VARIABLE}].",
)
@click.option(
    "--endpoint",
    default=None,
    metavar="URL",
    help="ARM, to look up sets that the ledger does not know [default: only those it knows].",
)
@click.option(
    "--token", default=None, metavar="T", help="Bearer token for ARM [default: azure-identity's chain]."
)
@click.option("--azure-conn-id", default="", help="Airflow connection for the runs [default: the DAG's].")
@ledger_flag
def serve(**flags: object) -> int:
    """Answer osUpgradeHistory, rollingUpgrades/latest, osRollingUpgrade and rollingUpgrades/cancel over HTTP."""
    from fleetwright.cli.serving import Serving, run_server  # noqa: PLC0415 - FastAPI is slow to import, and only for this verb

    run_server(Serving(**flags))  # type: ignore[arg-type]  # click hands each flag in its type
    return 0
