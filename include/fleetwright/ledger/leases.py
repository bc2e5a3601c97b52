"""Taking, renewing and losing a lock, with the words for whoever is refused; a fleet's lease stands on it."""

from __future__ import annotations

from fleetwright.domain.errors import HeldError
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.records import RolloutRecord
from fleetwright.ledger import locks, refusals, turn_rows
from fleetwright.ledger.database import Write
from fleetwright.ledger.locks import HeldLock, LockClaim, LockScope
from fleetwright.ledger.values import fleet_key_of
from fleetwright.rollout.ports.leases import Lease, LeaseTerms


def claim_lock(write: Write, claim: LockClaim, rollout_id: str | None = None) -> HeldLock:
    """Take a lock, or one's own back, with a new token.

    :param rollout_id: what a holder in the way would be at
    :raises HeldError: while a live holder has it in another mode
    """
    present = locks.find_locks(write.connection, claim.scope, claim.key)
    blocker = locks.find_blocker(present, claim, write.now)
    if blocker is not None:
        raise refusals.held_by(blocker, rollout_id)
    return locks.write_lock(write, present, claim)


def take_fleet(write: Write, key: str, owner: str, terms: LeaseTerms, rollout_id: str | None) -> Lease:
    """Take a fleet for one owner alone.

    :raises HeldError: while another owner's lease is alive
    """
    # A mode of one's own is what makes it exclusive.
    claim = LockClaim(LockScope.FLEET, key, owner, owner, terms)
    return Lease(key, owner, claim_lock(write, claim, rollout_id).token, terms)


def begin_fleet(write: Write, key: str, owner: str, terms: LeaseTerms, rollout_id: str | None) -> Lease:
    """Take a fleet to begin a rollout, or to go on with an unfinished one (R46, R48).

    What its earlier run waited for it asks for anew. What that held stays where its rollout goes on, as instances may
    be in flight; a rollout that is over needs nothing any more.

    :param rollout_id: the unfinished rollout, None where a new one begins
    :raises HeldError: while another owner's lease is alive
    """
    lease = take_fleet(write, key, owner, terms, rollout_id)
    turn_rows.delete_places(write.connection, key)
    if rollout_id is None:
        turn_rows.delete_turns(write.connection, key)
    return lease


def give_fleet_back(write: Write, rollout: RolloutRecord | NodeRollout, owner: str) -> None:
    """Give a fleet back, and its turns with it unless the rollout is to go on: instances may be in flight (R46, R48)."""
    key = fleet_key_of(rollout.settings.fleet_id)
    # Whose lease is gone has nothing to give back: the turns may be another run's by now.
    if locks.delete_lock(write.connection, LockScope.FLEET, key, owner):
        turn_rows.delete_places(write.connection, key)
        if rollout.is_ended:
            turn_rows.delete_turns(write.connection, key)


def retake_fleet(
    write: Write,
    rollout: RolloutRecord | NodeRollout,
    owner: str,
    terms: LeaseTerms,
    *,
    is_teardown: bool = False,
) -> Lease:
    """Take a rollout's fleet back for the owner it has.

    :param is_teardown: a rollout that is over may be taken back as well, and a fleet that was given back
    :raises GivenBackError: when the owner gave the fleet back, and has not taken it again since
    :raises LeaseLostError: when the rollout is over, or is another owner's
    """
    key = fleet_key_of(rollout.settings.fleet_id)
    is_open = is_teardown or not rollout.is_ended
    if rollout.owner == owner and is_open:
        if not is_teardown and not locks.find_locks(write.connection, LockScope.FLEET, key):
            raise refusals.given_back(rollout, owner)
        try:
            return take_fleet(write, key, owner, terms, rollout.rollout_id)
        except HeldError:
            pass  # who had the fleet and lost it is told below, in other words
    present = locks.find_locks(write.connection, LockScope.FLEET, key)
    raise refusals.taken_from(rollout, owner, present)


def renew_lease(write: Write, lease: Lease) -> None:
    """Renew the heartbeat; an expired lease that nobody took is still good.

    :raises LeaseLostError: when the token is not the newest any more
    """
    if not locks.renew_lock(write, LockScope.FLEET, lease):
        raise refusals.lease_lost(lease, locks.find_locks(write.connection, LockScope.FLEET, lease.fleet_key))
