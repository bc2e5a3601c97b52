"""Imports point one way: domain <- rollout <- {phases, azure, ledger} <- airflow <- dags; the emulator stands alone."""

from __future__ import annotations

import ast
import sys

import pytest
from source_tree import Source, imported, is_within, product, sources, within

OURS = ("fleetwright", "arm_emulator", "fleetwright_demo", "tests", "dags", "plugins")

# What of our own each part may import; a part is always allowed to import itself.
MAY_IMPORT = {
    "fleetwright.domain": (),
    "fleetwright.rollout": ("fleetwright.domain",),
    "fleetwright.phases": ("fleetwright.domain", "fleetwright.rollout"),
    # The files of settings are read alike.
    "fleetwright.node_images": ("fleetwright.domain", "fleetwright.rollout", "fleetwright.phases.config"),
    "fleetwright.azure": ("fleetwright.domain", "fleetwright.rollout", "fleetwright.node_images.ports"),
    "fleetwright.ledger": ("fleetwright.domain", "fleetwright.rollout", "fleetwright.node_images.ports"),
    "fleetwright.board": (
        "fleetwright.domain",
        "fleetwright.rollout",
        "fleetwright.phases",
        "fleetwright.node_images",
        "fleetwright.ledger",
    ),
    "fleetwright.airflow": (
        "fleetwright.domain",
        "fleetwright.rollout",
        "fleetwright.phases",
        "fleetwright.node_images",
        "fleetwright.azure",
        "fleetwright.ledger",
    ),
    "fleetwright.arm_api": ("fleetwright.domain", "fleetwright.rollout", "fleetwright.ledger"),
    "fleetwright.cli": (
        "fleetwright.domain",
        "fleetwright.rollout",
        "fleetwright.phases",
        "fleetwright.node_images",
        "fleetwright.azure",
        "fleetwright.ledger",
        "fleetwright.arm_api",
    ),
    "arm_emulator": (),
    "dags": ("fleetwright.airflow",),
    "plugins": ("fleetwright.board",),
}
# Where the list of packages from elsewhere is closed.
FROM_ELSEWHERE = {
    "fleetwright.domain": ("pendulum",),
    "fleetwright.rollout": ("tabulate",),
    "fleetwright.phases": ("networkx", "tabulate", "yaml"),
    "fleetwright.node_images": (),
    "dags": ("airflow", "pendulum"),
}
# Airflow is the shell: what decides, talks and remembers works without it.
AIRFLOW_FREE = (
    "fleetwright.domain",
    "fleetwright.rollout",
    "fleetwright.phases",
    "fleetwright.node_images",
    "fleetwright.azure",
    "fleetwright.ledger",
    "fleetwright.arm_api",
    "fleetwright.cli",
    "arm_emulator",
)
# Effects, time and chance: the domain is handed what it needs.
IMPURE = (
    "asyncio", "concurrent", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets",
    "shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time",
    "urllib", "uuid",
)  # fmt: skip


def breaches(files: tuple[Source, ...], allowed: object, *, at_import_time: bool = False) -> list[str]:
    """Imports that are not allowed, as ``path:line imports name``."""
    return [
        f"{file.path}:{line} imports {name}"
        for file in files
        for line, name in imported(file.tree, at_import_time=at_import_time)
        if not allowed(name)
    ]


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    """Imports point one way, in functions and for type checking too."""
    below = (part, *MAY_IMPORT[part], "fleetwright.__version__")

    assert breaches(within(part), lambda name: is_within(name, below) or not is_within(name, OURS)) == []


@pytest.mark.parametrize("part", FROM_ELSEWHERE)
def test_the_inner_parts_need_next_to_nothing_from_elsewhere(part: str) -> None:
    """The domain is standard library and pendulum, the rollout adds tabulate, a DAG is Airflow and wiring."""

    def allowed(name: str) -> bool:
        root = name.partition(".")[0]
        return (
            root in sys.stdlib_module_names or is_within(name, OURS) or is_within(name, FROM_ELSEWHERE[part])
        )

    assert breaches(within(part), allowed) == []


