"""What is wrong with the maintenance configurations of a world document, at both places where they may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.aks.plane.maintenance_checks import configuration_problems, name_problem, spelled
from arm_emulator.aks.world_paths import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.aks.documents import ManagedClusterDocument
    from arm_emulator.aks.world_paths import Path, Problem

_SECTION = "maintenanceConfigurations"


def maintenance_problems(document: ManagedClusterDocument) -> Iterator[Problem]:
    """Everything that is wrong with a cluster's windows, each with its path below the cluster (R72, N31)."""
    seen: set[str] = set()
    for index, entry in enumerate(document.maintenanceConfigurations):
        yield from _entry_problems(entry, (_SECTION, index), seen)
    for said, body in document.x_emulator.maintenanceConfigurations.items():
        where: Path = ("x-emulator", _SECTION, said)
        yield from _name_problems(said, where, seen)
        inner = (*where, "properties") if "properties" in body else where
        yield from _window_problems(said, body.get("properties", body), inner)


def _entry_problems(entry: Mapping[str, Any], where: Path, seen: set[str]) -> Iterator[Problem]:
    name = entry.get("name")
    if not isinstance(name, str):
        yield (*where, "name"), "is missing" if name is None else f"{name!r} is no text"
        return
    yield from _name_problems(name, (*where, "name"), seen)
    yield from _window_problems(name, entry.get("properties"), (*where, "properties"))


def _name_problems(name: str, where: Path, seen: set[str]) -> Iterator[Problem]:
    problem = name_problem(name)
    if problem:
        yield where, problem
    elif name.lower() in seen:
        yield where, f"{name!r} stands there twice"
    seen.add(name.lower())


def _window_problems(name: str, properties: object, where: Path) -> Iterator[Problem]:
    if properties is None:
        yield where, "is missing"
        return
    for problem in configuration_problems(spelled(name) or name, properties):
        yield (*where, *path_of(problem.path)), problem.message
