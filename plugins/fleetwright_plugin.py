"""Registers Fleetwright with Airflow.

Airflow executes every file below plugins/ in every component, and LocalExecutor's workers are forks of the
scheduler: what is imported here is at hand in each task, instead of being read from disk at every hop.
"""

from __future__ import annotations

from importlib import import_module

from airflow.plugins_manager import AirflowPlugin

for _module in (
    "fleetwright.airflow.wiring",
    "fleetwright.airflow.operators.batch",
    "fleetwright.airflow.operators.node_pools",
    "fleetwright.airflow.operators.node_evaluation",
):
    import_module(_module)


class FleetwrightPlugin(AirflowPlugin):
    """The plugin's name in ``airflow plugins``; pages of the UI are mounted here."""

    name = "fleetwright"
    # Only what is registered here may stand in the database and be read back by the scheduler.
    timetables = [import_module("fleetwright.airflow.maintenance_timetable").MaintenanceWindowTimetable]  # noqa: RUF012 - as Airflow reads it
