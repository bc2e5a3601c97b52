"""What a refused owner is told: who holds the thing, since when, and what to do now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fleetwright.domain.errors import GivenBackError, HeldError, LeaseLostError
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.records import RolloutRecord
from fleetwright.ledger.locks import HeldLock
from fleetwright.rollout.ports.leases import Lease


def held_by(lock: HeldLock, rollout_id: str | None) -> HeldError:
    """The refusal while a live holder has it.

    :param rollout_id: what the holder is at, None where it has no rollout
    """
    about = f"rollout {rollout_id}" if rollout_id else "no rollout under way"
    reason = (
        f"{lock.scope} {lock.key} is held by {lock.holder!r} ({about}) since {_told(lock.taken_at)},"
        f" last heartbeat {_told(lock.heartbeat_at)}, lease until {_told(lock.expires_at)}:"
        " wait for it to end, or look at that run; if it died, the next run after that goes on with it"
    )
    return HeldError((reason,))


def lease_lost(lease: Lease, present: Sequence[HeldLock]) -> LeaseLostError:
    """The refusal of a token that is not the newest any more."""
    now_there = _newest(present)
    return LeaseLostError(
        f"fleet {lease.fleet_key} is no longer held by {lease.holder!r} with token {lease.token}: {now_there};"
        " touch nothing, and look at the fleet's newest run"
    )


def taken_from(
    rollout: RolloutRecord | NodeRollout, owner: str, present: Sequence[HeldLock]
) -> LeaseLostError:
    """The refusal to take back a rollout that has ended, or that another owner has."""
    why = (
        f"it is {rollout.state}"
        if rollout.is_ended
        else f"its owner is {rollout.owner!r}, and {_newest(present)}; touch nothing, and look at that run"
    )
    return LeaseLostError(f"rollout {rollout.rollout_id} cannot be taken back by {owner!r}: {why}")


def given_back(rollout: RolloutRecord | NodeRollout, owner: str) -> GivenBackError:
    """The refusal to go on after the end of one's run, whose last step opens nodes for the last time."""
    return GivenBackError(
        f"rollout {rollout.rollout_id} cannot be taken back by {owner!r}: it has given the fleet back;"
        " start a rollout of the fleet again to go on with it"
    )


def wrong_fleet(lease: Lease, rollout: RolloutRecord | NodeRollout) -> LeaseLostError:
    """The refusal to write one fleet's rollout with another fleet's lease."""
    return LeaseLostError(
        f"rollout {rollout.rollout_id} is of fleet {rollout.settings.fleet_id},"
        f" and the lease is on {lease.fleet_key}"
    )


def _newest(present: Sequence[HeldLock]) -> str:
    if not present:
        return "nobody holds the fleet"
    lock = max(present, key=lambda one: one.token)
    return f"{lock.holder!r} holds the fleet with token {lock.token} since {_told(lock.taken_at)}"


def _told(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%SZ")
