"""One virtual clock for several rollouts: each in a thread of its own, exactly one of them running at a time."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Self, TypeVar

from fleetwright.rollout.ports.clock import Clock
from fleetwright_demo.journeys.participants import (
    DismissedError,
    Ended,
    Participant,
    SharedTimeError,
    carry_out,
)

T = TypeVar("T")

_LOOK_SECONDS = 1.0  # real time between two looks of the watchdog


class SharedClock:
    """A ``Clock`` on which time moves only when everybody waits, to the earliest deadline of all.

    Ties go by the order of registration and nobody runs beside another, so the same jobs always interleave in
    the same way. A thread that does not take part may use it as a plain clock while nobody else does.

    :param clock: the time itself, an ``EmulatorClock`` say; from here on nobody else may move it
    :param until: liveness: a wait beyond this instant is an error for everybody
    :param patience: real seconds that one may run without waiting, before it counts as hanging
    """

    def __init__(self, clock: Clock, *, until: datetime | None = None, patience: float = 60.0) -> None:
        self._clock = clock
        self._now = clock.now()
        self._until = until
        self._patience = patience
        self._participants: list[Participant] = []
        self._registered = 0
        self._here = threading.local()
        self._root: Participant | None = None
        self._holder = "nobody"
        self._passed_at = time.monotonic()
        self._failure: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now(self) -> datetime:
        """The present instant."""
        return self._now

    def wait_until(self, instant: datetime) -> None:
        """Let the others go on until the instant has come.

        :raises SharedTimeError: when time cannot go on, for whatever reason
        """
        if instant <= self._now:
            return
        with self._taking_part() as me:
            self._step_back(me, instant)

    def let_others(self) -> None:
        """Go to the end of those who are due at this instant."""
        with self._taking_part() as me:
            me.order = self._next_order()
            self._step_back(me, self._now)

    def run_all(self, jobs: Sequence[Callable[[], T]], limit: int = 0) -> tuple[Ended[T], ...]:
        """Run jobs side by side in shared time and return when the last one has ended, in the jobs' order.

        What a job raises is in its ``Ended``. Whoever takes part may call this, also from within a job.

        :param limit: at most so many at once, the next one beginning when one ends; 0 for all
        :raises SharedTimeError: when time cannot go on, for whatever reason
        """
        waiting = deque(enumerate(jobs))
        ended: dict[int, Ended[T]] = {}
        workers = min(limit or len(jobs), len(jobs))
        with self._taking_part() as me:
            at_work = [self._register(f"job {n}", lambda: None, self._now) for n in range(workers)]

            def work(worker: Participant) -> None:
                while waiting:
                    number, job = waiting.popleft()
                    ended[number] = carry_out(job) if self._failure is None else Ended(error=self._failure)
                at_work.remove(worker)
                if not at_work:
                    me.due = self._now

            for worker in at_work:
                worker.job = partial(work, worker)
            if workers:
                self._step_back(me, None)
        return tuple(ended[number] for number in range(len(jobs)))

    def start(self, job: Callable[[], object], *, at: datetime | None = None, name: str = "") -> None:
        """Let a job take part from an instant on, for whose end nobody waits: a happening, a watch.

        An error in it stops time for everybody, and is told as the cause.
        """

        def happen() -> None:
            if self._failure is None:
                job()

        self._register(name or f"happening {self._registered}", happen, max(at or self._now, self._now))

    def close(self) -> None:
        """Dismiss everybody who still waits; called by whoever let the clock run, when it is done."""
        left, self._participants = self._participants, []
        for participant in reversed(left):
            participant.is_dismissed = True
            if participant.thread is not None:
                participant.baton.set()
                participant.thread.join(self._patience)

    @contextmanager
    def _taking_part(self) -> Iterator[Participant]:
        """Whoever this thread is; one that takes part in nothing does so for this one call."""
        me: Participant | None = getattr(self._here, "me", None)
        if me is not None:
            yield me
            return
        if self._root is not None:
            raise SharedTimeError(
                f"{threading.current_thread().name} takes no part in the time that others share"
            )
        me = self._here.me = self._root = self._register("root", lambda: None, None)
        me.is_foreign = True
        try:
            yield me
        finally:
            self._participants.remove(me)
            self._here.me = self._root = None

    def _register(self, name: str, job: Callable[[], object], due: datetime | None) -> Participant:
        participant = Participant(self._next_order(), name, job, due)
        self._participants.append(participant)
        return participant

    def _next_order(self) -> int:
        self._registered += 1
        return self._registered

    def _step_back(self, me: Participant, due: datetime | None) -> None:
        """Give the baton away and come back with it."""
        me.due = due
        self._pass_on()
        while not me.baton.wait(_LOOK_SECONDS):
            if time.monotonic() - self._passed_at > self._patience:
                self._failure = self._failure or SharedTimeError(
                    f"{self._holder} neither waits nor ends for {self._patience:g} s of real time"
                )
                break
        me.baton.clear()
        if me.is_dismissed:
            raise DismissedError
        if self._failure is not None:
            raise SharedTimeError(f"time stopped at {self._now:%F %T}: {self._failure}") from self._failure

    def _pass_on(self) -> None:
        """Wake whoever is due first; this is the only place where time moves."""
        waiting = [participant for participant in self._participants if participant.due is not None]
        if self._root is None or not waiting:
            return
        first = min(waiting, key=lambda participant: (participant.due or self._now, participant.order))
        self._move_to(first.due or self._now)
        first.due = None
        self._holder = first.name
        self._passed_at = time.monotonic()
        if first.thread is None and not first.is_foreign:
            first.thread = threading.Thread(target=self._live, args=(first,), name=first.name, daemon=True)
            first.thread.start()
        else:
            first.baton.set()

    def _move_to(self, instant: datetime) -> None:
        if self._failure is not None or instant <= self._now:
            return
        if self._until is not None and instant > self._until:
            self._failure = SharedTimeError(f"it was to be over by {self._until:%F %T}")
            return
        try:
            self._clock.wait_until(instant)
        except Exception as error:  # noqa: BLE001 - whatever it is, everybody is told and nobody hangs
            self._failure = error
        else:
            self._now = instant

    def _live(self, me: Participant) -> None:
        self._here.me = me
        try:
            me.job()
        except DismissedError:
            return
        except BaseException as error:  # noqa: BLE001 - the others are told, and this thread ends
            self._failure = self._failure or error
        self._participants.remove(me)
        self._pass_on()
