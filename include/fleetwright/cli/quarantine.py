"""``fleetwright quarantine``: the image versions that made rollouts stop, and their release by a person."""

from __future__ import annotations

import click
from tabulate import tabulate

from fleetwright.cli.output import print_json
from fleetwright.cli.people import ledger_flag, person_flags
from fleetwright.cli.wiring import look_into
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.quarantine import Quarantined, Release
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.clocks import SystemClock


@click.group(no_args_is_help=False)
def quarantine() -> None:
    """Image versions that no automatic rollout uses until a person releases them."""


@quarantine.command(name="list")
@ledger_flag
@click.option("--all", "with_released", is_flag=True, help="Show released ones too, with who and why.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def list_(ledger: str | None, *, with_released: bool, as_json: bool) -> int:
    """Show what is quarantined, since when, and which rollout stopped over it."""
    opened = look_into(ledger)
    entries = [e for e in opened.list_quarantined() if with_released or e.release is None]
    if as_json:
        print_json({"value": [entry.to_dict() for entry in entries]})
    elif entries:
        headers = ("image", "version", "since (UTC)", "rollout", "code", "released")
        click.echo(tabulate([_row(entry) for entry in entries], headers=headers, tablefmt="simple"))
    else:
        click.echo(f"no image version is quarantined; ledger: {opened}")
    return 0


@quarantine.command()
@click.argument("words", nargs=-1, metavar="[IMAGE] VERSION")
@click.option("--image", default="", help="The same as IMAGE.")
@click.option("--version", default="", help="The same as VERSION.")
@person_flags
@ledger_flag
def release(
    words: tuple[str, ...], *, image: str, version: str, by: str, reason: str, ledger: str | None
) -> int:
    """Let automatic rollouts use a version again; IMAGE may be left away where only one image has it."""
    opened = look_into(ledger)
    named = tuple(word for word in (image, *words, version) if word)
    if not named:
        raise click.UsageError("quarantine release needs a VERSION, and the IMAGE where several have it")
    image, version = _meant(named, opened)
    opened.release_quarantined(image, version, Release(by, reason, SystemClock().now()))
    click.echo(f"version {version} of {image} is released by {by}: {reason}")
    return 0


def _meant(words: tuple[str, ...], ledger: SqlLedger) -> tuple[str, str]:
    """The one open entry that the words name.

    :raises ConfigurationError: when there is none, or more than one
    """
    # IMAGE VERSION, or IMAGE:VERSION as Azure's own tools write it, or VERSION alone.
    image, _, version = " ".join(words).strip().lower().replace(" ", ":").rpartition(":")
    open_ones = {(entry.image, entry.version) for entry in ledger.list_quarantined() if entry.release is None}
    found = sorted(one for one in open_ones if one[1] == version and image in {"", one[0]})
    if len(found) == 1:
        return found[0]
    there = "; ".join(f"{name} {number}" for name, number in sorted(open_ones)) or "nothing"
    problem = "is the version of several images, name one" if found else "is not quarantined"
    raise ConfigurationError(f"{' '.join(words)!r} {problem}; quarantined now: {there}; ledger: {ledger}")


def _row(entry: Quarantined) -> tuple[str, ...]:
    done = entry.release
    released = f"{done.at:%Y-%m-%d %H:%M} by {done.actor}: {done.reason}" if done else "no"
    return (
        entry.image,
        entry.version,
        f"{entry.since:%Y-%m-%d %H:%M}",
        entry.rollout_id,
        entry.code,
        released,
    )
