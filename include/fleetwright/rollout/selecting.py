"""The live choice of a batch, and the wait for budget when something is left and nothing fits."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleetwright.domain.batches import select_batch
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Selection
from fleetwright.domain.states import RolloutState
from fleetwright.domain.thresholds import IN_ROLLOUT, StopReason, name_ids
from fleetwright.rollout import narrate
from fleetwright.rollout.check import Ending
from fleetwright.rollout.effects import KeepLease, Process, ReadCancel, ReadInstances, WaitUntil
from fleetwright.rollout.provider_errors import TransientError
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

# In a pause, which may be long, the ledger is asked for a cancel no more often than this.
SHORTEST_LOOK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the step came to.

    :param instance_ids: the batch; empty when there is none to begin now
    :param blocked: something is left and nothing fits the budget: wait, then choose again
    """

    instance_ids: tuple[str, ...] = ()
    blocked: bool = False
    ending: Ending | None = None


def choose_batch(session: RolloutSession, waited_since: datetime | None = None) -> Chosen:
    """Choose the next batch, or go on with the one that an earlier holder left open.

    :param waited_since: when the wait for budget began; after the health timeout the rollout stops
    """
    batch = session.view.open_batch
    if batch is not None:
        return Chosen(batch.instance_ids)
    instances = session.list_instances()
    selection = select_batch(session.situation(instances))
    if selection.chosen:
        index, target = len(session.view.batches), session.settings.target_version
        log.info("%s", narrate.batch_text(index, selection, instances, target))
        return Chosen(selection.chosen_ids)
    if not selection.pending_ids:
        return Chosen()
    if waited_since is not None and session.now() >= waited_since + session.health_timeout:
        return Chosen(ending=_stop(session, selection, instances))
    log.info(
        "%d instances are left and none fits the budget: %s are out of service; waiting for them up to %g s",
        len(selection.pending_ids),
        name_ids(selection.blockers),
        session.settings.health_timeout_seconds,
    )
    return Chosen(blocked=True)


def wait_for_budget(session: RolloutSession, since: datetime) -> Process:
    """Wait until something fits the budget, or nothing is left, or the health timeout is over, or it is cancelled."""
    deadline = since + session.health_timeout
    while session.now() < deadline:
        yield KeepLease()
        if (yield ReadCancel()) is not None:
            return
        try:
            instances: tuple[Instance, ...] = yield ReadInstances()
        except TransientError as error:
            log.warning("Azure did not answer (%s); looking again", error)
        else:
            selection = select_batch(session.situation(instances))
            if selection.chosen or not selection.pending_ids:
                return
        yield WaitUntil(min(session.now() + session.poll, deadline))


def wait_for_pause(session: RolloutSession, until: datetime) -> Process:
    """Let the pause between two batches pass (``pauseTimeBetweenBatches``); a cancel ends it early."""
    while session.now() < until:
        if (yield ReadCancel()) is not None:
            log.info("the rollout was cancelled: the pause ends here")
            return
        yield WaitUntil(min(until, session.now() + max(session.poll, SHORTEST_LOOK)))


def _stop(session: RolloutSession, selection: Selection, instances: tuple[Instance, ...]) -> Ending:
    situation = session.situation(instances)
    message = (
        f"{len(selection.pending_ids)} instances are left and none fits: at most {situation.cap} of "
        f"{situation.total} may be out of service, and instances {name_ids(selection.blockers)} still were after "
        f"{session.settings.health_timeout_seconds:g} s. Bring them back, then start the rollout again."
    )
    return Ending(RolloutState.FAULTED, StopReason(IN_ROLLOUT, message))
