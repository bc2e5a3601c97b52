"""What stops a rollout, with the numbers and Azure's own codes.

A breach is strict: 20 % unhealthy with a threshold of 20 is still allowed, one more instance is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-automatic-upgrade, error codes.
BEFORE_ROLLOUT = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
IN_ROLLOUT = "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
FAILED_INSTANCES = "RollingUpgradeInProgressWithFailedUpgradedVMs"
TIMED_OUT = "RollingUpgradeTimeoutError"
INTERNAL = "InternalExecutionError"


@dataclass(frozen=True, slots=True)
class StopReason:
    """Why a rollout stops: Azure's code and one line with the numbers."""

    code: str
    message: str


def exceeds(part: int, whole: int, percent: int) -> bool:
    """Whether ``part`` of ``whole`` is strictly more than the percentage, in integers.

    >>> exceeds(3, 15, 20), exceeds(4, 15, 20), exceeds(0, 0, 20)
    (False, True, False)
    """
    return part * 100 > percent * whole


def share(part: int, whole: int) -> str:
    """The share for people, fine enough to tell 200 of 999 from 20 %.

    >>> share(4, 15), share(3, 15), share(200, 999)
    ('26.7%', '20%', '20.02%')
    """
    if not whole:
        return "0%"
    text = f"{100 * part / whole:.1f}"
    if not text.endswith(".0"):
        return f"{text}%"
    return f"{text[:-2]}%" if 100 * part % whole == 0 else f"{100 * part / whole:.2f}%"


def judge_set(
    unhealthy: tuple[str, ...], total: int, percent: int, *, started: bool, member: str = "instance"
) -> StopReason | None:
    """Judge the whole set before a batch (R8 before the first, R14 before every other one).

    :param unhealthy: ids of instances that are not ready and that this rollout has not in flight
    :param started: whether this rollout has swapped anything yet
    :param member: what people call one of them
    """
    if not exceeds(len(unhealthy), total, percent):
        return None
    numbers = (
        f"{share(len(unhealthy), total)} of {member}s are in an unhealthy state ({len(unhealthy)} of {total}: "
        f"{name_ids(unhealthy)}) - more than the threshold of {percent}%."
    )
    if started:
        return StopReason(
            IN_ROLLOUT,
            "Rolling Upgrade failed after exceeding the MaxUnhealthyInstancePercent value defined in the "
            f"RollingUpgradePolicy. {numbers} To apply upgrades, consider increasing the "
            "MaxUnhealthyInstancePercent value.",
        )
    return StopReason(
        BEFORE_ROLLOUT,
        "Rolling Upgrade cannot start: the MaxUnhealthyInstancePercent value defined in the RollingUpgradePolicy "
        f"is exceeded before it. {numbers} Nothing was changed; bring these {member}s back first.",
    )


def judge_upgraded(
    failed: tuple[str, ...], swapped: int, percent: int, impact: str = "", member: str = "instance"
) -> StopReason | None:
    """Judge the instances upgraded so far, after each batch (R12, C20).

    :param failed: ids of swapped instances that are not ready or were rolled back
    :param swapped: how many instances this rollout has swapped so far: the denominator
    :param impact: what the first of them suffered
    """
    if not exceeds(len(failed), swapped, percent):
        return None
    return StopReason(
        UPGRADED,
        "Rolling Upgrade failed after exceeding the MaxUnhealthyUpgradedInstancePercent value defined in the "
        f"RollingUpgradePolicy. {share(len(failed), swapped)} of {member}s are in an unhealthy state after being "
        f"upgraded ({len(failed)} of {swapped}: {name_ids(failed)}) - more than the threshold of {percent}%. "
        f"The most impactful error is: {impact or f'{member.capitalize()} found to be unhealthy or unreachable'}. "
        f"First failed {member} ID is: {failed[0]}.",
    )


def named(ids: tuple[str, ...], member: str = "instance") -> str:
    """Name instances in a sentence.

    :param member: what people call one of them

    >>> named(("web_0",)), named(("0", "3"))
    ('instance web_0', 'instances 0, 3')
    """
    return f"{member}{'' if len(ids) == 1 else 's'} {name_ids(ids)}"


def name_ids(ids: Sequence[str], most: int = 10) -> str:
    """Name the first ids and count the rest: a line stays a line at 1,000 instances."""
    named = ", ".join(ids[:most])
    return named if len(ids) <= most else f"{named} and {len(ids) - most} more"
