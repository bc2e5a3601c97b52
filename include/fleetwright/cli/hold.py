"""``fleetwright hold``, ``release`` and ``holds``: a person's word that no further batch begins."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click
from tabulate import tabulate

from fleetwright.cli.held_things import find_held, name_thing
from fleetwright.cli.options import Command
from fleetwright.cli.output import print_error, print_json
from fleetwright.cli.owner import login_name
from fleetwright.cli.people import ledger_flag, person_flags
from fleetwright.cli.wiring import look_into
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.holds import Hold, HoldSubject, release_command
from fleetwright.domain.phases import PhasePlan
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.ledger.urls import resolve_ledger_url
from fleetwright.phases.config.config_files import ConfigFileError
from fleetwright.phases.plan.files import load_phases, phases_file
from fleetwright.rollout.clocks import SystemClock


def _word_flags(verb: str) -> Callable[[Command], Command]:
    """Give a verb its word, what kind of thing that is, and who says so and why."""

    def decorate(command: Command) -> Command:
        decorated: Any = ledger_flag(person_flags(command, by=login_name))
        kinds = click.Choice([kind.value for kind in HoldSubject])
        decorated = click.option("--kind", type=kinds, default=None, help="What the word is.")(decorated)
        word = click.argument("words", nargs=-1, metavar="VERSION|PHASE|FLEET", callback=_joined(verb))
        return word(decorated)  # type: ignore[no-any-return]  # click returns the command it was given

    return decorate


def _joined(verb: str) -> Callable[[click.Context, click.Parameter, tuple[str, ...]], str]:
    def join(_context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> str:
        if not any(word.strip() for word in words):
            raise click.UsageError(
                f"{verb} needs a version (image|version, or dotted numbers), a phase, or the ARM id of a scale set or Batch pool"
            )
        return " ".join(words)

    return join


@click.command()
@_word_flags("hold")
def hold(words: str, *, kind: str | None, by: str, reason: str, ledger: str | None) -> int:
    """Let no further batch begin, and no rollout, of a version, a phase or a fleet, until it is released."""
    thing = name_thing(words, HoldSubject(kind) if kind else None, _phases())
    opened = open_ledger(resolve_ledger_url(ledger, os.environ))
    said = Hold(thing.subject, thing.name, by, reason, SystemClock().now())
    in_force = opened.add_hold(said)
    if in_force != said:
        click.echo(f"{thing} is held already, {_by(in_force)}; nothing was changed")
        return 0
    click.echo(f"{thing} is held by {by}: {reason}")
    click.echo("rollouts of it that are under way finish their open batch and wait; none begins")
    click.echo(f"once it may go on: {release_command(said)}")
    return 0


@click.command()
@_word_flags("release")
def release(words: str, *, kind: str | None, by: str, reason: str, ledger: str | None) -> int:
    """Let what is held go on: rollouts that wait check their set again, plan anew and go on."""
    opened = look_into(ledger)
    held = _meant(words, HoldSubject(kind) if kind else None, opened)
    opened.release_holds(held.subject, held.name, actor=by, reason=reason, at=SystemClock().now())
    click.echo(f"{held} is released by {by}: {reason}; it was held {_by(held)}")
    return 0


@click.command()
@ledger_flag
@click.option("--all", "with_released", is_flag=True, help="Show released ones too, with who and why.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def holds(ledger: str | None, *, with_released: bool, as_json: bool) -> int:
    """Show what is held, by whom, since when and why."""
    opened = look_into(ledger)
    found = opened.list_holds(with_released=with_released)
    if as_json:
        print_json({"value": [one.to_dict() for one in found]})
    elif found:
        headers = ("kind", "name", "by", "since (UTC)", "reason", "released")
        click.echo(tabulate([_row(one) for one in found], headers=headers, tablefmt="simple"))
    else:
        click.echo(f"nothing is held; ledger: {opened}")
    return 0


def _meant(word: str, kind: HoldSubject | None, ledger: SqlLedger) -> Hold:
    """The one hold that a word names.

    :raises ConfigurationError: when there is none, or more than one
    """
    in_force = ledger.list_holds()
    found = find_held(word, kind, in_force)
    if len(found) == 1:
        return found[0]
    problem = "names several things that are held, say which (--kind, or image|version)"
    there = "; ".join(map(str, in_force)) or "nothing"
    raise ConfigurationError(
        f"{word!r} {problem if found else 'is not held'}; held now: {there}; ledger: {ledger}"
    )


def _phases() -> PhasePlan | None:
    """The phases that there are; a file that cannot be read keeps nobody from holding one."""
    path = phases_file(os.environ)
    if not path.exists():
        return None
    try:
        return load_phases(path)
    except ConfigFileError as error:
        print_error(f"{error.problems[0]}; whether there is such a phase is not checked")
        return None


def _by(hold: Hold) -> str:
    return f"by {hold.actor} since {hold.at:%Y-%m-%d %H:%M} UTC: {hold.reason}"


def _row(one: Hold) -> tuple[str, ...]:
    done = one.released_at
    released = f"{done:%Y-%m-%d %H:%M} by {one.released_by}: {one.released_reason}" if done else "no"
    return (str(one.subject), one.name, one.actor, f"{one.at:%Y-%m-%d %H:%M}", one.reason, released)
