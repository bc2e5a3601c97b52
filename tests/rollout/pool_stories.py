"""Random rollouts of Batch pools: work that comes and goes, faults, people, deaths; judged by what the provider shows.

A story that fails is printed as one line, an ``@example`` that tells it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from crashes import Death, Killed, Moment, Mortal
from hypothesis import strategies as st
from pool_rehearsals import PoolSide, broken
from pool_worlds import BATCH_SERVICE, FOR_EVER, POOL_ID, USER_SUBSCRIPTION, pool_world
from rehearsals import Admin, Happening, Rehearsal, Stages
from stories import HEALTH_TIMEOUT, POLL, WatchedClock, story_timings
from worlds import NEW, OLD, fault, sick

from fleetwright.domain.drains import DrainPolicy, WhenBusy
from fleetwright.domain.errors import FleetwrightError
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.rollout.ports.controls import Control, ControlKind

CLOSE, REIMAGE, OPEN = "*/disablescheduling", "*/reimage", "*/enablescheduling"
EFFECTS: dict[str, dict[str, Any]] = {
    "throttled": fault({"status": 429, "retryAfter": 3}, path="*/nodes/*", after=3, times=3),
    "swap 503": fault({"status": 503}, path=REIMAGE, times=2),
    "swap reset": fault({"reset": True}, path=REIMAGE, after=1, times=1),
    "swap applied, answer lost": fault({"applyThenReset": True}, path=REIMAGE, after=1, times=2),
    "closing 503": fault({"status": 503}, path=CLOSE, after=1, times=2),
    "closing applied, answer lost": fault({"applyThenReset": True}, path=CLOSE, after=1, times=2),
    "closing reset": fault({"reset": True}, path=CLOSE, after=2, times=2),
    "opening 503": fault({"status": 503}, path=OPEN, times=2),
    "opening applied, answer lost": fault({"applyThenReset": True}, path=OPEN, times=2),
    "opening reset": fault({"reset": True}, path=OPEN, after=1, times=1),
    "list 503": fault({"status": 503}, "GET", "*/nodes", after=4, times=3),
    "list reset": fault({"reset": True}, "GET", "*/nodes", after=6, times=2),
}
MOST_LIVES = 4


@dataclass(frozen=True, slots=True)
class PoolStory:
    """Everything that a rollout of a pool depends on.

    :param running: seconds of work that nodes have at the start; -1 never ends
    :param arriving: work that comes: seconds after the start, node, seconds of work
    :param closed: nodes whose scheduling somebody else disabled before the start
    :param sick: how nodes behave on the new version
    :param deaths: the call at which each process in turn dies, and when; the next one resumes
    :param cancel: seconds after the start at which a person cancels
    :param scaled: seconds after the start at which the pool gets another number of nodes, and which
    :param crash: seconds after the start at which a node's machine stops, and which
    :param drain: deadline and grace in seconds, and what becomes of who is not idle then
    """

    n: int
    mode: str = BATCH_SERVICE
    zonal: bool = False
    deferral: bool = True
    batch_percent: int | None = None
    running: tuple[tuple[int, int], ...] = ()
    arriving: tuple[tuple[int, int, int], ...] = ()
    closed: tuple[int, ...] = ()
    unhealthy: tuple[int, ...] = ()
    sick: tuple[tuple[int, str], ...] = ()
    effects: tuple[str, ...] = ()
    deaths: tuple[tuple[int, str], ...] = ()
    cancel: int | None = None
    scaled: tuple[int, int] | None = None
    crash: tuple[int, int] | None = None
    drain: tuple[int, str, int] = (120, "skip", 30)
    trigger: str = "automatic"
    list_lag: int = 0
    node_upgrade_way: str = ""

    def document(self) -> dict[str, Any]:
        """The story's world."""
        rolling = None
        if self.batch_percent is not None:
            rolling = {
                "maxBatchInstancePercent": self.batch_percent,
                "maxUnhealthyInstancePercent": max(self.batch_percent, 40),
                "maxUnhealthyUpgradedInstancePercent": 50,
            }
        return pool_world(
            self.n,
            mode=self.mode,
            zonal=self.zonal,
            deferral=self.deferral,
            rolling=rolling,
            running={f"tvm-{node}": seconds for node, seconds in self.running},
            unhealthy=[f"tvm-{node}" for node in self.unhealthy],
            behaviours=[sick(str(node), health=word) for node, word in self.sick],
            faults=[EFFECTS[name] for name in self.effects],
            timings=story_timings(self.list_lag),
            health_seconds=HEALTH_TIMEOUT,
            extras={"nodeStates": {node: {"schedulingState": "disabled"} for node in self.foreign}},
        )

    def request(self) -> dict[str, Any]:
        """What is asked for."""
        deadline, when_busy, grace = self.drain
        policy = DrainPolicy(timedelta(seconds=deadline), WhenBusy(when_busy), timedelta(seconds=grace))
        return {
            "fleet_id": POOL_ID,
            "trigger": self.trigger,
            "health_timeout_seconds": HEALTH_TIMEOUT,
            "poll_seconds": POLL,
            "drain": policy,
        }

    def happenings(self, rehearsal: Rehearsal) -> list[Happening]:
        """What happens from outside."""
        known: list[Happening] = [
            (after, _giving(node, seconds)) for after, node, seconds in self.arriving if node < self.n
        ]
        if self.cancel is not None:
            known.append((self.cancel, _cancelling(rehearsal)))
        if self.scaled is not None:
            after, nodes = self.scaled
            known.append((after, lambda admin: admin.post("scale", id=POOL_ID, capacity=nodes)))
        if self.crash is not None:
            known.append((self.crash[0], _stopping(self.crash[1])))
        return sorted(known, key=lambda happening: happening[0])

    @property
    def foreign(self) -> set[str]:
        """The nodes that somebody else closed."""
        return {f"tvm-{node}" for node in self.closed}


