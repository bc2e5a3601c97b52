"""The flags that say how long nodes of a Batch pool are waited for while they run tasks, and what then (R55)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

import click

from fleetwright.cli.options import Command, Common
from fleetwright.domain.drains import DrainPolicy, WhenBusy
from fleetwright.domain.durations import parse_span, span_text
from fleetwright.domain.errors import ConfigurationError

_USUAL = DrainPolicy()


def drain_flags(command: Command) -> Command:
    """Give a verb the flags, handed to it as one ``drain``."""

    @wraps(command)
    def with_drain(
        common: Common,
        *,
        drain_deadline: timedelta,
        when_busy: str,
        drain_grace: timedelta,
        **rest: Any,  # noqa: ANN401 - the verb's own flags
    ) -> Any:  # noqa: ANN401 - whatever the verb returns
        return command(common, drain=DrainPolicy(drain_deadline, WhenBusy(when_busy), drain_grace), **rest)

    decorated: Any = with_drain
    for flag in reversed(_FLAGS):
        decorated = flag(decorated)
    return decorated  # type: ignore[no-any-return]  # click returns the command it was given


def _span(_context: click.Context, parameter: click.Parameter, text: str) -> timedelta:
    try:
        return parse_span(text)
    except ConfigurationError as error:
        raise click.BadParameter(f"{parameter.opts[0]}: {error}") from None


def _span_flag(name: str, usual: timedelta, words: str) -> Callable[[Command], Command]:
    return click.option(
        name, callback=_span, default=span_text(usual), show_default=True, metavar="SPAN", help=words
    )


_FLAGS = (
    _span_flag(
        "--drain-deadline",
        _USUAL.deadline,
        "Batch pools: how long a node may stay busy after it was closed to new tasks.",
    ),
    click.option(
        "--when-busy",
        type=click.Choice([when.value for when in WhenBusy]),
        default=_USUAL.when_busy.value,
        show_default=True,
        help="Batch pools: what becomes of a node that is busy at its deadline.",
    ),
    _span_flag(
        "--drain-grace",
        _USUAL.grace,
        "Batch pools: with requeue, how long after the deadline its tasks may still end by themselves.",
    ),
)
