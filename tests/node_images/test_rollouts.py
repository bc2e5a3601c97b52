"""Whole rollouts of node images against the emulator: pools one by one, verified, inside the window."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cluster_rehearsals import MANNERS, ClusterRehearsal, pools_of
from clusters import NEW, OLD, TWO_POOLS, cluster, cluster_id, pool, window, world
from rehearsals import eventful

from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.domain.errors import ConfigurationError, FleetNotFoundError, HeldError, ProviderError
from fleetwright.domain.node_pools.clusters import Cluster, Machine, Workloads
from fleetwright.domain.node_pools.evaluations import Outcome
from fleetwright.domain.node_pools.ids import ClusterId
from fleetwright.domain.node_pools.rollouts import NodeRolloutState
from fleetwright.domain.records import TriggerKind
from fleetwright.node_images.ports import ClusterDriver
from fleetwright.node_images.request import NodeRequest
from fleetwright.node_images.validating import validate

Rehearse = Callable[..., ClusterRehearsal]
WINDOW = (window(),)


def test_pools_go_one_by_one_system_pools_first(rehearse: Rehearse) -> None:
    """Every pool comes on the newest image, the system pool first and each after the other is done (R65, R70)."""
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=WINDOW)))

    rollout = rehearsal.run()

    assert rollout.state is NodeRolloutState.COMPLETED
    assert list(pools_of(rollout).items()) == [("system", "upgraded"), ("np1", "upgraded")]
    assert set(rehearsal.images("np1").values()) == {NEW}
    assert set(rehearsal.images("system").values()) == {NEW}
    system, np1 = rollout.pools
    assert system.ended_at is not None
    assert np1.intended_at is not None
    assert np1.intended_at >= system.ended_at
    assert rehearsal.admin.violations() == []


def test_the_kubernetes_version_stays(rehearse: Rehearse) -> None:
    """R66: every machine has after the upgrade the Kubernetes version that its pool had before."""
    rehearsal = rehearse(world(cluster(pool("np1", 3), windows=WINDOW)))

    rollout = rehearsal.run()

    (np1,) = rollout.pools
    assert np1.kubernetes_version.startswith("1.28")
    machines = rehearsal.ports().driver.list_machines(rehearsal.cluster(), "np1")
    assert {m.kubernetes_version for m in machines} == {np1.kubernetes_version}
    assert set(np1.verified) == {m.name for m in machines}


def test_one_pool_alone(rehearse: Rehearse) -> None:
    """Asked for one pool, the others keep their image."""
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=WINDOW)))

    rollout = rehearsal.run(fleet=f"{cluster_id()}/agentPools/NP1")

    assert pools_of(rollout) == {"np1": "upgraded"}
    assert set(rehearsal.images("system").values()) == {OLD}


def test_an_undrainable_node_fails_its_pool_and_the_others_go_on(rehearse: Rehearse) -> None:
    """N33: a blocked drain says nothing against the image: its pool has failed with AKS's words, the next one goes."""
    pools = (pool("system", 2, mode="System"), pool("np1", 2))
    stuck = {"pools": {"system": {"undrainable": ["aks-system-1"]}}}
    rehearsal = rehearse(world(cluster(*pools, windows=WINDOW, **stuck)))

    rollout = rehearsal.run()

    assert pools_of(rollout) == {"system": "failed", "np1": "upgraded"}
    assert rollout.state is NodeRolloutState.FAULTED
    assert "a drain is blocked" in rollout.pools[0].reason
    assert "aks-system-1" in rollout.pools[0].reason
    assert rehearsal.admin.violations() == []


def test_with_cordon_an_undrainable_node_stays_behind(rehearse: Rehearse) -> None:
    """N33: with Cordon the operation goes on without the node: the pool is upgraded, and the straggler is named."""
    pools = (pool("np1", 3, undrainableNodeBehavior="Cordon"),)
    stuck = {"pools": {"np1": {"undrainable": ["aks-np1-1"]}}}
    rehearsal = rehearse(world(cluster(*pools, windows=WINDOW, **stuck)))

    rollout = rehearsal.run()

    assert rollout.state is NodeRolloutState.COMPLETED
    assert pools_of(rollout) == {"np1": "upgraded"}
    assert list(rollout.pools[0].stragglers) == ["aks-np1-1"]
    assert f"; aks-np1-1 stays behind: on {OLD} instead of {NEW}" in rollout.pools[0].reason


