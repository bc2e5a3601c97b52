"""Whole phases as DAG runs, carried out by ``dag.test()`` with the rollout runs that they start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from phase_scene import (
    FIRST,
    IMAGE,
    PUBLICATION,
    SECOND,
    PhaseScene,
    events_of,
    fleet_id,
    note_on,
    phased_world,
)
from small_worlds import NEW, Emulated, pool_world

from fleetwright.airflow.operators import fleet_rollouts
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.phase_runs import PhaseState
from fleetwright.ledger.store import open_ledger
from fleetwright_demo.layout import CHECKOUT

GALLERY_FILE = CHECKOUT / "dags" / "gallery_rollout.py"
Scene = Callable[..., PhaseScene]


def test_a_version_travels_from_phase_to_phase(emulator: Emulated, scene: Scene, ledger_url: str) -> None:
    """R45, R51: each phase rolls its own regions' fleets out, ends green and emits its asset under the same key."""
    emulator.serve(phased_world({"web": "westeurope", "api": "westeurope", "far": "northeurope"}))
    stage = scene()

    first = stage.run(FIRST)
    second = stage.run(SECOND)

    assert (first.state, second.state) == ("success", "success")
    assert first.tasks["roll_out[0]"] == first.tasks["roll_out[1]"] == "success"
    assert (first.errors, second.errors) == ({}, {})
    assert sorted(run_id.split(".")[3:5] for run_id in stage.rollouts) == [
        ["api", FIRST],
        ["far", SECOND],
        ["web", FIRST],
    ]
    assert events_of(FIRST)[-1:] == events_of(SECOND)[-1:] == [PUBLICATION]
    runs = open_ledger(ledger_url).list_phase_runs()
    assert [(run.phase, run.state) for run in runs] == [
        (FIRST, PhaseState.SUCCEEDED),
        (SECOND, PhaseState.SUCCEEDED),
    ]
    assert emulator.broken_rules() == []
    assert "2 fleets: 2 completed" in first.note


def test_a_phase_carries_pools_as_it_carries_scale_sets(
    emulator: Emulated, scene: Scene, ledger_url: str
) -> None:
    """R45, R54: each fleet's rollout is a run of its kind's DAG; and both are proven."""
    pool = pool_world(2)
    sets = phased_world({"web": "westeurope"})
    emulator.serve({**sets, "batchAccounts": pool["batchAccounts"]})
    stage = scene()

    first = stage.run(FIRST)

    assert first.state == "success", first.errors
    assert "2 fleets: 2 completed" in first.note
    assert sorted(run_id.split(".")[3] for run_id in stage.rollouts) == ["frames", "web"]
    for dag_id in ("batch_pool_rollout", "scale_set_rollout"):
        assert f"of {dag_id}" in first.text
    (judged,) = emulator.judged_pools().values()
    assert (judged["imageVersions"], judged["runningNodesInterrupted"]) == ({NEW: 2}, 0)
    assert emulator.closed_nodes() == []
    assert emulator.broken_rules() == []


def test_the_grid_tells_how_far_the_fleets_are(emulator: Emulated, scene: Scene) -> None:
    """R45: the note is told anew whenever a fleet begins or ends, not only when the phase has been judged."""
    emulator.serve(phased_world({"api": "westeurope", "web": "westeurope"}))
    stage = scene()
    noted: list[str] = []
    for name in ("api", "web"):
        stage.before_rollout[name] = lambda: noted.append(note_on(FIRST))

    stage.run(FIRST)

    assert "rolling\n2 fleets: 1 not started, 1 started; 0 left out" in noted[0]
    assert "rolling\n2 fleets: 1 completed, 1 started; 0 left out" in noted[1]


