"""The flags that every verb has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar

import click

from fleetwright.azure.batch.upgrade_ways import AUTO, WAY_WORDS
from fleetwright.azure.endpoint import PUBLIC_AZURE
from fleetwright.domain.images import LATEST
from fleetwright.domain.records import TriggerKind

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Common:
    """Where the fleet is, who asks, and how the answer is printed.

    :param require_deferral: None goes by the endpoint's host (O2)
    :param api_version: of calls about fleets, empty for the built-in one
    :param node_upgrade_way: by what nodes of Batch pools are upgraded
    """

    endpoint: str
    token: str | None
    fleet: str
    ledger: str | None
    virtual_time: bool
    as_json: bool
    require_deferral: bool | None = None
    api_version: str = ""
    node_upgrade_way: str = AUTO


_FLAGS = (
    click.option(
        "--fleet",
        required=True,
        metavar="ID",
        help="ARM id of a scale set, a Batch pool, an AKS cluster or one of its node pools.",
    ),
    click.option(
        "--endpoint", default=PUBLIC_AZURE, metavar="URL", show_default=True, help="Where ARM answers."
    ),
    click.option(
        "--token", default=None, metavar="T", help="Bearer token [default: azure-identity's chain]."
    ),
    click.option(
        "--ledger", default=None, metavar="URL", help="Ledger [default: FLEETWRIGHT_LEDGER_URL or .run/]."
    ),
    click.option(
        "--virtual-time", is_flag=True, help="Wait on the emulator's manual clock instead of real time."
    ),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output."),
)


_ROLLOUT_FLAGS = (
    click.option("--version", default=LATEST, show_default=True, help="Image version, or latest."),
    click.option(
        "--trigger",
        type=click.Choice([kind.value for kind in TriggerKind]),
        default=TriggerKind.MANUAL.value,
        show_default=True,
        help="Automatic rolls unhealthy instances back unless the fleet disables it.",
    ),
    click.option("--rollback", is_flag=True, help="Roll unhealthy instances back on a manual run too."),
    click.option(
        "--require-deferral/--no-require-deferral",
        default=None,
        help="Hold a fleet that Azure would upgrade by itself [default: on management.azure.com only].",
    ),
    click.option(
        "--api-version",
        default="",
        metavar="DATE",
        help="Version of the calls about scale sets, Batch pools and AKS clusters [default: the built-in one].",
    ),
    click.option(
        "--node-upgrade-way",
        type=click.Choice(WAY_WORDS),
        default=AUTO,
        show_default=True,
        help="By what nodes of a Batch pool are upgraded; auto goes by the endpoint and the account.",
    ),
)


def rollout_flags(command: Command) -> Command:
    """Give a verb the flags that describe a rollout; where they say how Azure is met, ``Common`` has them."""

    @wraps(command)
    def with_azure(
        common: Common,
        *,
        require_deferral: bool | None,
        api_version: str,
        node_upgrade_way: str,
        **rest: Any,  # noqa: ANN401 - the verb's own flags
    ) -> Any:  # noqa: ANN401 - whatever the verb returns
        known = replace(
            common,
            require_deferral=require_deferral,
            api_version=api_version,
            node_upgrade_way=node_upgrade_way,
        )
        return command(known, **rest)

    decorated: Any = with_azure
    for flag in reversed(_ROLLOUT_FLAGS):
        decorated = flag(decorated)
    return decorated  # type: ignore[no-any-return]  # click returns the command it was given


def common_flags(command: Command) -> Command:
    """Give a verb the common flags, handed to it as one ``Common``."""
    decorated: Any = common_flags_of(command)
    for flag in reversed(_FLAGS):
        decorated = flag(decorated)
    return decorated  # type: ignore[no-any-return]  # click returns the command it was given


def common_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb that is about no single fleet the options of the common flags."""
    decorated: Any = command
    for flag in reversed(_FLAGS[1:]):
        decorated = flag(decorated)
    return decorated  # type: ignore[no-any-return]  # click returns the command it was given


def common_flags_of(command: Callable[..., Any]) -> Callable[..., Any]:
    """The verb as click calls it, with the values of the common flags."""

    @wraps(command)
    def with_common(
        fleet: str,
        endpoint: str,
        token: str | None,
        ledger: str | None,
        virtual_time: bool,  # noqa: FBT001 - click passes by name
        as_json: bool,  # noqa: FBT001 - click passes by name
        **rest: Any,  # noqa: ANN401 - the verb's own flags
    ) -> Any:  # noqa: ANN401 - whatever the verb returns
        return command(Common(endpoint, token, fleet, ledger, virtual_time, as_json), **rest)

    return with_common


def fleet_argument(command: Command) -> Command:
    """Give a verb the common flags, with the fleet as its argument or as ``--fleet``.

    :raises click.UsageError: when it is given neither way, or in both
    """

    @wraps(command)
    def with_fleet(named: str | None, fleet: str | None, **rest: Any) -> Any:  # noqa: ANN401 - as above
        if bool(named) is bool(fleet):
            raise click.UsageError(
                "name one fleet: the ARM id of a scale set or Batch pool, as FLEET or with --fleet"
            )
        return common_flags_of(command)(fleet=named or fleet, **rest)

    decorated: Any = with_fleet
    optional_fleet = click.option(
        "--fleet", default=None, metavar="ID", help="ARM id of a scale set or Batch pool."
    )
    for flag in reversed(
        (click.argument("named", metavar="FLEET", required=False), optional_fleet, *_FLAGS[1:])
    ):
        decorated = flag(decorated)
    return decorated  # type: ignore[no-any-return]  # click returns the command it was given