def test_the_domain_is_pure() -> None:
    """Nothing in the domain can read a file, a clock, the environment or chance, or start anything."""
    assert breaches(within("fleetwright.domain"), lambda name: not is_within(name, IMPURE)) == []


@pytest.mark.parametrize("part", AIRFLOW_FREE)
def test_airflow_stays_in_its_shell(part: str) -> None:
    """A rollout runs without Airflow, so nothing but the shell may import it."""
    assert breaches(within(part), lambda name: not is_within(name, ("airflow",))) == []


def test_every_part_has_its_rule() -> None:
    """A new package under fleetwright comes with a line in the table of imports."""
    parts = {
        ".".join(file.module.split(".")[:2]) for file in within("fleetwright") if file.module != "fleetwright"
    }

    assert parts <= set(MAY_IMPORT)


def test_the_root_package_imports_nothing() -> None:
    """Importing one part of fleetwright brings no other along."""
    (root,) = (file for file in product() if file.module == "fleetwright")

    assert breaches((root,), lambda name: is_within(name, ("__future__",))) == []


def test_nothing_that_is_shipped_imports_tests_or_what_only_tests_need() -> None:
    """Tests can be left away."""
    doubles = {file.path.rpartition("/")[2].removesuffix(".py") for file in sources("tests")}
    unwanted = ("tests", "conftest", "pytest", "hypothesis", "_pytest", *doubles)

    assert breaches(product(), lambda name: not is_within(name, unwanted)) == []


def test_tests_do_not_import_the_tests_folder_either() -> None:
    """Test folders are no packages: a test loads what stands beside it, and at most names a type from elsewhere."""
    found = breaches(sources("tests"), lambda name: not is_within(name, ("tests",)), at_import_time=True)

    assert found == []


def test_the_product_does_not_know_its_demo() -> None:
    """What shows the product around may import it, never the other way round."""
    shown = tuple(file for file in product() if not is_within(file.module, ("fleetwright_demo",)))

    assert breaches(shown, lambda name: not is_within(name, ("fleetwright_demo",))) == []


def test_a_dag_file_loads_only_the_shell() -> None:
    """DAG files are parsed again and again: at module level nothing but Airflow and its operators."""

    def allowed(name: str) -> bool:
        return not is_within(name, OURS) or is_within(name, ("fleetwright.airflow",))

    assert breaches(within("dags"), allowed, at_import_time=True) == []


def test_imports_are_absolute() -> None:
    """A name says where it comes from, wherever it is read."""
    relative = [
        f"{file.path}:{node.lineno}"
        for file in (*product(), *sources("tests"))
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert relative == []


def test_annotations_are_never_evaluated() -> None:
    """Every module that says anything begins with `from __future__ import annotations`."""
    missing = [
        file.path
        for file in (*product(), *sources("tests"))
        if not file.is_bare and "__future__.annotations" not in {name for _, name in imported(file.tree)}
    ]

    assert missing == []


def test_the_rules_can_fail() -> None:
    """The reading finds what hides: in a function, under an alias, behind TYPE_CHECKING, from the parent."""
    text = (
        "from typing import TYPE_CHECKING\n"
        "from fleetwright import ledger\n"
        "if TYPE_CHECKING:\n    import airflow.sdk as sdk\n"
        "def late():\n    from arm_emulator.clock import ManualClock\n"
    )
    tree = ast.parse(text)

    assert {name for _, name in imported(tree)} == {
        "typing.TYPE_CHECKING",
        "fleetwright.ledger",
        "airflow.sdk",
        "arm_emulator.clock.ManualClock",
    }
    assert {name for _, name in imported(tree, at_import_time=True)} == {
        "typing.TYPE_CHECKING",
        "fleetwright.ledger",
    }