def test_a_version_that_does_harm_goes_no_further(emulator: Emulated, scene: Scene, ledger_url: str) -> None:
    """R45, R47: the failed phase is red, says which fleet and why, emits nothing; the next one never starts a fleet."""
    emulator.serve(phased_world({"web": "westeurope", "far": "northeurope"}, bad=("0", "1")))
    stage = scene()
    before = len(events_of(FIRST))

    first = stage.run(FIRST)
    second = stage.run(SECOND)

    assert first.state == "failed"
    assert first.tasks["roll_out[0]"] == first.tasks["judge"] == "failed"
    assert "fleet web faulted: MaxUnhealthyUpgraded" in first.errors["roll_out[0]"]
    assert f"{FIRST} failed for {NEW} of {IMAGE}" in first.errors["judge"]
    assert "fleet web faulted" in first.note
    assert first.tasks["emit"] == "upstream_failed"
    assert len(events_of(FIRST)) == before
    (entry, *_) = open_ledger(ledger_url).list_quarantined()
    assert entry.version == NEW
    assert second.state == "success"
    assert set(second.tasks.values()) == {"skipped"}
    assert f"{SECOND} begins once {FIRST} has succeeded" in second.note
    assert len(stage.rollouts) == 1


def test_a_fleet_that_was_ill_before_holds_the_phase(
    emulator: Emulated, scene: Scene, ledger_url: str
) -> None:
    """R8, R45: red for a person, with the fleet and what now; nothing is emitted, and the version is not put away."""
    document = phased_world({"web": "westeurope", "api": "westeurope", "far": "northeurope"})
    document["scaleSets"][0]["x-emulator"]["unhealthyInstances"] = ["1"]
    emulator.serve(document)
    stage = scene()
    before = len(events_of(FIRST))

    first = stage.run(FIRST)
    second = stage.run(SECOND)

    assert first.state == first.tasks["judge"] == "failed"
    assert f"{NEW} of {IMAGE} in {FIRST}: held: 1 of 2 fleets did not get through" in first.errors["judge"]
    assert "fleet web faulted: MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade" in first.note
    assert f"then run {FIRST} again" in first.note
    assert len(events_of(FIRST)) == before
    assert open_ledger(ledger_url).list_quarantined() == ()
    assert set(second.tasks.values()) == {"skipped"}
    assert emulator.judged(fleet_id("api"))["imageVersions"] == {NEW: 2}


def test_a_phase_without_fleets_succeeds(emulator: Emulated, scene: Scene) -> None:
    """R45: nothing to do is no failure: the rollouts are skipped, and the version goes on to the next phase."""
    emulator.serve(phased_world({"far": "northeurope"}))
    stage = scene()
    before = len(events_of(FIRST))

    ran = stage.run(FIRST)

    assert ran.state == "success"
    assert ran.tasks["roll_out"] == "skipped"
    assert ran.tasks["emit"] == "success"
    assert len(events_of(FIRST)) == before + 1
    assert "far: region northeurope is not of phase_0_first" in ran.text.replace(fleet_id("far"), "far")


def test_a_held_phase_waits_without_a_worker_until_it_is_released(
    emulator: Emulated, scene: Scene, ledger_url: str
) -> None:
    """R45: what holds the phase is told where it waits, and its release starts it."""
    emulator.serve(phased_world({"web": "westeurope"}))
    stage, ledger, now = scene(), open_ledger(ledger_url), datetime.now(UTC)
    ledger.add_hold(Hold(HoldSubject.PHASE, FIRST, "eve", "friday evening", now))
    stage.on_wait = [
        lambda: ledger.release_holds(HoldSubject.PHASE, FIRST, actor="eve", reason="monday", at=now)
    ]

    ran = stage.run(FIRST)

    assert ran.state == "success"
    assert len(stage.waits) == 1
    assert "friday evening" in ran.text
    assert len(stage.rollouts) == 1


def test_a_paused_next_phase_keeps_the_event(emulator: Emulated, scene: Scene) -> None:
    """R45: Airflow would drop the event of a paused listener for good, so nothing is emitted and a person is told."""
    emulator.serve(phased_world({"far": "northeurope"}))
    stage = scene()
    stage.paused = {SECOND}
    before = len(events_of(FIRST))

    ran = stage.run(FIRST)

    assert ran.state == "failed"
    assert f"{SECOND} is paused" in ran.errors["emit"]
    assert f"unpause {SECOND}, then clear emit" in ran.errors["emit"]
    assert f"it goes no further: {SECOND} is paused" in ran.note
    assert ran.tries["emit"] == 1
    assert len(events_of(FIRST)) == before


