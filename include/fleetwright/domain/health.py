"""Who is ready, and the verdict about an instance after a swap or a rollback.

*Ready* is: running, provisioning succeeded, every extension succeeded and, where the fleet has a health
source, reported healthy (R32). Unknown, initializing and failed are not ready; initializing waits, the
others are definite signs (N21).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fleetwright.domain.ailments import NO_AILMENT, Ailment, Sign
from fleetwright.domain.data_disks import describe_differences
from fleetwright.domain.instances import UNKNOWN_POWER, Health, HealthSource, Instance
from fleetwright.domain.records import SwapRecord

# An operation without an end after this long has failed for its instances.
OPERATION_LIMIT = timedelta(minutes=30)

# What stops a rollout by itself.
TIMED_OUT = "timed out"
DISKS_DIFFER = "data disks differ"

GONE = "it does not exist any more"

_BAD_HEALTH = frozenset({Health.UNHEALTHY, Health.UNKNOWN})
# The binary extension has no word for an application that starts: until it answers well it is unhealthy (N21, N22).
_DEFINITELY_BAD_HEALTH = {
    HealthSource.PROBE: _BAD_HEALTH,
    HealthSource.EXTENSION: _BAD_HEALTH,
    HealthSource.BINARY_EXTENSION: frozenset({Health.UNKNOWN}),
    HealthSource.EXTERNAL: _BAD_HEALTH,
    # Batch loses sight of a node while its disk is replaced: only its own verdict about the node is definite.
    HealthSource.NODE: frozenset({Health.UNHEALTHY}),
    HealthSource.NONE: frozenset[Health](),
}
_DOWN = frozenset({"stopped", "deallocated"})


class VerdictKind(StrEnum):
    """What is known about an instance that was swapped or rolled back."""

    WAIT = "wait"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict with its reason.

    :param ready_seconds: from the end of the swap until it was seen ready, None where it was not
    :param fatal: why the whole rollout has to stop, whatever the thresholds say: an operation without an
        end may still be at work, and a data disk that is lost or moved must not happen twice (R5)
    :param suffered: by what the instance was found bad
    """

    kind: VerdictKind
    reason: str
    ready_seconds: float | None = None
    fatal: str = ""
    suffered: Ailment = NO_AILMENT


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what.

    :param health_timeout: per instance, from the end of its swap (R10)
    :param fail_fast: a definite sign ends the wait at once; right only where a rollback follows, because
        without one the instance keeps its time to recover and the batch stays open for it (R10)
    """

    health_timeout: timedelta
    fail_fast: bool


# What a Batch node is told by one word for, whichever part of an instance that word stands for.
_OF_A_NODES_STATE = frozenset(
    {Sign.POWER, Sign.PROVISIONING_FAILED, Sign.PROVISIONING_UNSETTLED, Sign.HEALTH}
)


def why_not_ready(instance: Instance, source: HealthSource) -> str:
    """Why the instance is not ready, in a few words; empty when it is ready."""
    sign = find_ailment(instance, source).sign
    if instance.shown_state and sign in _OF_A_NODES_STATE:
        return f"node state is {instance.shown_state}"
    return "" if sign is Sign.NONE else _told_by(instance).get(sign, "")


def _told_by(instance: Instance) -> Mapping[Sign, str]:
    provisioning = f"provisioning is {instance.provisioning_state}"
    return {
        Sign.POWER: f"power state is {instance.power or 'not shown'}",
        Sign.EXTENSION_FAILED: f"extension {', '.join(instance.failed_extensions)} failed",
        Sign.PROVISIONING_FAILED: provisioning,
        Sign.PROVISIONING_UNSETTLED: provisioning,
        Sign.EXTENSION_UNSETTLED: f"extension {', '.join(instance.pending_extensions)} is not provisioned yet",
        Sign.HEALTH: f"health is {instance.health}",
    }


def find_ailment(instance: Instance, source: HealthSource) -> Ailment:
    """By what the instance is not ready, the first thing from the ground up; no sign when it is ready."""
    is_seen_at_work = instance.power == UNKNOWN_POWER and not instance.is_settled
    if not is_seen_at_work and instance.power != "running":
        return Ailment(Sign.POWER)
    if instance.failed_extensions:
        return Ailment(Sign.EXTENSION_FAILED, instance.failed_extensions)
    if not instance.is_provisioned:
        is_failed = instance.provisioning_state.lower() == "failed"
        return Ailment(Sign.PROVISIONING_FAILED if is_failed else Sign.PROVISIONING_UNSETTLED)
    if instance.pending_extensions:
        return Ailment(Sign.EXTENSION_UNSETTLED)
    if source is not HealthSource.NONE and instance.health is not Health.HEALTHY:
        return Ailment(Sign.HEALTH)
    return NO_AILMENT


def found_bad(reason: str, sign: Sign, fatal: str = "") -> Verdict:
    """The verdict about an instance that is not merely ill: gone, refused, never replaced, ..."""
    return Verdict(VerdictKind.UNHEALTHY, reason, fatal=fatal, suffered=Ailment(sign))


def is_ready(instance: Instance, source: HealthSource) -> bool:
    """Whether the instance serves: see the module's definition (R32, N21)."""
    return find_ailment(instance, source).sign is Sign.NONE


