"""Automatic repairs are suspended during a rollout and resumed after it, whatever happened (O8).

Whoever suspends them writes that down before the call, so that whoever has the rollout last resumes them: this process,
the one that goes on after a crash, or the fleet's next rollout. Repairs that a person had suspended stay as they were.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from fleetwright.domain.errors import FleetwrightError, LeaseLostError
from fleetwright.domain.fleets import FleetId
from fleetwright.domain.plan import Plan
from fleetwright.domain.repairs import RepairsAction, RepairsState
from fleetwright.rollout import facts
from fleetwright.rollout.ports.ledger import Ledger
from fleetwright.rollout.ports.operations import OperationState
from fleetwright.rollout.provider_errors import AnswerLostError, OperationFailedError
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

CALL_ATTEMPTS = 3  # the call may be sent again: it says how things are to be, not what is to change
LONGEST_ACTION = timedelta(minutes=2)


def suspend_repairs(session: RolloutSession, plan: Plan) -> None:
    """Suspend the set's automatic repairs before the first batch, where they are on and nobody has done so.

    :raises ProviderError: when Azure refuses or does not answer: nothing may be swapped then
    """
    if not session.fleet.automatic_repairs:
        return
    state = session.ports.driver.fetch_repairs_state(session.fleet)
    is_ours = session.view.rollout.repairs_suspended
    if state is RepairsState.SUSPENDED:
        if not is_ours and _left_by_the_rollout_before(session):
            log.info(
                "automatic repairs were left suspended by an earlier rollout: this one resumes them (O8)"
            )
            session.write(facts.repairs_suspended(session.now()))
        elif not is_ours:
            log.info("automatic repairs are suspended already: they stay so (O8)")
        return
    if not plan.batches and session.view.open_batch is None:
        return
    if not is_ours:
        session.write(facts.repairs_suspended(session.now()))
    _set(session, RepairsAction.SUSPEND)
    log.info("automatic repairs of %s are suspended until the rollout is over (O8)", session.fleet.name)


def resume_repairs(session: RolloutSession) -> None:
    """Resume what this rollout suspended; a failure is told with the command that mends it, and never raised."""
    if not session.view.rollout.repairs_suspended or not _is_the_newest(session):
        return
    try:
        _set(session, RepairsAction.RESUME)
        session.write(facts.repairs_resumed(session.now()))
    except LeaseLostError:
        log.info("somebody else has the fleet by now, and resumes its automatic repairs")
    except FleetwrightError as error:
        warn_of_suspended_repairs(session.fleet.fleet_id, str(error))
    else:
        log.info("automatic repairs of %s are resumed (O8)", session.fleet.name)


def warn_of_suspended_repairs(fleet_id: FleetId, reason: str) -> None:
    """Tell a person what to do by hand."""
    log.warning(
        "automatic repairs of %s are still suspended (%s): %s", fleet_id.name, reason, command(fleet_id)
    )


def warn_where_left_suspended(ledger: Ledger, fleet_id: FleetId) -> None:
    """The same before a hold: nothing that is held resumes what a rollout that died left suspended."""
    views = ledger.list_rollouts(fleet_id.key)
    if views and views[0].rollout.repairs_suspended:
        warn_of_suspended_repairs(
            fleet_id, f"by rollout {views[0].rollout.rollout_id}, which did not end well"
        )


def command(fleet_id: FleetId) -> str:
    """The command that resumes them."""
    return (
        "run `az vmss set-orchestration-service-state --service-name AutomaticRepairs --action Resume "
        f"--subscription {fleet_id.subscription} --resource-group {fleet_id.resource_group} --name {fleet_id.name}`"
    )


def _left_by_the_rollout_before(session: RolloutSession) -> bool:
    views = session.ports.ledger.list_rollouts(session.fleet.key)
    return len(views) > 1 and views[1].rollout.repairs_suspended


def _is_the_newest(session: RolloutSession) -> bool:
    # A later rollout of the fleet took the suspension over, or found the repairs resumed.
    views = session.ports.ledger.list_rollouts(session.fleet.key)
    return bool(views) and views[0].rollout.rollout_id == session.rollout_id


def _set(session: RolloutSession, action: RepairsAction) -> None:
    driver = session.ports.driver
    for left in reversed(range(CALL_ATTEMPTS)):
        try:
            url = driver.begin_repairs_action(session.fleet, action, session.guard)
        except AnswerLostError as error:
            if not left:
                raise
            log.warning("%s; asking again, which does no harm", error)
        else:
            _await_end(session, url, action)
            return


def _await_end(session: RolloutSession, url: str, action: RepairsAction) -> None:
    deadline = session.now() + LONGEST_ACTION
    while url:
        status = session.ports.driver.fetch_operation(url)
        if status.state is OperationState.FAILED:
            raise OperationFailedError(f"{action} of automatic repairs failed: {status.error}")
        if status.state is not OperationState.RUNNING:
            return
        if session.now() >= deadline:
            minutes = LONGEST_ACTION // timedelta(minutes=1)
            raise OperationFailedError(f"{action} of automatic repairs had no end in {minutes} minutes")
        session.guard()
        session.ports.clock.wait_until(session.now() + session.poll)
        url = status.url
