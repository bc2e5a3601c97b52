"""The flags of verbs that write down what a person decided: who, why, and in which ledger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from fleetwright.cli.options import Command


def person_flags(command: Command, by: Callable[[], str] | None = None) -> Command:
    """Give a verb ``--by`` and ``--reason``; neither may be empty.

    :param by: who decides where nobody is named; None where somebody has to be
    """
    decorated: Any = command
    who = "Who decides it." if by is None else "Who decides it [default: the login name]."
    for name, meaning, usual in (("--reason", "Why.", None), ("--by", who, by)):
        need: dict[str, Any] = {"required": True} if usual is None else {"default": usual}
        decorated = click.option(name, callback=_words, metavar="TEXT", help=meaning, **need)(decorated)
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
