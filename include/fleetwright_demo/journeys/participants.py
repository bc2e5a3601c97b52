"""Who takes part in shared time: one thread, one deadline, and a baton that only one of all has at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedTimeError(Exception):
    """Shared time cannot go on: somebody hangs, it took too long, or a happening failed."""

    kind = "SharedTimeError"


class DismissedError(BaseException):
    """Raised in whoever still waits when the shared clock is closed; nothing that only catches errors keeps it."""

    kind = "DismissedError"


@dataclass(slots=True, eq=False)
class Participant:
    """One who takes part.

    :param order: the order of registration, which decides between two who are due at the same instant
    :param due: when it goes on; None while it runs, and while it waits for others to end
    :param thread: None until its turn has come for the first time, and for whoever had a thread already
    """

    order: int
    name: str
    job: Callable[[], object]
    due: datetime | None
    thread: threading.Thread | None = None
    baton: threading.Event = field(default_factory=threading.Event)
    is_foreign: bool = False
    is_dismissed: bool = False


@dataclass(frozen=True, slots=True)
class Ended(Generic[T]):
    """What became of one job.

    :param error: what it raised, None where it returned
    """

    value: T | None = None
    error: BaseException | None = None

    def result(self) -> T:
        """What the job returned; raises what it raised."""
        if self.error is not None:
            raise self.error
        return self.value  # type: ignore[return-value] # without an error there is a value, which may be None


def carry_out(job: Callable[[], T]) -> Ended[T]:
    """Run a job to its end, whichever that is."""
    try:
        return Ended(value=job())
    except DismissedError:
        raise
    except BaseException as error:  # noqa: BLE001 - a killed participant is an ending like any other
        return Ended(error=error)
