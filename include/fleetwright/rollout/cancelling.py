"""A person's word that a rollout should end: written to the ledger, heeded at the rollout's next boundary."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.records import RolloutRecord, RolloutView
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.rollout.ports.controls import Control, ControlKind
from fleetwright.rollout.ports.ledger import Ledger
from fleetwright.rollout.session import RolloutSession

EVER = datetime(1970, 1, 1, tzinfo=UTC)


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


def request_early_cancel(
    ledger: Ledger, fleet_key: str, *, owner: str, actor: str, reason: str, now: datetime
) -> None:
    """Ask a run that has not taken the fleet yet to end; it finds the word once it has, before its first batch."""
    ledger.add_control(fleet_key, Control(ControlKind.CANCEL, actor, reason, now, owner=owner))


def find_cancel(session: RolloutSession) -> Control | None:
    """What a person said to end this rollout; None where nobody did."""
    return next(iter(list_cancels(session.ports.ledger, session.fleet.key, session.view.rollout)), None)


def list_cancels(ledger: Ledger, fleet_key: str, rollout: RolloutRecord) -> tuple[Control, ...]:
    """All that people said to end a rollout, oldest first."""
    return find_meant(ledger.list_controls(fleet_key, since=EVER), rollout)


def find_meant(controls: Iterable[Control], rollout: RolloutRecord | NodeRollout) -> tuple[Control, ...]:
    """The cancels among what people said that are meant for a rollout, as they come."""
    return tuple(c for c in controls if c.kind is ControlKind.CANCEL and c.is_for(rollout))


def find_ongoing(ledger: Ledger, fleet_key: str) -> RolloutView | None:
    """The fleet's rollout that has not ended; there is at most one."""
    views = ledger.list_rollouts(fleet_key)
    return next((view for view in views if view.rollout.state not in TERMINAL_STATES), None)
