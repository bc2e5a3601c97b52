"""A process dies at every single thing that it asks for; the next one ends the rollout as if nothing had been."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cluster_rehearsals import MANNERS, ClusterRehearsal, pools_of
from clusters import NEW, SECURITY_IMAGES, TWO_POOLS, cluster, cluster_id, pool, window, world
from crashes import Death, Killed, Moment, Mortal, fragile

from fleetwright.node_images.ports import NodePorts

Rehearse = Callable[..., ClusterRehearsal]

DRIVER_CALLS = frozenset(
    {
        "fetch_cluster",
        "fetch_pool",
        "list_machines",
        "read_workloads",
        "list_usages",
        "begin_upgrade",
        "begin_live_patch",
        "fetch_operation",
    }
)
LEDGER_CALLS = frozenset({"begin_nodes", "append_nodes", "record_evaluation"})
CHANGING = frozenset({"begin_nodes", "append_nodes", "begin_upgrade", "begin_live_patch"})
REQUEST = {"manners": replace(MANNERS, poll=timedelta(minutes=3))}
QUICK = {
    "nodeCreate": 60,
    "nodeDrain": 30,
    "nodeReimage": 60,
    "nodeStart": 30,
    "nodeDelete": 30,
    "command": 5,
}

WORLDS: dict[str, dict[str, Any]] = {
    "two pools": world(
        cluster(pool("np1", 1), pool("system", 1, mode="System"), windows=(window(),)), timings=QUICK
    ),
    "patched live": world(
        cluster(pool("np1", 1, image=NEW), channel="SecurityPatch", windows=(window(),)),
        nodeImages=SECURITY_IMAGES,
    ),
    "patched live, then reimaged": world(
        cluster(pool("np1", 1, image=NEW), channel="SecurityPatch", windows=(window(),)),
        nodeImages=[*SECURITY_IMAGES[:2], {**SECURITY_IMAGES[2], "needsReimage": True}],
    ),
    "a drain is blocked": world(
        cluster(
            pool("np1", 2, drainTimeoutInMinutes=5),
            pool("np2", 1),
            windows=(window(),),
            pools={"np1": {"undrainable": ["aks-np1-1"]}},
        ),
        timings=QUICK,
    ),
}


def mortal_ports(mortal: Mortal, ports: NodePorts) -> NodePorts:
    """The same ports, through which the process may die."""
    driver: Any = fragile(ports.driver, DRIVER_CALLS, mortal)
    ledger: Any = _Kept(fragile(ports.ledger, LEDGER_CALLS, mortal), mortal)
    return replace(ports, driver=driver, ledger=ledger)


class _Kept:
    """A ledger to which a dead process gives nothing back."""

    def __init__(self, inner: Any, mortal: Mortal) -> None:  # noqa: ANN401 - a port
        self._inner, self._mortal = inner, mortal

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a port has
        if name == "release_nodes" and self._mortal.is_dead:
            return lambda *_arguments, **_named: None
        return getattr(self._inner, name)


class Trial:
    """One world that is rolled out again and again, each time with a fresh ledger."""

    def __init__(self, rehearsal: ClusterRehearsal, world: dict[str, Any], folder: Path) -> None:
        self.rehearsal = rehearsal
        self._world, self._folder, self._number = world, folder, 0
        self.begin()
        mortal = Mortal()
        rehearsal.run(mortal_ports(mortal, rehearsal.ports()), **REQUEST)
        self.calls, self.wanted = mortal.calls, self.outcome()

    def begin(self) -> None:
        """The world and the ledger as they were before everything."""
        self._number += 1
        self.rehearsal.admin.post("reset", **self._world)
        self.rehearsal.ledger_url = f"sqlite:///{self._folder / f'{self._number}.db'}"

    def live(self, owner: str, death: Death) -> bool:
        """One process runs until it dies or the rollout is over; whether it died."""
        mortal = Mortal(death)
        try:
            self.rehearsal.run(mortal_ports(mortal, self.rehearsal.ports()), owner=owner, **REQUEST)
        except Killed:
            self.rehearsal.wall.advance(31)
            return True
        return False

    def is_over(self) -> bool:
        """Whether the dead left nothing to do."""
        rollouts = self.rehearsal.ports().ledger.list_node_rollouts(cluster_id())
        return bool(rollouts) and rollouts[0].is_ended

    def outcome(self) -> tuple[Any, ...]:
        """What became of the pools, their machines, and what the referee says."""
        ledger = self.rehearsal.ports().ledger
        rollouts = ledger.list_node_rollouts(cluster_id())
        (rollout,) = rollouts
        images = {pool.name: self.rehearsal.images(pool.name) for pool in rollout.pools}
        ways = {pool.name: pool.way for pool in rollout.pools}
        return rollout.state, pools_of(rollout), ways, images, self.rehearsal.admin.violations()

    def deaths(self) -> list[Death]:
        """Every place to die at that differs, and every fifth read: reads change nothing."""
        before = [
            Death(n, Moment.BEFORE) for n, name in enumerate(self.calls) if name in CHANGING or n % 5 == 0
        ]
        after = [Death(n, Moment.AFTER) for n, name in enumerate(self.calls) if name in CHANGING]
        return before + after


@pytest.mark.parametrize("name", WORLDS)
def test_the_next_run_ends_it_as_if_nothing_had_been(rehearse: Rehearse, tmp_path: Path, name: str) -> None:
    """R65: killed before or after any call or any write, the next run comes to the same end, and nothing is sent twice."""
    trial = Trial(rehearse(WORLDS[name]), WORLDS[name], tmp_path)

    wrong = []
    for death in trial.deaths():
        trial.begin()
        trial.live("first", death)
        if not trial.is_over():
            trial.rehearsal.run(owner="second", **REQUEST)
        found = trial.outcome()
        if found != trial.wanted:
            wrong.append(f"{death} at {trial.calls[death.number]}: {found} instead of {trial.wanted}")

    assert wrong == []


@pytest.mark.parametrize("effect", ["reset", "applyThenReset"])
def test_a_lost_answer_is_looked_at_and_not_sent_blindly(rehearse: Rehearse, effect: str) -> None:
    """N34: where the answer to the upgrade was lost the pool is read; what is under way is only attached to."""
    rehearsal = rehearse(world(cluster(pool("np1", 2), windows=(window(),))))
    match = {"method": "POST", "path": "*/upgradeNodeImageVersion"}
    rehearsal.admin.post("faults", match=match, effect={effect: True}, times=1)

    rollout = rehearsal.run()

    assert pools_of(rollout) == {"np1": "upgraded"}
    assert set(rehearsal.images("np1").values()) == {NEW}
    assert rehearsal.admin.violations() == []
    sent = 1 if effect == "applyThenReset" else 2
    assert _upgrades_sent(rehearsal) == sent


def test_a_refusal_leaves_the_pool_and_the_others_go(rehearse: Rehearse) -> None:
    """A pool that Azure refuses is left with Azure's words; nothing was changed, and the next pool goes."""
    rehearsal = rehearse(world(cluster(*TWO_POOLS, windows=(window(),))))
    match = {"method": "POST", "path": "*/agentPools/system/upgradeNodeImageVersion"}
    effect = {"status": 400, "code": "InvalidParameter", "message": "not this one"}
    rehearsal.admin.post("faults", match=match, effect=effect)

    rollout = rehearsal.run()

    assert pools_of(rollout) == {"system": "left", "np1": "upgraded"}
    assert "Azure refused it" in rollout.pools[0].reason


def _upgrades_sent(rehearsal: ClusterRehearsal) -> int:
    log = rehearsal.admin.get("requests")["log"]
    return sum(entry["path"].endswith("/upgradeNodeImageVersion") for entry in log)
