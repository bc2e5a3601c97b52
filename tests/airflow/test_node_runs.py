"""Upgrades of AKS node images as DAG runs: pool by pool, green and red, held, and started by the schedules."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow_runs import Ran, carry_out, load_dag, run_dag
from small_worlds import Emulated
from test_triggers import stored

from fleetwright.airflow.node_triggers import NodeWaitTrigger
from fleetwright.airflow.operators import node_evaluation
from fleetwright.domain.node_pools.evaluations import Outcome
from fleetwright.domain.node_pools.rollouts import NodeRolloutState, PoolState
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright_demo.aks_world import opened_at
from fleetwright_demo.layout import CHECKOUT
from fleetwright_demo.loopback import reset_world
from fleetwright_demo.worlds import WORLDS, load_world

ROLLOUT = "node_pool_rollout"
BASE, OLD = "AKSUbuntu-2204gen2containerd-202402.12.0", "AKSUbuntu-2204gen2containerd-202402.05.0"
FAST = {
    "nodeCreate": 0.2,
    "nodeDrain": 0.1,
    "nodeReimage": 0.2,
    "nodeStart": 0.1,
    "nodeDelete": 0.1,
    "livePatch": 0.2,
    "command": 0.05,
}


def world(now: datetime, *names: str, closed: bool = False) -> dict[str, Any]:
    """The demo's clusters of these names, with small pools, quick, and no node that never drains."""
    made = opened_at(load_world(WORLDS / "demo-aks.yaml"), now + timedelta(days=3 if closed else 0))
    made["timings"] = FAST
    made["managedClusters"] = [c for c in made["managedClusters"] if c["resource"]["name"] in names]
    for cluster in made["managedClusters"]:
        cluster.pop("x-emulator", None)
        for pool in cluster["resource"]["properties"]["agentPoolProfiles"]:
            pool["count"] = min(pool["count"], 2)
    return made


def id_of(made: dict[str, Any], name: str) -> str:
    """A cluster's id."""
    return next(str(c["resource"]["id"]) for c in made["managedClusters"] if c["resource"]["name"] == name)


