"""Several rollouts share one virtual clock: one runs at a time, and time moves when all of them wait."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from fleetwright_demo.journeys.participants import SharedTimeError
from fleetwright_demo.journeys.shared_clock import SharedClock

START = datetime(2024, 6, 1, tzinfo=UTC)


class StandingClock:
    """Time that moves when it is told to, and remembers each move."""

    def __init__(self) -> None:
        self.moves: list[float] = []
        self._now = START

    def now(self) -> datetime:
        """Where it was moved last."""
        return self._now

    def wait_until(self, instant: datetime) -> None:
        """Stand there."""
        self._now = instant
        self.moves.append((instant - START).total_seconds())


def at(seconds: float) -> datetime:
    """So many seconds after the start."""
    return START + timedelta(seconds=seconds)


def walker(clock: SharedClock, name: str, told: list[str], *stops: float) -> Callable[[], str]:
    """A job that stops at instants and tells when it has come there."""

    def walk() -> str:
        for stop in stops:
            clock.wait_until(at(stop))
            told.append(f"{name} {(clock.now() - START).total_seconds():g}")
        return name

    return walk


def test_time_moves_to_the_earliest_deadline() -> None:
    """Whoever is due first goes on first, two who are due together in the order of their registration."""
    inner, told = StandingClock(), []
    clock = SharedClock(inner)

    ended = clock.run_all([walker(clock, "a", told, 5, 20), walker(clock, "b", told, 3, 5, 10)])

    assert told == ["b 3", "a 5", "b 5", "b 10", "a 20"]
    assert inner.moves == [3, 5, 10, 20]
    assert [one.result() for one in ended] == ["a", "b"]


def test_one_runs_at_a_time() -> None:
    """Between two waits nobody else runs, however long that takes."""
    clock, inside, most = SharedClock(StandingClock()), [], []

    def job() -> None:
        for step in range(20):
            inside.append(threading.get_ident())
            most.append(len(inside))
            inside.pop()
            clock.wait_until(at(step // 2))

    clock.run_all([job] * 8)

    assert max(most) == 1
    assert len(most) == 160


def test_the_same_jobs_interleave_in_the_same_way() -> None:
    """A run can be repeated: the order is a matter of deadlines and registration alone."""
    runs = []
    for _ in range(5):
        clock, told = SharedClock(StandingClock()), []
        jobs = [walker(clock, str(n), told, *range(n % 3, 30, n % 4 + 1)) for n in range(10)]
        clock.run_all(jobs, limit=4)
        runs.append(told)

    assert all(run == runs[0] for run in runs)


def test_a_limit_lets_the_next_begin_when_one_ends() -> None:
    """Never more jobs at once than the limit, and no place is left empty."""
    clock, told = SharedClock(StandingClock()), []

    clock.run_all([walker(clock, name, told, end) for name, end in [("a", 10), ("b", 4), ("c", 9)]], limit=2)

    assert told == ["b 4", "c 9", "a 10"]
    clock, told = SharedClock(StandingClock()), []
    clock.run_all([walker(clock, name, told, end) for name, end in [("a", 10), ("b", 4), ("c", 3)]], limit=1)
    assert told == ["a 10", "b 10", "c 10"]


def test_an_error_of_one_leaves_the_others_alone() -> None:
    """Whoever raises has ended: the others go on, and the error is where its result would be."""
    clock, told = SharedClock(StandingClock()), []

    def fail() -> str:
        clock.wait_until(at(2))
        raise LookupError("nothing there")

    bad, good = clock.run_all([fail, walker(clock, "good", told, 1, 3)])

    assert good.result() == "good"
    assert told == ["good 1", "good 3"]
    with pytest.raises(LookupError, match="nothing there"):
        bad.result()


def test_jobs_may_run_jobs() -> None:
    """A phase that starts rollouts is one who takes part, and goes on when the last of them has ended."""
    clock, told = SharedClock(StandingClock()), []

    def phase(name: str, *ends: float) -> None:
        clock.run_all([walker(clock, f"{name}{end:g}", told, end) for end in ends])
        told.append(f"{name} done {(clock.now() - START).total_seconds():g}")

    clock.run_all([lambda: phase("x", 5, 7), lambda: phase("y", 6)])

    assert told == ["x5 5", "y6 6", "y done 6", "x7 7", "x done 7"]


def test_happenings_come_at_their_instants() -> None:
    """A happening is done when its time has come, whoever waits then; one that lies behind the end is not."""
    clock, told = SharedClock(StandingClock()), []
    clock.start(lambda: told.append("published"), at=at(4))
    clock.start(lambda: told.append("too late"), at=at(40))

    clock.run_all([walker(clock, "a", told, 3, 9)])
    clock.close()

    assert told == ["a 3", "published", "a 9"]


def test_alone_it_is_a_plain_clock() -> None:
    """A thread that shares time with nobody waits on it as on any clock, and happenings come on the way."""
    inner, told = StandingClock(), []
    clock = SharedClock(inner)
    clock.start(lambda: told.append(clock.now()), at=at(4))

    clock.wait_until(at(10))
    clock.wait_until(at(5))

    assert (clock.now(), told, inner.moves) == (at(10), [at(4)], [4, 10])


def test_who_lets_others_go_first_goes_last() -> None:
    """At one instant the others can be let through, without time passing."""
    clock, told = SharedClock(StandingClock()), []

    def kind() -> None:
        told.append("kind begins")
        clock.let_others()
        told.append("kind ends")

    clock.run_all([kind, lambda: told.append("other")])

    assert told == ["kind begins", "other", "kind ends"]
    assert clock.now() == START


def test_a_failing_happening_stops_time_for_all() -> None:
    """An error in what nobody waits for is told to everybody, instead of being lost."""
    clock = SharedClock(StandingClock())

    def break_down() -> None:
        raise LookupError("no such image")

    clock.start(break_down, at=at(5))

    with pytest.raises(SharedTimeError, match="no such image"):
        clock.run_all([walker(clock, "a", [], 10), walker(clock, "b", [], 20)], limit=1)


def test_time_has_an_end() -> None:
    """A journey that goes on for ever is found: beyond the bound every wait is an error."""
    clock = SharedClock(StandingClock(), until=at(100))

    with pytest.raises(SharedTimeError, match="it was to be over by 2024-06-01 00:01:40"):
        clock.run_all([walker(clock, "a", [], *range(0, 1000, 7)), walker(clock, "b", [], 5000)])

    assert clock.now() <= at(100)


def test_whoever_hangs_is_named() -> None:
    """One that neither waits nor ends is an error in real time, and nobody else hangs with it."""
    clock, release = SharedClock(StandingClock(), patience=0.1), threading.Event()

    with pytest.raises(SharedTimeError, match="job 1 neither waits nor ends"):
        clock.run_all([walker(clock, "a", [], 5), release.wait])

    release.set()


def test_a_clock_that_breaks_is_told() -> None:
    """When the emulator is gone, everybody who waits is told why."""

    class BrokenClock(StandingClock):
        def wait_until(self, instant: datetime) -> None:
            raise ConnectionError("nobody answers")

    clock = SharedClock(BrokenClock())

    with pytest.raises(SharedTimeError, match="nobody answers"):
        clock.run_all([walker(clock, "a", [], 5), walker(clock, "b", [], 6)])


def test_closing_ends_whoever_still_waits() -> None:
    """A watch that never ends by itself is dismissed with its thread."""
    clock, ticks = SharedClock(StandingClock()), []

    def watch() -> None:
        for tick in range(1, 1_000_000):
            clock.wait_until(at(tick * 30))
            ticks.append(tick)

    clock.start(watch, name="the watch")
    clock.run_all([walker(clock, "a", [], 100)])
    clock.close()

    assert ticks == [1, 2, 3]
    assert "the watch" not in {thread.name for thread in threading.enumerate()}


def test_a_stranger_is_refused_while_others_share_time() -> None:
    """A thread that takes no part cannot move the time of those who do."""
    clock, found = SharedClock(StandingClock()), []

    def stranger() -> None:
        try:
            clock.wait_until(at(50))
        except SharedTimeError as error:
            found.append(str(error))

    def job() -> None:
        thread = threading.Thread(target=stranger, name="stranger")
        thread.start()
        thread.join()

    clock.run_all([job])

    assert found == ["stranger takes no part in the time that others share"]