@pytest.mark.parametrize(
    ("publication", "why"),
    [
        (
            f"{IMAGE}|18.04.209901010",
            f"no region lists version 18.04.209901010 of {IMAGE}; the newest is {NEW} in",
        ),
        (
            "canonical:ubuntuserver:99|1.0.0",
            f"no scale set or Batch pool boots image canonical:ubuntuserver:99; there are: {IMAGE}",
        ),
    ],
)
def test_a_mistyped_publication_is_refused(
    emulator: Emulated, scene: Scene, ledger_url: str, publication: str, why: str
) -> None:
    """R45: what a person mistypes neither passes a phase nor waits in one and supersedes what is published meanwhile."""
    emulator.serve(phased_world({"web": "westeurope"}))

    ran = scene().run(FIRST, publication)

    assert ran.tasks["open_phase"] == "failed"
    assert why in ran.errors["open_phase"]
    assert open_ledger(ledger_url).list_phase_runs() == ()


def test_a_gallerys_version_goes_region_by_region(emulator: Emulated, scene: Scene) -> None:
    """R50, R26: replicated to one region, a gallery's version is rolled out there without any phase, and nowhere else."""
    document = phased_world({"web": "westeurope", "far": "northeurope"})
    image = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop/providers/Microsoft.Compute/galleries/g/images/web"
    profile = {"publishingProfile": {"targetRegions": [{"name": "West Europe"}, {"name": "North Europe"}]}}
    replicated = {"1.0.0": ["West Europe", "North Europe"], "1.0.1": ["West Europe"]}
    shelf = [
        {"name": name, "properties": profile, "x-emulator": {"replicated": regions}}
        for name, regions in replicated.items()
    ]
    gallery, _, name = image.rpartition("/images/")
    document["galleries"] = [{"id": gallery, "images": [{"name": name, "versions": shelf}]}]
    for scale_set in document["scaleSets"]:
        scale_set["x-emulator"]["imageVersion"] = "1.0.0"
        storage = scale_set["resource"]["properties"]["virtualMachineProfile"]["storageProfile"]
        storage["imageReference"] = {"id": image}
    emulator.serve(document)

    ran = scene().run("gallery_rollout", f"{image.lower()}|1.0.1|westeurope", file=GALLERY_FILE)

    assert ran.state == "success"
    assert emulator.judged(fleet_id("web"))["imageVersions"] == {"1.0.1": 2}
    assert emulator.judged(fleet_id("far"))["imageVersions"] == {"1.0.0": 2}
    assert "gallery_westeurope: succeeded" in ran.note
    assert emulator.broken_rules() == []


def test_a_run_about_nothing_says_what_it_needs(emulator: Emulated, scene: Scene) -> None:
    """R45: a run that was started by hand without a publication fails at once and names the form's field."""
    emulator.serve(phased_world({"web": "westeurope"}))

    ran = scene().run(FIRST, "")

    assert ran.state == "failed"
    assert "no partition key and no parameter 'publication'" in ran.errors["open_phase"]
    assert ran.tries["open_phase"] == 1


@pytest.mark.parametrize("is_sent", [True, False], ids=["its answer was lost", "it was never sent"])
def test_a_start_that_was_cut_off_is_found_again(
    emulator: Emulated,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    is_sent: bool,
) -> None:
    """R45: a task that dies while it starts its fleet's run is tried again, and the fleet has one run and one swap each."""
    emulator.serve(phased_world({"web": "westeurope"}))
    stage, original, died = scene(), fleet_rollouts.start_dag_run, []

    def die_once(dag_id: str, run_id: str, conf: dict[str, object]) -> bool:
        if died:
            return original(dag_id, run_id, conf)
        died.append(run_id)
        if is_sent:
            original(dag_id, run_id, conf)
        raise RuntimeError("the worker is gone")

    monkeypatch.setattr(fleet_rollouts, "start_dag_run", die_once)

    ran = stage.run(FIRST)

    assert ran.state == "success"
    assert ran.errors["roll_out[0]"] == "the worker is gone"
    assert list(stage.rollouts) == died
    assert ("is there already, and waited for" in ran.text) is is_sent
    assert emulator.judged()["swaps"] == {"0": 1, "1": 1}
    assert emulator.broken_rules() == []
