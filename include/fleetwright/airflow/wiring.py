"""Builds the ports of a rollout from Airflow connections, for tasks and for triggers."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import unquote

from airflow.sdk import BaseHook, Connection
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from fleetwright.airflow.connections import LEDGER_CONNECTION
from fleetwright.airflow.hooks import AzureRmHook
from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.client import ArmClient
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.ledger.urls import resolve_ledger_url
from fleetwright.node_images.ports import NodePorts
from fleetwright.phases.ports import PhasePorts
from fleetwright.rollout.clocks import SystemClock
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.session import Ports

AnyPorts = TypeVar("AnyPorts", bound=PhasePorts)

# Airflow notices a dead worker only after its heartbeat timeout; a lease has to outlive that gap, twice,
# so that the retried task still finds the fleet its own.
_MARGIN = timedelta(seconds=60)


def lease_terms() -> LeaseTerms:
    """How long a lease under Airflow may be silent."""
    timeout = conf.getint("scheduler", "task_instance_heartbeat_timeout", fallback=300)
    return LeaseTerms(expiry=timedelta(seconds=2 * timeout) + _MARGIN)


def build_ports(azure_conn_id: str) -> Ports:
    """Ports for a task; nothing is sent to Azure yet."""
    return _ports(AzureRmHook(azure_conn_id), build_ledger())


def build_phase_ports(azure_conn_id: str) -> PhasePorts:
    """Ports of a phase, for a task; nothing is sent to Azure yet."""
    return ports_as(PhasePorts, AzureRmHook(azure_conn_id), build_ledger())


def build_node_ports(azure_conn_id: str) -> NodePorts:
    """Ports of upgrades of node images, for a task; nothing is sent to Azure yet."""
    return _node_ports(AzureRmHook(azure_conn_id), build_ledger())


async def build_node_ports_async(azure_conn_id: str) -> NodePorts:
    """The same, for a trigger."""
    hook = AzureRmHook(azure_conn_id, await BaseHook.aget_connection(azure_conn_id))
    return _node_ports(hook, await build_ledger_async())


async def build_ports_async(azure_conn_id: str) -> Ports:
    """Ports for a trigger: connections are awaited, and the ledger is opened off the event loop."""
    hook = AzureRmHook(azure_conn_id, await BaseHook.aget_connection(azure_conn_id))
    return _ports(hook, await build_ledger_async())


def build_ledger() -> SqlLedger:
    """The ledger of connection ``fleetwright_ledger``, else of the environment, else of the run folder."""
    try:
        given = ledger_url_of(BaseHook.get_connection(LEDGER_CONNECTION))
    except (AirflowNotFoundException, AirflowRuntimeError):
        given = None
    return open_ledger(resolve_ledger_url(given, os.environ))


async def build_ledger_async() -> SqlLedger:
    """The same, for a trigger: opened off the event loop."""
    return await asyncio.to_thread(open_ledger, await _ledger_url_async())


def ledger_url_of(connection: Connection) -> str:
    """A SQLAlchemy URL from a connection: its extra field ``url``, else the connection's own URI."""
    url = connection.extra_dejson.get("url")
    if url:
        return str(url)
    uri = connection.get_uri()
    if uri.startswith("sqlite:"):
        # Airflow quotes the path's slashes as well, which leaves SQLAlchemy with a relative name.
        return f"sqlite:///{unquote(uri.partition(':///')[2])}"
    # Airflow writes the old name of the scheme, which SQLAlchemy does not know any more.
    return re.sub(r"^postgres://", "postgresql://", uri)


async def _ledger_url_async() -> str:
    try:
        given = ledger_url_of(await BaseHook.aget_connection(LEDGER_CONNECTION))
    except (AirflowNotFoundException, AirflowRuntimeError):
        given = None
    return resolve_ledger_url(given, os.environ)


def _ports(hook: AzureRmHook, ledger: SqlLedger) -> Ports:
    clock = SystemClock()
    client = hook.get_client(clock)
    driver, catalogue = FleetDrivers(client), AzureImageCatalogue(client)
    return Ports(clock, driver, catalogue, ledger, AzureRegionDirectory(client), _closing(client, ledger))


def _node_ports(hook: AzureRmHook, ledger: SqlLedger) -> NodePorts:
    clock = SystemClock()
    client = hook.get_client(clock)
    return NodePorts(clock, AksDriver(client, hook.subscription_id), ledger, _closing(client, ledger))


def ports_as(kind: type[AnyPorts], hook: AzureRmHook, ledger: SqlLedger, **more: Any) -> AnyPorts:
    """Ports of a phase, or of what needs more than a phase does.

    :param more: what only this kind has
    """
    clock = SystemClock()
    client = hook.get_client(clock)
    return kind(
        clock=clock,
        fleets=AzureFleetDirectory(client, hook.subscription_id),
        regions=AzureRegionDirectory(client),
        driver=FleetDrivers(client),
        catalogue=AzureImageCatalogue(client),
        ledger=ledger,
        close=_closing(client, ledger),
        **more,
    )


def _closing(client: ArmClient, ledger: SqlLedger) -> Callable[[], None]:
    def close() -> None:
        client.close()
        ledger.close()

    return close
