"""Builds the ports of a course from the common flags."""

from __future__ import annotations

import os
from pathlib import Path

from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.cli.options import Common
from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.ledger.store import SqlLedger, open_absent, open_existing, open_ledger
from fleetwright.ledger.urls import LEDGER_FILE, RUN_FOLDER, given_ledger_url, resolve_ledger_url
from fleetwright.node_images.ports import NodeLedger, NodePorts
from fleetwright.rollout.clocks import SystemClock
from fleetwright.rollout.ports.clock import Clock
from fleetwright.rollout.session import Ports


def build_ports(common: Common, ledger: SqlLedger) -> Ports:
    """Everything that a rollout needs; nothing is sent to Azure yet.

    :raises ConfigurationError: for an endpoint or token that cannot be used
    """
    clock = build_clock(common)
    client = _connect(common, clock)
    driver, catalogue = FleetDrivers(client), AzureImageCatalogue(client)
    return Ports(clock, driver, catalogue, ledger, AzureRegionDirectory(client))


def build_node_ports(common: Common, ledger: NodeLedger, subscription: str = "") -> NodePorts:
    """Everything that upgrades of node images need; nothing is sent to Azure yet.

    :param subscription: the only one whose clusters are listed; empty for every one that the identity can read
    :raises ConfigurationError: for an endpoint or token that cannot be used
    """
    clock = build_clock(common)
    client = _connect(common, clock)
    return NodePorts(clock, AksDriver(client, subscription), ledger, client.close)


def _connect(common: Common, clock: Clock) -> ArmClient:
    tokens = StaticToken(common.token) if common.token is not None else None
    endpoint = AzureEndpoint(
        common.endpoint, tokens, api_version=common.api_version, node_upgrade_way=common.node_upgrade_way
    )
    return connect(endpoint, clock)


def build_clock(common: Common) -> Clock:
    """Real time, or the emulator's manual clock."""
    return EmulatorClock(common.endpoint) if common.virtual_time else SystemClock()


def build_ledger(common: Common) -> SqlLedger:
    """The ledger of ``--ledger``, the environment, or the run folder.

    :raises LedgerError: when it cannot be opened
    """
    return open_ledger(resolve_ledger_url(common.ledger, os.environ))


def look_into_ledger(common: Common) -> SqlLedger:
    """The same ledger for verbs that change nothing: one that does not exist yet is not made.

    :raises LedgerError: when it cannot be opened
    """
    return look_into(common.ledger)


def look_into(ledger: str | None) -> SqlLedger:
    """The ledger of a ``--ledger`` flag, the environment, or the run folder, where there is one already.

    :raises LedgerError: when it cannot be opened
    """
    given = given_ledger_url(ledger, os.environ)
    usual = Path.cwd() / RUN_FOLDER / LEDGER_FILE
    if not given and not usual.exists():
        return open_absent(f"sqlite:///{usual}")
    return open_existing(given or resolve_ledger_url(None, {}))
