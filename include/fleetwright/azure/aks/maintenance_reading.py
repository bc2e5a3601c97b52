"""A cluster's window for node images, out of its maintenance configurations (R71, R72)."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.azure.bodies import Body, text_at
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import (
    ConfigurationName,
    MaintenanceWindow,
    read_maintenance_configuration,
)

NODE_OS_SCHEDULE = ConfigurationName.NODE_OS_UPGRADE


@dataclass(frozen=True, slots=True)
class FoundWindow:
    """What the configurations say about node images.

    :param window: None where there is none, or none that can be used
    :param problem: why the one there is cannot be used; empty where it can, and where there is none
    """

    window: MaintenanceWindow | None = None
    problem: str = ""


def find_window(configurations: tuple[Body, ...]) -> FoundWindow:
    """The window of ``aksManagedNodeOSUpgradeSchedule``; the other two configurations are not about node images."""
    found = (item for item in configurations if text_at(item, "name").lower() == NODE_OS_SCHEDULE.lower())
    body = next(found, None)
    if body is None:
        return FoundWindow()
    try:
        window = read_maintenance_configuration(NODE_OS_SCHEDULE, body)
    except ConfigurationError as error:
        return FoundWindow(problem=f"maintenance configuration {NODE_OS_SCHEDULE}: {error}")
    return FoundWindow(window if isinstance(window, MaintenanceWindow) else None)
