"""The swap step: the set is read once more and the batch admitted again, right before the call."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from fleetwright.domain.errors import ProviderError
from fleetwright.domain.events import Event
from fleetwright.domain.instances import Instance
from fleetwright.domain.states import SwapState
from fleetwright.domain.thresholds import name_ids, named
from fleetwright.rollout import facts
from fleetwright.rollout.acts import SWAP
from fleetwright.rollout.admission import Admission, AdmissionGuard, admit
from fleetwright.rollout.dispatch import reattach, send
from fleetwright.rollout.heeding import read_words
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError, OperationFailedError
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.surging import decide_surge, send_surge

log = logging.getLogger(__name__)


def swap_os_disk(session: RolloutSession, instance_ids: tuple[str, ...]) -> None:
    """Swap the batch, or re-attach to the open one; nothing is ever swapped twice.

    :param instance_ids: as ``choose_batch`` chose them; fewer are swapped when the fleet has changed since
    """
    admitted_at, in_doubt = None, session.view.open_batch is not None
    if session.view.open_batch is not None:
        log.info("going on with batch %d, which was begun before", session.view.open_batch.index + 1)
        if session.view.is_surging:
            send_surge(session, None, in_doubt=True)
            return
        reattach(session, SWAP)
    elif not _intend(session, frozenset(instance_ids)):
        return
    else:
        admitted_at = session.now()
    if session.view.is_surging:
        send_surge(session, admitted_at, in_doubt=False)
        return
    admission = Admission(None if _prepare(session) else admitted_at)
    begin = partial(session.ports.driver.begin_swap, session.fleet)

    def guard_of(is_first: bool) -> AdmissionGuard:  # noqa: FBT001 - as ``send`` calls it
        return AdmissionGuard(session, admission, is_first)

    send(session, SWAP, begin, guard_of, in_doubt=in_doubt)


def _intend(session: RolloutSession, wanted: frozenset[str]) -> bool:
    if read_words(session).halts:
        log.warning("nothing was swapped: it was held, or its window closed, after the batch was chosen")
        return False
    instances = session.list_instances()
    selection = admit(session, instances, wanted)
    if not selection.chosen:
        log.warning(
            "nothing was swapped: the %s has changed since the batch was chosen, so it is checked again",
            session.fleet.kind.noun,
        )
        return False
    by_id = {instance.instance_id: instance for instance in instances}
    now, index = session.now(), len(session.view.batches)
    target, preserves = session.settings.target_version, session.fleet.is_flexible
    surge, said = decide_surge(session, [by_id[i] for i in selection.chosen_ids], instances)
    selection = replace(selection, reason="; ".join(filter(None, (selection.reason, said))))
    events: list[Event] = [
        facts.intended(index, selection, by_id, target, now, preserves_disk=preserves, surge=surge)
    ]
    if surge or (not preserves and all(by_id[i].latest_model_applied for i in selection.chosen_ids)):
        events.append(facts.sending(selection.chosen_ids, now))
    session.write(*events)
    return True


def _prepare(session: RolloutSession) -> bool:
    """Do what comes before the swap; whether some had to be brought to the latest model, which takes time."""
    batch = session.view.open_batch
    swaps = session.view.swaps_of(batch) if batch else ()
    ids = tuple(swap.instance_id for swap in swaps if swap.state is SwapState.INTENDED)
    if not ids:
        return False
    instances = [i for i in session.list_instances() if i.instance_id in ids]
    behind = [i for i in instances if not i.latest_model_applied]
    try:
        if behind:
            log.info("bringing %s to the latest model first", name_ids(tuple(i.instance_id for i in behind)))
            session.ports.driver.prepare(session.fleet, behind, session.guard)
    except (CallRefusedError, AnswerLostError, OperationFailedError) as error:
        _give_up(session, ids, error)
    else:
        _keep_disks(session, ids, instances)
    return bool(behind)


def _keep_disks(session: RolloutSession, ids: tuple[str, ...], instances: Sequence[Instance]) -> None:
    """Let only those be swapped whose old disk stays, where this kind of set keeps it (O7)."""
    lost = session.ports.driver.keep_disks(session.fleet, instances, session.guard)
    for instance_id, reason in lost.items():
        log.warning("instance %s is not swapped: its old disk would not be kept: %s", instance_id, reason)
    kept = tuple(i for i in ids if i not in lost)
    events = [
        facts.refused((i,), f"its old disk would not be kept: {why}", session.now())
        for i, why in lost.items()
    ]
    if kept:
        events.append(facts.sending(kept, session.now()))
    session.write(*events)


def _give_up(session: RolloutSession, ids: tuple[str, ...], error: ProviderError) -> None:
    log.warning("%s could not be brought to the latest model: %s", named(ids), error)
    session.write(facts.refused(ids, str(error), session.now()))
