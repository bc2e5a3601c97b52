"""``fleetwright journeys``: how far each version has come, and why it is not further."""

from __future__ import annotations

import re
from datetime import datetime

import click
from tabulate import tabulate

from fleetwright.cli.output import print_json
from fleetwright.cli.people import ledger_flag
from fleetwright.cli.wiring import look_into
from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.phases.approving import answer_text
from fleetwright.phases.evidence import figures, open_ends, results_text
from fleetwright.phases.journeys import Journey, find_journeys

_HEADERS = ("phase", "state", "opened (UTC)", "ended (UTC)", "fleets", "upgraded", "rolled back", "left out")

_CLAUSES = re.compile(r"; (?=fleet |and \d+ more fleets|the version is (?:not )?quarantined)")


@click.command()
@click.argument("word", default="", metavar="[IMAGE|VERSION]")
@ledger_flag
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def journeys(word: str, *, ledger: str | None, as_json: bool) -> int:
    """Show where each version is on its way through the phases, the newest first."""
    opened = look_into(ledger)
    found = find_journeys(opened.list_phase_runs(), word)
    if as_json:
        print_json({"value": [journey.to_dict() for journey in found]})
    elif found:
        click.echo("\n\n".join(map(_told, found)))
    else:
        about = f" of {word}" if word else ""
        click.echo(f"no version{about} has come to any phase yet; ledger: {opened}")
    return 0


def _told(journey: Journey) -> str:
    table = tabulate([_row(run) for run in journey.runs], headers=_HEADERS, tablefmt="simple")
    notes = [note for run in journey.runs for note in _notes(run)]
    return "\n".join((str(journey.publication), table, *notes))


def _row(run: PhaseRun) -> tuple[object, ...]:
    seen = figures(run)
    results = results_text(seen.by_result)
    return (
        run.phase,
        run.state,
        _at(run.opened_at),
        _at(run.ended_at),
        f"{seen.fleets} ({results})" if results else seen.fleets,
        seen.upgraded,
        seen.rolled_back,
        len(run.left_out),
    )


def _notes(run: PhaseRun) -> list[str]:
    about = f"{run.phase} (attempt {run.attempt})" if run.attempt > 1 else run.phase
    notes = [f"{about}: {_in_lines(run.reason.removeprefix(f'{run.phase} '))}"] if run.reason else []
    notes += [f"{about}: {line}" for line in open_ends(run)]
    if run.look_again_at is not None:
        notes.append(f"{about}: looked at again at {_at(run.look_again_at)} UTC")
    if run.approval is not None:
        notes.append(f"{about}: {answer_text(run.approval)}")
    return notes


def _in_lines(reason: str) -> str:
    """A line for each fleet, and one for what to do now."""
    return _CLAUSES.sub("\n  ", reason)


def _at(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else ""
