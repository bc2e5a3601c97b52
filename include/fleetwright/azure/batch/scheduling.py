"""Whether Batch gives a node new tasks (R55)."""

from __future__ import annotations

from fleetwright.azure.batch.data_plane import data_plane
from fleetwright.azure.client import ArmClient
from fleetwright.domain.fleets import Fleet
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.provider_errors import CallRefusedError

TASK_COMPLETION, REQUEUE = "taskcompletion", "requeue"

_CONFLICT, _NOT_FOUND = 409, 404
_STANDS_ALREADY = "nodealreadyintargetschedulingstate"


class Scheduling:
    """Disables and enables the scheduling of nodes, one call a node."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def disable(self, fleet: Fleet, node_id: str, guard: Guard) -> None:
        """Give the node no new tasks; those on it run to their end."""
        self._disable(fleet, node_id, TASK_COMPLETION, guard)

    def requeue(self, fleet: Fleet, node_id: str, guard: Guard) -> None:
        """The same, with the tasks on it ended and queued again.

        Batch refuses to disable what is disabled, and enabling alone would give the node more work: what it is given
        between the two calls is queued again with the rest.
        """
        try:
            self._disable(fleet, node_id, REQUEUE, guard)
        except CallRefusedError as error:
            if not stands_already(error):
                raise
            self.enable(fleet, node_id, guard)
            self._disable(fleet, node_id, REQUEUE, guard)

    def enable(self, fleet: Fleet, node_id: str, guard: Guard) -> None:
        """Give the node new tasks; one that takes them already, or is gone, is left as it is."""
        try:
            data_plane(self._client, fleet).act(node_id, "enablescheduling", None, guard)
        except CallRefusedError as error:
            if error.status != _NOT_FOUND and not stands_already(error):
                raise

    def _disable(self, fleet: Fleet, node_id: str, option: str, guard: Guard) -> None:
        body = {"nodeDisableSchedulingOption": option}
        data_plane(self._client, fleet).act(node_id, "disablescheduling", body, guard)


def stands_already(error: CallRefusedError) -> bool:
    """Whether Batch refused because the node's scheduling is as it was asked to be."""
    return error.status == _CONFLICT and error.code.lower() == _STANDS_ALREADY
