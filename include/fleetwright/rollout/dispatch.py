"""Sending a mutating call so that it happens once, whatever is lost on the way.

Intent is in the ledger before the call. A call whose answer was lost is never sent again blindly: the
instances themselves are read first, and what is seen at work is adopted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fleetwright.domain.records import SwapRecord
from fleetwright.domain.thresholds import name_ids
from fleetwright.rollout import facts
from fleetwright.rollout.acts import Act
from fleetwright.rollout.ports import Guard
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

SEND_ATTEMPTS = 4

Begin = Callable[[tuple[str, ...], str, Guard], str]


def unsent(session: RolloutSession, act: Act) -> tuple[SwapRecord, ...]:
    """Swaps of the open batch whose call may or may not have been sent."""
    batch = session.view.open_batch
    return () if batch is None else tuple(s for s in session.view.swaps_of(batch) if s.state is act.unsent)


def send(session: RolloutSession, act: Act, begin: Begin) -> None:
    """Send the calls of the open batch, one for each version; afterwards nothing is unsent.

    :param begin: the driver's call: instance ids, version and guard to the operation's poll URL
    """
    for attempt in range(SEND_ATTEMPTS):
        if attempt:
            session.ports.clock.wait_until(session.now() + session.poll)
            adopt(session, act)
        for version, ids in _by_version(session, act).items():
            _send_once(session, act, begin, ids, version)
        if not unsent(session, act):
            return
    ids = tuple(swap.instance_id for swap in unsent(session, act))
    reason = f"Azure answered none of {SEND_ATTEMPTS} calls, and the instances were found unchanged"
    session.write(act.refuse(ids, reason, session.now()))


def adopt(session: RolloutSession, act: Act) -> None:
    """Read each instance whose call may have been sent; what is seen at work counts as accepted."""
    touched = []
    for swap in unsent(session, act):
        instance = session.ports.driver.fetch_instance(session.fleet, swap.instance_id)
        if not instance.is_settled or act.is_done(swap, instance):
            touched.append(swap.instance_id)
    if touched:
        session.write(facts.accepted(touched, "", act.accepted, session.now()))
        log.info(
            "instances %s: the %s was already under way; not sent again", name_ids(tuple(touched)), act.name
        )


def _by_version(session: RolloutSession, act: Act) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, tuple[str, ...]] = {}
    for swap in unsent(session, act):
        version = act.version_of(swap)
        grouped[version] = (*grouped.get(version, ()), swap.instance_id)
    return grouped


def _send_once(session: RolloutSession, act: Act, begin: Begin, ids: tuple[str, ...], version: str) -> None:
    try:
        url = begin(ids, version, session.guard)
    except CallRefusedError as error:
        log.warning("Azure refused the %s of instances %s: %s", act.name, name_ids(ids), error)
        session.write(act.refuse(ids, str(error), session.now()))
    except AnswerLostError as error:
        log.warning("the answer to the %s of %s was lost (%s): reading them", act.name, name_ids(ids), error)
    else:
        session.write(facts.accepted(ids, url, act.accepted, session.now()))
        log.info("%s of instances %s to %s accepted", act.name, name_ids(ids), version)