def _look(side: PoolSide) -> dict[str, Any]:
    """The nodes, as far as no fault hides them from everybody."""
    try:
        return side.nodes()
    except (AssertionError, requests.ConnectionError):
        return {}


def _giving(node: int, seconds: int) -> Any:  # noqa: ANN401 - a deed
    def give(admin: Admin) -> None:
        side = PoolSide(admin)
        there = _look(side).get(f"tvm-{node}")
        if there is not None and there["state"] == "idle" and there["schedulingState"] == "enabled":
            side.give_work(f"tvm-{node}", seconds=seconds)

    return give


def _stopping(node: int) -> Any:  # noqa: ANN401 - a deed
    def stop(admin: Admin) -> None:
        there = _look(PoolSide(admin)).get(f"tvm-{node}")
        if there is not None and there["state"] == "idle":
            admin.post("instances", id=POOL_ID, instances=[f"tvm-{node}"], power="stopped")

    return stop


def _cancelling(rehearsal: Rehearsal) -> Any:  # noqa: ANN401 - a deed
    def cancel(_admin: Admin) -> None:
        said = Control(ControlKind.CANCEL, "on-call", "enough", rehearsal.clock.now())
        rehearsal.ports().ledger.add_control(POOL_ID.lower(), said)

    return cancel


class PoolClock(WatchedClock):
    """A clock that counts, whenever time passes, the nodes that are closed."""

    most_closed = 0
    foreign: set[str]

    def wait_until(self, instant: datetime) -> None:
        """Time passes."""
        (account,) = self._admin.get("world")["batchAccounts"]
        states = account["pools"][0]["x-emulator"].get("nodeStates", {})
        closed = {i for i, said in states.items() if said.get("schedulingState") == "disabled"} - self.foreign
        type(self).most_closed = max(self.most_closed, len(closed))
        super().wait_until(instant)


@st.composite
def pool_stories(draw: st.DrawFn) -> PoolStory:
    """Pools of up to 16 nodes with everything that may happen to them."""
    n = draw(st.integers(1, 16))
    node = st.integers(0, n - 1)
    some = st.lists(node, max_size=3, unique=True).map(tuple)
    seconds = st.sampled_from([20, 60, 90, 300, FOR_EVER])
    work = st.dictionaries(node, seconds, max_size=n).map(lambda found: tuple(sorted(found.items())))
    arriving = st.lists(st.tuples(st.integers(0, 300), node, st.integers(5, 120)), max_size=6).map(tuple)
    words = st.sampled_from(["never", "unhealthy"])
    running = draw(work)
    ends = [s for _node, s in running if s == FOR_EVER]
    busy = draw(st.sampled_from(["skip", "requeue"] if ends else ["skip", "requeue", "wait"]))
    deaths = st.tuples(st.integers(0, 90), st.sampled_from([str(m) for m in Moment]))
    zonal = draw(st.booleans())
    scaled = draw(st.none() | st.none() | st.tuples(st.integers(0, 300), st.integers(1, 20)))
    crash = draw(st.none() | st.none() | st.tuples(st.integers(0, 200), node))
    return PoolStory(
        n=n,
        mode=draw(st.sampled_from([BATCH_SERVICE, USER_SUBSCRIPTION])),
        zonal=zonal,
        batch_percent=draw(st.none() | st.integers(5, 100)),
        running=running,
        arriving=draw(arriving),
        closed=draw(st.just(()) | some),
        unhealthy=draw(st.just(()) | st.just(()) | some),
        sick=tuple(sorted(draw(st.dictionaries(node, words, max_size=2)).items())),
        effects=tuple(sorted(draw(st.sets(st.sampled_from(sorted(EFFECTS)), max_size=2)))),
        deaths=draw(st.lists(deaths, max_size=MOST_LIVES - 1).map(tuple)),
        cancel=draw(st.none() | st.none() | st.integers(0, 400)),
        scaled=scaled,
        crash=crash,
        drain=(draw(st.integers(0, 200)), busy, draw(st.integers(0, 60))),
        trigger=draw(st.sampled_from(["automatic", "manual"])),
        list_lag=0 if scaled or crash else draw(st.sampled_from([0, 0, 5])),
    )


