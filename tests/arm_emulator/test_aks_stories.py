"""Random stories of node pools: whatever is called and however time passes, limits hold, and nothing is lost by a reload."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from emulated_node_pools import CLUSTER, FAMILY, NEW, cluster_world, node_pool
from hypothesis import given, settings
from hypothesis import strategies as st

from arm_emulator.aks.budgets import desired_healthy, healthy_pods
from arm_emulator.aks.cluster import NodeImageRelease
from arm_emulator.aks.course.aborting import abort
from arm_emulator.aks.course.beginning import begin_upgrade, resume_upgrade
from arm_emulator.aks.course.scaling import begin_scaling
from arm_emulator.aks.node_images import latest_for
from arm_emulator.aks.outages import set_down
from arm_emulator.arm_errors import ArmError
from arm_emulator.clock import ManualClock
from arm_emulator.emulator import Emulator
from arm_emulator.record import NodeDrainEnded
from arm_emulator.seeded import Seed
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from emulated_worlds import Json

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.record import Event
    from arm_emulator.referee.referee import Referee
    from arm_emulator.world.world import World

POOLS = ("np1", "np2")
LONG = 7 * 86_400
ROOMS = [("1", "0"), ("2", "0"), ("34%", "0"), ("0", "1"), ("0", "50%"), ("1", "1"), ("100%", "0")]
Step = tuple[str, str, int]


@dataclass(slots=True)
class Heard:
    """Passes events on to the referee, and counts the drains that were given up."""

    referee: Referee
    given_up: int = 0

    def observe(self, event: Event) -> None:
        self.given_up += isinstance(event, NodeDrainEnded) and not event.drained
        self.referee.observe(event)


@dataclass(slots=True)
class Story:
    """A world of one cluster in this process, and what was done to it."""

    document: Json
    emulator: Emulator = field(init=False)
    heard: Heard = field(init=False)
    has_crashed: bool = False
    stopped_leaving: bool = False

    def __post_init__(self) -> None:
        self.emulator = Emulator(validated(self.document), ManualClock(), Seed(0))
        self.world.observer = self.heard = Heard(self.emulator.referee)

    @property
    def world(self) -> World:
        return self.emulator.world

    @property
    def cluster(self) -> ManagedCluster:
        return self.world.managed_clusters[CLUSTER.lower()]

    def wait(self, seconds: float) -> None:
        self.emulator.move_clock(self.world.now + timedelta(seconds=seconds))

    def happen(self, step: Step) -> None:
        """One of the steps; what is refused changes nothing."""
        what, name, number = step
        pool = self.cluster.pools[name]
        with suppress(ArmError):
            match what:
                case "upgrade":
                    begin_upgrade(self.world, self.cluster, pool, latest_for(self.world, self.cluster, pool))
                case "put":
                    resume_upgrade(self.world, self.cluster, pool)
                case "abort":
                    # Surge nodes that were to leave with quarantined ones may stay then.
                    self.stopped_leaving |= pool.scaling is not None
                    abort(self.world, self.cluster, [pool], on=pool)
                case "scale":
                    begin_scaling(self.world, self.cluster, pool, number % 6 + 1)
                case "publish":
                    image = f"{FAMILY}-2024{number % 9 + 3:02}.01.0"
                    self.world.node_images.append(NodeImageRelease(image, self.world.now))
                case "down" | "up":
                    self._touch(pool, number, is_down=what == "down")
        self.wait(number if what == "wait" else 0)

    def _touch(self, pool: AgentPool, number: int, *, is_down: bool) -> None:
        node = list(pool.nodes.values())[number % len(pool.nodes)]
        self.has_crashed |= is_down
        set_down(self.world, self.cluster, pool, node, is_down=is_down, in_outage=False)

    def end(self) -> None:
        """Everything that fell comes back, and there is time for everything."""
        for name in POOLS:
            pool = self.cluster.pools[name]
            for number in range(len(pool.nodes)):
                self._touch(pool, number, is_down=False)
        self.wait(LONG)

    def again(self) -> Story:
        """Another world, loaded from what this one writes."""
        story = Story(json.loads(json.dumps(self.emulator.document())))
        story.has_crashed, story.heard.given_up = self.has_crashed, self.heard.given_up
        story.stopped_leaving = self.stopped_leaving
        return story


def check(story: Story) -> None:
    """What holds at any time."""
    assert [violation.words() for violation in story.emulator.referee.violations] == []
    for pool in story.cluster.pools.values():
        assert len({node.number for node in pool.nodes.values()}) == len(pool.nodes)
        assert all(name == node.name and node.number < pool.next_number for name, node in pool.nodes.items())
    if not story.has_crashed and not story.heard.given_up:
        for workload in story.cluster.workloads:
            assert healthy_pods(workload, story.world.now) >= desired_healthy(workload)


def check_end(story: Story) -> None:
    """What holds when there was time for everything."""
    check(story)
    for pool in story.cluster.pools.values():
        assert not pool.is_busy, pool
        assert pool.count == len([node for node in pool.regular_nodes if not node.is_leaving])
        assert all(node.step is None and node.is_ready for node in pool.nodes.values())
        if pool.course is None:
            images = {node.image for node in pool.regular_nodes if not node.is_cordoned}
            assert images <= {pool.image, pool.next_image}
            quarantined = sum(node.is_cordoned for node in pool.regular_nodes)
            assert len(pool.surge_nodes) <= quarantined or story.stopped_leaving
        else:
            assert pool.course.stopped, pool


@st.composite
def profiles(draw: st.DrawFn, name: str) -> tuple[Json, Json]:
    """A pool and what its extras say."""
    count, (surge, unavailable) = draw(st.integers(1, 5)), draw(st.sampled_from(ROOMS))
    profile = node_pool(
        name,
        count=count,
        maxSurge=surge,
        maxUnavailable=unavailable,
        drainTimeoutInMinutes=draw(st.sampled_from([5, 6])),
        nodeSoakDurationInMinutes=draw(st.sampled_from([0, 1])),
        undrainableNodeBehavior=draw(st.sampled_from(["Schedule", "Cordon"])),
    )
    extras: Json = {
        "undrainable": [f"aks-{name}-{n}" for n in draw(st.sets(st.integers(0, count - 1), max_size=1))]
    }
    quota = draw(st.sampled_from([None, None, 0, 1]))
    return profile, {**extras, **({} if quota is None else {"quota": quota})}


@st.composite
def workloads(draw: st.DrawFn, name: str) -> Json:
    """Pods with a budget that may be impossible to meet."""
    replicas = draw(st.integers(1, 6))
    kind, amount = draw(
        st.sampled_from([("minAvailable", replicas), ("minAvailable", replicas // 2), ("maxUnavailable", 1)])
    )
    return {
        "name": name,
        "replicas": replicas,
        "pools": draw(st.sampled_from([[], ["np1"]])),
        "disruptionBudget": {kind: amount},
        "graceSeconds": draw(st.sampled_from([0, 5, 10])),
        "startSeconds": draw(st.sampled_from([0, 5, 20])),
    }


@st.composite
def worlds(draw: st.DrawFn) -> Json:
    """One cluster of two pools; times that fall together."""
    chosen = [draw(profiles(name)) for name in POOLS]
    step = st.sampled_from([0, 5, 10, 60])
    timings = {
        what: draw(step) for what in ("nodeCreate", "nodeDrain", "nodeReimage", "nodeStart", "nodeDelete")
    }
    extras = {
        "nodeImages": {"latest": NEW},
        "pools": {profile["name"]: said for profile, said in chosen},
        "workloads": [draw(workloads(name)) for name in ("web", "api")],
        "timings": {**timings, "retryAfter": 0},
    }
    return cluster_world(*(profile for profile, _ in chosen), extras=extras)


def steps(*kinds: str) -> st.SearchStrategy[list[Step]]:
    """What happens, mostly time."""
    waits = st.tuples(st.just("wait"), st.just("np1"), st.sampled_from([0, 5, 10, 55, 60, 300, 1000]))
    acts = st.tuples(st.sampled_from(kinds), st.sampled_from(POOLS), st.integers(0, 9))
    return st.lists(st.one_of(acts, waits, waits), max_size=16)


CALLS = ("upgrade", "upgrade", "put", "abort", "publish")


@settings(max_examples=120, derandomize=True, deadline=None)
@given(worlds(), steps(*CALLS))
def test_limits_and_budgets_hold_whatever_is_called(document: Json, story: list[Step]) -> None:
    """N32, N34, R66, R70: no budget broken by a drain, no node and no surge too many, and every course ends or says why not."""
    told = Story(document)
    counts = {name: pool.count for name, pool in told.cluster.pools.items()}
    for step in [("upgrade", "np1", 0), *story]:
        told.happen(step)
        check(told)
    told.end()

    check_end(told)
    assert {name: pool.count for name, pool in told.cluster.pools.items()} == counts


@settings(max_examples=120, derandomize=True, deadline=None)
@given(worlds(), steps(*CALLS, "scale", "down", "up"), st.data())
def test_a_world_goes_on_the_same_after_a_reload(
    document: Json, story: list[Step], data: st.DataObject
) -> None:
    """Written and loaded at any moment, also with nodes that fell and pools that are scaled, a world comes to the same end (R70, N32)."""
    told = Story(document)
    cut = data.draw(st.integers(0, len(story)))
    told.happen(("upgrade", "np1", 0))
    for step in story[:cut]:
        told.happen(step)
    again = told.again()
    assert again.emulator.document() == told.emulator.document()
    for each in (told, again):
        for step in story[cut:]:
            each.happen(step)
            check(each)
        each.end()
        check_end(each)

    assert again.emulator.document() == told.emulator.document()
