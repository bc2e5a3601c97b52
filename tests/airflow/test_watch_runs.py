"""The image watch as Airflow runs it: real tasks, real asset events, the emulator over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow_runs import Ran
from small_worlds import NEW, OLD, Emulated, pool_world, world
from watch_runs import (
    GALLERIES,
    PHASE_0,
    forget_events,
    forget_runs,
    listen,
    partitions,
    prove_phase,
    run_watch,
    runs_of,
)

KEY = f"canonical:ubuntuserver:18.04-lts|{NEW}"
PHASES = """\
regions:
  westeurope: {pair: northeurope}
  northeurope: {pair: westeurope}
phases:
  - {name: canary, regions: [westeurope]}
  - {name: broad, regions: [northeurope]}
"""
GALLERY = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop/providers/Microsoft.Compute/galleries/own"
AT_ONCE = "{publicationDelay: PT0S, enablementDelay: PT0S}\n"


def from_gallery(document: dict[str, Any], *, image: str = "web", gallery: str = "own") -> dict[str, Any]:
    """The same world, whose set boots the newest version out of a gallery."""
    gallery_id = GALLERY.replace("/own", f"/{gallery}")
    profile = document["scaleSets"][0]["resource"]["properties"]["virtualMachineProfile"]
    profile["storageProfile"]["imageReference"] = {"id": f"{gallery_id}/images/{image}"}
    regions = {"publishingProfile": {"targetRegions": [{"name": "West Europe"}]}}
    versions = [{"name": name, "properties": regions} for name in (OLD, NEW)]
    return {**document, "galleries": [{"id": gallery_id, "images": [{"name": image, "versions": versions}]}]}


@pytest.fixture
def watch(
    airflow_database: None,
    ledger_url: str,
    emulator: Emulated,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[], Ran]:
    """Runs image_watch once, with phases of the test's own and without delays; both listeners listen."""
    for name, text in (("phases.yaml", PHASES), ("watch.yaml", AT_ONCE)):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("FLEETWRIGHT_PHASES", str(tmp_path / "phases.yaml"))
    monkeypatch.setenv("FLEETWRIGHT_WATCH_FILE", str(tmp_path / "watch.yaml"))
    emulator.serve(world())
    listen(PHASE_0)
    listen(GALLERIES)
    listen("scale_set_rollout")
    listen("batch_pool_rollout")
    forget_events()
    return run_watch


def test_a_new_version_becomes_one_event_under_its_own_key(watch: Callable[[], Ran]) -> None:
    """The version is announced to os_image alone, and a second run repeats nothing (R1, R2)."""
    first, second = watch(), watch()

    assert (first.state, first.tasks["announce"], first.tasks["announce_in_region"]) == (
        "success",
        "success",
        "skipped",
    ), first.text
    assert (second.state, second.tasks["announce"]) == ("success", "skipped")
    assert (partitions("os_image"), partitions("gallery_image")) == ([KEY], [])
    assert f"{NEW} is announced" in first.text
    assert "nothing new" in second.text


def test_a_paused_phase_is_told_and_hears_it_later(watch: Callable[[], Ran]) -> None:
    """An event to a paused DAG would be lost for ever: none is made until it is unpaused (R1)."""
    listen(PHASE_0, paused=True)
    paused = watch()
    listen(PHASE_0)
    later = watch()

    assert paused.tasks["announce"] == "skipped"
    assert f"{PHASE_0} is paused: unpause it" in paused.text
    assert later.tasks["announce"] == "success", later.text
    assert partitions("os_image") == [KEY]


def test_a_gallery_version_is_an_event_of_its_region(watch: Callable[[], Ran], emulator: Emulated) -> None:
    """A replicated version goes to gallery_image with its region, and to no phase (R26, R50)."""
    emulator.serve(from_gallery(world()))

    ran = watch()

    assert (ran.tasks["announce"], ran.tasks["announce_in_region"]) == ("skipped", "success"), ran.text
    assert partitions("os_image") == []
    assert partitions("gallery_image") == [f"{GALLERY}/images/web|{NEW}|westeurope".lower()]


