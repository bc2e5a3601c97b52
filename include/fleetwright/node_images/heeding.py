"""What people say between pools: a cancel ends the rollout, a hold lets no further pool begin."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.domain.holds import Hold, HoldSubject, hold_text
from fleetwright.domain.node_pools.ids import Target
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.node_images.ports import NodeLedger
from fleetwright.node_images.session import NodeSession
from fleetwright.rollout.cancelling import EVER, find_meant
from fleetwright.rollout.heeding import tell_change
from fleetwright.rollout.ports.controls import Control


@dataclass(frozen=True, slots=True)
class Words:
    """What a rollout heeds between pools, as of one look.

    :param cancel: None where nobody cancelled it
    :param holds: one line for each hold on the cluster, or on the one pool that was asked for
    :param pools: one line by the name of each pool that is held by itself, in lower case
    """

    cancel: Control | None = None
    holds: tuple[str, ...] = ()
    pools: tuple[tuple[str, str], ...] = ()

    def of_pool(self, name: str) -> str:
        """Why one pool may not begin; empty where nobody holds it by itself."""
        return dict(self.pools).get(name.lower(), "")


def read_words(session: NodeSession) -> Words:
    """One look at what people said about the rollout."""
    ledger = session.ports.ledger
    found = ledger.list_holds()
    return Words(
        find_cancel(ledger, session.rollout), why_held(found, session.target), held_pools(found, session)
    )


def why_held(holds: tuple[Hold, ...], target: Target) -> tuple[str, ...]:
    """Why people let nothing begin on a cluster, or on the one pool that is asked for: one line for each hold."""
    names = {target.cluster.key}
    if target.pool:
        names.add(target.cluster.pool_id(target.pool).lower())
    return tuple(hold_text(hold) for hold in holds if _is_on(hold, names))


def held_pools(holds: tuple[Hold, ...], session: NodeSession) -> tuple[tuple[str, str], ...]:
    """The pools of the rollout that are held by themselves, in lower case, each with who holds it."""
    cluster = session.cluster.cluster_id
    ids = {cluster.pool_id(pool.name).lower(): pool.name.lower() for pool in session.cluster.pools}
    return tuple((ids[hold.name], hold_text(hold)) for hold in holds if _is_on(hold, set(ids)))


def find_cancel(ledger: NodeLedger, rollout: NodeRollout) -> Control | None:
    """What a person said to end this rollout; None where nobody did."""
    said = ledger.list_controls(rollout.settings.fleet_id.lower(), since=EVER)
    return next(iter(find_meant(said, rollout)), None)


def tell_halts(session: NodeSession, halts: tuple[str, ...]) -> None:
    """Say why no further pool begins, once for each change."""
    told, session.halts_told = session.halts_told, halts
    tell_change(told, halts, "pool")


def _is_on(hold: Hold, names: set[str]) -> bool:
    return hold.subject is HoldSubject.FLEET and hold.released_at is None and hold.name in names
