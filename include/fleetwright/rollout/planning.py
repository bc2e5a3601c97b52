"""The plan step: the predicted batches, written to the ledger before the first one."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance
from fleetwright.domain.leaks import ON_TARGET_BEFORE, find_on_target
from fleetwright.domain.plan import Plan, plan_batches
from fleetwright.domain.plan_changes import tell_plan_changes
from fleetwright.domain.policy_body import rolling_policy_body
from fleetwright.domain.progress import NOTHING_TO_DO
from fleetwright.domain.records import RolloutView
from fleetwright.domain.situation import Situation
from fleetwright.domain.states import RolloutState
from fleetwright.domain.strategy import Strategy
from fleetwright.domain.upgrade_order import UpgradeOrder, read_upgrade_order
from fleetwright.rollout import narrate
from fleetwright.rollout.opening import adopt_closed_nodes
from fleetwright.rollout.ports.ledger import Ledger
from fleetwright.rollout.request import Validated
from fleetwright.rollout.session import Ports, RolloutSession

log = logging.getLogger(__name__)


def preview(validated: Validated, ledger: Ledger | None = None) -> Plan:
    """The plan of a rollout that has not begun; changes nothing.

    :param ledger: asked how long batches of this fleet took before
    """
    views = ledger.list_rollouts(validated.fleet.key) if ledger else ()
    fleet, instances = validated.fleet, validated.instances
    order, warnings = read_upgrade_order(instances, heeded=fleet.heeds_custom_metrics)
    situation = situation_of(fleet, instances, validated.settings.target_version, order)
    plan = plan_batches(situation, batch_duration=usual_batch_duration(views))
    return replace(plan, notes=(*plan.notes, *warnings))


def predict_end(ports: Ports, validated: Validated) -> datetime | None:
    """When the last batch will be over if it begins now and all goes well; None where nobody asks or nothing is to do.

    Only credentials that end themselves ask for it (R18).
    """
    if not validated.fleet.credentials:
        return None
    plan = preview(validated, ports.ledger)
    return ports.clock.now() + plan.duration if plan.batches else None


def what_went_before(views: tuple[RolloutView, ...], target_version: str) -> tuple[str, ...]:
    """What a person should know of the fleet's rollouts before another one: one that is open, or one that stopped.

    :param views: the fleet's rollouts, newest first
    """
    if not views:
        return ()
    rollout = views[0].rollout
    if rollout.state is RolloutState.ROLLING_FORWARD:
        target = rollout.settings.target_version
        return (f"rollout {rollout.rollout_id} to {target} is not over: the next run goes on with it",)
    if rollout.state is RolloutState.FAULTED and rollout.settings.target_version == target_version:
        stopped = f"rollout {rollout.rollout_id} to this very version stopped ({rollout.reason_code})"
        return (f"{stopped}: what was rolled back then would be upgraded to it again",)
    return ()


def make_plan(session: RolloutSession, warnings: tuple[str, ...] = ()) -> Plan:
    """Plan what is left of the rollout, write it down and tell it."""
    instances = session.list_instances()
    adopt_closed_nodes(session, instances)
    views = session.ports.ledger.list_rollouts(session.fleet.key)
    order, unheeded = _order(session, instances)
    warnings = (*warnings, *unheeded, *what_went_before(views[1:], session.settings.target_version))
    plan = plan_batches(
        replace(session.situation(instances), order=order),
        batch_duration=usual_batch_duration(views),
        first_index=len(session.view.batches),
    )
    _tell_changes(session, plan)
    before = session.view.rollout.plan.get(ON_TARGET_BEFORE)
    if before is None:
        before = list(find_on_target(instances, session.settings.target_version))
    body = {
        **plan_body(plan, warnings, session.settings.strategy),
        "customMetrics": order.to_dict(),
        ON_TARGET_BEFORE: before,
        "policy": rolling_policy_body(session.fleet.effective_policy),
    }
    session.write(Event(EventKind.PLANNED, session.now(), body))
    log.info(
        "%s", narrate.plan_text(session.fleet, plan, rollback=session.settings.rollback, warnings=warnings)
    )
    return plan


def _tell_changes(session: RolloutSession, plan: Plan) -> None:
    """Who resumes a rollout is told what is not as it was planned."""
    before = session.view.rollout.plan
    if before:
        changes = tell_plan_changes(before, plan, session.view.swapped_ids)
        log.info("%s", f"the plan has changed: {changes}" if changes else "the plan has not changed")


def _order(session: RolloutSession, instances: tuple[Instance, ...]) -> tuple[UpgradeOrder, tuple[str, ...]]:
    # Read once, at the start: a resumed rollout keeps what was said then (N20).
    if "customMetrics" in session.view.rollout.plan:
        return session.order, ()
    return read_upgrade_order(instances, heeded=session.fleet.heeds_custom_metrics)


def situation_of(
    fleet: Fleet, instances: tuple[Instance, ...], target_version: str, order: UpgradeOrder
) -> Situation:
    """The situation of a fleet on which no rollout is under way."""
    policy, source = fleet.effective_policy, fleet.health_source
    return Situation(
        instances,
        target_version,
        policy,
        source,
        order=order,
        waits_for_work=fleet.waits_for_work,
        one_by_one=fleet.hides_zones(i.zone for i in instances),
    )


def plan_body(
    plan: Plan, warnings: tuple[str, ...] = (), strategy: Strategy = Strategy.REIMAGE
) -> dict[str, Any]:
    """The plan as plain JSON."""
    return {
        "targetVersion": plan.target_version,
        "strategy": str(strategy),
        "batches": [
            {
                "index": batch.index,
                "zone": batch.zone,
                "updateDomain": batch.update_domain,
                "phase": batch.phase,
                "instances": list(batch.instance_ids),
                "reason": batch.reason,
                "startsAfterSeconds": batch.starts_after.total_seconds(),
            }
            for batch in plan.batches
        ],
        "leftOut": [
            {"instance": choice.instance_id, "standing": str(choice.standing), "reason": choice.reason}
            for choice in plan.left_out
        ],
        "notes": [*plan.notes, *warnings],
        "durationSeconds": plan.duration.total_seconds(),
    }


def foreseen_end(plan: Plan, member: str = "instance") -> dict[str, Any]:
    """The ``reason`` that a rollout without batches would end with at once; nothing where there are batches."""
    if plan.batches:
        return {}
    message = f"no {member} has to move to {plan.target_version}"
    return {"reason": {"code": NOTHING_TO_DO, "message": message}}


def usual_batch_duration(views: tuple[RolloutView, ...]) -> timedelta | None:
    """How long a batch of the fleet's newest rollout with any settled batch took, None where there is none."""
    for view in views:
        taken = [
            (batch.settled_at - batch.began_at).total_seconds()
            for batch in view.batches
            if batch.settled_at is not None and batch.began_at is not None
        ]
        if taken:
            return timedelta(seconds=median(taken))
    return None
