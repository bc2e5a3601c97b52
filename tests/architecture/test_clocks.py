"""Time is handed in: only named places look at the wall clock, and only named places wait for it."""

from __future__ import annotations

import ast

import pytest
from source_tree import is_within, names_used, product, within

WALL_CLOCKS = {
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
    "pendulum.now",
    "pendulum.today",
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "airflow.sdk.timezone.utcnow",
    "airflow.utils.timezone.utcnow",
}
TICKS = {
    "time.monotonic",
    "time.monotonic_ns",
    "time.perf_counter",
    "time.perf_counter_ns",
    "time.process_time",
}
WAITS = {"time.sleep", "asyncio.sleep"}

MAY_READ_THE_WALL_CLOCK = {
    "fleetwright.rollout.clocks": "is the wall clock of rollouts",
    "fleetwright.ledger.database": "leases live on wall time",
    "fleetwright.azure.credentials": "tokens expire on wall time",
    "arm_emulator.clock": "is the real clock of a world",
    "fleetwright_demo.rolling_out": "names its run after the time of day",
    "fleetwright_demo.bench": "names its runs after the time of day",
}
MAY_WAIT = {
    "fleetwright.rollout.clocks": "is the wall clock of rollouts",
    "fleetwright.rollout.processes": "waits in a trigger, where no thread may",
    "fleetwright.airflow.news_trigger": "paces its polls in a trigger, where no thread may",
    "fleetwright.azure.async_client": "backs off in a trigger, where no thread may",
    "fleetwright.ledger.engine": "two processes switch a new file to WAL",
    "arm_emulator.wire.gateway": "the latency of a fault is real time",
    "fleetwright_demo": "starts and watches real processes",
}


def uses(unwanted: set[str], allowed: dict[str, str]) -> list[str]:
    """Uses of the names outside the allowed modules, as ``path:line name``."""
    return [
        f"{file.path}:{line} {name}"
        for file in product()
        if not is_within(file.module, set(allowed))
        for line, name in names_used(file.tree)
        if name in unwanted
    ]


def test_only_clocks_read_the_wall_clock() -> None:
    """Everything else is handed an instant, so that a rollout runs in virtual time as well."""
    assert uses(WALL_CLOCKS, MAY_READ_THE_WALL_CLOCK) == []


def test_only_clocks_wait() -> None:
    """Nobody else lets time pass: five minutes cost nothing on a virtual clock."""
    assert uses(WAITS, MAY_WAIT) == []


@pytest.mark.parametrize("package", ["fleetwright.domain", "arm_emulator"])
def test_rules_and_world_know_no_clock_of_this_machine(package: str) -> None:
    """The domain is handed the time and the world has its own: neither counts ticks nor reads a clock."""
    found = [
        f"{file.path}:{line} {name}"
        for file in within(package)
        if file.module != "arm_emulator.clock"
        for line, name in names_used(file.tree)
        if name in WALL_CLOCKS | TICKS
    ]

    assert found == []


@pytest.mark.parametrize(
    ("allowed", "names"),
    [(MAY_READ_THE_WALL_CLOCK, WALL_CLOCKS), (MAY_WAIT, WAITS)],
    ids=["wall clock", "waits"],
)
def test_the_lists_hold_nothing_that_is_not_needed(allowed: dict[str, str], names: set[str]) -> None:
    """A place that does not look at the clock any more is taken off the list."""
    needed = {
        module
        for module in allowed
        if any(name in names for file in within(module) for _, name in names_used(file.tree))
    }

    assert needed == set(allowed)


def test_a_clock_is_seen_through_its_import() -> None:
    """An alias, a default argument and a bare name are found like a plain call."""
    tree = ast.parse(
        "import time as t\nfrom datetime import datetime as dt\nfrom time import sleep\n"
        "def f(now=dt.now, ticks=t.monotonic):\n    sleep(1)\n"
    )

    assert {name for _, name in names_used(tree)} >= {"datetime.datetime.now", "time.monotonic", "time.sleep"}
