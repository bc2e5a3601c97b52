"""A year of node images for many clusters, drawn from a seed: windows, blackout dates, and what is published when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, TypeAlias

Json: TypeAlias = Any

FAMILY = "AKSUbuntu-2204gen2containerd"
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
REGIONS = ("westeurope", "northeurope", "eastus", "southeastasia")
START = datetime(2024, 3, 4, tzinfo=UTC)  # a Monday
NEW_YEAR = {"start": "2024-12-23", "end": "2025-01-03"}
EASTER = {"start": "2024-03-29", "end": "2024-04-01"}
TIMINGS = {
    "nodeCreate": 60,
    "nodeDrain": 20,
    "nodeReimage": 60,
    "nodeStart": 20,
    "nodeDelete": 20,
    "command": 5,
    "retryAfter": 0,
}
# Owners share windows; most are weekly, as node images are.
_WEEKLY = (
    ("Sunday", "00:00", "+00:00", 4),
    ("Saturday", "22:00", "+01:00", 6),
    ("Wednesday", "23:30", "+05:30", 5),
)
_OTHERS: tuple[tuple[Json, str, str, int], ...] = (
    ({"daily": {"intervalDays": 7}}, "16:00", "-08:00", 4),
    ({"weekly": {"intervalWeeks": 2, "dayOfWeek": "Saturday"}}, "22:00", "+01:00", 4),
    ({"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 31}}, "21:00", "+00:00", 6),
    (
        {"relativeMonthly": {"intervalMonths": 1, "dayOfWeek": "Monday", "weekIndex": "Last"}},
        "22:00",
        "-05:00",
        5,
    ),
)


@dataclass(frozen=True, slots=True)
class Release:
    """A node image, in one region from an instant on."""

    version: str
    region: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class DrawnCluster:
    """A cluster.

    :param maintenance: ``properties`` of its configuration for node images, as ARM writes them
    :param pools: how many nodes each has, by name
    """

    id: str
    region: str
    maintenance: dict[str, Json]
    pools: dict[str, int]

    def pool_ids(self) -> tuple[str, ...]:
        """The ARM ids of its pools."""
        return tuple(f"{self.id}/agentPools/{name}" for name in self.pools)


@dataclass(frozen=True, slots=True)
class DrawnYear:
    """A world for some weeks."""

    clusters: tuple[DrawnCluster, ...]
    releases: tuple[Release, ...]
    until: datetime

    def document(self) -> dict[str, Json]:
        """The world as the emulator takes it; images that are to come stand in it with their instants."""
        regions: dict[tuple[str, datetime], list[str]] = {}
        for release in self.releases:
            regions.setdefault((release.version, release.published_at), []).append(release.region)
        images = [
            {"version": version, "publishedAt": f"{at:%Y-%m-%dT%H:%M:%SZ}", "regions": reached}
            for (version, at), reached in regions.items()
        ]
        return {
            "subscriptions": [{"id": SUBSCRIPTION.rpartition("/")[2]}],
            "now": f"{START:%Y-%m-%dT%H:%M:%SZ}",
            "timings": TIMINGS,
            "nodeImages": images,
            "managedClusters": [_body(cluster, self.releases[0].version) for cluster in self.clusters],
        }


def draw_year(seed: int, *, clusters: int = 50, weeks: int = 52) -> DrawnYear:
    """The same world for the same seed."""
    random = Random(seed)
    drawn = tuple(_draw_cluster(random, number) for number in range(clusters))
    return DrawnYear(drawn, tuple(_draw_releases(random, weeks)), START + timedelta(weeks=weeks))


def _draw_releases(random: Random, weeks: int) -> list[Release]:
    """One image a week on any day of it; every third one comes to the regions one after the other (N35)."""
    releases = [
        Release(_version(START.date() - timedelta(7)), region, START - timedelta(1)) for region in REGIONS
    ]
    for week in range(weeks):
        at = START + timedelta(weeks=week, days=random.randrange(7), hours=random.randrange(24))
        lag = timedelta(hours=random.choice((6, 20, 30))) if week % 3 == 0 else timedelta(0)
        for number, region in enumerate(random.sample(REGIONS, len(REGIONS))):
            releases.append(Release(_version(at.date()), region, at + number * lag))
    return releases


def _version(day: date) -> str:
    return f"{FAMILY}-{day:%Y%m.%d}.0"


def _draw_cluster(random: Random, number: int) -> DrawnCluster:
    pools = {"system": random.randint(1, 2)}
    pools |= {f"np{n}": random.randint(1, 3) for n in range(1, random.choice((1, 1, 1, 1, 1, 2, 2, 3)))}
    name = f"shop{number}"
    identity = (
        f"{SUBSCRIPTION}/resourceGroups/shops/providers/Microsoft.ContainerService/managedClusters/{name}"
    )
    return DrawnCluster(identity, random.choice(REGIONS), _draw_window(random, number), pools)


def _draw_window(random: Random, number: int) -> dict[str, Json]:
    if number % 2:
        schedule, starts, offset, hours = _OTHERS[number // 2 % len(_OTHERS)]
    else:
        day, starts, offset, hours = random.choice(_WEEKLY)
        schedule = {"weekly": {"intervalWeeks": 1, "dayOfWeek": day}}
    window = {
        "schedule": schedule,
        "durationHours": hours,
        "startTime": starts,
        "utcOffset": offset,
        "startDate": "2024-03-02",  # a Saturday: what repeats after days or weeks is counted from it
    }
    forbidden = [span for span in (NEW_YEAR, EASTER) if random.random() < 0.5]
    return {"maintenanceWindow": {**window, **({"notAllowedDates": forbidden} if forbidden else {})}}


def _body(cluster: DrawnCluster, image: str) -> dict[str, Json]:
    profiles = [
        {
            "name": name,
            "type": "VirtualMachineScaleSets",
            "mode": "System" if name == "system" else "User",
            "count": count,
            "vmSize": "Standard_D2s_v3",
            "osType": "Linux",
            "osSKU": "Ubuntu",
            "orchestratorVersion": "1.28",
            "nodeImageVersion": image,
            "upgradeSettings": {"maxSurge": "50%"},
        }
        for name, count in cluster.pools.items()
    ]
    properties = {
        "kubernetesVersion": "1.28",
        "powerState": {"code": "Running"},
        "autoUpgradeProfile": {"nodeOSUpgradeChannel": "NodeImage"},
        "agentPoolProfiles": profiles,
    }
    resource = {"id": cluster.id, "location": cluster.region, "properties": properties}
    return {
        "resource": resource,
        "maintenanceConfigurations": [
            {"name": "aksManagedNodeOSUpgradeSchedule", "properties": cluster.maintenance}
        ],
    }
