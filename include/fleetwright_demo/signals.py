"""Ending kindly: SIGTERM ends a command as Ctrl-C does, so that it can end what it has started."""

from __future__ import annotations

import signal


def end_kindly() -> None:
    """Raise ``KeyboardInterrupt`` on SIGTERM and SIGINT, also where a shell started us in the background."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
