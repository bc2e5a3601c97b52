"""What the command prints: one JSON object or text on standard output, the running story on standard error."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from rich.console import Console
from rich.logging import RichHandler
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from fleetwright.domain.errors import HeldError
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import IN_FLIGHT, SwapState
from fleetwright.rollout.report import held_report
from fleetwright.rollout.session import Observer

_STEPS = ("fleetwright.rollout", "fleetwright.node_images")  # what the steps tell
_CALLS = "fleetwright.azure"  # retries and the like


def print_json(body: Mapping[str, Any]) -> None:
    """Print one JSON object, and nothing else, on standard output."""
    click.echo(json.dumps(body, indent=2))


def print_error(text: str) -> None:
    """Print one line on standard error."""
    click.echo(f"fleetwright: {' '.join(text.split())}", err=True)


def tell_held(held: HeldError, *, as_json: bool) -> None:
    """Print every reason why a fleet is held."""
    if as_json:
        print_json(held_report(held.reasons))
    for reason in held.reasons:
        print_error(f"held: {reason}")


@contextmanager
def story(*, dated: bool = True) -> Iterator[Console]:
    """Show the steps' log: with a console of its own on a terminal, as plain lines elsewhere.

    Until a rollout has begun nothing is told of single calls (``tell_calls``): what then fails is one line.

    :param dated: whether lines begin with the present instant in UTC; in virtual time it would mislead
    """
    console = Console(stderr=True)
    handler: logging.Handler
    if console.is_terminal:
        handler = RichHandler(console=console, show_path=False, show_level=False, log_time_format="[%X]")
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Dated() if dated else logging.Formatter())
    loggers = [logging.getLogger(name) for name in _STEPS]
    for steps in loggers:
        steps.addHandler(handler)
        steps.setLevel(logging.INFO)
    try:
        yield console
    finally:
        for steps in loggers:
            steps.removeHandler(handler)


class _Dated(logging.Formatter):
    """Lines that begin with their instant, in UTC as everywhere else."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC)
        return f"{at:%Y-%m-%d %H:%M:%SZ} {super().format(record)}"


@contextmanager
def tell_calls() -> Iterator[None]:
    """Show what becomes of single calls where the story is shown."""
    calls, handlers = logging.getLogger(_CALLS), logging.getLogger(_STEPS[0]).handlers[:]
    for handler in handlers:
        calls.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            calls.removeHandler(handler)


def keep_quiet() -> None:
    """Keep logging's last resort from printing what nobody asked for."""
    for name in ("fleetwright", "azure"):
        logging.getLogger(name).addHandler(logging.NullHandler())


@contextmanager
def progress_of(view: RolloutView, console: Console) -> Iterator[Observer | None]:
    """Draw a bar of upgraded instances while a rollout runs; elsewhere than on a terminal, nothing."""
    if not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("planning", total=_planned(view))

        def observe(now: RolloutView) -> None:
            states = [swap.state for swap in now.swaps.values()]
            done = sum(state not in IN_FLIGHT and state is not SwapState.REFUSED for state in states)
            words = f"batch {len(now.batches)}: {len(states) - done} in flight"
            progress.update(task, completed=done, total=_planned(now), description=words)

        yield observe


def _planned(view: RolloutView) -> int:
    planned = sum(len(batch["instances"]) for batch in view.rollout.plan.get("batches", ()))
    return max(planned, len(view.swaps))
