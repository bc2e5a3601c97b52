"""Maintenance configurations: what AKS takes as a window, what it refuses, and how it is read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.containerservice import models
from emulated_node_pools import API, CLUSTER, cluster_world, container_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulated_worlds import Emulator, Json, Serve

SHOP = ("rg", "shop")
NODE_OS, AUTO, HOURS = "aksManagedNodeOSUpgradeSchedule", "aksManagedAutoUpgradeSchedule", "default"
WEEKLY = {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}}
WINDOW = {"schedule": WEEKLY, "durationHours": 4, "startTime": "01:00"}


@pytest.fixture
def emulator(serve: Serve) -> Emulator:
    """A cluster without a configuration; it is the first of June 2024."""
    return serve(cluster_world())


def put(emulator: Emulator, properties: object, name: str = NODE_OS, api_version: str = API) -> Json:
    """PUT of a configuration; its properties as they are then, or the error."""
    path = f"{CLUSTER}/maintenanceConfigurations/{name}"
    answer = emulator.arm("PUT", path, {"properties": properties}, api_version=api_version)
    assert answer.status_code in {200, 201, 400}
    return answer.json().get("error") or answer.json()["properties"]


def windows(**changes: object) -> Json:
    """A weekly window with changes; None takes a key away."""
    return {"maintenanceWindow": {k: v for k, v in {**WINDOW, **changes}.items() if v is not None}}


def test_client_writes_reads_lists_and_deletes_configurations(emulator: Emulator) -> None:
    """The three configurations are kept by their fixed names, with the defaults that AKS adds (N31)."""
    client = container_service(emulator).maintenance_configurations
    weekly = models.WeeklySchedule(interval_weeks=1, day_of_week="Sunday")
    window = models.MaintenanceWindow(
        schedule=models.Schedule(weekly=weekly), duration_hours=4, start_time="01:00"
    )
    asked = models.MaintenanceConfiguration(
        properties=models.MaintenanceConfigurationProperties(maintenance_window=window)
    )

    for name in (NODE_OS, AUTO):
        client.create_or_update(*SHOP, name, asked)
    put(emulator, {"timeInWeek": [{"day": "Monday", "hourSlots": [1, 2]}]}, HOURS)
    read = client.get(*SHOP, NODE_OS).properties.maintenance_window

    assert (read.duration_hours, read.start_time, read.utc_offset) == (4, "01:00", "+00:00")
    assert str(read.start_date) == "2024-06-01"
    assert [found.name for found in client.list_by_managed_cluster(*SHOP)] == [AUTO, NODE_OS, HOURS]
    client.delete(*SHOP, AUTO)
    client.delete(*SHOP, AUTO)
    assert [found.name for found in client.list_by_managed_cluster(*SHOP)] == [NODE_OS, HOURS]
    with pytest.raises(ResourceNotFoundError, match=f"maintenanceConfigurations/{AUTO}"):
        client.get(*SHOP, AUTO)


def test_configuration_is_created_once_and_then_replaced(emulator: Emulator) -> None:
    """The first PUT is 201, the second 200, and what it does not say is gone; names are read whatever their case (N31)."""
    path = f"{CLUSTER}/maintenanceConfigurations"
    off = [{"start": "2024-12-24", "end": "2025-01-01"}]
    first = emulator.arm(
        "PUT", f"{path}/{NODE_OS}", {"properties": windows(notAllowedDates=off)}, api_version=API
    )
    second = emulator.arm("PUT", f"{path}/{NODE_OS.upper()}", {"properties": windows()}, api_version=API)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["properties"]["maintenanceWindow"]["notAllowedDates"] == off
    assert second.json()["name"] == NODE_OS
    assert "notAllowedDates" not in second.json()["properties"]["maintenanceWindow"]


@pytest.mark.parametrize("hours", [0, 1, 3, 25, "4", 4.5, True])
def test_window_has_four_to_twenty_four_hours(emulator: Emulator, hours: object) -> None:
    """A window under 4 h or over 24 h is 400 with the field and the range; the ends of the range are taken (R72, N31)."""
    error = put(emulator, windows(durationHours=hours))

    assert (error["code"], error["target"]) == (
        "InvalidParameter",
        "properties.maintenanceWindow.durationHours",
    )
    assert f"{hours!r} is not a whole number of hours from 4 to 24" in error["message"]
    for allowed in (4, 24):
        assert put(emulator, windows(durationHours=allowed))["maintenanceWindow"]["durationHours"] == allowed


def test_official_client_is_told_which_field(emulator: Emulator) -> None:
    """A window of three hours by the client is an HttpResponseError that names the field (R72)."""
    client = container_service(emulator).maintenance_configurations

    with pytest.raises(HttpResponseError, match=r"properties\.maintenanceWindow\.durationHours.*3 is not"):
        client.create_or_update(*SHOP, NODE_OS, {"properties": windows(durationHours=3)})

    assert list(client.list_by_managed_cluster(*SHOP)) == []


@pytest.mark.parametrize(
    "schedule",
    [
        {"daily": {"intervalDays": 1}},
        {"daily": {"intervalDays": 7}},
        {"weekly": {"intervalWeeks": 4, "dayOfWeek": "Saturday"}},
        {"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 31}},
        {"absoluteMonthly": {"intervalMonths": 6, "dayOfMonth": 1}},
        {"relativeMonthly": {"intervalMonths": 2, "weekIndex": "Last", "dayOfWeek": "Friday"}},
        {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Monday"}, "daily": None},
    ],
)
def test_each_kind_of_schedule_is_taken(emulator: Emulator, schedule: Json) -> None:
    """Daily, weekly, absolute and relative monthly are read back as they were written (N31)."""
    assert put(emulator, windows(schedule=schedule))["maintenanceWindow"]["schedule"] == schedule


def wrong_windows() -> Iterator[tuple[Json, str, str]]:
    """Changes of the window, the field that is named, and what is said."""
    two = {**WEEKLY, "daily": {"intervalDays": 1}}
    yield {"schedule": two}, "schedule", "has weekly and daily; exactly one of daily, weekly, absoluteMonthly"
    yield {"schedule": {}}, "schedule", "has none; exactly one of"
    yield {"schedule": None}, "schedule", "is missing; it has exactly one of"
    yield {"schedule": {"yearly": {}}}, "schedule.yearly", "is unknown; there are daily, weekly"
    ranges: tuple[tuple[str, str, object, str], ...] = (
        ("daily", "intervalDays", 8, "from 1 to 7"),
        ("daily", "intervalDays", 0, "from 1 to 7"),
        ("weekly", "intervalWeeks", 5, "from 1 to 4"),
        ("weekly", "dayOfWeek", "sunday", "is not one of Sunday, Monday"),
        ("absoluteMonthly", "intervalMonths", 7, "from 1 to 6"),
        ("absoluteMonthly", "dayOfMonth", 32, "from 1 to 31"),
        ("relativeMonthly", "weekIndex", "Fifth", "is not one of First, Second, Third, Fourth, Last"),
    )
    whole: Json = {
        "daily": {"intervalDays": 1},
        **WEEKLY,
        "absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 1},
        "relativeMonthly": {"intervalMonths": 1, "weekIndex": "First", "dayOfWeek": "Monday"},
    }
    for kind, field, value, said in ranges:
        yield {"schedule": {kind: {**whole[kind], field: value}}}, f"schedule.{kind}.{field}", said
    yield {"startTime": None}, "startTime", "is missing"
    yield {"startTime": "24:00"}, "startTime", "'24:00' is not a time of day"
    yield {"startTime": "1:00"}, "startTime", "'1:00' is not a time of day"
    yield {"utcOffset": "02:00"}, "utcOffset", "'02:00' is not an offset from UTC such as +02:00"
    yield {"utcOffset": "+15:00"}, "utcOffset", "'+15:00' is not an offset"
    yield {"startDate": "tomorrow"}, "startDate", "'tomorrow' is not a date such as 2024-06-01"
    yield {"notAllowedDates": [{"start": "2024-12-24"}]}, "notAllowedDates[0].end", "is not a date"
    yield {"notAllowedDates": 5}, "notAllowedDates", "5 is no list"
    later_first = {"start": "2025-01-01", "end": "2024-12-24"}
    yield {"notAllowedDates": [later_first]}, "notAllowedDates[0].end", "'2024-12-24' is before '2025-01-01'"


@pytest.mark.parametrize(("changes", "field", "said"), list(wrong_windows()))
def test_wrong_window_is_refused_by_the_fields_name(
    emulator: Emulator, changes: Json, field: str, said: str
) -> None:
    """What AKS would not take as a window is 400 with the path of the field and what would be right (N31, R72)."""
    error = put(emulator, windows(**changes))

    assert error["target"] == f"properties.maintenanceWindow.{field}"
    assert said in error["message"]


@pytest.mark.parametrize("name", ["sundays", "aksManagedNodeOSUpgradeSchedule2"])
def test_other_names_are_refused(emulator: Emulator, name: str) -> None:
    """There are three configurations; another name is 400 and the three are listed (N31)."""
    error = put(emulator, windows(), name)

    assert error["target"] == "configName"
    assert (
        f"{name!r} is no maintenance configuration; there are {HOURS}, {AUTO}, {NODE_OS}" in error["message"]
    )


def test_hour_slots_belong_to_the_default_configuration(emulator: Emulator) -> None:
    """The older ``default`` has hours of the week, or a weekly window; the others have a window only (N31)."""
    slots = {"timeInWeek": [{"day": "Monday", "hourSlots": [0, 23]}]}
    spans = [{"start": "2024-12-24T00:00:00Z", "end": "2024-12-27T00:00:00Z"}]

    assert put(emulator, {**slots, "notAllowedTime": spans}, HOURS) == {**slots, "notAllowedTime": spans}
    assert put(emulator, windows(), HOURS)["maintenanceWindow"]["schedule"] == WEEKLY
    assert put(emulator, slots)["target"] == "properties.maintenanceWindow"
    assert put(emulator, {**windows(), **slots})["target"] == "properties.timeInWeek"
    daily = put(emulator, windows(schedule={"daily": {"intervalDays": 1}}), HOURS)
    assert daily["target"] == "properties.maintenanceWindow.schedule.daily"
    assert "weekly only" in daily["message"]


@pytest.mark.parametrize(
    ("properties", "target"),
    [
        ({}, "timeInWeek"),
        ({"timeInWeek": 5}, "timeInWeek"),
        ({"timeInWeek": [{"day": "Monday", "hourSlots": [1]}], "notAllowedTime": 7}, "notAllowedTime"),
        ({"timeInWeek": [{"day": "monday", "hourSlots": [1]}]}, "timeInWeek[0].day"),
        ({"timeInWeek": [{"day": "Monday", "hourSlots": [24]}]}, "timeInWeek[0].hourSlots"),
        ({"timeInWeek": [{"day": "Monday"}]}, "timeInWeek[0].hourSlots"),
        ({"timeInWeek": [{"day": "Monday", "hourSlots": [1]}], "notAllowedTime": [{}]}, "notAllowedTime[0]"),
    ],
)
def test_wrong_hour_slots_are_refused(emulator: Emulator, properties: Json, target: str) -> None:
    """Days and hours of ``default`` are judged, each by its path (N31)."""
    assert put(emulator, properties, HOURS)["target"] == f"properties.{target}"


def test_windows_exist_since_2023(emulator: Emulator) -> None:
    """A version before 2023-05-01 knows hour slots only, and says since when there are windows (N31)."""
    error = put(emulator, windows(), api_version="2023-04-01")

    assert error["target"] == "properties.maintenanceWindow"
    assert "it exists since 2023-05-01" in error["message"]
    assert put(emulator, windows(), api_version="2023-05-01")["maintenanceWindow"]["durationHours"] == 4
