"""Which instances are swapped next, and why these.

``select_batch`` is the one admission function: the plan, the live choice and the last look before the
call all ask it. Budget = cap - out of service, where out of service is everything that this rollout
has in flight or that is not ready; an instance that is already not ready uses no budget when it is the
one upgraded.
"""

from __future__ import annotations

from fleetwright.domain.health import why_not_ready
from fleetwright.domain.holdups import what_it_runs, why_not_drained
from fleetwright.domain.images import is_exact_version, is_older
from fleetwright.domain.instances import Instance
from fleetwright.domain.queues import Queues, Rank, Taken, domain_of
from fleetwright.domain.situation import PENDING, Choice, Selection, Situation, Standing


def select_batch(situation: Situation) -> Selection:
    """Choose the next batch: within one zone and one update domain, never above the budget (R7, R9, R48, R49).

    Worked example: 15 instances, 20 % is a cap of 3; one is already unhealthy, so the budget is 2. A
    domain with the unhealthy one and four healthy ones gives the unhealthy one (it uses no budget) and
    two healthy ones. Where applications number themselves, the lowest phase goes first and ends before
    the next one begins (N18). ``situation.zone`` leaves one zone to choose in.
    """
    settled, candidates = _split(situation)
    queues = queues_of(settled, candidates, situation)
    rank, taken = queues.rank, queues.take()
    if taken is not None:
        return _selection(situation, settled, candidates, taken)
    out = situation.out_of_service
    blockers = tuple(i.instance_id for i in _ordered(situation.instances) if i.instance_id in out)
    waiting = _waiting(situation, candidates, rank, ("", -1), out=len(out))
    pending = any(choice.standing in PENDING for choice in (*settled, *waiting))
    return Selection((), (*settled, *waiting), blockers=blockers if pending else ())


def queues_of(settled: tuple[Choice, ...], candidates: tuple[Instance, ...], situation: Situation) -> Queues:
    """The candidates in the order in which they get their batches."""
    at_work = {choice.instance_id for choice in settled if choice.standing is Standing.BUSY}
    return Queues(situation, candidates, (i for i in situation.instances if i.instance_id in at_work))


def list_zones(situation: Situation) -> tuple[str, ...]:
    """The zones in which a batch could be chosen now instead of the natural one, which is the first of them (R48).

    Only such as have a batch of the same urgency: what comes first by its phase (N18), or because it is not ready
    (N13), is never put behind for a zone that happens to be free. Regional sets, and those that cross zones (N14,
    C8), have the one that is no zone; where nothing fits there is none.
    """
    settled, candidates = _split(situation)
    return queues_of(settled, candidates, situation).zones()


def predict_batches(situation: Situation) -> tuple[Selection, ...]:
    """Every batch that ``select_batch`` would choose, one after the other, while all goes well.

    Only the chosen ones are told here; the test that drives ``select_batch`` itself holds this to it.
    """
    settled, candidates = _split(situation)
    queues, batches = queues_of(settled, candidates, situation), []
    while (taken := queues.take()) is not None:
        batches.append(_selection(situation, (), (), taken))
    return tuple(batches)


def why_not_admitted(situation: Situation, ids: frozenset[str]) -> str:
    """Why a batch that was chosen earlier may not be swapped as things stand now; empty when it may."""
    present = {instance.instance_id: instance for instance in situation.instances}
    for instance_id in sorted(ids):
        if instance_id not in present:
            return f"{situation.member} {instance_id} does not exist any more"
        choice = _standing(present[instance_id], situation)
        if choice is not None:
            return f"{situation.member} {instance_id}: {choice.reason}"
        busy = why_not_drained(present[instance_id], situation)
        if busy:
            return f"{situation.member} {instance_id}: {busy}"
    # Who is closed and ready serves until its swap: it takes budget then, whatever was free when it was closed.
    out = situation.not_serving
    if ids - out and len(out | ids) > situation.cap:
        return (
            f"{len(out | ids)} of {situation.total} would be out of service, at most {situation.cap} may be"
        )
    return ""


def _split(situation: Situation) -> tuple[tuple[Choice, ...], tuple[Instance, ...]]:
    settled: list[Choice] = []
    candidates: list[Instance] = []
    for instance in _ordered(situation.instances):
        choice = _standing(instance, situation)
        if choice is None:
            candidates.append(instance)
        else:
            settled.append(choice)
    return tuple(settled), tuple(candidates)


