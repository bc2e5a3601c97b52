"""Opening nodes again: after their batch, before a rollout waits for people, and at its end, whatever happened (R55)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from fleetwright.domain.errors import FleetwrightError, LeaseLostError, ProviderError
from fleetwright.domain.fleets import FleetId
from fleetwright.domain.instances import Instance
from fleetwright.domain.states import SwapState
from fleetwright.domain.thresholds import name_ids
from fleetwright.rollout import facts
from fleetwright.rollout.flights import CALL_LIFETIME
from fleetwright.rollout.ports.ledger import Ledger
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

CALL_ATTEMPTS = 3  # the call may be sent again: it says how things are to be, not what is to change
MOST_FAILURES = 3  # in a row: a provider that does not answer is not asked for every node

# A swap or rollback that may be on its way would meet a node that has taken work meanwhile.
_ON_ITS_WAY = frozenset(
    {SwapState.SENDING, SwapState.ACCEPTED, SwapState.ROLLBACK_INTENDED, SwapState.ROLLBACK_ACCEPTED}
)


def open_batch_nodes(session: RolloutSession) -> None:
    """Open the nodes of the open batch once they have their verdicts; those that still drain stay closed."""
    batch = session.view.open_batch
    members = batch.instance_ids if batch else ()
    open_nodes(session, [node for node in _openable(session) if node in members])


def open_all(session: RolloutSession) -> None:
    """Open all that this rollout closed: it begins nothing for a while, or nothing any more."""
    open_nodes(session, _openable(session))


def give_nodes_back(session: RolloutSession) -> None:
    """Open all that this rollout closed, whatever happened; a failure is told with the command that mends it.

    A node whose swap is on its way stays closed until it is seen at it: it must not get work that the swap would interrupt.
    """
    try:
        _outwait_late_calls(session)
        open_all(session)
        open_nodes(session, _seen_at_it(session))
    except LeaseLostError:
        log.info("somebody else has the fleet by now, and opens its nodes")
        return
    except FleetwrightError as error:
        warn_of_closed_nodes(session.fleet.fleet_id, tuple(session.view.rollout.closed), str(error))
        return
    kept = _on_their_way(session)
    if kept:
        warn_of_closed_nodes(session.fleet.fleet_id, kept, "their swap is not over")


def _outwait_late_calls(session: RolloutSession) -> None:
    """Open who is seen closed; who is not may become so yet, by a call of a process that was killed.

    Once a node's name is out of the ledger nobody would open it again.
    """
    doubtful = _closed_but_open(session)
    if not doubtful:
        return
    open_nodes(session, [node for node in _openable(session) if node not in doubtful])
    log.info(
        "%s: a call to disable their scheduling may be on its way; outwaiting it", name_ids(tuple(doubtful))
    )
    while doubtful:
        session.ports.clock.wait_until(session.now() + session.poll)
        session.guard()  # nothing else renews the lease here
        doubtful = _closed_but_open(session)


def _closed_but_open(session: RolloutSession) -> frozenset[str]:
    """Nodes that were to be closed a short while ago and take work."""
    closed, dead = session.view.rollout.closed, session.now() - CALL_LIFETIME
    fresh = {node for node, since in closed.items() if since > dead}
    if not fresh:
        return frozenset()
    return frozenset(
        i.instance_id for i in session.list_instances() if i.instance_id in fresh and i.takes_work
    )


def open_nodes(session: RolloutSession, node_ids: Sequence[str]) -> None:
    """Open nodes of ours; one that cannot be opened is told and stays in the ledger, and is opened later.

    :raises LeaseLostError: when the fleet is somebody else's by now
    """
    opened: list[str] = []
    failed: dict[str, str] = {}
    failures = 0
    for node in node_ids:
        why = _open(session, node) if failures < MOST_FAILURES else "not tried after the others"
        failures = failures + 1 if why else 0
        if why:
            failed[node] = why
        else:
            opened.append(node)
    if opened:
        session.write(facts.nodes_opened(opened, session.now()))
        log.info("scheduling is enabled again: %s", name_ids(tuple(opened)))
    if failed:
        warn_of_closed_nodes(session.fleet.fleet_id, tuple(failed), next(iter(failed.values())))


def adopt_closed_nodes(session: RolloutSession, instances: Sequence[Instance]) -> None:
    """Take over what the fleet's rollout before this one left closed: this one opens it (R55)."""
    if session.view.rollout.plan:
        return
    views = session.ports.ledger.list_rollouts(session.fleet.key)
    before = views[1:2] if views and views[0].rollout.rollout_id == session.rollout_id else ()
    left = {node for view in before for node in view.rollout.closed}
    mine = session.view.rollout.closed
    closed = [i.instance_id for i in instances if not i.takes_work]
    adopted = tuple(node for node in closed if node in left and node not in mine)
    if adopted:
        log.info("%s were left closed by an earlier rollout: this one opens them", name_ids(adopted))
        session.write(facts.nodes_closed(adopted, session.now()))


