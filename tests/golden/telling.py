"""A rollout as text that a person can read and a diff can show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fleetwright.domain.records import BatchRecord, RolloutView
from fleetwright.ledger.event_log import RecordedEvent

_REQUEST_ID = re.compile(r" \(request id [0-9a-f-]+\)")


def tell(
    title: str,
    *,
    plan: Mapping[str, Any],
    view: RolloutView,
    events: tuple[RecordedEvent, ...],
    report: Mapping[str, Any],
    exit_code: int,
    audit: Mapping[str, Any],
) -> str:
    """The whole story.

    :param plan: as ``fleetwright plan --json`` printed it before
    :param report: as ``fleetwright run --json`` printed it
    :param audit: the referee's whole report
    """
    lines = [title, "", "plan", *_plan(plan), "", "batches", *_batches(view, events), "", "ending"]
    lines += [*_ending(report, exit_code), "", "referee", *_referee(audit)]
    return _REQUEST_ID.sub("", "\n".join(line.rstrip() for line in lines)) + "\n"


def _plan(plan: Mapping[str, Any]) -> Iterator[str]:
    for batch in plan["batches"]:
        yield f"  {_place(batch['index'], batch['zone'], batch['updateDomain'])}: {', '.join(batch['instances'])}"
    if not plan["batches"]:
        yield "  no batches"
    for left in plan["leftOut"]:
        yield f"  left out {left['instance']}: {left['reason']}"
    for note in plan["notes"]:
        yield f"  note: {note}"


def _batches(view: RolloutView, events: tuple[RecordedEvent, ...]) -> Iterator[str]:
    evidence = {e.payload["index"]: e.payload for e in events if e.kind == "batch settled"}
    for batch in view.batches:
        yield from _batch(view, batch, str(evidence[batch.index]["summary"]))
    if not view.batches:
        yield "  none"


def _batch(view: RolloutView, batch: BatchRecord, thresholds: str) -> Iterator[str]:
    began, settled, start = batch.began_at, batch.settled_at, view.rollout.started_at
    assert began is not None
    assert settled is not None
    assert start is not None
    seconds = f"{(began - start).total_seconds():g} s to {(settled - start).total_seconds():g} s"
    yield f"  {_place(batch.index, batch.zone, batch.update_domain)}, {seconds}"
    for swap in view.swaps_of(batch):
        ready = "" if swap.ready_seconds is None else f" after {swap.ready_seconds:g} s"
        yield f"    {swap.instance_id}: {swap.state}{ready}: {swap.verdict_reason}"
    yield f"    {thresholds}"


def _ending(report: Mapping[str, Any], exit_code: int) -> Iterator[str]:
    reason = report["reason"]
    yield f"  {report['status']} ({reason['code']}), exit code {exit_code}"
    yield f"  {reason['message']}"
    counts = report["progress"]
    yield "  " + ", ".join(
        f"{counts[f'{word}InstanceCount']} {name}"
        for word, name in (
            ("successful", "successful"),
            ("failed", "failed"),
            ("inProgress", "in progress"),
            ("pending", "pending"),
        )
    )
    rollbacks = report["rollbackInfo"]
    yield (
        f"  rolled back: {rollbacks['successfullyRolledbackInstanceCount']}, "
        f"in vain: {rollbacks['failedRolledbackInstanceCount']}"
    )


def _referee(audit: Mapping[str, Any]) -> Iterator[str]:
    (found,) = audit["scaleSets"].values()
    yield f"  swaps: {_counts(found['swaps'])}"
    yield f"  rollbacks: {_counts(found['rollbacks'])}"
    yield f"  versions: {_counts(found['imageVersions'])}"
    for name in (
        "maxOutOfService",
        "maxInFlight",
        "maxZonesInFlight",
        "maxUpdateDomainsInFlight",
        "dataDisksLost",
        "busySeconds",
        "wallSeconds",
        "overheadSeconds",
    ):
        yield f"  {name}: {found[name]:g}"
    yield f"  mutating requests: {audit['requests']['mutating']}"
    yield f"  violations: {len(audit['violations'])}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} x{count}" for name, count in sorted(counts.items(), key=_by_number)) or "none"


def _by_number(item: tuple[str, int]) -> tuple[int, ...]:
    return tuple(int(part) for part in item[0].split("."))


def _place(index: int, zone: str, update_domain: int) -> str:
    return f"batch {index + 1}, {f'zone {zone}, ' if zone else ''}update domain {update_domain}"
