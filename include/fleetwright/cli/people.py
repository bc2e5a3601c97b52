"""The flags of verbs that write down what a person decided: who, why, and in which ledger."""

from __future__ import annotations

from typing import Any

import click

from fleetwright.cli.options import Command


def person_flags(command: Command) -> Command:
    """Give a verb ``--by`` and ``--reason``; neither may be empty."""
    decorated: Any = command
    for name, meaning in (("--reason", "Why."), ("--by", "Who decides it.")):
        decorated = click.option(name, required=True, callback=_words, metavar="TEXT", help=meaning)(
            decorated
        )
    return decorated  # type: ignore[no-any-return]  # click returns the command it was given


def ledger_flag(command: Command) -> Command:
    """Give a verb ``--ledger``."""
    decorated: Any = click.option(
        "--ledger", default=None, metavar="URL", help="Ledger [default: FLEETWRIGHT_LEDGER_URL or .run/]."
    )(command)
    return decorated  # type: ignore[no-any-return]  # as above


def _words(_context: click.Context, parameter: click.Parameter, value: str) -> str:
    words = " ".join(value.split())
    if not words:
        raise click.BadParameter(f"--{parameter.name} is empty: the ledger keeps who decided it, and why")
    return words