def warn_of_closed_nodes(fleet_id: FleetId, node_ids: Sequence[str], reason: str) -> None:
    """Tell a person what to do by hand."""
    log.warning(
        "the scheduling of %s of %s is still disabled (%s); the fleet's next rollout enables it, or %s",
        name_ids(tuple(node_ids)),
        fleet_id.name,
        reason,
        _commands(fleet_id, node_ids),
    )


def warn_where_left_closed(ledger: Ledger, fleet_id: FleetId) -> None:
    """The same before a hold: nothing that is held opens what an earlier rollout left closed."""
    views = ledger.list_rollouts(fleet_id.key)
    if views and views[0].rollout.closed:
        reason = f"by rollout {views[0].rollout.rollout_id}, which could not enable it again"
        warn_of_closed_nodes(fleet_id, tuple(views[0].rollout.closed), reason)


def _commands(fleet_id: FleetId, node_ids: Sequence[str]) -> str:
    """What a person runs to open nodes by hand."""
    login = (
        f"`az batch account login --subscription {fleet_id.subscription} "
        f"--resource-group {fleet_id.resource_group} --name {fleet_id.parent}`"
    )
    each = ", ".join(
        f"`az batch node scheduling enable --pool-id {fleet_id.name} --node-id {node}`" for node in node_ids
    )
    return f"run {login}, then {each}"


def _on_their_way(session: RolloutSession) -> tuple[str, ...]:
    return tuple(node for node in session.view.rollout.closed if node not in _openable(session))


def _seen_at_it(session: RolloutSession) -> tuple[str, ...]:
    """Nodes whose disk is being replaced now: work comes to them after it, and is not interrupted.

    Where this rollout rolls back, whoever resumes it may have to replace the disk once more: those stay closed.
    """
    waiting = _on_their_way(session)
    if not waiting or session.settings.rollback or session.view.is_restoring:
        return ()
    swaps = session.view.swaps
    return tuple(
        node.instance_id
        for node in session.list_instances()
        if node.instance_id in waiting
        and swaps[node.instance_id].state in {SwapState.SENDING, SwapState.ACCEPTED}
        and not node.is_provisioned
    )


def _openable(session: RolloutSession) -> tuple[str, ...]:
    swaps = session.view.swaps
    return tuple(
        node
        for node in session.view.rollout.closed
        if node not in swaps or swaps[node].state not in _ON_ITS_WAY
    )


def _open(session: RolloutSession, node: str) -> str:
    """Open one node; why it could not be opened, empty where it takes work by now or is gone."""
    driver, why = session.ports.driver, ""
    for _attempt in range(CALL_ATTEMPTS):
        try:
            driver.enable_scheduling(session.fleet, node, session.guard)
        except (AnswerLostError, CallRefusedError) as error:
            why = str(error)
            if _is_open(session, node):
                return ""
        except LeaseLostError:
            raise
        except FleetwrightError as error:
            return str(error)
        else:
            return ""
    return why


def _is_open(session: RolloutSession, node: str) -> bool:
    try:
        found = session.ports.driver.fetch_instance(session.fleet, node)
    except ProviderError:
        return False
    return found is None or found.takes_work
