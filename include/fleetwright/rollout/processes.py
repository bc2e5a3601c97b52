"""Carrying out a waiting process, whatever effects it asks for: in a thread, or on an event loop.

A wait is written once, as a generator that yields effects and is sent their answers. Errors of an effect are thrown
into the process at the place where it asked. The effects here are those that every kind of rollout has.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

KEEP_LEASE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class ReadOperation:
    """Answered by an ``OperationStatus``."""

    url: str


@dataclass(frozen=True, slots=True)
class KeepLease:
    """Answered by nothing, once the lease is renewed."""


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Answered by nothing, at or after the instant."""

    instant: datetime


def carry_out(process: Generator[Any, Any, None], perform: Callable[[Any], Any]) -> None:
    """Run a process to its end in this thread."""
    answer: Any = None
    failure: Exception | None = None
    while True:
        effect = _advance(process, answer, failure)
        if effect is None:
            return
        answer, failure = None, None
        try:
            answer = perform(effect)
        except Exception as error:  # noqa: BLE001 - handed to the process, which decides or lets it out
            failure = error


async def carry_out_async(
    process: Generator[Any, Any, None], perform: Callable[[Any], Awaitable[Any]]
) -> None:
    """Run a process to its end on an event loop; nothing here blocks the loop."""
    answer: Any = None
    failure: Exception | None = None
    while True:
        effect = _advance(process, answer, failure)
        if effect is None:
            return
        answer, failure = None, None
        try:
            answer = await perform(effect)
        except Exception as error:  # noqa: BLE001 - handed to the process, which decides or lets it out
            failure = error


async def sleep_until(instant: datetime, now: Callable[[], datetime], guard: Callable[[], None]) -> None:
    """Let real time pass, and keep the lease meanwhile."""
    # In a command a thread of its own keeps the lease; here nobody else does while the wait is long.
    while (remaining := (instant - now()).total_seconds()) > 0:
        await asyncio.sleep(min(remaining, KEEP_LEASE_SECONDS))
        await asyncio.to_thread(guard)


def _advance(process: Generator[Any, Any, None], answer: Any, failure: Exception | None) -> Any:  # noqa: ANN401 - each effect states its answer
    """Hand the process what its last effect came to; its next effect, None at its end."""
    try:
        return process.send(answer) if failure is None else process.throw(failure)
    except StopIteration:
        return None
