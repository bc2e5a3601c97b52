"""What was asked for on the command line, as a rollout request."""

from __future__ import annotations

from fleetwright.azure.endpoint import requires_deferral
from fleetwright.cli.options import Common
from fleetwright.domain.drains import DrainPolicy
from fleetwright.domain.records import TriggerKind
from fleetwright.rollout.request import RolloutRequest


def rollout_request(
    common: Common,
    *,
    version: str,
    trigger: str,
    rollback: bool = False,
    health_timeout: float,
    poll: float,
    drain: DrainPolicy,
) -> RolloutRequest:
    """Build the request.

    :param health_timeout: seconds
    :param poll: seconds
    :raises ConfigurationError: for a version or a number that cannot be
    """
    return RolloutRequest(
        fleet_id=common.fleet,
        version=version,
        trigger=TriggerKind(trigger),
        rollback=rollback,
        health_timeout_seconds=health_timeout,
        poll_seconds=poll,
        requires_deferral=requires_deferral(common.endpoint, common.require_deferral),
        drain=drain,
    )
