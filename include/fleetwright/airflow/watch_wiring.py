"""Builds the ports of the image watch from Airflow connections, for its tasks and for its trigger."""

from __future__ import annotations

import os

from airflow.sdk import BaseHook

from fleetwright.airflow.hooks import AzureRmHook
from fleetwright.airflow.wiring import build_ledger, build_ledger_async, ports_as
from fleetwright.domain.phases import PhasePlan
from fleetwright.domain.seen_images import WatchTimes
from fleetwright.ledger.store import SqlLedger
from fleetwright.phases.plan.files import load_phases, phases_file
from fleetwright.phases.watch.watch_file import load_watch_times, watch_file
from fleetwright.phases.watch.watch_ports import WatchPorts


def build_watch_ports(azure_conn_id: str) -> WatchPorts:
    """Ports for a task; nothing is sent to Azure yet."""
    return _ports(AzureRmHook(azure_conn_id), build_ledger())


async def build_watch_ports_async(azure_conn_id: str) -> WatchPorts:
    """Ports for a trigger: connections are awaited."""
    hook = AzureRmHook(azure_conn_id, await BaseHook.aget_connection(azure_conn_id))
    return _ports(hook, await build_ledger_async())


def read_settings() -> tuple[PhasePlan, WatchTimes]:
    """The phases file and the watch file, as they are now.

    :raises ConfigurationError: when one of them cannot be used
    """
    return load_phases(phases_file(os.environ)), load_watch_times(watch_file(os.environ))


def _ports(hook: AzureRmHook, ledger: SqlLedger) -> WatchPorts:
    return ports_as(WatchPorts, hook, ledger, requires_deferral=hook.requires_deferral)
