"""A whole rollout in one process: the same steps that Airflow runs as tasks, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.node_images.effects import run
from fleetwright.node_images.finishing import finish
from fleetwright.node_images.planning import make_plan
from fleetwright.node_images.ports import NodePorts
from fleetwright.node_images.request import ValidatedNodes
from fleetwright.node_images.selecting import Selected, Wait, select_pool, wait_to_select
from fleetwright.node_images.session import NodeSession
from fleetwright.node_images.upgrading import upgrade_pool
from fleetwright.node_images.verifying import verify_pool
from fleetwright.node_images.waiting import wait_for_pool
from fleetwright.rollout.ports.leases import KeepAlive, LeaseTerms

log = logging.getLogger(__name__)


@contextmanager
def opened(
    ports: NodePorts,
    validated: ValidatedNodes,
    *,
    owner: str,
    terms: LeaseTerms,
    keep_alive: KeepAlive | None = None,
) -> Iterator[NodeSession]:
    """Take the cluster; give it back whatever happens.

    :param keep_alive: renews the lease while the rollout runs
    :raises HeldError: when another live run has it
    """
    now = ports.clock.now()
    acquired = ports.ledger.begin_nodes(validated.settings, owner=owner, now=now, terms=terms)
    session = NodeSession(
        ports, acquired.lease, acquired.rollout, validated.cluster, seen_plan=validated.plan
    )
    begins = "resuming" if acquired.resumed else "beginning"
    log.info("%s rollout %s of node images; ledger: %s", begins, session.rollout_id, ports.ledger)
    try:
        with keep_alive(acquired.lease) if keep_alive else nullcontext():
            yield session
    finally:
        _give_back(session, owner)


def _give_back(session: NodeSession, owner: str) -> None:
    try:
        session.ports.ledger.release_nodes(session.rollout_id, owner=owner)
    except LedgerError as error:
        # What the rollout came to is written; the lease ends by itself.
        log.warning("the cluster could not be given back, its lease has to expire: %s", error)


def roll_out_nodes(session: NodeSession) -> NodeRollout:
    """Plan, then go through the pools until the rollout ends; every wait is on the session's clock."""
    make_plan(session)
    while not session.rollout.is_ended:
        selected = _select(session)
        if selected.ending is not None:
            finish(session, selected.ending)
        elif selected.pool:
            upgrade_pool(session, selected.pool)
            run(wait_for_pool(session, selected.pool), session)
            run(verify_pool(session, selected.pool), session)
    return session.rollout


def _select(session: NodeSession) -> Selected:
    selected = select_pool(session)
    while selected.wait is not None:
        run(wait_to_select(session, selected.wait), session)
        selected = select_pool(session, is_patient=selected.wait is not Wait.BUSY)
    return selected
