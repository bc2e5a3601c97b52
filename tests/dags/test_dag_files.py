"""Every file below dags/: it parses, quickly, is short, and its DAGs start nothing by themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag

from fleetwright_demo.layout import CHECKOUT

FILES = sorted((CHECKOUT / "dags").rglob("*.py"))
MOST_LINES = 80
MOST_SECONDS = 1.0
PARSE_ONE = Path(__file__).with_name("parse_one.py")


def parse(path: Path) -> dict[str, Any]:
    """What a process of its own found in the file."""
    done = subprocess.run(
        [sys.executable, str(PARSE_ONE), str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def name_of(path: Path) -> str:
    """A short name for a test of one file."""
    return path.name


def test_there_are_dag_files() -> None:
    """The other tests of this file show nothing where there is no file."""
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_parses_in_under_a_second_without_errors(path: Path) -> None:
    """In a process of its own, once Airflow is imported: no import error, a DAG, the median of three under 1 s."""
    found = [parse(path) for _ in range(3)]

    assert [one["errors"] for one in found] == [[], [], []]
    assert found[0]["dags"]
    assert median(one["seconds"] for one in found) < MOST_SECONDS


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_is_wiring_only(path: Path) -> None:
    """A file that decides nothing needs no more than 80 lines."""
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_dag_says_what_it_is(path: Path) -> None:
    """The UI shows each DAG's own words about itself, and no catching up on what was missed."""
    bag = DagBag(dag_folder=path, bundle_path=path.parent, bundle_name="dags-folder")

    for dag in bag.dags.values():
        assert dag.doc_md
        assert dag.doc_md.strip()
        assert not dag.catchup
        assert "fleetwright" in dag.tags


@pytest.mark.parametrize("path", sorted((CHECKOUT / "plugins").rglob("*.py")), ids=name_of)
def test_a_plugin_can_be_executed_by_every_component(path: Path) -> None:
    """Airflow executes each file below plugins/ in every component: without an error and without a word."""
    code = f"import runpy; runpy.run_path({str(path)!r})"

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, timeout=120, check=False
    )

    assert (done.returncode, done.stdout) == (0, ""), done.stderr[-2000:]
