"""Instances that get their previous version back before a rollout ends: on a breach (N11), and when it is cancelled.

They are taken back like a batch: within one zone and one update domain, through the same steps. Which ones,
and that the rollout is to end, is written in one transaction, so that whoever resumes it goes on here.
"""

from __future__ import annotations

import logging

from fleetwright.domain.events import Event
from fleetwright.domain.health import Verdict, VerdictKind, find_ailment, is_ready, why_not_ready
from fleetwright.domain.images import is_exact_version, is_older
from fleetwright.domain.instances import Instance
from fleetwright.domain.progress import failed_ids
from fleetwright.domain.records import SwapRecord
from fleetwright.domain.states import RolloutState, SwapState
from fleetwright.domain.thresholds import IN_ROLLOUT, UPGRADED, name_ids
from fleetwright.rollout import facts
from fleetwright.rollout.cancelling import find_cancel
from fleetwright.rollout.check import CANCELLED, OPTED_OUT, Ending
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

_CAN_GO_BACK = frozenset({SwapState.HEALTHY, SwapState.UNHEALTHY})


def open_restoring(
    session: RolloutSession, ending: Ending, instances: tuple[Instance, ...], index: int
) -> Event | None:
    """The next batch of instances to take back before this ending; None when none is left.

    :param instances: the whole set, as read just now
    :param index: what the batch is to be numbered
    """
    why = why_restored(session, ending)
    due = _due(session, instances) if why else ()
    if not due:
        return None
    first = min((swap.zone, swap.update_domain) for swap in due)
    chosen = [swap for swap in due if (swap.zone, swap.update_domain) == first]
    chosen = chosen[: session.situation(instances).cap]
    present = {instance.instance_id: instance for instance in instances}
    verdicts = {swap.instance_id: _suffers(session, swap, present[swap.instance_id]) for swap in chosen}
    ids = name_ids(tuple(verdicts))
    member = session.fleet.kind.member
    log.warning("before the rollout ends, %ss %s get their previous version back: %s", member, ids, why)
    return facts.restoring_opened(index, first, verdicts, why, session.now())


def why_restored(session: RolloutSession, ending: Ending) -> str:
    """Why an ending takes unhealthy instances back; empty where it leaves them as they are."""
    code = ending.reason.code
    if ending.state is RolloutState.CANCELLED and code in {CANCELLED, OPTED_OUT}:
        return f"a cancelled rollout leaves no {session.fleet.kind.member} unhealthy"
    breach = ending.state is RolloutState.FAULTED and code in {IN_ROLLOUT, UPGRADED}
    wanted = session.fleet.effective_policy.rollback_failed_instances_on_policy_breach
    if breach and wanted and not session.fleet.is_flexible:
        return "rollbackFailedInstancesOnPolicyBreach (N11)"
    if find_cancel(session) is not None:
        return "the rollout was cancelled as well"
    return ""


def is_restoring(session: RolloutSession) -> bool:
    """Whether the open batch takes instances back, and has not done so yet."""
    view = session.view
    batch = view.open_batch
    if batch is None or not view.is_restoring:
        return False
    swaps = view.swaps_of(batch)
    return any(swap.is_in_flight for swap in swaps) or any(
        swap.state is SwapState.UNHEALTHY and disk_to_leave(session, swap) for swap in swaps
    )


def disk_to_leave(session: RolloutSession, swap: SwapRecord) -> str:
    """The OS disk that the instance has now and a rollback takes off; empty where nothing is to be put back."""
    return _disk_to_leave(session, swap, session.ports.driver.fetch_instance(session.fleet, swap.instance_id))


def _disk_to_leave(session: RolloutSession, swap: SwapRecord, instance: Instance | None) -> str:
    member = session.fleet.kind.member
    if instance is None:
        log.info("%s %s does not exist any more: nothing to put back", member, swap.instance_id)
        return ""
    ready = is_ready(instance, session.fleet.health_source)
    kept = instance.version == swap.old_version and instance.os_disk_id.lower() == swap.old_disk_id.lower()
    if kept and ready:
        log.info("%s %s kept its disk and is ready: nothing to put back", member, swap.instance_id)
        return ""
    if ready and session.fleet.waits_for_work and not instance.is_idle:
        log.info(
            "%s %s is ready and runs a task by now: it is not taken back (R55)", member, swap.instance_id
        )
        return ""
    return instance.os_disk_id or swap.new_disk_id or swap.old_disk_id


def _due(session: RolloutSession, instances: tuple[Instance, ...]) -> tuple[SwapRecord, ...]:
    source = session.fleet.health_source
    failed = (session.view.swaps[i] for i in failed_ids(session.view, instances, source))
    return tuple(
        swap
        for swap in failed
        if swap.state in _CAN_GO_BACK
        and _can_go_back(swap, session.fleet.kind.member)
        and _still_ill(session, swap)
    )


def _can_go_back(swap: SwapRecord, member: str) -> bool:
    if swap.replacement_id:
        return False  # a surge: the old instance is gone, or was never touched
    if not is_exact_version(swap.old_version):
        log.warning("%s %s cannot go back: its previous version is not known", member, swap.instance_id)
        return False
    if swap.preserves_disk and swap.old_disk_id in swap.swept_disk_ids:
        log.warning("%s %s cannot go back: its previous disk is swept", member, swap.instance_id)
        return False
    return True


def _still_ill(session: RolloutSession, swap: SwapRecord) -> bool:
    # A list may lag behind, and one that has come back on the new version is left there.
    instance = session.ports.driver.fetch_instance(session.fleet, swap.instance_id)
    serves = instance is not None and not is_older(instance.version, swap.new_version)
    if serves and instance is not None and is_ready(instance, session.fleet.health_source):
        return False
    return bool(_disk_to_leave(session, swap, instance))


def _suffers(session: RolloutSession, swap: SwapRecord, instance: Instance) -> Verdict:
    if swap.state is SwapState.UNHEALTHY:
        return Verdict(VerdictKind.UNHEALTHY, swap.verdict_reason, suffered=swap.suffered)
    source = session.fleet.health_source
    told = f"fell ill later: {why_not_ready(instance, source)}"
    return Verdict(VerdictKind.UNHEALTHY, told, suffered=find_ailment(instance, source))
