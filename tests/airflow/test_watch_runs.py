"""The image watch as Airflow runs it: real tasks, real asset events, the emulator over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from airflow_runs import Ran
from small_worlds import NEW, Emulated, world
from watch_runs import GALLERIES, PHASE_0, forget_events, listen, partitions, run_watch

KEY = f"canonical:ubuntuserver:18.04-lts|{NEW}"
PHASES = """\
regions:
  westeurope: {pair: northeurope}
  northeurope: {pair: westeurope}
phases:
  - {name: canary, regions: [westeurope]}
  - {name: broad, regions: [northeurope]}
"""
AT_ONCE = "{publicationDelay: PT0S, enablementDelay: PT0S}\n"


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
