"""What a person reads: the plan, the batches and the numbers, as plain text for logs and terminals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tabulate import tabulate

from fleetwright.domain.durations import clock_text
from fleetwright.domain.fleets import Fleet, FleetKind, kind_of
from fleetwright.domain.plan import Plan
from fleetwright.domain.records import RolloutRecord, RolloutView
from fleetwright.domain.situation import PENDING, Choice, Selection, Situation
from fleetwright.domain.thresholds import StopReason, name_ids


def plan_text(fleet: Fleet, plan: Plan, *, rollback: bool, warnings: Sequence[str] = ()) -> str:
    """The plan as a table, with what is left out and what could stop it."""
    policy = fleet.effective_policy
    lines = [
        f"Plan for {fleet.name} ({fleet.location}): {fleet.image.name} -> {plan.target_version}",
        f"  batches of at most {policy.max_batch_instance_percent} %; stops above "
        f"{policy.max_unhealthy_instance_percent} % unhealthy of the {fleet.kind.noun} or "
        f"{policy.max_unhealthy_upgraded_instance_percent} % of those upgraded; "
        + (_what_rollbacks_give(fleet) if rollback else _what_is_kept(fleet)),
        f"  {fleet.strategy.words}",
        "",
        batches_table(plan, fleet.kind),
        "",
    ]
    lines += [f"  left out: {row}" for row in left_out_rows(plan.left_out)]
    lines += [f"  note: {note}" for note in (*plan.notes, *warnings)]
    return "\n".join(lines).rstrip()


def _what_rollbacks_give(fleet: Fleet) -> str:
    if fleet.is_flexible:
        return "unhealthy instances get their previous disk back (O7)"
    return f"unhealthy {fleet.kind.member}s get their previous version back, on a new disk (O7)"


def _what_is_kept(fleet: Fleet) -> str:
    if fleet.is_flexible:
        return "no rollback; the previous disk of an unhealthy instance is kept"
    return "no rollback"


def batches_table(plan: Plan, kind: FleetKind = FleetKind.SCALE_SET) -> str:
    """One row a batch; a line of its own where there is nothing to do."""
    if not plan.batches and any(choice.standing in PENDING for choice in plan.left_out):
        return "  nothing can be done now: what is left to upgrade does not fit, see below"
    if not plan.batches:
        return f"  nothing to do: no {kind.member} has to move to {plan.target_version}"
    phased = any(batch.phase is not None for batch in plan.batches)
    has_domains = kind is FleetKind.SCALE_SET
    rows = [
        (
            batch.index + 1,
            *((_phase_text(batch.phase),) if phased else ()),
            batch.zone or "-",
            *((batch.update_domain,) if has_domains else ()),
            len(batch.choices),
            name_ids(batch.instance_ids, most=20),
            clock_text(batch.starts_after),
            batch.reason,
        )
        for batch in plan.batches
    ]
    place = ("zone", "domain") if has_domains else ("zone",)
    headers = (*place, "size", f"{kind.member}s", "starts after", "reason")
    return tabulate(rows, headers=("batch", *(("phase",) if phased else ()), *headers), tablefmt="simple")


def _phase_text(phase: int | None) -> str:
    return "last" if phase is None else str(phase)


def left_out_rows(choices: Iterable[Choice]) -> list[str]:
    """Instances left out, those with the same reason in one row."""
    grouped: dict[str, list[str]] = {}
    for choice in choices:
        grouped.setdefault(choice.reason, []).append(choice.instance_id)
    return [f"{name_ids(tuple(ids), most=20)}: {reason}" for reason, ids in grouped.items()]


def batch_text(index: int, selection: Selection, situation: Situation) -> str:
    """One batch: each instance with zone, versions and reason."""
    target = situation.target_version
    present = {instance.instance_id: instance for instance in situation.instances}
    rows = [
        (
            choice.instance_id,
            present[choice.instance_id].zone or "-",
            *((present[choice.instance_id].update_domain,) if situation.has_update_domains else ()),
            present[choice.instance_id].version or "unknown",
            target,
            choice.reason,
        )
        for choice in selection.chosen
    ]
    place = ("zone", "domain") if situation.has_update_domains else ("zone",)
    headers = (situation.member, *place, "from", "to", "reason")
    table = tabulate(rows, headers=headers, tablefmt="simple")
    left = "\n".join(f"  not in this batch: {row}" for row in left_out_rows(selection.left_out))
    where = situation.place_words(selection.zone, selection.update_domain)
    head = ": ".join(filter(None, (f"Batch {index + 1}", where, selection.reason)))
    return f"{head}\n\n{table}\n\n{left}".rstrip()


def verdicts_text(view: RolloutView) -> str:
    """The verdicts of the open batch: who became healthy after how many seconds, and who did not, and why."""
    batch = view.open_batch
    if batch is None:
        return "no batch is under way"
    rows = [
        (swap.instance_id, str(swap.state), _seconds(swap.ready_seconds), swap.verdict_reason)
        for swap in view.swaps_of(batch)
    ]
    member = kind_of(view.rollout.settings.fleet_id).member
    table = tabulate(rows, headers=(member, "state", "ready after", "reason"), tablefmt="simple")
    return f"Batch {batch.index + 1}\n\n{table}"


def settled_text(view: RolloutView, thresholds: str) -> str:
    """What became of the open batch, and the thresholds with their numbers."""
    return f"{verdicts_text(view)}\n\n{thresholds}"


def ending_text(state: str, reason: StopReason) -> str:
    """How a rollout ended; the code only where it says more than the state."""
    code = "" if reason.code == state else f"{reason.code}: "
    return f"{state}: {code}{reason.message}"


def counts_text(progress: Mapping[str, int]) -> str:
    """Azure's counts in words: ``14 successful, 1 failed, 0 in progress, 0 pending``.

    :param progress: as ``Progress.to_dict`` writes it
    """
    words = {
        "successful": "successful",
        "failed": "failed",
        "inProgress": "in progress",
        "pending": "pending",
    }
    return ", ".join(f"{progress[f'{name}InstanceCount']} {word}" for name, word in words.items())


def failed_rows(rollout: RolloutRecord) -> list[str]:
    """The instances whose upgrade failed, those with the same fate and reason in one row."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for failed in rollout.outcome.get("failed", ()):
        grouped.setdefault((failed["state"], failed["reason"]), []).append(failed["instance"])
    return [f"{state}: {name_ids(tuple(ids))}: {reason}" for (state, reason), ids in grouped.items()]