def test_a_budget_that_can_never_be_met_leaves_its_pool(rehearse: Rehearse) -> None:
    """N33: the pool with the budget is left before anything is touched, and the budget is named; others go on."""
    workloads = [
        {
            "name": "db",
            "namespace": "shop",
            "replicas": 2,
            "pools": ["np1"],
            "disruptionBudget": {"name": "db", "minAvailable": 2},
        }
    ]
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=WINDOW, workloads=workloads)))

    rollout = rehearsal.run()

    assert pools_of(rollout) == {"system": "upgraded", "np1": "left"}
    assert "shop/db can never be met" in rollout.pools[1].reason
    assert set(rehearsal.images("np1").values()) == {OLD}


def test_what_does_not_fit_is_left_and_a_smaller_pool_goes(rehearse: Rehearse) -> None:
    """N31: what is predicted not to end inside the window is left with the arithmetic; the next pool still fits."""
    pools = (pool("big", 40), pool("small", 2), pool("system", 2, mode="System"))
    rehearsal = rehearse(world(cluster(*pools, windows=WINDOW), start="2024-03-03T01:00:00Z"))

    rollout = rehearsal.run()

    assert pools_of(rollout) == {"system": "upgraded", "big": "left", "small": "upgraded"}
    assert rollout.state is NodeRolloutState.WINDOW_CLOSED
    assert "opens Sun 2024-03-10 00:00 UTC" in rollout.reason
    assert rehearsal.admin.violations() == []


def test_the_next_window_resumes_what_was_left(rehearse: Rehearse) -> None:
    """N31: the rollout of the next window is a new one that finds the pools of this one done, and ends the rest."""
    pools = (pool("big", 30), pool("system", 2, mode="System"))
    rehearsal = rehearse(world(cluster(*pools, windows=WINDOW), start="2024-03-03T01:30:00Z"))
    first = rehearsal.run()
    rehearsal.clock.wait_until(datetime(2024, 3, 10, 0, 0, tzinfo=UTC))

    second = rehearsal.run()

    assert pools_of(first) == {"system": "upgraded", "big": "left"}
    assert pools_of(second) == {"system": "up to date", "big": "upgraded"}
    assert second.state is NodeRolloutState.COMPLETED
    assert set(rehearsal.images("big").values()) == {NEW}
    assert rehearsal.admin.violations() == []


def test_nothing_begins_outside_the_window(rehearse: Rehearse) -> None:
    """R71: outside its window a cluster is held, also by hand, with the next opening; the ledger has it."""
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=WINDOW), start="2024-03-04T09:00:00Z"))

    with pytest.raises(HeldError, match="opens Sun 2024-03-10 00:00 UTC"):
        rehearsal.run(trigger="manual")

    (seen,) = rehearsal.ports().ledger.list_evaluations(cluster_id())
    assert seen.outcome is Outcome.HELD
    assert rehearsal.admin.mutating() == 0


def test_without_a_window_a_run_by_hand_begins_at_once(rehearse: Rehearse) -> None:
    """R71: where a cluster has no window, automatic runs keep to Sundays and a person may begin on any day."""
    rehearsal = rehearse(world(cluster(pool("np1")), start="2024-03-06T09:00:00Z"))

    with pytest.raises(HeldError, match="Sun 2024-03-10"):
        rehearsal.run()
    assert rehearsal.run(trigger="manual").state is NodeRolloutState.COMPLETED


def test_up_to_date_is_an_outcome_of_its_own(rehearse: Rehearse) -> None:
    """R70: a cluster whose pools are on the newest image is neither held nor faulted; nothing is sent."""
    rehearsal = rehearse(world(cluster(pool("np1", image=NEW), windows=WINDOW)))
    request = NodeRequest(cluster_id(), TriggerKind.AUTOMATIC, MANNERS)

    validated = validate(rehearsal.ports(), request, actor="first")

    assert validated.nothing == (f"pool np1: up to date: on {NEW}",)
    (seen,) = rehearsal.ports().ledger.list_evaluations(cluster_id())
    assert seen.outcome is Outcome.NOTHING_TO_DO
    assert rehearsal.ports().ledger.list_node_rollouts(cluster_id()) == ()