def is_replaced(instance: Instance, version: str, *old_disk_ids: str) -> bool:
    """Whether the instance shows the version on a disk, and the disk is none of the old ones."""
    known = {"", *(disk.lower() for disk in old_disk_ids)}
    return instance.version == version and instance.os_disk_id.lower() not in known


def is_restored(swap: SwapRecord, instance: Instance) -> bool:
    """Whether a rollback gave the instance back what it had: the disk itself where that is kept, else its version (O7)."""
    if swap.preserves_disk:
        return instance.os_disk_id.lower() == swap.old_disk_id.lower()
    return is_replaced(instance, swap.old_version, swap.new_disk_id or swap.old_disk_id)


def judge_swap(
    swap: SwapRecord, instance: Instance | None, source: HealthSource, patience: Patience, now: datetime
) -> Verdict:
    """Judge one swapped instance; healthy counts only on the target version and a new disk (R10, R11).

    :param instance: as read after the swap was accepted, None when the provider does not list it any more
    """
    if instance is None:
        return found_bad(GONE, Sign.GONE)
    if not is_replaced(instance, swap.new_version, swap.old_disk_id):
        return _judge_unfinished(swap.attempted_at, "the swap", now)
    return _judge_replaced(swap, instance, source, patience, "swap", now)


def judge_rollback(
    swap: SwapRecord, instance: Instance | None, source: HealthSource, patience: Patience, now: datetime
) -> Verdict:
    """Judge one instance that was rolled back: ready on its previous version within the health timeout."""
    if instance is None:
        return found_bad(GONE, Sign.GONE)
    if not is_restored(swap, instance):
        return _judge_unfinished(swap.attempted_at, "the rollback", now)
    return _judge_replaced(swap, instance, source, patience, "rollback", now)


def _judge_unfinished(attempted_at: datetime | None, act: str, now: datetime) -> Verdict:
    if attempted_at is not None and now >= attempted_at + OPERATION_LIMIT:
        minutes = OPERATION_LIMIT // timedelta(minutes=1)
        reason = f"{act} had no end after {minutes} minutes"
        return found_bad(reason, Sign.NO_END, TIMED_OUT)
    return Verdict(VerdictKind.WAIT, f"{act} is not done yet")


def _judge_replaced(
    swap: SwapRecord, instance: Instance, source: HealthSource, patience: Patience, act: str, now: datetime
) -> Verdict:
    differences = describe_differences(swap.data_disk_ids, instance.data_disk_ids)
    if differences:
        reason = f"its data disks differ after the {act}: {'; '.join(differences)}"
        return found_bad(reason, Sign.DATA_DISKS, DISKS_DIFFER)
    return judge_health(instance, source, patience, act, now - (swap.ended_at or now))


def judge_health(
    instance: Instance, source: HealthSource, patience: Patience, act: str, waited: timedelta
) -> Verdict:
    """Judge the health of an instance that is up: ready, out of time, definitely ill, or to be waited for (R10, N21)."""
    reason = why_not_ready(instance, source)
    if not reason:
        return Verdict(VerdictKind.HEALTHY, "ready", ready_seconds=waited.total_seconds())
    suffered = find_ailment(instance, source)
    if waited >= patience.health_timeout:
        told = f"{reason} {patience.health_timeout.total_seconds():g} s after the end of its {act}"
        return Verdict(VerdictKind.UNHEALTHY, told, suffered=suffered)
    if patience.fail_fast and _is_definite(instance, source):
        told = f"{reason} {waited.total_seconds():.0f} s after its {act}"
        return Verdict(VerdictKind.UNHEALTHY, told, suffered=suffered)
    return Verdict(VerdictKind.WAIT, reason)


def _is_definite(instance: Instance, source: HealthSource) -> bool:
    if not instance.is_settled:
        return False
    if not instance.is_provisioned or instance.failed_extensions or instance.power in _DOWN:
        return True
    return not instance.pending_extensions and instance.health in _DEFINITELY_BAD_HEALTH[source]
