"""What Azure says about the fleets and regions of a plan of phases."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import click

from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import PUBLIC_AZURE, AzureEndpoint, connect
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.cli.options import Command
from fleetwright.cli.output import story, tell_calls
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.regions import Regions
from fleetwright.phases.plan.estate import merge_regions
from fleetwright.rollout.clocks import SystemClock


@dataclass(frozen=True, slots=True)
class Estate:
    """Every scale set that can be seen, and the regions of their subscriptions."""

    fleets: tuple[Fleet, ...]
    regions: Regions


def azure_flags(*, optional: bool) -> Callable[[Command], Command]:
    """Give a verb ``--endpoint``, ``--token`` and ``--subscription``.

    :param optional: without ``--endpoint`` nothing is asked; else public Azure is
    """

    def decorate(command: Command) -> Command:
        usual = None if optional else PUBLIC_AZURE
        shown = "Where ARM answers" + (" [default: Azure is not asked]." if optional else ".")
        flags = (
            click.option("--endpoint", default=usual, metavar="URL", show_default=not optional, help=shown),
            click.option(
                "--token", default=None, metavar="T", help="Bearer token [default: azure-identity's chain]."
            ),
            click.option(
                "--subscription",
                default="",
                metavar="ID",
                help="Only this subscription [default: all that can be seen].",
            ),
        )
        decorated: Any = command
        for flag in reversed(flags):
            decorated = flag(decorated)
        return decorated  # type: ignore[no-any-return]  # click returns the command it was given

    return decorate


def ask_azure(endpoint: str, token: str | None, subscription: str) -> Estate:
    """Read fleets and regions; scale sets that cannot be understood are named on standard error.

    :raises ConfigurationError: for an endpoint that cannot be used
    :raises ProviderError: when Azure cannot be asked
    """
    tokens = StaticToken(token) if token is not None else None
    with ExitStack() as told:
        told.enter_context(story(dated=False))
        told.enter_context(tell_calls())
        client = connect(AzureEndpoint(endpoint, tokens), SystemClock())
        told.callback(client.close)
        fleets, regions = AzureFleetDirectory(client, subscription), AzureRegionDirectory(client)
        listed = [regions.fetch_regions(one) for one in fleets.list_subscriptions()]
        return Estate(fleets.list_fleets(), merge_regions(listed))
