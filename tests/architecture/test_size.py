"""Files and functions stay small, and a module's name says what it knows."""

from __future__ import annotations

import re

import pytest
from source_tree import functions, length, product, within

PARTS = (
    "fleetwright.domain",
    "fleetwright.rollout",
    "fleetwright.phases",
    "fleetwright.node_images",
    "fleetwright.azure",
    "fleetwright.ledger",
    "fleetwright.airflow",
    "fleetwright.board",
    "fleetwright.arm_api",
    "fleetwright.cli",
    "fleetwright_demo",
    "arm_emulator",
    "dags",
    "plugins",
)
MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 50
MAX_DAG_FILE_LINES = 80
SAYS_NOTHING = {
    "util",
    "utils",
    "helper",
    "helpers",
    "common",
    "manager",
    "managers",
    "base",
    "misc",
    "stuff",
}


def test_no_file_reaches_350_lines() -> None:
    """A file that knows one thing fits on a few screens."""
    assert [f"{file.path}: {file.lines}" for file in product() if file.lines >= MAX_FILE_LINES] == []


@pytest.mark.parametrize("part", PARTS)
def test_no_function_reaches_50_lines(part: str) -> None:
    """A function does one thing; its docstring does not count."""
    long = [
        f"{file.path}:{function.lineno} {function.name}: {length(function)}"
        for file in within(part)
        for function in functions(file.tree)
        if length(function) >= MAX_FUNCTION_LINES
    ]

    assert long == []


def test_the_parts_are_the_whole_product() -> None:
    """No file is left out of the budget because its package is not on the list."""
    counted = {file.path for part in PARTS for file in within(part)}

    assert {file.path for file in product() if file.module != "fleetwright"} <= counted


def test_a_dag_file_has_at_most_80_lines() -> None:
    """A DAG file is wiring: which step after which, and when."""
    assert [f"{f.path}: {f.lines}" for f in within("dags") if f.lines > MAX_DAG_FILE_LINES] == []


def test_no_module_is_named_after_nothing() -> None:
    """What is called utils, helpers, common, manager or base has no one thing to know."""
    named = [
        file.path
        for file in product()
        if SAYS_NOTHING & {word for part in file.module.split(".") for word in re.split(r"_", part)}
    ]

    assert named == []