@pytest.fixture
def ledger(ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlLedger:
    """The runs' ledger; their windows file lies beside it."""
    monkeypatch.setenv("FLEETWRIGHT_NODE_WINDOWS", str(tmp_path / "node-windows.json"))
    return open_ledger(ledger_url)


@pytest.fixture
def serve(emulator: Emulated, emulator_url: str) -> Callable[..., dict[str, Any]]:
    """Put clusters into the emulator."""

    def put(*names: str, closed: bool = False) -> dict[str, Any]:
        made = world(datetime.now(UTC), *names, closed=closed)
        reset_world(emulator_url, made)
        return made

    return put


def roll(fleet: str, **conf: object) -> Ran:
    """One run of the rollout's DAG, quick."""
    quick = {"poll_seconds": 0.2, "soak_seconds": 0}
    return run_dag(dag_id=ROLLOUT, **{"fleet": fleet, **quick, **conf})


@pytest.mark.usefixtures("airflow_database")
def test_a_cluster_is_upgraded_pool_by_pool(serve: Callable[..., dict[str, Any]], ledger: SqlLedger) -> None:
    """R70, R66: the system pool first, every machine verified, and the run's note says what came of each pool."""
    fleet = id_of(serve("weekly"), "weekly")

    ran = roll(fleet)

    assert ran.state == "success", (ran.errors, ran.text)
    rollout = ledger.list_node_rollouts(fleet.lower())[0]
    assert rollout.state is NodeRolloutState.COMPLETED
    assert rollout.pools[0].name == "system"
    assert {pool.state for pool in rollout.pools} == {PoolState.UPGRADED}
    assert {pool.to_image for pool in rollout.pools} == {BASE}
    assert "Completed" in ran.note
    assert "pool system: upgraded" in ran.note
    assert ledger.find_holder(fleet.lower()) == ""


@pytest.mark.usefixtures("airflow_database")
def test_what_is_up_to_date_ends_green_with_that_word(
    serve: Callable[..., dict[str, Any]], ledger: SqlLedger
) -> None:
    """R70: a second run takes nothing and changes nothing, and says why."""
    fleet = id_of(serve("quiet"), "quiet")
    assert roll(fleet).state == "success"

    again = roll(fleet)

    assert again.state == "success"
    assert again.tasks["acquire_lease"] == "skipped"
    assert again.note.startswith("nothing to do: ")
    assert len(ledger.list_node_rollouts(fleet.lower())) == 1


@pytest.mark.usefixtures("airflow_database")
def test_outside_of_its_window_a_run_is_held_and_green(
    serve: Callable[..., dict[str, Any]], ledger: SqlLedger
) -> None:
    """R71: nothing starts outside, also not by hand; the first task is skipped and names the next opening."""
    fleet = id_of(serve("weekly", closed=True), "weekly")

    ran = roll(fleet)

    assert (ran.state, ran.tasks["validate"]) == ("success", "skipped")
    assert ran.note.startswith("held: ")
    assert "opens" in ran.note
    assert ledger.list_node_rollouts(fleet.lower()) == ()


@pytest.mark.usefixtures("airflow_database", "ledger")
def test_a_run_waits_for_its_place_in_the_window_without_a_worker(
    serve: Callable[..., dict[str, Any]],
) -> None:
    """N31: a run with ``not_before`` defers until then, and begins afterwards."""
    fleet = id_of(serve("quiet"), "quiet")
    until = datetime.now(UTC) + timedelta(seconds=2)

    ran = roll(fleet, not_before=until.isoformat())

    assert ran.state == "success", ran.errors
    assert datetime.now(UTC) >= until
    assert "starts are spread inside the window" in ran.text


@pytest.mark.usefixtures("airflow_database")
def test_a_dry_run_shows_the_plan_and_takes_nothing(
    serve: Callable[..., dict[str, Any]], ledger: SqlLedger
) -> None:
    """N31: pools in order with the arithmetic, then the end, in green."""
    fleet = id_of(serve("weekly"), "weekly")

    ran = roll(fleet, dry_run=True)

    assert (ran.state, ran.note) == ("success", "dry run: nothing was changed")
    assert "system" in ran.text
    assert ledger.list_node_rollouts(fleet.lower()) == ()


@pytest.mark.usefixtures("airflow_database")
def test_a_schedule_starts_each_due_cluster_once_and_has_a_word_for_every_one(
    serve: Callable[..., dict[str, Any]],
    ledger: SqlLedger,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """R67, R68, R70, N31: NodeImage is started, None and Unmanaged have their word; log, note, ledger and the file agree."""
    made = serve("quiet", "guests", "shield", "weekly")
    started: dict[str, dict[str, Any]] = {}

    def start(_dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
        return started.setdefault(run_id, conf) is conf

    monkeypatch.setattr(node_evaluation, "start_dag_run", start)
    dag = load_dag(CHECKOUT / "dags" / "node_image_weekly.py", "node_image_weekly")

    first = carry_out(dag, {})

    assert first.state == "success", (first.errors, first.text)
    assert [conf["fleet"] for conf in started.values()] == [id_of(made, "weekly")]
    outcomes = {
        name: [one.outcome for one in ledger.list_evaluations(id_of(made, name).lower())]
        for name in ("quiet", "guests", "shield", "weekly")
    }
    assert outcomes == {
        "quiet": [Outcome.NOTHING_TO_DO],
        "guests": [Outcome.NOTHING_TO_DO],
        "shield": [],
        "weekly": [Outcome.STARTED],
    }
    assert first.note.startswith("3 clusters: 1 started, 2 nothing to do\nweekly: started")
    known = json.loads((tmp_path / "node-windows.json").read_text())["clusters"]
    assert sorted(key.rpartition("/")[2] for key in known) == ["guests", "quiet", "shield", "weekly"]


def test_a_waits_trigger_comes_back_from_json_as_it_was() -> None:
    """Class path and arguments make the same trigger again; everything in them is plain JSON."""
    trigger = NodeWaitTrigger(
        wait="operation",
        pool="np1",
        rollout_id="shop-20240601T000000Z-abcdef",
        azure_conn_id="azure_rm_default",
        holder="Airflow run r of node_pool_rollout",
        token=7,
        expiry_seconds=100.0,
    )

    assert stored(trigger).serialize() == trigger.serialize()
