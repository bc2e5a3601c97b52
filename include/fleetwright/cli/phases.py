"""``fleetwright phases``: the plan in which new images travel the regions, checked, suggested and shown."""

from __future__ import annotations

import os
from pathlib import Path

import click
from tabulate import tabulate

from fleetwright.cli.exit_codes import EXIT_COMPLETED, EXIT_USAGE
from fleetwright.cli.output import print_error, print_json
from fleetwright.cli.phases_azure import ask_azure, azure_flags
from fleetwright.phases.config.config_files import ConfigFileError
from fleetwright.phases.plan.comparing import compare_plan
from fleetwright.phases.plan.describing import phase_body, phase_line, phase_row
from fleetwright.phases.plan.estate import survey
from fleetwright.phases.plan.files import ReadPhases, phases_file, read_phases

_file = click.argument("file", required=False, type=click.Path(path_type=Path), metavar="[FILE]")
_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
_HEADERS = ("phase", "regions", "bake", "approval", "concurrency", "fleets")


@click.group(no_args_is_help=False)
def phases() -> None:
    """The phases in which new images travel the regions; FILE is FLEETWRIGHT_PHASES or include/config/phases.yaml."""


@phases.command("check")
@_file
@azure_flags(optional=True)
@_json
def check(
    file: Path | None, endpoint: str | None, token: str | None, subscription: str, *, as_json: bool
) -> int:
    """Verify a phases file; with --endpoint, against Azure's pairs and your fleets too."""
    path = file or phases_file(os.environ)
    try:
        read = read_phases(path)
    except ConfigFileError as error:
        return _tell_problems(path, error.problems, (), as_json=as_json)
    problems, warnings = _compared(read, endpoint, token, subscription)
    if problems:
        return _tell_problems(path, problems, warnings, as_json=as_json)
    _tell_warnings(warnings)
    if as_json:
        _print_plan(path, read, warnings)
    else:
        for phase in read.plan.phases:
            click.echo(phase_line(phase))
    return EXIT_COMPLETED


@phases.command("suggest")
@click.option(
    "--phases",
    "wanted",
    default=3,
    show_default=True,
    type=click.IntRange(min=1),
    metavar="N",
    help="How many phases; more where the pairs need them.",
)
@click.option("--all-regions", is_flag=True, help="Take every region that Azure lists, not only yours.")
@azure_flags(optional=False)
def suggest(*, wanted: int, all_regions: bool, endpoint: str, token: str | None, subscription: str) -> int:
    """Print a valid plan for your fleets as YAML: no pair in a phase, the smallest risk first, the biggest last."""
    # networkx is slow to import, and only for this verb.
    from fleetwright.phases.plan.suggesting import suggest_phases  # noqa: PLC0415 - as said
    from fleetwright.phases.plan.writing import phases_text  # noqa: PLC0415 - as said

    estate = ask_azure(endpoint, token, subscription)
    made = suggest_phases(survey(estate.fleets), estate.regions, wanted, all_regions=all_regions)
    for note in made.notes:
        print_error(note)
    click.echo(phases_text(made), nl=False)
    return EXIT_COMPLETED


@phases.command("list")
@_file
@_json
def list_phases(file: Path | None, *, as_json: bool) -> int:
    """Show the phases as a table."""
    path = file or phases_file(os.environ)
    try:
        read = read_phases(path)
    except ConfigFileError as error:
        return _tell_problems(path, error.problems, (), as_json=as_json)
    if as_json:
        _print_plan(path, read, read.warnings)
    else:
        rows = [phase_row(phase) for phase in read.plan.phases]
        click.echo(tabulate(rows, headers=_HEADERS, tablefmt="simple", disable_numparse=True))
    return EXIT_COMPLETED


def _compared(
    read: ReadPhases, endpoint: str | None, token: str | None, subscription: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What Azure has against the plan, and every warning."""
    if not endpoint:
        return (), read.warnings
    estate = ask_azure(endpoint, token, subscription)
    found = compare_plan(read.plan, estate.fleets, estate.regions)
    errors, warnings = (
        tuple(read.tell(problem) for problem in found if problem.is_warning is kind) for kind in (False, True)
    )
    return errors, (*read.warnings, *warnings)


def _tell_problems(path: Path, problems: tuple[str, ...], warnings: tuple[str, ...], *, as_json: bool) -> int:
    if as_json:
        print_json({"file": str(path), "problems": list(problems), "warnings": list(warnings)})
    for problem in problems:
        print_error(problem)
    _tell_warnings(warnings)
    return EXIT_USAGE


def _tell_warnings(warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        print_error(f"warning: {warning}")


def _print_plan(path: Path, read: ReadPhases, warnings: tuple[str, ...]) -> None:
    value = [phase_body(phase) for phase in read.plan.phases]
    print_json({"file": str(path), "value": value, "warnings": list(warnings)})
