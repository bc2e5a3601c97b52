"""A whole rollout in one process: the same steps that Airflow runs as tasks, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.rollout.acts import ROLLBACK, SWAP
from fleetwright.rollout.check import Ending, check_health
from fleetwright.rollout.effects import run
from fleetwright.rollout.finishing import finish
from fleetwright.rollout.halting import wait_to_choose
from fleetwright.rollout.opening import give_nodes_back
from fleetwright.rollout.planning import make_plan
from fleetwright.rollout.ports.leases import KeepAlive, LeaseTerms
from fleetwright.rollout.repairs import resume_repairs, suspend_repairs
from fleetwright.rollout.request import RolloutRequest
from fleetwright.rollout.rolling_back import begin_rollback, needs_rollback
from fleetwright.rollout.selecting import Chosen, choose_again, choose_batch, wait_for_pause
from fleetwright.rollout.session import Ports, RolloutSession
from fleetwright.rollout.settling import Settled, settle_batch
from fleetwright.rollout.swapping import swap_os_disk
from fleetwright.rollout.validate import validate
from fleetwright.rollout.waiting import wait_for_verdicts

log = logging.getLogger(__name__)


@contextmanager
def opened(
    ports: Ports,
    request: RolloutRequest,
    *,
    owner: str,
    terms: LeaseTerms,
    keep_alive: KeepAlive | None = None,
) -> Iterator[RolloutSession]:
    """Validate and take the fleet; give it back whatever happens.

    :param keep_alive: renews the lease while the rollout runs
    :raises HeldError: when the fleet may not be upgraded now, or another live run has it
    """
    validated = validate(ports, request, actor=owner)
    now = ports.clock.now()
    acquired = ports.ledger.begin(validated.settings, owner=owner, now=now, terms=terms)
    session = RolloutSession(ports, acquired.lease, acquired.view, validated.fleet)
    session.warnings = validated.warnings
    begins = "resuming" if acquired.resumed else "beginning"
    target = session.settings.target_version
    log.info("%s rollout %s to %s; ledger: %s", begins, session.rollout_id, target, ports.ledger)
    try:
        with keep_alive(acquired.lease) if keep_alive else nullcontext():
            yield session
    finally:
        _give_back(session, owner)


def _give_back(session: RolloutSession, owner: str) -> None:
    try:
        give_nodes_back(session)
        resume_repairs(session)
        session.ports.ledger.release(session.rollout_id, owner=owner)
    except LedgerError as error:
        # What the rollout came to is written; the lease ends by itself.
        log.warning("the fleet could not be given back, its lease has to expire: %s", error)


def roll_out(session: RolloutSession) -> RolloutView:
    """Plan, then run batches until the rollout ends; every wait is on the session's clock."""
    suspend_repairs(session, make_plan(session, session.warnings))
    while session.view.rollout.state not in TERMINAL_STATES:
        settled = run_batch(session)
        if settled.ending is not None:
            finish(session, settled.ending)
        elif settled.resume_at is not None:
            run(wait_for_pause(session, settled.resume_at), session)
    return session.view


def run_batch(session: RolloutSession) -> Settled:
    """One turn of the loop: check, choose, swap, wait, roll back what is unhealthy, settle."""
    session.refresh_fleet()
    ending: Ending | None = check_health(session)
    chosen = Chosen(ending=ending) if ending else _choose(session)
    if chosen.instance_ids:
        swap_os_disk(session, chosen.instance_ids)
        run(wait_for_verdicts(session, SWAP), session)
        if needs_rollback(session.view):
            begin_rollback(session)
            run(wait_for_verdicts(session, ROLLBACK), session)
    return settle_batch(session, chosen.ending)


def _choose(session: RolloutSession) -> Chosen:
    chosen = choose_batch(session)
    while chosen.wait is not None:
        run(wait_to_choose(session, chosen), session)
        chosen = choose_again(session, chosen)
    return chosen
