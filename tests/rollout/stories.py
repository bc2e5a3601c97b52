"""Random rollouts: a story is drawn, told against the emulator, and judged by what the provider shows.

A story that fails is printed as one line, an ``@example`` that tells it again.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from crashes import Death, Killed, Moment, Mortal
from hypothesis import strategies as st
from rehearsals import Admin, EventfulClock, Rehearsal, Stages
from worlds import (
    DEFERRAL,
    FLEET_ID,
    HEALTH_EXTENSION,
    NEW,
    OLD,
    START,
    Json,
    deferral_world,
    extension,
    fault,
    flexible,
    from_a_gallery,
    rolling_policy,
    sick,
    world,
)

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.health import is_ready
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import RolloutState
from fleetwright.rollout.report import report

HEALTH_TIMEOUT, POLL = 60.0, 10.0
Drawn = TypeVar("Drawn")

STANDSTILL = 500  # looks at a clock that does not move: whoever looks that often waits for nothing

EFFECTS: dict[str, dict[str, Any]] = {
    "throttled": fault({"status": 429, "retryAfter": 3}, times=2),
    "swap 503": fault({"status": 503}, times=1),
    "swap reset": fault({"reset": True}, times=1),
    "swap applied, answer lost": fault({"applyThenReset": True}, after=1, times=1),
    "list 503": fault({"status": 503}, "GET", "*/virtualMachines", after=4, times=3),
    "list reset": fault({"reset": True}, "GET", "*/virtualMachines", after=6, times=2),
    "operation failed": fault({"operation": "Failed", "code": "Oops", "message": "no"}, after=1, times=1),
    "operation stuck": fault({"operation": "stuck"}, after=2, times=1),
    "partial": fault({"partial": ["0", "1", "2"]}, times=2),
}


@dataclass(frozen=True, slots=True)
class Story:
    """Everything that a rollout depends on.

    :param sick: how instances behave on the new version
    :param relapsing: instances that are not healthy on the old version either, once they boot it again
    :param crash: seconds after the start at which instances stop, and which
    :param is_deferred: Azure's own upgrade waits for approvals
    :param death: the call at which the first process dies, and when
    :param phases: what instances say of the order in which they want to be upgraded
    :param skipped: those that ask to be left out
    :param scaled: seconds after the start at which the set gets another capacity, and which
    :param zone_down: seconds after the start at which a zone goes down, which, and for how many seconds
    :param expiry: seconds after the start from which an extension's credential has expired
    :param list_lag: seconds by which lists are behind
    :param gallery: the image comes from a gallery
    :param is_flexible: the instances are virtual machines of their own, whose previous disks are kept
    """

    n: int
    zones: int = 3
    update_domains: int | None = None
    batch_percent: int | None = None
    unhealthy_percent: int = 20
    upgraded_percent: int = 20
    flags: tuple[str, ...] = ()
    unhealthy: tuple[int, ...] = ()
    protected: tuple[int, ...] = ()
    sick: tuple[tuple[int, str], ...] = ()
    relapsing: tuple[int, ...] = ()
    crash: tuple[int, tuple[int, ...]] | None = None
    effects: tuple[str, ...] = ()
    trigger: str = "automatic"
    death: tuple[int, str] | None = None
    is_deferred: bool = False
    phases: tuple[tuple[int, int], ...] = ()
    skipped: tuple[int, ...] = ()
    scaled: tuple[int, int] | None = None
    zone_down: tuple[int, str, int] | None = None
    expiry: int | None = None
    list_lag: int = 0
    gallery: bool = False
    is_flexible: bool = False

    def document(self) -> dict[str, Any]:
        """The story's world."""
        behaviours = [sick(*self._ids([i]), health=word) for i, word in self.sick]
        behaviours += [sick(*self._ids([i]), version=OLD) for i in self.relapsing]
        percents = {
            "maxBatchInstancePercent": self.batch_percent,
            "maxUnhealthyInstancePercent": self.unhealthy_percent,
            "maxUnhealthyUpgradedInstancePercent": self.upgraded_percent,
        }
        policy = rolling_policy(**percents, **dict.fromkeys(self.flags, True)) if self.batch_percent else None
        shield = {"protectionPolicy": {"protectFromScaleSetActions": True}}
        unhealthy = self._ids(self.unhealthy)
        instances: dict[str, dict[str, Any]] = {i: dict(shield) for i in self._ids(self.protected)}
        for i, metrics in self._metrics().items():
            instances.setdefault(i, {})["customMetrics"] = metrics
        for i in instances:
            instances[i] |= {"health": "unhealthy"} if i in unhealthy else {}
        extras: dict[str, Any] = {"unhealthyInstances": unhealthy, "instances": instances}
        if self.update_domains is not None:
            extras["updateDomains"] = self.update_domains
        make = self._deferred if self.is_deferred else world
        document = make(
            self.n,
            self.zones,
            policy=policy,
            behaviours=[line for line in behaviours if line["instances"]],
            faults=[EFFECTS[name] for name in self.effects],
            timings=story_timings(self.list_lag),
            health_seconds=HEALTH_TIMEOUT,
            extensions=[HEALTH_EXTENSION, *self._fetching()],
            **extras,
        )
        document = from_a_gallery(document) if self.gallery else document
        return flexible(document) if self.is_flexible else document

    def _fetching(self) -> list[dict[str, Any]]:
        """An extension that fetches with a credential that ends, where the story has one."""
        if self.expiry is None:
            return []
        fetch = extension("Fetch")
        until = datetime.fromisoformat(START) + timedelta(seconds=self.expiry)
        fetch["properties"]["protectedSettings"] = {
            "uri": f"https://x.example/a?se={until:%Y-%m-%dT%H:%M:%SZ}"
        }
        return [fetch]

    def _metrics(self) -> dict[str, dict[str, Any]]:
        """What each instance says of its own upgrade."""
        said: dict[str, dict[str, Any]] = {}
        for number, phase in self.phases:
            said.setdefault(str(number), {})["PhaseOrderingNumber"] = phase
        for number in self.skipped:
            said.setdefault(str(number), {})["SkipUpgrade"] = True
        return {i: metrics for i, metrics in said.items() if int(i) < self.n}

    def _deferred(self, n: int, zones: int, **rest: Json) -> dict[str, Any]:
        """The same world, in which Azure waits: what happens to reimages happens to approvals as well."""
        own = rest.pop("policy") or {}
        flags = {**own.get("automaticOSUpgradePolicy", {}), **DEFERRAL["automaticOSUpgradePolicy"]}
        approvals = [
            {**line, "match": {**line["match"], "path": "*/approveRollingUpgrade"}}
            for line in rest.pop("faults")
            if line["match"]["path"] == "*/reimage"
        ]
        policy = {**DEFERRAL, **own, "automaticOSUpgradePolicy": flags}
        return deferral_world(n, zones, policy=policy, faults=approvals, **rest)

    def happenings(self) -> list[tuple[float, Any]]:
        """What happens from outside."""
        known: list[tuple[float, Any]] = []
        if self.crash is not None and self._ids(self.crash[1]):
            known.append((self.crash[0], self._stop))
        if self.scaled is not None:
            known.append((self.scaled[0], self._scale))
        if self.zone_down is not None:
            known.append((self.zone_down[0], self._take_zone_down))
        return sorted(known, key=lambda happening: happening[0])

    def _stop(self, admin: Admin) -> None:
        wanted = self._ids(self.crash[1]) if self.crash else []
        there = [i for i in wanted if i in admin.instance_ids()]
        if there:
            admin.touch(*there, power="stopped")

    def _scale(self, admin: Admin) -> None:
        admin.post("scale", id=admin.fleet_id, capacity=self.scaled[1] if self.scaled else 0)

    def _take_zone_down(self, admin: Admin) -> None:
        if self.zone_down is not None:
            _after, zone, seconds = self.zone_down
            admin.post("faults", effect={"zoneDown": zone}, seconds=seconds)

    def _ids(self, numbers: Iterable[int]) -> list[str]:
        return [str(number) for number in dict.fromkeys(numbers) if number < self.n]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    """Worlds of up to 25 instances with everything that may go wrong in them."""
    n = draw(st.integers(1, 25))
    some = st.lists(st.integers(0, n - 1), max_size=4, unique=True).map(tuple)
    words = st.sampled_from(["never", "unhealthy", "flapping"])
    flags = st.sets(st.sampled_from(["enableCrossZoneUpgrade", "prioritizeUnhealthyInstances"]))
    scaled = draw(_seldom(st.tuples(st.integers(0, 200), st.integers(1, 30))))
    crash = draw(st.none() | st.tuples(st.integers(0, 200), some))
    zone_down = draw(_seldom(st.tuples(st.integers(0, 200), st.sampled_from("123"), st.integers(1, 200))))
    relapsing = draw(some)
    return Story(
        n=n,
        zones=draw(st.integers(0, 3)),
        update_domains=draw(st.none() | st.integers(1, 5)),
        batch_percent=draw(st.none() | st.integers(5, 100)),
        unhealthy_percent=draw(st.integers(5, 100)),
        upgraded_percent=draw(st.integers(0, 100)),
        flags=tuple(sorted(draw(flags))),
        unhealthy=draw(some),
        protected=draw(some),
        sick=draw(st.lists(st.tuples(st.integers(0, n - 1), words), max_size=3).map(tuple)),
        relapsing=relapsing,
        crash=crash,
        effects=tuple(sorted(draw(st.sets(st.sampled_from(sorted(EFFECTS)), max_size=2)))),
        trigger=draw(st.sampled_from(["automatic", "manual"])),
        death=draw(st.none() | st.tuples(st.integers(0, 80), st.sampled_from([str(m) for m in Moment]))),
        phases=draw(st.just(()) | _phases(n)),
        skipped=draw(st.just(()) | some),
        scaled=scaled,
        zone_down=zone_down,
        expiry=draw(_seldom(st.integers(-10, 200))),
        # A list that lags hides whom a scale-out made and who fell ill a moment ago: nobody can count them.
        list_lag=0 if scaled or crash or zone_down or relapsing else draw(st.sampled_from([0, 0, 5, 12])),
        gallery=draw(st.booleans()),
        is_flexible=draw(st.sampled_from([False, False, True])),
    )


