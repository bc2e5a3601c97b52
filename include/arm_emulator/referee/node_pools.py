"""What the referee hears of AKS node pools, and what it says of them."""

from __future__ import annotations

from collections import Counter
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from arm_emulator.record import (
    NodeAdded,
    NodeAvailabilityChanged,
    NodeDrainEnded,
    NodeImageChanged,
    NodePoolAdded,
    NodePoolEvent,
    NodePoolRemoved,
    NodePoolUpgradeAccepted,
    NodePoolUpgradeEnded,
    NodeRemoved,
)
from arm_emulator.referee.node_pool_record import NodePoolRecord
from arm_emulator.referee.node_pool_rules import (
    is_outside_window,
    judge_image,
    judge_missing,
    judge_repetition,
    judge_surge,
    judge_window,
)

if TYPE_CHECKING:
    from arm_emulator.referee.violations import Violation


class NodePools:
    """The records of all node pools.

    :param violations: where broken rules are written to.
    """

    def __init__(self, violations: list[Violation]) -> None:
        self.records: dict[str, NodePoolRecord] = {}
        self.max_pools_at_once: Counter[str] = Counter()
        self._violations = violations

    def observe(self, event: NodePoolEvent) -> None:
        """Take note of an event."""
        if isinstance(event, NodePoolAdded):
            self._add(event)
            return
        record = self.records.get(event.pool)
        if record is None:
            return
        if isinstance(event, NodePoolRemoved):
            record.clear()
        else:
            self._note(event, record)
        record.note()

    def report(self) -> dict[str, Any]:
        """``nodePools`` and, where there are any, ``clusters`` of the audit."""
        if not self.records:
            return {"nodePools": {}}
        pools = {record.id: _told(record) for record in self.records.values()}
        clusters = dict.fromkeys(record.cluster for record in self.records.values())
        most = {cluster: {"maxPoolsAtOnce": self.max_pools_at_once[cluster]} for cluster in clusters}
        return {"nodePools": pools, "clusters": most}

    def _add(self, event: NodePoolAdded) -> None:
        record = NodePoolRecord(
            event.pool,
            dict(event.images),
            surge=set(event.surge),
            away=set(event.unavailable),
            quarantined=set(event.quarantined),
        )
        # One that is deleted and created again goes on where it was counted.
        before = self.records.get(event.pool)
        if before is not None:
            record.counts = before.counts
        self.records[event.pool] = record
        if event.upgrading_to:
            record.begin(event.upgrade_settings, event.upgrading_to)
            self._count_pools(record.cluster)
        record.note()

    @singledispatchmethod
    def _note(self, event: NodePoolEvent, record: NodePoolRecord) -> None:
        raise TypeError(f"the referee does not know {event!r} of {record.id}")

    @_note.register
    def _(self, event: NodeAdded, record: NodePoolRecord) -> None:
        record.images[event.node] = event.image
        record.new.add(event.node)
        record.away.add(event.node)
        if event.is_surge:
            record.surge.add(event.node)
            self._violations.extend(judge_surge(record, event.at))

    @_note.register
    def _(self, event: NodeRemoved, record: NodePoolRecord) -> None:
        record.forget(event.node)

    @_note.register
    def _(self, event: NodeAvailabilityChanged, record: NodePoolRecord) -> None:
        (record.surge.add if event.is_surge else record.surge.discard)(event.node)
        if event.available:
            record.is_back(event.node)
            return
        record.away.add(event.node)
        if event.from_outside:
            record.excused.add(event.node)
        else:
            self._violations.extend(judge_missing(record, event.at))

    @_note.register
    def _(self, event: NodeDrainEnded, record: NodePoolRecord) -> None:
        if record.limits is None:
            return
        if not event.drained:
            record.counts.drain_timeouts += 1
            record.quarantined.add(event.node)
        else:
            record.counts.drained += event.node not in record.surge
            record.quarantined.discard(event.node)

    @_note.register
    def _(self, event: NodeImageChanged, record: NodePoolRecord) -> None:
        record.images[event.node] = event.after
        self._violations.extend(judge_image(record, event))

    @_note.register
    def _(self, event: NodePoolUpgradeAccepted, record: NodePoolRecord) -> None:
        if event.by_platform:
            record.counts.by_platform += 1
        else:
            self._judge_call(event, record)
        if event.kind != "live":
            record.begin(event.upgrade_settings, event.image, by_platform=event.by_platform)
            self._count_pools(record.cluster)

    @_note.register
    def _(self, event: NodePoolUpgradeEnded, record: NodePoolRecord) -> None:
        record.end(succeeded=event.status == "Succeeded")

    def _judge_call(self, event: NodePoolUpgradeAccepted, record: NodePoolRecord) -> None:
        counts = record.counts
        counts.outside_window += is_outside_window(event)
        self._violations.extend(judge_window(record, event))
        self._violations.extend(judge_repetition(record, event))
        if event.kind == "live":
            counts.live_patches += 1
        elif event.kind == "resume" and event.image == record.goal:
            counts.resumes += 1
        else:
            counts.upgrades += 1
            counts.per_image[event.image] += 1

    def _count_pools(self, cluster: str) -> None:
        going = sum(r.limits is not None and r.cluster == cluster for r in self.records.values())
        self.max_pools_at_once[cluster] = max(self.max_pools_at_once[cluster], going)


def _told(record: NodePoolRecord) -> dict[str, Any]:
    counts = record.counts
    return {
        "maxUnavailable": counts.max_unavailable,
        "maxSurgeNodes": counts.max_surge_nodes,
        "outsideWindow": counts.outside_window,
        "upgrades": counts.upgrades,
        "resumes": counts.resumes,
        "upgradesPerImage": dict(counts.per_image),
        "livePatches": counts.live_patches,
        "byPlatform": counts.by_platform,
        "drained": counts.drained,
        "drainTimeouts": counts.drain_timeouts,
        "undrainable": sorted(record.quarantined),
        "images": dict(sorted(Counter(record.images.values()).items())),
        "nodes": len(record.images),
    }