@pytest.mark.parametrize("channel", ["None", "Unmanaged"])
def test_channels_without_upgrades_of_ours(rehearse: Rehearse, channel: str) -> None:
    """R67, R68: under None and Unmanaged an automatic rollout has nothing to do, whatever images there are."""
    rehearsal = rehearse(world(cluster(*TWO_POOLS, channel=channel, windows=WINDOW)))
    request = NodeRequest(cluster_id(), TriggerKind.AUTOMATIC, MANNERS)

    validated = validate(rehearsal.ports(), request, actor="first")

    assert channel in validated.nothing[0]
    assert rehearsal.admin.mutating() == 0


def test_an_unknown_cluster_or_pool_is_named(rehearse: Rehearse) -> None:
    """What does not exist is named, a pool with those that there are."""
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=WINDOW)))

    with pytest.raises(FleetNotFoundError, match="managedClusters/nothing"):
        rehearsal.run(fleet=cluster_id("nothing"))
    with pytest.raises(ConfigurationError, match=r"no node pool 'np7'; it has np1, system"):
        rehearsal.run(fleet=f"{cluster_id()}/agentPools/np7")


def test_a_start_waits_for_its_place_in_the_window(rehearse: Rehearse) -> None:
    """N31: starts are spread inside the window: no pool begins before the rollout's own instant."""
    rehearsal = rehearse(world(cluster(pool("np1"), windows=WINDOW)))
    place = datetime(2024, 3, 3, 0, 25, tzinfo=UTC)

    rollout = rehearsal.run(not_before=place)

    began = rollout.pools[0].intended_at
    assert began is not None
    assert place <= began < place + timedelta(minutes=2)


class MovingClock(EmulatorClock):
    """A clock that has moved on whenever somebody looks again, as every real one has."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self._looks = 0

    def now(self) -> datetime:
        """The emulator's instant, and a microsecond for each look."""
        self._looks += 1
        assert self._looks < 3_000, "it waits for an instant that moves on with it"
        return super().now() + timedelta(microseconds=self._looks)


def test_without_a_place_in_the_window_a_run_begins_at_once(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """N31: only a run that has its place in the window waits for it, however the clock moves between two looks."""
    caplog.set_level(logging.INFO, "fleetwright.node_images")
    rehearsal = rehearse(world(cluster(pool("np1"), windows=WINDOW)), clock=MovingClock)

    rollout = rehearsal.run()

    assert rollout.state is NodeRolloutState.COMPLETED
    assert "no pool begins before" not in caplog.text


def test_an_operation_without_an_end_is_told(rehearse: Rehearse, caplog: pytest.LogCaptureFixture) -> None:
    """N33: what takes far longer than predicted is waited for, and told at intervals with what a person can do."""
    caplog.set_level(logging.INFO, "fleetwright.node_images")
    slow = {"timings": {"nodeReimage": 3 * 3600}}
    rehearsal = rehearse(world(cluster(pool("np1", 1), windows=WINDOW, **slow)))

    rollout = rehearsal.run()

    assert rollout.state is NodeRolloutState.COMPLETED
    told = [r.getMessage() for r in caplog.records if "has no end in sight" in r.getMessage()]
    assert len(told) > 3
    assert all("operation-abort" in line for line in told)


def test_nodes_are_told_as_they_come(rehearse: Rehearse, caplog: pytest.LogCaptureFixture) -> None:
    """Each node is told once when it has come on the new image."""
    caplog.set_level(logging.INFO, "fleetwright.node_images")
    rehearsal = rehearse(world(cluster(pool("np1", 3), windows=WINDOW)))

    rehearsal.run()

    told = [r.getMessage() for r in caplog.records if "aks-np1-0 is on" in r.getMessage()]
    assert told == [f"pool np1: aks-np1-0 is on {NEW} (2 of 4)"]  # a surge node came before it


def test_somebody_stops_the_operation(rehearse: Rehearse) -> None:
    """N33: a pool whose operation somebody stopped has failed, and no further pool begins."""
    abort = f"{cluster_id()}/agentPools/system/abort?api-version=2024-09-01"
    clock = eventful((_seconds_to("2024-03-03T00:13:00Z"), lambda admin: admin.send("POST", abort)))
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=WINDOW)), clock=clock)

    rollout = rehearsal.run()

    assert rollout.state is NodeRolloutState.FAULTED
    assert pools_of(rollout) == {"system": "failed", "np1": "left"}
    assert "somebody stopped its operation" in rollout.reason