def _seldom(strategy: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn | None]:
    return st.none() | st.none() | st.none() | strategy


def _phases(n: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    numbers = st.dictionaries(st.integers(0, n - 1), st.integers(0, 3), max_size=n)
    return numbers.map(lambda found: tuple(sorted(found.items())))


class WatchedClock(EventfulClock):
    """A clock that notices when somebody waits without letting time pass."""

    looks = 0

    def now(self) -> datetime:
        """The emulator's instant; looked at for ever, it is an error."""
        self.looks += 1
        assert self.looks < STANDSTILL, "time stands still: somebody loops without waiting"
        return super().now()

    def wait_until(self, instant: datetime) -> None:
        """Time passes."""
        if instant > super().now():
            self.looks = 0
        super().wait_until(instant)


def story_timings(list_lag: float) -> dict[str, Any]:
    """How long things take in a story."""
    return {"swap": [2, 20], "boot": [1, 10], "extension": 2, "health": 2, "listLag": list_lag}


def check_story(
    story: object, stages: Stages, tell: Callable[..., tuple[Rehearsal, Any]], judge: Callable[..., list[str]]
) -> None:
    """Tell a story and judge it; one that fails is printed as the ``@example`` that tells it again."""
    rehearsal = None
    with tempfile.TemporaryDirectory() as folder:
        try:
            rehearsal, ended = tell(story, stages, Path(folder))
            wrong = judge(story, rehearsal, ended)
        finally:
            if rehearsal is not None:
                rehearsal.close()
    assert not wrong, f"@example(story={story}): {'; '.join(wrong)}"


def tell(story: Story, stages: Stages, folder: Path) -> tuple[Rehearsal, RolloutView]:
    """Run the rollout to its end, with a second process where the first one dies."""
    clock = type("Clock", (WatchedClock,), {"happenings": story.happenings()})
    rehearsal = Rehearsal(stages, story.document(), folder, clock=clock)
    request = {"trigger": story.trigger, "health_timeout_seconds": HEALTH_TIMEOUT, "poll_seconds": POLL}
    death = Death(story.death[0], Moment(story.death[1])) if story.death else None
    mortal = Mortal(death)
    try:
        view = rehearsal.run(mortal.ports(rehearsal.ports()), **request)
    except Killed:
        rehearsal.wall.advance(31)
        known = rehearsal.ports().ledger.list_rollouts(FLEET_ID.lower())
        if known and known[0].rollout.state is not RolloutState.ROLLING_FORWARD:
            return rehearsal, known[0]
        view = rehearsal.run(owner="second", **request)
    except BaseException:
        rehearsal.close()
        raise
    return rehearsal, view


def judge(story: Story, rehearsal: Rehearsal, view: RolloutView) -> list[str]:
    """Everything that is not as the rules say; empty when all is well."""
    admin, body = rehearsal.admin, report(view)
    audit = admin.audit()
    ports = rehearsal.ports()
    fleet = ports.driver.fetch_fleet(parse_fleet_id(FLEET_ID))
    instances = {_number(i.instance_id): i for i in ports.driver.list_instances(fleet)}
    view = replace(view, swaps={_number(i): swap for i, swap in view.swaps.items()})
    wrong = [str(violation) for violation in admin.violations()]
    wrong += [f"{i} swapped {count} times" for i, count in audit["swaps"].items() if count != 1]
    wrong += [f"{i} rolled back {count} times" for i, count in audit["rollbacks"].items() if count != 1]
    wrong += [f"{i} rolled back and never swapped" for i in audit["rollbacks"] if i not in audit["swaps"]]
    if audit["dataDisksLost"]:
        wrong.append("data disks were lost")
    unseen = _never_known(story, instances, audit, view)
    sent = sorted((_number(i) for batch in body["batches"] for i in batch["instances"]), key=int)
    swapped = sorted({*audit["swaps"], *unseen}, key=int)
    if sent != swapped:
        wrong.append(f"reported batches {sent}, the provider saw swaps of {swapped}")
    wrong += _miscounted(story, body, instances, audit, view)
    wrong += _out_of_order(story, view)
    wrong += _lost_instances(story, instances, audit, view)
    wrong += [] if story.is_flexible else _too_many_calls(admin, view)
    if rehearsal.ports().ledger.verify_chain() is not None or rehearsal.ports().ledger.replay():
        wrong.append("the ledger does not verify or does not replay")
    return wrong


def _miscounted(
    story: Story,
    body: dict[str, Any],
    instances: dict[str, Instance],
    audit: dict[str, Any],
    view: RolloutView,
) -> list[str]:
    good = [i for i in audit["swaps"] if _is_good(i, instances, view)]
    left_out = {_number(i) for i in view.rollout.plan.get("customMetrics", {}).get("skipped", [])}
    pending = [
        i
        for i, seen in instances.items()
        if i not in audit["swaps"] and seen.version == OLD and not seen.protected and i not in left_out
    ]
    progress, rollbacks = body["progress"], body["rollbackInfo"]
    truth = {
        "successfulInstanceCount": len(good),
        "failedInstanceCount": len(audit["swaps"])
        - len(good)
        + len(_never_known(story, instances, audit, view)),
        "inProgressInstanceCount": 0,
        "pendingInstanceCount": len(pending),
    }
    wrong = [] if progress == truth else [f"reported {progress}, the provider shows {truth}"]
    gone_back = rollbacks["successfullyRolledbackInstanceCount"] + rollbacks["failedRolledbackInstanceCount"]
    if gone_back < len(audit["rollbacks"]):
        wrong.append(f"reported {rollbacks}, the provider saw {audit['rollbacks']}")
    if body["status"] == "Completed" and pending:
        wrong.append(f"completed with {pending} pending")
    return wrong


def _number(instance_id: str) -> str:
    """The number of an instance, which a Flexible set's machine has at the end of its name."""
    return instance_id.rpartition("_")[2]


def _never_known(
    story: Story, instances: dict[str, Instance], audit: dict[str, Any], view: RolloutView
) -> frozenset[str]:
    """Instances that went while a call without an answer was on its way: nobody can know whether it was begun."""
    is_in_doubt = bool(story.death) or any(name.startswith("swap") for name in story.effects)
    gone = {i for i in view.swaps if i not in instances and i not in audit["swaps"]}
    return frozenset(gone if is_in_doubt else ())


def _is_good(instance_id: str, instances: dict[str, Instance], view: RolloutView) -> bool:
    """Whether an instance serves on the new version, or did until it was scaled in."""
    if instance_id in instances:
        return _serves(instances[instance_id], NEW)
    return instance_id in view.swaps and view.swaps[instance_id].state == "healthy"


def _out_of_order(story: Story, view: RolloutView) -> list[str]:
    """Phases come one after the other, where nothing from outside keeps an instance from its turn (N18)."""
    if story.crash or story.zone_down or story.scaled or story.effects or story.death or story.unhealthy:
        return []
    phases = view.rollout.plan.get("customMetrics", {}).get("phases", {})
    last = max(phases.values(), default=0) + 1
    taken = [{phases.get(i, last) for i in batch.instance_ids} for batch in view.batches]
    later = [(max(a), min(b)) for a, b in pairwise(taken)]
    return [f"phase {a} came before phase {b}" for a, b in later if a > b]


def _lost_instances(
    story: Story, instances: dict[str, Instance], audit: dict[str, Any], view: RolloutView
) -> list[str]:
    """Every instance ends untouched, healthy on the new version, restored, or failed and reported so."""
    wrong = []
    for i, seen in instances.items():
        swap = view.swaps.get(i)
        if i not in audit["swaps"]:
            untouched = {OLD} | ({NEW} if int(i) >= story.n else set())
            is_told = seen.version in untouched and (swap is None or swap.state == "refused")
        elif _serves(seen, NEW):
            is_told = swap is not None
        else:
            is_told = swap is not None and swap.state in {
                "healthy",
                "unhealthy",
                "rolled back",
                "rollback failed",
            }
            is_told = is_told and (swap.state != "rolled back" or seen.version == OLD)
        if not is_told:
            wrong.append(f"instance {i} shows {seen}, the rollout says {swap}")
    return wrong


def _too_many_calls(admin: Admin, view: RolloutView) -> list[str]:
    """Calls are a linear function of batches and polls: never of instances times polls."""
    rollout, calls = view.rollout, admin.get("requests")["total"]
    assert rollout.started_at is not None
    assert rollout.ended_at is not None
    polls = (rollout.ended_at - rollout.started_at).total_seconds() / POLL
    most = 60 + 15 * len(view.batches) + 3 * len(view.swaps) + 3 * polls
    return [f"{calls} calls, at most {most:.0f} are right"] if calls > most else []


def _serves(instance: Instance, version: str) -> bool:
    return instance.version == version and is_ready(instance, HealthSource.EXTENSION)
