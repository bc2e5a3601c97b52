"""What may be written as a maintenance configuration: its name, and one way of saying when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.plane.window_checks import hour_problems, window_problems
from arm_emulator.compute.policy import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGURATIONS = ("default", "aksManagedAutoUpgradeSchedule", "aksManagedNodeOSUpgradeSchedule")
_WINDOW, _HOURS = "maintenanceWindow", ("timeInWeek", "notAllowedTime")


def spelled(name: str) -> str | None:
    """The configuration's name as AKS writes it; None where there is no such one."""
    return {known.lower(): known for known in CONFIGURATIONS}.get(name.lower())


def name_problem(name: str) -> str:
    """Why a configuration cannot have a name; empty where it can."""
    if spelled(name) is not None:
        return ""
    return f"{name!r} is no maintenance configuration; there are {', '.join(CONFIGURATIONS)}"


def configuration_problems(name: str, properties: object) -> Iterator[Problem]:
    """Everything that is wrong with a configuration's ``properties``, each with its path in them.

    :param name: one of ``CONFIGURATIONS``
    """
    if not isinstance(properties, dict):
        yield Problem("", f"{properties!r} is no object")
        return
    is_default = name == "default"
    if properties.get(_WINDOW) is not None:
        for problem in window_problems(properties[_WINDOW], only_weekly=is_default):
            yield Problem(f"{_WINDOW}.{problem.path}".rstrip("."), problem.message)
    elif not is_default:
        yield Problem(_WINDOW, "is missing")
    hours = [key for key in _HOURS if properties.get(key)]
    if hours and not is_default:
        yield Problem(hours[0], "is allowed for the configuration default only")
    elif is_default and not hours and properties.get(_WINDOW) is None:
        yield Problem("timeInWeek", f"is missing; there is either timeInWeek or {_WINDOW}")
    else:
        yield from hour_problems(properties)