def _standing(instance: Instance, situation: Situation) -> Choice | None:
    instance_id, version, target = instance.instance_id, instance.version, situation.target_version
    if instance_id in situation.swapped_ids:
        return Choice(instance_id, Standing.SWAPPED_BEFORE, "already swapped once in this rollout")
    if version == target:
        return Choice(instance_id, Standing.ON_TARGET, f"already on {target}")
    if not is_older(version, target) and is_exact_version(version):
        reason = f"runs {version}, newer than {target}: never taken back"
        return Choice(instance_id, Standing.NEWER, reason)
    left_alone = _left_alone(instance, situation)
    if left_alone is not None:
        return left_alone
    if not instance.is_settled:
        reason = f"an operation of somebody else is at work on it ({instance.provisioning_state})"
        return Choice(instance_id, Standing.BUSY, reason)
    return None


def _left_alone(instance: Instance, situation: Situation) -> Choice | None:
    """Whoever owns the instance, or runs on it, asked for it (N23)."""
    if instance.instance_id in situation.order.skipped:
        reason = "its application said SkipUpgrade when the rollout began (N19)"
        return Choice(instance.instance_id, Standing.SKIPPED, reason)
    if instance.instance_id in situation.left_busy:
        return Choice(instance.instance_id, Standing.LEFT_BUSY, situation.left_busy[instance.instance_id])
    if not instance.takes_work and instance.instance_id not in situation.closed_ids:
        reason = "somebody else disabled its scheduling; enable it to have the node upgraded (R55)"
        return Choice(instance.instance_id, Standing.CLOSED, reason)
    if instance.protected:
        reason = "protected from scale set actions; lift the protection to upgrade it"
        return Choice(instance.instance_id, Standing.PROTECTED, reason)
    return None


def _selection(
    situation: Situation, settled: tuple[Choice, ...], candidates: tuple[Instance, ...], taken: Taken
) -> Selection:
    ids = {instance.instance_id for instance in taken.chosen}
    others = tuple(candidate for candidate in candidates if candidate.instance_id not in ids)
    place = (taken.zone, taken.update_domain)
    # Its own nodes are closed already when the batch begins: they are not who was out before it.
    others_out = taken.out - len(ids & situation.closed_ids)
    here = " in this domain" if situation.has_update_domains else " in this zone" if taken.zone else ""
    reason = (
        f"{_phase_words(situation, taken.rank)}{len(taken.chosen)} of {taken.left} left{here}; "
        f"cap {situation.cap} of {situation.total} "
        f"({situation.policy.max_batch_instance_percent} %), {others_out} out of service before"
    )
    return Selection(
        tuple(Choice(i.instance_id, Standing.CHOSEN, _why_chosen(i, situation)) for i in taken.chosen),
        (*settled, *_waiting(situation, others, taken.rank, place, out=taken.out)),
        taken.zone,
        taken.update_domain,
        reason,
        phase=None if taken.rank[0] else taken.rank[1],
    )


def _phase_words(situation: Situation, rank: Rank) -> str:
    if not situation.order.phases:
        return ""
    return "last phase: " if rank[0] else f"phase {rank[1]}: "


def _why_chosen(instance: Instance, situation: Situation) -> str:
    older = (
        f"{instance.version} is older than {situation.target_version}"
        if is_exact_version(instance.version)
        else f"it shows {instance.version!r}, which is no version"
    )
    reason = why_not_ready(instance, situation.health_source)
    if reason:
        return f"{older}; goes first because it is not ready: {reason}"
    if situation.waits_for_work and not instance.is_idle:
        return f"{older}; {what_it_runs(instance)}, and is upgraded once it is idle (R55)"
    return older


def _waiting(
    situation: Situation,
    candidates: tuple[Instance, ...],
    rank: Rank | None,
    place: tuple[str, int],
    *,
    out: int,
) -> tuple[Choice, ...]:
    """Why each of them is not in this batch.

    :param place: zone and update domain of the batch; an impossible one where there is no batch
    """
    if not candidates:
        return ()
    other = f"waits: {situation.place_words(*place) or 'another zone'} goes first"
    later = f"waits: {_phase_words(situation, rank or (True, 0)).rstrip(': ')} goes first"
    full = f"waits: at most {situation.cap} of {situation.total} may be out at once, {out} were before"
    choices = []
    for candidate in candidates:
        if situation.order.rank(candidate.instance_id) != rank:
            standing, reason = Standing.LATER_PHASE, later
        elif place[1] >= 0 and domain_of(candidate, situation.policy) != place:
            standing, reason = Standing.OTHER_DOMAIN, other
        else:
            standing, reason = Standing.NO_BUDGET, full
        choices.append(Choice(candidate.instance_id, standing, reason))
    return tuple(choices)


def _ordered(instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
    return tuple(sorted(instances, key=lambda instance: instance.order))
