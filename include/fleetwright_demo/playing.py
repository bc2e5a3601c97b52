"""How every demo is played: a stage comes up, something is shown on it, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from rich.console import Console
from rich.table import Table

from fleetwright_demo.errors import StageError
from fleetwright_demo.signals import end_kindly
from fleetwright_demo.stage import Stage


def perform(make: Callable[[Console], Stage], play: Callable[[Stage, Console], int]) -> int:
    """Play on a stage; it keeps running on a terminal until Ctrl-C, or as ``KEEP`` says.

    :param play: shows everything; 0 when it was as promised
    :returns: that, or 1 when something broke or is left running
    """
    console = Console(width=None if sys.stdout.isatty() else 110)
    end_kindly()
    code = 1
    left: tuple[str, ...] = ()
    stage: Stage | None = None
    try:
        stage = make(console)
        code = play(stage, console)
        if _keeps_running():
            console.print("Everything keeps running; Ctrl-C ends it.")
            with suppress(KeyboardInterrupt):
                signal.pause()
    except StageError as error:
        console.print(f"demo: {error}", style="red", highlight=False)
    except KeyboardInterrupt:
        console.print("demo: interrupted before its end", style="red")
    finally:
        left = stage.stop() if stage else ()
        if left:
            console.print(f"still running: {', '.join(left)}", style="red")
    return 1 if left else code


def tell_end(console: Console, table: Table, problems: list[str], places: tuple[str, str]) -> int:
    """Show what a demo came to, and where more is to be seen; the exit code that follows.

    :param places: a page of Airflow, and the summary's file
    """
    console.print(table)
    code = tell_problems(console, problems)
    console.print(f"Airflow: {places[0]}", highlight=False)
    console.print(f"summary: {places[1]}", highlight=False)
    return code


def tell_problems(console: Console, problems: list[str]) -> int:
    """Say what was not as promised; the exit code that follows."""
    for problem in problems:
        console.print(f"not as promised: {problem}", style="red", highlight=False)
    return 1 if problems else 0


def _keeps_running() -> bool:
    keep = os.environ.get("KEEP", "")
    return keep != "0" and (keep == "1" or sys.stdin.isatty())