def left_busy_rows(rollout: RolloutRecord) -> list[str]:
    """The nodes that never became idle in time and are as they were, those with the same reason in one row (R55)."""
    grouped: dict[str, list[str]] = {}
    for node, reason in rollout.left_busy.items():
        grouped.setdefault(reason, []).append(node)
    return [f"left as it is: {name_ids(tuple(ids))}: {reason}" for reason, ids in grouped.items()]


def surprises(rollout: RolloutRecord) -> list[str]:
    """What nobody asked for: instances that came to the version by themselves (O9), a newer version (R2)."""
    found: dict[str, list[str]] = {}
    for leak in rollout.outcome.get("by_themselves", ()):
        found.setdefault(leak["version"], []).append(leak["instance"])
    is_pool = kind_of(rollout.settings.fleet_id) is FleetKind.BATCH_POOL
    how = "through Azure's own upgrade or as new nodes" if is_pool else "through scale-out or repairs"
    lines = [
        f"{len(ids)} on {version} by themselves, {how} and not by this rollout: {', '.join(ids)} (O9)"
        for version, ids in sorted(found.items())
    ]
    newer = rollout.outcome.get("newer_version", "")
    if newer:
        target = rollout.settings.target_version
        lines.append(f"a newer version exists: {newer}; this rollout stayed with {target} (R2)")
    return lines


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
