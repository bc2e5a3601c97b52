"""Which scale sets the app speaks for: those that the ledger knows, and those that are ours to upgrade."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fleetwright.arm_api.errors import ResourceNotFoundError, ServiceUnavailableError
from fleetwright.domain.eligibility import opted_out
from fleetwright.domain.errors import ConfigurationError, ProviderError
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.records import RolloutView
from fleetwright.ledger.store import SqlLedger

# Reads a set's model at Azure; raises ConfigurationError where Azure does not have it.
FetchFleet = Callable[[FleetId], Fleet]


@dataclass(frozen=True, slots=True)
class OrchestratedSet:
    """A set that we speak for.

    :param resource_id: its ARM id as the ledger or Azure writes it
    :param views: its rollouts, newest first
    """

    resource_id: str
    location: str
    views: tuple[RolloutView, ...]

    @property
    def key(self) -> str:
        """The fleet's key."""
        return self.resource_id.lower()


class OrchestratedSets:
    """Finds them.

    :param fetch_fleet: asked about sets that the ledger does not know; None asks nobody
    """

    def __init__(self, ledger: SqlLedger, fetch_fleet: FetchFleet | None = None) -> None:
        self._ledger = ledger
        self._fetch_fleet = fetch_fleet

    def find(self, fleet_id: FleetId) -> OrchestratedSet:
        """The set.

        :raises ResourceNotFoundError: when it is not ours, or does not exist
        :raises ServiceUnavailableError: when Azure was asked and did not answer
        """
        views = self._ledger.list_rollouts(fleet_id.key)
        if views:
            settings = views[0].rollout.settings
            return OrchestratedSet(settings.fleet_id, settings.location, views)
        fleet = self._ask(fleet_id)
        return OrchestratedSet(canonical(fleet_id), fleet.location, ())

    def _ask(self, fleet_id: FleetId) -> Fleet:
        if self._fetch_fleet is None:
            raise ResourceNotFoundError(
                f"The Resource '{_type_and_name(fleet_id)}' under resource group '{fleet_id.resource_group}'"
                " was not found: Fleetwright has not upgraded it yet."
            )
        try:
            fleet = self._fetch_fleet(fleet_id)
        except ConfigurationError as error:
            raise ResourceNotFoundError(str(error)) from error
        except ProviderError as error:
            raise ServiceUnavailableError(f"Azure was asked about the set: {error}") from error
        reason = opted_out(fleet)
        if reason:
            raise ResourceNotFoundError(f"{_type_and_name(fleet_id)} is not orchestrated here: {reason}")
        return fleet


def canonical(fleet_id: FleetId) -> str:
    """The set's ARM id with Azure's own spelling of its fixed words."""
    return (
        f"/subscriptions/{fleet_id.subscription}/resourceGroups/{fleet_id.resource_group}"
        f"/providers/{_type_and_name(fleet_id)}"
    )


def _type_and_name(fleet_id: FleetId) -> str:
    return f"Microsoft.Compute/virtualMachineScaleSets/{fleet_id.name}"
