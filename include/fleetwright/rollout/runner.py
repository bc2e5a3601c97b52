"""A whole rollout in one process: the same steps that Airflow runs as tasks, one after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.rollout.acts import ROLLBACK, SWAP
from fleetwright.rollout.check import Ending, check_health
from fleetwright.rollout.effects import run
from fleetwright.rollout.finishing import finish
from fleetwright.rollout.planning import make_plan
from fleetwright.rollout.ports import Lease, LeaseTerms
from fleetwright.rollout.rolling_back import begin_rollback, needs_rollback
from fleetwright.rollout.selecting import Chosen, choose_batch, wait_for_budget
from fleetwright.rollout.session import Ports, RolloutSession
from fleetwright.rollout.settling import Settled, settle_batch
from fleetwright.rollout.swapping import swap_os_disk
from fleetwright.rollout.validate import RolloutRequest, validate
from fleetwright.rollout.waiting import wait_for_verdicts

log = logging.getLogger(__name__)

KeepAlive = Callable[[Lease], AbstractContextManager[object]]


@contextmanager
def opened(
    ports: Ports,
    request: RolloutRequest,
    *,
    owner: str,
    terms: LeaseTerms,
    keep_alive: KeepAlive | None = None,
) -> Iterator[RolloutSession]:
    """Validate, take the fleet, plan; give the fleet back whatever happens.

    :param keep_alive: renews the lease while the rollout runs
    :raises HeldError: when the fleet may not be upgraded now, or another live run has it
    """
    validated = validate(ports, request, actor=owner)
    now = ports.clock.now()
    acquired = ports.ledger.begin(validated.settings, owner=owner, now=now, terms=terms)
    session = RolloutSession(ports, acquired.lease, acquired.view, validated.fleet)
    if acquired.resumed:
        log.warning("resuming rollout %s to %s", session.rollout_id, session.settings.target_version)
        for warning in validated.warnings:
            log.warning("%s", warning)
    try:
        with keep_alive(acquired.lease) if keep_alive else nullcontext():
            make_plan(session, validated.warnings)
            yield session
    finally:
        ports.ledger.release(session.rollout_id, owner=owner)


def roll_out(session: RolloutSession) -> RolloutView:
    """Run batches until the rollout ends; every wait is on the session's clock."""
    while session.view.rollout.state not in TERMINAL_STATES:
        settled = run_batch(session)
        if settled.ending is not None:
            finish(session, settled.ending)
        elif settled.resume_at is not None:
            session.ports.clock.wait_until(settled.resume_at)
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
    since = session.now()
    chosen = choose_batch(session)
    while chosen.blocked:
        run(wait_for_budget(session, since), session)
        chosen = choose_batch(session, since)
    return chosen
