"""The world of ``make demo-aks``: its maintenance windows opened an hour ago, whenever that is."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from fleetwright.domain.maintenance import DayOfWeek
from fleetwright_demo.layout import WORLDS

AKS_WORLD = WORLDS / "demo-aks.yaml"
OPEN_FOR = timedelta(hours=1)


def opened_at(world: dict[str, Any], now: datetime) -> dict[str, Any]:
    """The same world with every weekly window open since an hour."""
    changed = copy.deepcopy(world)
    opened = now.astimezone(UTC) - OPEN_FOR
    for cluster in changed["managedClusters"]:
        for configuration in cluster["maintenanceConfigurations"]:
            window = configuration["properties"]["maintenanceWindow"]
            window["schedule"]["weekly"]["dayOfWeek"] = str(tuple(DayOfWeek)[opened.weekday()])
            window["startTime"] = f"{opened:%H:%M}"
    return changed


def cluster_ids(world: dict[str, Any]) -> list[str]:
    """Ids of the world's clusters."""
    return [str(cluster["resource"]["id"]) for cluster in world["managedClusters"]]
