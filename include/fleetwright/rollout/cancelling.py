"""A person's word that a rollout should end: written to the ledger, heeded at the rollout's next boundary."""

from __future__ import annotations

from datetime import datetime

from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.rollout.ports.controls import Control, ControlKind
from fleetwright.rollout.ports.ledger import Ledger
from fleetwright.rollout.session import RolloutSession


def request_cancel(
    ledger: Ledger, fleet_key: str, *, actor: str, reason: str, now: datetime
) -> RolloutView | None:
    """Ask the fleet's rollout to end; return it, None where none is under way.

    :param now: wall time; a rollout whose own clock is ahead of it is asked all the same
    """
    view = find_ongoing(ledger, fleet_key)
    if view is not None:
        at = max(now, view.rollout.started_at or now)
        control = Control(ControlKind.CANCEL, actor, reason, at, view.rollout.rollout_id)
        ledger.add_control(fleet_key, control)
    return view


def find_cancel(session: RolloutSession) -> Control | None:
    """What a person said to end this rollout; None where nobody did."""
    since = session.view.rollout.started_at or session.now()
    controls = session.ports.ledger.list_controls(session.fleet.key, since=since)
    return next((c for c in controls if c.kind is ControlKind.CANCEL and c.is_for(session.rollout_id)), None)


def find_ongoing(ledger: Ledger, fleet_key: str) -> RolloutView | None:
    """The fleet's rollout that has not ended; there is at most one."""
    views = ledger.list_rollouts(fleet_key)
    return next((view for view in views if view.rollout.state not in TERMINAL_STATES), None)
