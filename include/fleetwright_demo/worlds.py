"""The worlds that the demo and the benchmark run on."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from fleetwright_demo.layout import WORLDS

DEMO_WORLD = WORLDS / "demo.yaml"
BATCH_WORLD = WORLDS / "demo-batch.yaml"


def load_world(path: Path = DEMO_WORLD) -> dict[str, Any]:
    """Read a world file."""
    world: dict[str, Any] = yaml.safe_load(path.read_text())
    return world


def fleet_of(world: dict[str, Any]) -> str:
    """Id of the world's first scale set."""
    return str(world["scaleSets"][0]["resource"]["id"])


def pool_of(world: dict[str, Any]) -> str:
    """Id of the world's first Batch pool."""
    return str(world["batchAccounts"][0]["pools"][0]["resource"]["id"])


def newest_version_of(world: dict[str, Any]) -> str:
    """The version that was published last."""
    return str(world["platformImages"][0]["versions"][-1]["name"])


def sized(world: dict[str, Any], instances: int, timings: dict[str, float]) -> dict[str, Any]:
    """The same world with another number of instances, other timings, and nothing that goes wrong."""
    changed = copy.deepcopy(world)
    changed["scaleSets"][0]["resource"]["sku"]["capacity"] = instances
    changed["timings"] = timings
    changed["imageBehaviours"] = []
    return changed