def test_a_key_that_airflow_has_no_room_for_is_told_by_name(
    watch: Callable[[], Ran], emulator: Emulated
) -> None:
    """A gallery image with a very long id: nothing else is lost, and it is said what to shorten (R50)."""
    emulator.serve(from_gallery(world(), image="w" * 80, gallery="g" * 80))

    ran = watch()

    assert (ran.state, ran.tasks["announce_in_region"]) == ("success", "skipped")
    assert "Airflow keeps at most 250" in ran.text


def test_a_late_fleet_is_started_once(watch: Callable[[], Ran], emulator: Emulated) -> None:
    """Its phase has succeeded before it was ours: one run of scale_set_rollout, however often it is looked (R1, R2, R29)."""
    forget_runs("scale_set_rollout")
    emulator.opt_out()
    prove_phase(PHASE_0, KEY)
    emulator.opt_in()

    first, second = watch(), watch()

    assert (first.state, first.tasks["start_late[0]"]) == ("success", "success"), first.text
    assert second.tasks["start_late[0]"] == "skipped", second.text
    ((run_id, conf),) = runs_of("scale_set_rollout").items()
    assert run_id.startswith("late__")
    assert (conf["fleet"], conf["version"], conf["trigger"], conf["phase"]) == (
        emulator.fleet,
        NEW,
        "automatic",
        PHASE_0,
    )


def test_a_late_pool_is_started_in_the_dag_of_pools(watch: Callable[[], Ran], emulator: Emulated) -> None:
    """R54: its phase has succeeded before it was there: one run of batch_pool_rollout, and none of the other DAG."""
    for dag_id in ("scale_set_rollout", "batch_pool_rollout"):
        forget_runs(dag_id)
    emulator.opt_out()
    prove_phase(PHASE_0, KEY)
    emulator.serve(pool_world())

    ran = watch()

    assert (ran.state, ran.tasks["start_late[0]"]) == ("success", "success"), ran.text
    ((run_id, conf),) = runs_of("batch_pool_rollout").items()
    assert run_id.startswith("late__frames")
    assert (conf["fleet"], conf["version"], conf["phase"]) == (emulator.fleet, NEW, PHASE_0)
    assert runs_of("scale_set_rollout") == {}


def test_a_paused_dag_of_pools_is_told(watch: Callable[[], Ran], emulator: Emulated) -> None:
    """R54: whoever paused it reads that the pool waits there, by the DAG's name."""
    forget_runs("batch_pool_rollout")
    emulator.opt_out()
    prove_phase(PHASE_0, KEY)
    emulator.serve(pool_world())
    listen("batch_pool_rollout", paused=True)

    ran = watch()

    assert "1 rollouts wait in batch_pool_rollout, which is paused: unpause it" in ran.text


def test_a_phases_file_that_cannot_be_used_fails_the_look_at_once(
    watch: Callable[[], Ran], tmp_path: Path
) -> None:
    """No retry can mend it: one line names the file (R45)."""
    (tmp_path / "phases.yaml").write_text("phases: 3\n")
    ran = watch()
    assert (ran.state, ran.tries["look"]) == ("failed", 1)
    assert "phases.yaml" in ran.errors["look"]


def test_a_task_that_dies_between_the_ledger_and_airflow_announces_all_the_same(
    watch: Callable[[], Ran], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The intent is written, the task dies: its retry announces, once (R1, R2)."""
    from fleetwright.phases.watch import watching

    original, deaths = watching.announce, [1]

    def dying(*args: object) -> object:
        made = original(*args)
        if deaths:
            deaths.pop()
            raise RuntimeError("killed between the ledger and Airflow")
        return made

    monkeypatch.setattr(watching, "announce", dying)
    ran = watch()

    assert (ran.state, ran.tries["announce"]) == ("success", 2), ran.text
    assert partitions("os_image") == [KEY]
