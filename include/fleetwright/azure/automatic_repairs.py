"""``setOrchestrationServiceState`` and the set's instance view: automatic repairs as a service (O8)."""

from __future__ import annotations

from fleetwright.azure.bodies import bodies_at, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.repairs import RepairsAction, RepairsState
from fleetwright.rollout.ports.leases import Guard

SERVICE = "AutomaticRepairs"

_STATES = {state.value.lower(): state for state in RepairsState}


class AutomaticRepairs:
    """Reads and sets the state of a set's automatic repairs."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def fetch_state(self, fleet: Fleet) -> RepairsState:
        """How the service stands; one that Azure does not list is not running."""
        view = self._client.get(self._url(fleet, "instanceView"))
        found = (
            text_at(service, "serviceState").lower()
            for service in bodies_at(view, "orchestrationServices")
            if text_at(service, "serviceName").lower() == SERVICE.lower()
        )
        return _STATES.get(next(found, ""), RepairsState.NOT_RUNNING)

    def begin(self, fleet: Fleet, action: RepairsAction, guard: Guard) -> str:
        """Suspend or resume; return the operation's poll URL. Asking twice does no harm."""
        body = {"serviceName": SERVICE, "action": str(action)}
        return self._client.post(self._url(fleet, "setOrchestrationServiceState"), body, guard)

    def _url(self, fleet: Fleet, below: str) -> str:
        return self._client.scale_set_url(f"{fleet.fleet_id.resource_id}/{below}")
