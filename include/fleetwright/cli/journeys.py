"""``fleetwright journeys``: how far each version has come, and why it is not further."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

import click
from tabulate import tabulate

from fleetwright.cli.output import print_json
from fleetwright.cli.people import ledger_flag
from fleetwright.cli.wiring import look_into
from fleetwright.domain.holds import Hold, Holdable, find_holds, hold_text
from fleetwright.domain.phase_runs import PhaseRun, PhaseState
from fleetwright.phases.approving import answer_text
from fleetwright.phases.evidence import figures, open_ends, results_text
from fleetwright.phases.journeys import Journey, find_journeys

_HEADERS = ("phase", "state", "opened (UTC)", "ended (UTC)", "fleets", "upgraded", "rolled back", "left out")

_CLAUSES = re.compile(r"; (?=fleet |\d+ fleets \(|and \d+ more fleets|the version is (?:not )?quarantined)")


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
        holds = opened.list_holds()
        click.echo("\n\n".join(_told(journey, holds) for journey in found))
    else:
        about = f" of {word}" if word else ""
        click.echo(f"no version{about} has come to any phase yet; ledger: {opened}")
    return 0


def _told(journey: Journey, holds: Sequence[Hold]) -> str:
    table = tabulate([_row(run) for run in journey.runs], headers=_HEADERS, tablefmt="simple")
    notes = [note for run in journey.runs for note in (*_notes(run), *_holds(run, holds))]
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


def _holds(run: PhaseRun, holds: Sequence[Hold]) -> list[str]:
    """Who holds rollouts that are under way; a phase that waits has it in its own reason."""
    if run.state is not PhaseState.ROLLING:
        return []
    its = Holdable(image=run.publication.image, version=run.publication.version, phase=run.phase)
    fleets = [Holdable(fleet=start.fleet_id) for start in run.starts if not _is_over(run, start.fleet_id)]
    found = dict.fromkeys(hold for about in (its, *fleets) for hold in find_holds(holds, about))
    return [f"{run.phase}: {hold_text(hold)}" for hold in found]


def _is_over(run: PhaseRun, fleet_id: str) -> bool:
    outcome = run.outcome_of(fleet_id)
    return outcome is not None and outcome.is_over


def _at(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M}" if instant else ""
