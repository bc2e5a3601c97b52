"""DAG files with the phases of 20 regions: parsed as quickly as with four."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fleetwright_demo.layout import CHECKOUT

PARSE_ONE = Path(__file__).with_name("parse_one.py")
MOST_SECONDS = 1.0
ATTEMPTS = 3  # one that is quick enough counts: a busy machine makes the others slow
REGIONS = (
    "eastus", "westus", "westus3", "eastus2", "centralus", "southcentralus", "northcentralus", "brazilsouth",
    "westus2", "westcentralus", "canadacentral", "canadaeast", "northeurope", "westeurope", "uksouth", "ukwest",
    "francecentral", "francesouth", "germanywestcentral", "germanynorth",
)  # fmt: skip
PHASES = 10


def phases_text() -> str:
    """Twenty regions in ten phases, each with an approval."""
    lines = ["regions:"]
    lines += [f"  {region}: {{pair: null}}" for region in REGIONS]
    lines += ["phases:"]
    for index in range(PHASES):
        lines += [
            f"  - name: wave_{index}",
            f"    regions: [{', '.join(REGIONS[index::PHASES])}]",
            "    bake: PT6H",
            "    approval: {deadline: PT24H}",
        ]
    return "\n".join(lines) + "\n"


def parse(path: Path, phases: Path) -> dict[str, Any]:
    """What a process of its own found in a DAG file, with these phases."""
    done = subprocess.run(
        [sys.executable, str(PARSE_ONE), str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "FLEETWRIGHT_PHASES": str(phases)},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("path", sorted((CHECKOUT / "dags").rglob("*.py")), ids=lambda path: path.name)
def test_twenty_regions_are_parsed_in_a_second(path: Path, tmp_path: Path) -> None:
    """Every DAG file, with 20 regions in 10 phases: under 1 s of the processor, one of three times (R45, R51)."""
    phases = tmp_path / "phases.yaml"
    phases.write_text(phases_text())

    found = parse(path, phases)
    for _ in range(ATTEMPTS - 1):
        if found["processor_seconds"] >= MOST_SECONDS:
            found = parse(path, phases)

    assert found["processor_seconds"] < MOST_SECONDS
    assert found["errors"] == []
    if path.name == "phases.py":
        assert [dag for dag in found["dags"] if dag.startswith("phase_")] == [
            f"phase_{index}_wave_{index}" for index in range(PHASES)
        ]
