"""One real Airflow for all tests of this folder: scheduler, triggerer, API server, DAG processor, emulator."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages; what they share stands beside

from phased import PHASES
from staged import HEALTH_SECONDS, POOL_DAG, Staged, world

from fleetwright_demo.airflow_api import DAG_ID
from fleetwright_demo.layout import Ports, free_port
from fleetwright_demo.stage import Stage


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The file that ends the stage comes last of this folder, whatever the others are called."""
    here = [at for at, item in enumerate(items) if item.path.parent == Path(__file__).parent]
    ordered = sorted((items[at] for at in here), key=lambda item: item.path.name == "test_stopping.py")
    for at, item in zip(here, ordered, strict=True):
        items[at] = item


@pytest.fixture(scope="session")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    """Started once, on free ports, in a temporary folder; ended whatever happened."""
    folder = tmp_path_factory.mktemp("stage")
    world_file = folder / "world.yaml"
    world_file.write_text(yaml.safe_dump(world()))
    phases_file = folder / "phases.yaml"
    phases_file.write_text(PHASES)
    ports = Ports(free_port(), free_port())
    stage = Stage(folder / "stage", world_file, ports, print, dags=(DAG_ID, POOL_DAG))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FLEETWRIGHT_PHASES", str(phases_file))
        environment.setenv("FLEETWRIGHT_POLL_SECONDS", "0.3")
        environment.setenv("FLEETWRIGHT_HEALTH_TIMEOUT_SECONDS", str(HEALTH_SECONDS))
        stage.start()
        try:
            yield Staged(stage)
        finally:
            left = stage.stop()
    assert left == ()


@pytest.fixture
def pools(staged: Staged) -> Staged:
    """The same stage, where it is about its Batch pool."""
    return Staged(staged.stage, pools=True)
