"""Sending a mutating call so that it happens once, whatever is lost on the way.

Intent is in the ledger before the call. A call whose answer was lost is never sent again blindly: the
instances themselves are read first, and what is seen at work is adopted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from fleetwright.domain.records import SwapRecord
from fleetwright.domain.thresholds import name_ids, named
from fleetwright.rollout import facts
from fleetwright.rollout.acts import Act
from fleetwright.rollout.flights import CALL_LIFETIME
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

SEND_ATTEMPTS = 4

# A call whose answer was lost under our eyes is either at work by then, or was never taken.
LOST_CALL_LIFETIME = timedelta(seconds=15)

Begin = Callable[[tuple[str, ...], str, Guard], str]
GuardOf = Callable[[bool], Guard]  # told whether its call is sent for the first time


def unsent(session: RolloutSession, act: Act) -> tuple[SwapRecord, ...]:
    """Swaps of the open batch whose call may or may not have been sent."""
    batch = session.view.open_batch
    return () if batch is None else tuple(s for s in session.view.swaps_of(batch) if s.state is act.unsent)


def reattach(session: RolloutSession, act: Act) -> None:
    """Adopt what an earlier process sent; what it may have sent is outwaited before it is sent again."""
    _adopt(session, act, CALL_LIFETIME)


def send(
    session: RolloutSession, act: Act, begin: Begin, guard_of: GuardOf, *, in_doubt: bool = False
) -> None:
    """Send the calls of the open batch, one for each version or as the driver splits them; then nothing is unsent.

    :param begin: the driver's call: instance ids, version and guard to the operation's poll URL
    :param guard_of: makes the guard of one call, asked before every attempt of it
    :param in_doubt: an earlier process may have sent the call
    """
    for attempt in range(SEND_ATTEMPTS):
        if attempt:
            _adopt(session, act, LOST_CALL_LIFETIME)
        for version, ids in _calls(session, act):
            call = partial(begin, ids, version, guard_of(attempt == 0))
            _send_once(session, act, call, ids, in_doubt=in_doubt or attempt > 0)
        if not unsent(session, act):
            return
    ids = tuple(swap.instance_id for swap in unsent(session, act))
    _refuse(
        session,
        act,
        ids,
        f"none of {SEND_ATTEMPTS} calls was answered, and the {session.fleet.kind.member}s are unchanged",
    )


def _adopt(session: RolloutSession, act: Act, lifetime: timedelta) -> None:
    """Read each instance whose call may have been sent, until it is seen at work or the call cannot be alive.

    One call carries many ids, and they need not show it all at once.
    """
    deadline, is_told = session.now() + lifetime, False
    while unsent(session, act):
        touched = tuple(swap.instance_id for swap in unsent(session, act) if _is_touched(session, act, swap))
        if touched:
            session.write(facts.accepted(touched, "", act.accepted, session.now()))
            log.info(
                "%s: the %s was under way already; not sent again",
                named(touched, session.fleet.kind.member),
                act.name,
            )
        if not unsent(session, act) or session.now() >= deadline:
            return
        if not is_told:
            _tell_doubt(session, act, deadline)
            is_told = True
        session.ports.clock.wait_until(min(deadline, session.now() + session.poll))


def _tell_doubt(session: RolloutSession, act: Act, deadline: datetime) -> None:
    """Say why nothing happens for a minute."""
    ids = tuple(swap.instance_id for swap in unsent(session, act))
    log.info(
        "%s: the call for the %s may be on its way; it is sent again unless it shows before %s",
        named(ids, session.fleet.kind.member),
        act.name,
        f"{deadline:%H:%M:%SZ}",
    )


def _is_touched(session: RolloutSession, act: Act, swap: SwapRecord) -> bool:
    instance = session.ports.driver.fetch_instance(session.fleet, swap.instance_id)
    # One that is gone counts as touched: the wait gives it its verdict, and nothing is sent to it.
    return instance is None or act.is_taken(swap, instance)


def _refuse(session: RolloutSession, act: Act, ids: tuple[str, ...], reason: str) -> None:
    left = tuple(swap.instance_id for swap in unsent(session, act) if swap.instance_id in ids)
    if left:
        log.warning("the %s of %s was refused: %s", act.name, named(left, session.fleet.kind.member), reason)
        session.write(act.refuse(left, reason, session.now()))


def _calls(session: RolloutSession, act: Act) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is to be sent, call by call: a version and the instances that get it."""
    grouped: dict[str, list[str]] = {}
    for swap in unsent(session, act):
        grouped.setdefault(act.version_of(swap), []).append(swap.instance_id)
    split = session.ports.driver.split_calls
    return tuple(
        (version, call) for version, ids in grouped.items() for call in split(session.fleet, tuple(ids))
    )


def _send_once(
    session: RolloutSession, act: Act, begin: Callable[[], str], ids: tuple[str, ...], *, in_doubt: bool
) -> None:
    try:
        url = begin()
    except CallRefusedError as error:
        if in_doubt:
            # Perhaps refused because the call that was taken for lost is at work.
            _adopt(session, act, timedelta(0))
        _refuse(session, act, ids, str(error))
    except AnswerLostError as error:
        log.warning("the answer to the %s of %s was lost (%s): reading them", act.name, name_ids(ids), error)
    else:
        session.write(facts.accepted(ids, url, act.accepted, session.now()))
        log.info("%s of %s accepted", act.name, named(ids, session.fleet.kind.member))
