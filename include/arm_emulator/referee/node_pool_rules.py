"""What the rules say about node pools: windows, images, versions, and how many nodes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.calendar import NODE_OS_SCHEDULE, is_open, next_opening
from arm_emulator.aks.node_images import age_of, family_of
from arm_emulator.instants import admin_instant
from arm_emulator.referee.violations import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from arm_emulator.record import NodeImageChanged, NodePoolUpgradeAccepted
    from arm_emulator.referee.node_pool_record import NodePoolRecord

_WORDS = {
    "reimage": "upgrade to {image} accepted",
    "resume": "upgrade to {image} resumed",
    "live": "live patches up to {image} accepted",
}


def is_outside_window(event: NodePoolUpgradeAccepted) -> bool:
    """Whether the cluster's window for node images is closed; one without a window is never outside it."""
    window = event.maintenance
    return bool(window and window.get("maintenanceWindow")) and not is_open(window or {}, event.at)


def judge_window(record: NodePoolRecord, event: NodePoolUpgradeAccepted) -> Iterator[Violation]:
    """R71: node images begin to change inside the window only."""
    if not is_outside_window(event):
        return
    opening = next_opening(event.maintenance or {}, event.at)
    when = f"opens next at {admin_instant(opening)}" if opening else "never opens again"
    done = _WORDS.get(event.kind, "{image} accepted").format(image=event.image)
    detail = f"{done} while {NODE_OS_SCHEDULE} is closed: it {when}"
    yield Violation("R71", event.at, record.id, detail)


def judge_repetition(record: NodePoolRecord, event: NodePoolUpgradeAccepted) -> Iterator[Violation]:
    """R70: one upgrade for each image; what had stopped, or had left nodes behind, may be asked for again."""
    if event.image in record.completed and event.kind != "live":
        detail = f"second upgrade to {event.image}, which the first one brought to every node"
        yield Violation("R70", event.at, record.id, detail)


def judge_image(record: NodePoolRecord, event: NodeImageChanged) -> Iterator[Violation]:
    """N34 and R66: a node never gets an older image, nor another version of Kubernetes.

    After some changes of the channel AKS itself reimages nodes, which then lack the patches that they had (N30).
    """
    is_older = family_of(event.before) == family_of(event.after) and age_of(event.after) < age_of(
        event.before
    )
    if is_older and not record.is_by_platform:
        detail = f"node {event.node} went from {event.before} back to {event.after}"
        yield Violation("N34", event.at, record.id, detail)
    if event.kubernetes_before != event.kubernetes_after:
        detail = (
            f"node {event.node} went from Kubernetes {event.kubernetes_before} to {event.kubernetes_after} "
            f"with image {event.after}"
        )
        yield Violation("R66", event.at, record.id, detail)


def judge_missing(record: NodePoolRecord, at: datetime) -> Iterator[Violation]:
    """N32: an upgrade takes no more nodes than surge makes up for and ``maxUnavailable`` allows."""
    limits = record.limits
    if limits is not None and record.taken_too_many():
        detail = f"{record.missing()} of {limits.size} nodes missing by an upgrade, maxUnavailable is {limits.unavailable}"
        yield Violation("N32", at, record.id, detail)


def judge_surge(record: NodePoolRecord, at: datetime) -> Iterator[Violation]:
    """N32: an upgrade adds no more nodes than ``maxSurge``."""
    limits, surge = record.limits, record.surge_in_use()
    if limits is not None and surge > limits.surge:
        detail = f"{surge} surge nodes for {limits.size} nodes, maxSurge is {limits.surge}"
        yield Violation("N32", at, record.id, detail)
