"""The windows of the clusters that were seen, in a file: schedules know from it when to look, without asking Azure.

Every evaluation writes it anew, whole, so a file that was lost or broken is mended by the next one; until then the
weekly Sunday window finds every cluster.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import (
    MaintenanceWindow,
    read_maintenance_window,
    write_maintenance_window,
)
from fleetwright.domain.node_pools.clusters import Cluster

WINDOWS_VARIABLE = "FLEETWRIGHT_NODE_WINDOWS"
_FOLDER, _FILE = ".run", "node-windows.json"  # beside the ledger


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A cluster that was seen.

    :param body: its window as ARM writes it
    """

    cluster_id: str
    channel: str
    body: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The cluster's own name."""
        return self.cluster_id.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class KnownWindows:
    """What the file holds.

    :param problems: what of it cannot be used, each one line that names the file
    """

    windows: tuple[KnownWindow, ...] = ()
    problems: tuple[str, ...] = ()

    def by_name(self, channels: Iterable[str]) -> dict[str, Mapping[str, Any]]:
        """Windows of clusters on these channels, by the cluster's name; by its id where two share a name."""
        wanted = frozenset(channels)
        mine = [known for known in self.windows if known.channel in wanted]
        names = [known.name for known in mine]
        return {
            known.name if names.count(known.name) == 1 else known.cluster_id: known.body for known in mine
        }


@dataclass(slots=True)
class _Reading:
    path: Path
    windows: list[KnownWindow] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def take(self, cluster_id: str, entry: object) -> None:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("maintenanceWindow"), Mapping):
            self.problems.append(f"{self.path}: {cluster_id} has no maintenanceWindow")
            return
        known = KnownWindow(cluster_id, str(entry.get("channel", "")), dict(entry["maintenanceWindow"]))
        try:
            read_maintenance_window(known.body)
        except ConfigurationError as error:
            self.problems.append(f"{self.path}: {cluster_id}: {error}")
        else:
            self.windows.append(known)


def windows_file(environment: Mapping[str, str]) -> Path:
    """Where the file lies: ``FLEETWRIGHT_NODE_WINDOWS``, else ``.run/node-windows.json`` of this folder."""
    given = environment.get(WINDOWS_VARIABLE, "").strip()
    return Path(given).expanduser() if given else Path.cwd() / _FOLDER / _FILE


def read_windows(path: Path) -> KnownWindows:
    """What the file holds; one that is not there yet holds nothing, and one that is broken says so in ``problems``."""
    try:
        body = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return KnownWindows()
    except OSError as error:
        return KnownWindows(problems=(f"{path}: cannot be read ({error.strerror})",))
    except ValueError as error:
        line = f":{error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        return KnownWindows(problems=(f"{path}{line}: is not JSON ({error})",))
    clusters = body.get("clusters") if isinstance(body, Mapping) else None
    if not isinstance(clusters, Mapping):
        return KnownWindows(problems=(f"{path}: has no clusters",))
    reading = _Reading(path)
    for cluster_id, entry in clusters.items():
        reading.take(cluster_id, entry)
    return KnownWindows(tuple(reading.windows), tuple(reading.problems))


def write_windows(path: Path, clusters: Iterable[Cluster]) -> None:
    """Write the windows of all clusters, whole or not at all: whoever reads meanwhile has the old file or the new one.

    :param clusters: every cluster that was seen, those without a window among them: they are left out
    :raises ConfigurationError: when the file cannot be written
    """
    body = {
        cluster.key: {
            "channel": str(cluster.channel),
            "maintenanceWindow": write_maintenance_window(cluster.window),
        }
        for cluster in clusters
        if isinstance(cluster.window, MaintenanceWindow)
    }
    text = json.dumps({"clusters": body}, indent=1, sort_keys=True)
    # Named after the process: two schedules may write at once.
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_text(f"{text}\n", "utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be written ({error.strerror}): schedules would not learn when windows open;"
            f" {WINDOWS_VARIABLE} names another"
        ) from error
