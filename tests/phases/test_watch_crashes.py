"""A look that dies at any write, a restart, a cleared task: no version is missed, and none announced twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from travel_fixtures import Keep
from vigils import Vigil
from voyages import published, scale_set, sea
from worlds import NEW, NEWER, OLD

from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.phases.watch.watching import announce, look

WRITES = ("see_versions", "note_fleets", "note_announcement", "confirm_announcement", "note_reached")


class Killed(BaseException):
    """The process is gone."""


class Mortal:
    """A ledger whose process dies at one of its writes.

    :param fatal: the number of the write, from 1; 0 for none
    :param after: whether the write was made before it died
    """

    def __init__(self, ledger: SqlLedger, fatal: int, *, after: bool) -> None:
        self._ledger, self._fatal, self._after = ledger, fatal, after
        self.writes = 0

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the ledger has
        found = getattr(self._ledger, name)
        return self._dying(found) if name in WRITES else found

    def _dying(self, write: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as the write
            self.writes += 1
            if self.writes == self._fatal and not self._after:
                raise Killed
            answer = write(*args, **kwargs)
            if self.writes == self._fatal:
                raise Killed
            return answer

        return call


def mortal(watch: Vigil, fatal: int, *, after: bool = False) -> Mortal:
    """The ledger of a process that will die."""
    return Mortal(open_ledger(watch.ledger_url, wall_clock=watch.wall), fatal, after=after)


def watched_world(vigil: Keep) -> Vigil:
    """OLD has been announced and has arrived; NEW has come since."""
    watch = vigil(sea(scale_set("web"), versions=(OLD,)))
    watch.look()
    watch.publish(NEW)
    return watch


def count_writes(vigil: Keep) -> int:
    """How many writes one look makes that announces something."""
    watch = watched_world(vigil)
    ledger = mortal(watch, 0)
    watch.look(watch.watch_ports(cast(SqlLedger, ledger)))
    return ledger.writes


@pytest.mark.parametrize("after", [False, True], ids=["before it", "after it"])
def test_a_death_at_any_write_misses_nothing_and_repeats_nothing(vigil: Keep, after: bool) -> None:
    """Whichever write a look dies at: the next looks announce the version, once (R1, R2)."""
    total = count_writes(vigil)
    assert total >= 4
    for fatal in range(1, total + 1):
        watch = watched_world(vigil)
        with pytest.raises(Killed):
            watch.look(watch.watch_ports(cast(SqlLedger, mortal(watch, fatal, after=after))))

        watch.look()
        watch.look()

        assert watch.listeners.heard == [published(OLD), published(NEW)], f"write {fatal} of {total}"


def test_an_announcement_that_never_arrived_is_made_again(vigil: Keep) -> None:
    """The intent is written, the task dies before Airflow writes its event: the next look announces again (R1)."""
    watch = watched_world(vigil)
    ports = watch.watch_ports()
    lost = announce(
        ports, watch.listeners, look(ports, watch.plan, watch.times, watch.listeners).announcements
    )

    found = watch.look()
    watch.look()

    assert lost == (published(NEW),)
    assert "is announced again" in found.findings[0].words
    assert watch.listeners.heard == [published(OLD), published(NEW)]


def test_a_cleared_announcement_repeats_nothing(vigil: Keep) -> None:
    """The same task again, with what it was told the first time: what has arrived stays as it is (R2)."""
    watch = watched_world(vigil)
    found = watch.look()
    assert announce(watch.watch_ports(), watch.listeners, found.announcements) == ()


def test_a_phase_run_shows_that_it_arrived(vigil: Keep) -> None:
    """Airflow's database was emptied: what the ledger knows to travel is not announced again (R2)."""
    watch = watched_world(vigil)
    watch.look()
    watch.sail(published(NEW))
    watch.listeners.heard.clear()
    watch.look()
    assert watch.listeners.heard == []


def test_a_newer_version_takes_over_from_one_that_never_arrived(vigil: Keep) -> None:
    """Only the newest is announced, also after a crash (R2)."""
    watch = watched_world(vigil)
    ports = watch.watch_ports()
    announce(ports, watch.listeners, look(ports, watch.plan, watch.times, watch.listeners).announcements)
    watch.publish(NEWER)
    watch.look()
    watch.look()
    assert watch.listeners.heard == [published(OLD), published(NEWER)]


STEPS = st.one_of(
    st.sampled_from(["publish", "look", "pause", "unpause", "lose"]),
    st.tuples(st.just("die"), st.integers(1, 5), st.booleans()),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=2, max_size=8))
def test_whatever_happens_the_newest_arrives_and_nothing_twice(vigil: Keep, steps: list[Any]) -> None:
    """Publications, looks, deaths at any write, lost events and paused listeners in any order (R1, R2)."""
    watch = vigil(sea(scale_set("web"), versions=(OLD,)))
    published_so_far = 0
    for step in steps:
        match step:
            case "publish":
                published_so_far += 1
                watch.publish(f"18.04.20240{published_so_far + 1}010")
            case "look":
                watch.look()
            case "pause":
                watch.listeners.deaf = "phase_0_westeurope is paused: unpause it"
            case "unpause":
                watch.listeners.deaf = ""
            case "lose":
                ports = watch.watch_ports()
                found = look(ports, watch.plan, watch.times, watch.listeners)
                announce(ports, watch.listeners, found.announcements)
            case (_, fatal, after):
                with suppress(Killed):
                    watch.look(watch.watch_ports(cast(SqlLedger, mortal(watch, fatal, after=after))))
    watch.listeners.deaf = ""
    watch.look()
    watch.look()

    heard = [one.version for one in watch.listeners.heard]
    newest = f"18.04.20240{published_so_far + 1}010"
    assert heard == sorted(set(heard))
    assert heard[-1] == newest
