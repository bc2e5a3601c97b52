"""A rollout as text that a person can read and a diff can show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fleetwright.domain.records import BatchRecord, RolloutView
from fleetwright.ledger.event_log import RecordedEvent

FIGURES = {
    "maxOutOfService": "most out of service at once",
    "maxInFlight": "most in flight at once",
    "maxZonesInFlight": "most zones in flight at once",
    "maxUpdateDomainsInFlight": "most update domains in flight at once",
    "dataDisksLost": "data disks lost",
    "busySeconds": "seconds with somebody in flight",
    "wallSeconds": "seconds from the first swap to the last ready",
    "overheadSeconds": "of these with nobody in flight",
}
WORK = {
    "runningNodesInterrupted": "nodes that were interrupted in their work",
    "tasksRequeued": "tasks that were queued again",
}
_DISK_GROUP = re.compile(r"/subscriptions/\S+/disks/")
_REQUEST_ID = re.compile(r" \(request id [0-9a-f-]+\)")


def tell(
    title: str,
    *,
    world: Mapping[str, Any],
    outside: tuple[str, ...],
    plan: Mapping[str, Any],
    view: RolloutView,
    events: tuple[RecordedEvent, ...],
    report: Mapping[str, Any],
    exit_code: int,
    audit: Mapping[str, Any],
    calls: Mapping[str, int],
) -> str:
    """The whole story.

    :param world: the document that it began with
    :param outside: what happened that the rollout did not do, each with its time
    :param plan: as ``fleetwright plan --json`` printed it before
    :param report: as ``fleetwright run --json`` printed it
    :param audit: the referee's whole report
    :param calls: how often each route was called
    """
    lines = [title, "", "fleet", *_fleet(world, view), ""]
    if outside:
        lines += ["from outside", *(f"  {happening}" for happening in outside), ""]
    lines += [
        "plan",
        *_plan(plan),
        "",
        "batches (seconds from the start)",
        *_batches(view, events),
        "",
        "ending",
    ]
    lines += [*_ending(report, exit_code), "", "referee", *_referee(audit, calls)]
    return _REQUEST_ID.sub("", "\n".join(line.rstrip() for line in lines)) + "\n"


def _fleet(world: Mapping[str, Any], view: RolloutView) -> Iterator[str]:
    settings = view.rollout.settings
    yield _pool(world) if world.get("batchAccounts") else _scale_set(world)
    way_back = "with" if settings.rollback else "without"
    yield f"  to {settings.target_version}, {settings.trigger}, {way_back} rollback"


def _scale_set(world: Mapping[str, Any]) -> str:
    (scale_set,) = world["scaleSets"]
    resource = scale_set["resource"]
    zones = resource.get("zones", [])
    where = f"zones {', '.join(zones)}" if zones else "no zones"
    mode = resource["properties"]["orchestrationMode"]
    return f"  {resource['sku']['capacity']} instances, {where}, {mode}"


def _pool(world: Mapping[str, Any]) -> str:
    (account,) = world["batchAccounts"]
    (pool,) = account["pools"]
    properties, extras = pool["resource"]["properties"], pool["x-emulator"]
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    defers = properties["upgradePolicy"]["automaticOSUpgradePolicy"]["osRollingUpgradeDeferral"]
    work = [
        f"{node} for ever" if seconds < 0 else f"{node} for {seconds:g} s"
        for node, seconds in extras["running"].items()
    ]
    mode, placement = account["resource"]["properties"], machine["nodePlacementConfiguration"]["policy"]
    where = f"{placement}, {mode['poolAllocationMode']}, {'with' if defers else 'without'} deferral"
    return f"  {extras['nodes']} nodes, {where}; working: {', '.join(work) or 'none'}"


def _plan(plan: Mapping[str, Any]) -> Iterator[str]:
    phased = any(batch["phase"] is not None for batch in plan["batches"])
    for batch in plan["batches"]:
        place = _place(batch["index"], batch["zone"], batch["updateDomain"])
        phase = "last phase" if batch["phase"] is None else f"phase {batch['phase']}"
        yield f"  {place}{f', {phase}' if phased else ''}: {', '.join(batch['instances'])}"
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
    yield f"    chosen: {batch.reason}"
    for swap in view.swaps_of(batch):
        ready = "" if swap.ready_seconds is None else f", {swap.ready_seconds:g} s after its swap"
        why = "" if swap.verdict_reason == "ready" else f": {swap.verdict_reason}"
        same = swap.preserves_disk and swap.restored_disk_id == swap.old_disk_id
        back = ", on its previous disk" if same else ""
        yield f"    {swap.instance_id}: {swap.state}{ready}{back}{why}"
    yield f"    afterwards: {thresholds}"


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
    for version in sorted({leak["version"] for leak in report["byThemselves"]}):
        ids = [leak["instance"] for leak in report["byThemselves"] if leak["version"] == version]
        yield f"  by themselves on {version}: {', '.join(ids)}"
    for disk in report.get("keptDisks", ()):
        yield f"  {_DISK_GROUP.sub('', disk)}"
    if report["newerVersion"]:
        yield f"  newer version: {report['newerVersion']}"


def _referee(audit: Mapping[str, Any], calls: Mapping[str, int]) -> Iterator[str]:
    (found,) = (*audit["scaleSets"].values(), *audit["batchPools"].values())
    yield f"  swaps: {_often(found['swaps'])}"
    yield f"  rollbacks: {_often(found['rollbacks'])}"
    yield f"  versions: {_counts(found['imageVersions'])}"
    for name, words in {**FIGURES, **(WORK if audit["batchPools"] else {})}.items():
        yield f"  {words}: {found[name]:g}"
    changing = {route: count for route, count in sorted(calls.items()) if not route.startswith("GET ")}
    named = ", ".join(f"{route} x{count}" for route, count in changing.items()) or "none"
    yield f"  calls that change something: {named}"
    yield f"  violations: {len(audit['violations'])}"


def _often(counts: Mapping[str, int]) -> str:
    """Who, and how often where it was more than once."""
    ordered = sorted(counts.items(), key=_by_number)
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in ordered) or "none"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} x{count}" for name, count in sorted(counts.items(), key=_by_number)) or "none"


def _by_number(item: tuple[str, int]) -> tuple[int, ...]:
    return tuple(int(part) for part in item[0].removeprefix("tvm-").split("."))


def _place(index: int, zone: str, update_domain: int) -> str:
    return f"batch {index + 1}, {f'zone {zone}, ' if zone else ''}update domain {update_domain}"
