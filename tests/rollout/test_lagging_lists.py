"""Lists that show the world as it was ten seconds ago: nobody is failed, stopped or swapped over them."""

from __future__ import annotations

from collections.abc import Callable

from rehearsals import Rehearsal, eventful, told
from worlds import (
    sick,
    world,
)

Rehearse = Callable[..., Rehearsal]


def test_lagging_lists_are_answered(rehearse: Rehearse) -> None:
    """A list that lags shows the world as it was, while extensions are at work as well."""
    rehearsal = rehearse(world(3, 0, timings={"listLag": 10}))

    rehearsal.run()

    statuses = [call["status"] for call in rehearsal.admin.get("requests")["log"]]
    assert 500 not in statuses


def test_lagging_lists_fail_nobody(rehearse: Rehearse) -> None:
    """A list that is 10 s behind still shows the old disk after the swap: nobody is called failed over it."""
    rehearsal = rehearse(world(timings={"listLag": 10, "extension": 0}, behaviours=[sick("7")]))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert rehearsal.state()["rollbacks"] == {"7": 1}
    assert rehearsal.admin.violations() == []


def test_lagging_list_stops_nobody_who_is_back(rehearse: Rehearse) -> None:
    """Instances that were down and are back, while a list still shows them down, do not stop a rollout (R14)."""
    down = (30, lambda admin: admin.touch("2", "5", "8", "11", power="stopped"))
    back = (36, lambda admin: admin.touch("2", "5", "8", "11", power="running"))
    rehearsal = rehearse(world(timings={"listLag": 10, "extension": 0}), clock=eventful(down, back))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"


def test_lagging_list_never_makes_the_loop_spin(rehearse: Rehearse) -> None:
    """Instances that are back while the list still shows them down: the rollout waits for time to pass, and goes on."""
    rehearsal = rehearse(world(timings={"listLag": 10, "extension": 0}))
    rehearsal.admin.touch("0", "1", "2", "3", health="unhealthy")
    rehearsal.admin.post("clock", advance=60)
    rehearsal.admin.touch("0", "1", "2", "3", health="healthy")
    rehearsal.admin.post("clock", advance=1)

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.get("requests")["total"] < 200
