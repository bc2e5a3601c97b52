"""The end of a surge: old instances that were replaced are deleted, and so are new ones that never got healthy (N15).

A deletion names its instances and is asked again from a reading, so it needs no memory but the verdicts.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from fleetwright.domain.health import OPERATION_LIMIT
from fleetwright.domain.instances import Instance
from fleetwright.domain.states import SwapState
from fleetwright.domain.surges import leftovers, strangers, unfit
from fleetwright.domain.thresholds import name_ids, named
from fleetwright.rollout import facts
from fleetwright.rollout.effects import Process, ReadInstances
from fleetwright.rollout.processes import KeepLease, WaitUntil
from fleetwright.rollout.provider_errors import (
    AnswerLostError,
    CallRefusedError,
    OperationFailedError,
    TransientError,
)
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

ATTEMPTS = 4
REFUSAL_PAUSE = timedelta(seconds=30)  # somebody else's operation on one of them has to end first


def begin_retiring(session: RolloutSession) -> None:
    """Send the deletion of whoever is left over of the open surge.

    :raises CallRefusedError: when Azure keeps refusing it; the next run goes on from here
    """
    for attempt in range(1, ATTEMPTS + 1):
        doomed = _doomed(session)
        if not doomed:
            return
        log.info("deleting %s: %s", named(doomed), _why(session, doomed))
        try:
            session.ports.driver.begin_deletion(session.fleet, doomed, session.guard)
        except AnswerLostError as error:
            log.warning(
                "the answer to the deletion of %s was lost (%s): reading the set", name_ids(doomed), error
            )
        except CallRefusedError as error:
            if attempt == ATTEMPTS:
                raise
            log.warning("the deletion of %s was refused (%s): trying again", name_ids(doomed), error)
        else:
            return
        session.ports.clock.wait_until(session.now() + REFUSAL_PAUSE)


def _why(session: RolloutSession, doomed: tuple[str, ...]) -> str:
    """What is told of a deletion: which of them were replaced, and which new ones never got healthy."""
    batch = session.view.open_batch
    old = {swap.instance_id for swap in session.view.swaps_of(batch)} if batch else set()
    groups = {
        "replaced": tuple(i for i in doomed if i in old),
        "new and never healthy": tuple(i for i in doomed if i not in old),
    }
    return "; ".join(f"{what}: {name_ids(ids)}" for what, ids in groups.items() if ids)


def wait_for_retired(session: RolloutSession) -> Process:
    """Wait until whoever is left over of the open surge is gone.

    :raises OperationFailedError: when that has no end; the step is retried, and asks again
    """
    deadline = session.now() + OPERATION_LIMIT
    while True:
        yield KeepLease()
        try:
            instances: tuple[Instance, ...] = yield ReadInstances()
        except TransientError as error:
            log.warning("Azure did not answer (%s); looking again", error)
        else:
            left = leftovers(session.view, instances)
            if not left:
                return
            if session.now() >= deadline:
                raise OperationFailedError(f"the deletion of instances {name_ids(left)} had no end")
        yield WaitUntil(session.now() + session.poll)


def _doomed(session: RolloutSession) -> tuple[str, ...]:
    instances = session.list_instances()
    _keep_what_is_needed(session, instances)
    others = strangers(session.view, instances)
    if others:
        log.warning(
            "instances %s came up beside the surge: new ones that did not get healthy cannot be told from them and stay",
            name_ids(others),
        )
    return leftovers(session.view, instances)


def _keep_what_is_needed(session: RolloutSession, instances: tuple[Instance, ...]) -> None:
    stay = unfit(session.view, instances, session.fleet.health_source)
    if stay:
        states = dict.fromkeys(stay, SwapState.UNHEALTHY)
        session.write(facts.judged(stay, states, session.now()))
        for instance_id, verdict in stay.items():
            log.warning("instance %s is not deleted: %s", instance_id, verdict.reason)