def _seconds_to(instant: str) -> float:
    # Happenings are counted from the start of the usual world.
    return (datetime.fromisoformat(instant) - datetime(2024, 6, 1, tzinfo=UTC)).total_seconds()


def test_nodes_that_do_not_come_end_the_rollout(rehearse: Rehearse) -> None:
    """R66: a node that is on the new image and does not come stands against it: no further pool gets the image."""
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=WINDOW)))
    ports = rehearsal.ports()
    sick: Any = _SickNodes(ports.driver)

    rollout = rehearsal.run(replace(ports, driver=sick))

    assert rollout.state is NodeRolloutState.FAULTED
    assert pools_of(rollout) == {"system": "failed", "np1": "left"}
    assert "nodes do not come on the new image" in rollout.reason
    assert set(rehearsal.images("np1").values()) == {OLD}


def test_a_pool_that_cannot_be_judged_is_left(rehearse: Rehearse) -> None:
    """N33: where the cluster cannot be asked for its budgets no pool begins, and each says why."""
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=WINDOW)))
    ports = rehearsal.ports()
    mute: Any = _Speechless(ports.driver)

    rollout = rehearsal.run(replace(ports, driver=mute))

    assert pools_of(rollout) == {"system": "left", "np1": "left"}
    assert "it could not be judged: run command is disabled" in rollout.pools[0].reason


class _SickNodes:
    """A driver whose machines on the new image are not ready."""

    def __init__(self, inner: ClusterDriver) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a driver has
        return getattr(self._inner, name)

    def list_machines(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """The machines, those on the new image as failed."""
        found = self._inner.list_machines(cluster, pool)
        return tuple(
            replace(m, is_ready=False, provisioning_state="Failed") if m.image == NEW else m for m in found
        )


class _Speechless(_SickNodes):
    """A driver of a cluster that answers its first question and none after it."""

    def __init__(self, inner: ClusterDriver) -> None:
        super().__init__(inner)
        self._answered = 0

    def list_machines(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """The machines as they are."""
        return self._inner.list_machines(cluster, pool)

    def read_workloads(self, cluster: Cluster) -> Workloads:
        """An answer for the validation, whose plan it is, then a refusal."""
        self._answered += 1
        if self._answered > 1:
            raise ProviderError("run command is disabled")
        return self._inner.read_workloads(cluster)


@pytest.mark.parametrize(("looks", "state"), [(1, "upgraded"), (99, "left")])
def test_another_operation_is_waited_for_a_while(rehearse: Rehearse, looks: int, state: str) -> None:
    """R65: a cluster at another operation is looked at again after ten minutes; what is then in the way leaves its pool."""
    rehearsal = rehearse(world(cluster(pool("np1"), windows=WINDOW)))
    ports = rehearsal.ports()
    busy: Any = _Busy(ports.driver, looks)

    rollout = rehearsal.run(replace(ports, driver=busy))

    assert pools_of(rollout) == {"np1": state}
    began = rollout.pools[0].intended_at
    assert began is None or began >= datetime(2024, 3, 3, 0, 20, tzinfo=UTC)
    assert ("another operation is under way" in rollout.reason) is (state == "left")


class _Busy(_SickNodes):
    """A driver of a cluster that is at another operation after its first reading, for so many looks."""

    def __init__(self, inner: ClusterDriver, looks: int) -> None:
        super().__init__(inner)
        self._looks, self._read = looks, 0

    def list_machines(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """The machines as they are."""
        return self._inner.list_machines(cluster, pool)

    def fetch_cluster(self, cluster_id: ClusterId) -> Cluster:
        """The cluster; its pools are being scaled while it is busy."""
        self._read += 1
        found = self._inner.fetch_cluster(cluster_id)
        if 1 < self._read <= 1 + self._looks:
            return replace(found, pools=tuple(replace(p, provisioning_state="Scaling") for p in found.pools))
        return found
