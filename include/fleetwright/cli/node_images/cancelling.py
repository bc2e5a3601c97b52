"""``fleetwright cancel`` of a cluster: the pool under way is finished first."""

from __future__ import annotations

import click

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.node_pools.ids import parse_target
from fleetwright.ledger.store import SqlLedger
from fleetwright.node_images.validating import find_unfinished
from fleetwright.rollout.clocks import SystemClock
from fleetwright.rollout.ports.controls import Control, ControlKind


def cancel_nodes(ledger: SqlLedger, given: str, *, by: str, reason: str) -> int:
    """Ask the cluster's rollout to end after the pool that is under way.

    :raises ConfigurationError: when no rollout is under way
    """
    key = parse_target(given).cluster.key
    rollout = find_unfinished(ledger, key)
    if rollout is None:
        raise ConfigurationError(
            f"no rollout of {given} is under way: there is nothing to cancel; ledger: {ledger}"
        )
    now = SystemClock().now()
    # A rollout whose own clock is ahead of the wall's is asked all the same.
    at = max(now, rollout.started_at or now)
    ledger.add_control(key, Control(ControlKind.CANCEL, by, reason, at, rollout.rollout_id))
    holder = ledger.find_holder(key)
    follows = (
        f"{holder} ends it as Cancelled before its next pool; a pool that is under way is finished and verified first"
        if holder
        else "no run has the cluster now; the next one ends it as Cancelled, before any further pool"
    )
    click.echo(f"rollout {rollout.rollout_id} is asked to stop: {follows}")
    return 0