def tell(story: PoolStory, stages: Stages, folder: Path) -> tuple[Rehearsal, list[RolloutView]]:
    """Run the rollout to its end, each process that dies followed by another; all rollouts that it took."""
    clock = type("Clock", (PoolClock,), {"foreign": story.foreign})
    rehearsal = Rehearsal(stages, story.document(), folder, clock=clock)
    try:
        rehearsal.clock = type("Clock", (clock,), {"happenings": story.happenings(rehearsal)})(rehearsal.url)
        for life in range(MOST_LIVES):
            if _live(story, rehearsal, life):
                break
            rehearsal.wall.advance(31)
    except BaseException:
        rehearsal.close()
        raise
    return rehearsal, list(rehearsal.ports().ledger.list_rollouts(POOL_ID.lower()))


def _live(story: PoolStory, rehearsal: Rehearsal, life: int) -> bool:
    """One process; whether it came to its end."""
    death = story.deaths[life] if life < len(story.deaths) else None
    mortal = Mortal(Death(death[0], Moment(death[1])) if death else None)
    ports = rehearsal.ports(
        **({"node_upgrade_way": story.node_upgrade_way} if story.node_upgrade_way else {})
    )
    try:
        rehearsal.run(mortal.ports(ports), owner=f"process {life}", **story.request())
    except Killed:
        return False
    except FleetwrightError:
        assert not mortal.is_dead
    return True


def judge(story: PoolStory, rehearsal: Rehearsal, views: list[RolloutView]) -> list[str]:
    """Everything that is not as the rules say; empty when all is well."""
    rehearsal.admin.delete_faults()
    side = PoolSide(rehearsal.admin)
    audit, shown = side.audit(), side.nodes()
    foreign = {node for node in story.foreign if node in shown}
    wrong = [line for line in broken(rehearsal) if not any(line.startswith(f"{node} ") for node in foreign)]
    wrong += [f"{node} was closed by somebody else and is open" for node in foreign - side.closed()]
    wrong += [f"{node} was closed by somebody else and swapped" for node in foreign & audit["swaps"].keys()]
    lives = max(1, len(views))
    wrong += [f"{i} swapped {count} times" for i, count in audit["swaps"].items() if count > lives]
    wrong += [f"{i} rolled back {count} times" for i, count in audit["rollbacks"].items() if count > lives]
    wrong += _too_many_out(story, rehearsal)
    for view in views:
        if view.rollout.state not in TERMINAL_STATES:
            wrong.append(f"rollout {view.rollout.rollout_id} has no end: {view.rollout.state}")
        if view.rollout.closed:
            wrong.append(f"the ledger still has {sorted(view.rollout.closed)} closed")
    if audit["dataDisksLost"]:
        wrong.append("data disks were lost")
    if audit["tasksEndedByOrder"] and story.drain[1] != WhenBusy.REQUEUE:
        wrong.append(f"{audit['tasksEndedByOrder']} tasks were ended although nobody asked for that")
    ledger = rehearsal.ports().ledger
    if ledger.verify_chain() is not None or ledger.replay():
        wrong.append("the ledger does not verify or does not replay")
    return wrong + _untold(story, shown, audit, views)


def _too_many_out(story: PoolStory, rehearsal: Rehearsal) -> list[str]:
    """Closed nodes count against the batch's share; one that was ill before takes none of it."""
    most = max(story.n, story.scaled[1] if story.scaled else 0)
    cap = max(1, most * (story.batch_percent or 20) // 100) + len(story.unhealthy) + bool(story.crash)
    cap += len(story.sick)
    closed = type(rehearsal.clock).most_closed  # type: ignore[attr-defined]
    return [f"{closed} nodes closed at once, the cap is {cap}"] if closed > cap else []


def _untold(
    story: PoolStory, shown: dict[str, Any], audit: dict[str, Any], views: list[RolloutView]
) -> list[str]:
    """Every node ends untouched and on the old version, or is named by a rollout."""
    told = {node for view in views for node in view.swaps}
    made = {f"tvm-{n}" for n in range(story.n, 100)}
    wrong = [f"{node} was swapped and no rollout tells it" for node in audit["swaps"].keys() - told]
    for node, found in shown.items():
        version = found["virtualMachineInfo"]["imageReference"].get("exactVersion")
        if node not in audit["swaps"] and version != OLD and node not in made:
            wrong.append(f"{node} runs {version} and was never swapped")
        if version not in {OLD, NEW}:
            wrong.append(f"{node} runs {version}")
    return wrong
