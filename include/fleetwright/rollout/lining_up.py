"""Whose turn it is: before each batch a rollout claims its region's pairs, and the zone in which it goes on (R46, R48).

Sets of one region line up zone by zone: each takes part in the zone that is open, as long as it has instances there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from fleetwright.domain.batches import list_zones
from fleetwright.domain.records import RolloutSettings, SwapRecord
from fleetwright.domain.regions import normal_region
from fleetwright.domain.situation import Situation
from fleetwright.rollout.ports.turns import TurnAnswer, TurnScope, Want
from fleetwright.rollout.session import RolloutSession

# Whoever begins nothing for longer than this lets the other sets have the region's zones meanwhile.
LONG_WAIT = timedelta(minutes=5)


def line_up(session: RolloutSession, situation: Situation) -> TurnAnswer:
    """Claim what the next batch needs; granted in the zone that the set is in already, while others are in line.

    A set that is alone goes its natural way from zone to zone.
    """
    wants = wants_of(session, situation)
    if not wants:
        return TurnAnswer()
    ledger = session.ports.ledger
    answer = ledger.claim_turns(session.lease, wants)
    natural = tuple(replace(want, modes=want.modes[:1]) for want in wants)
    strays = any(answer.mode_of(want.key) not in {"", *want.modes} for want in natural)
    return ledger.claim_turns(session.lease, natural) if strays and _is_alone(session) else answer


def _is_alone(session: RolloutSession) -> bool:
    key = zone_key(session)
    return all(
        one.fleet_key == session.fleet.key for one in session.ports.ledger.list_turns() if one.key == key
    )


def wants_of(session: RolloutSession, situation: Situation) -> tuple[Want, ...]:
    """What the next batch needs: the turn of each pair of the region, and that of a zone where the set has zones."""
    if situation.one_by_one:
        modes: tuple[str, ...] = (session.fleet.key,)  # whoever is upgraded may be in any zone
    elif session.fleet.effective_policy.enable_cross_zone_upgrade:
        # Lifted inside the set, never across the sets of the region (C8): it is alone meanwhile.
        modes = (session.fleet.key,) if any(i.zone for i in situation.instances) else ()
    else:
        modes = tuple(filter(None, list_zones(situation)))
    return (*_pair_wants(session.settings), *_zone_want(session, modes))


def why_not_our_turn(session: RolloutSession, swaps: Iterable[SwapRecord]) -> str:
    """Why the swaps of a batch that was begun may not be sent; empty where they may."""
    wants = wants_of_batch(session, swaps)
    return session.ports.ledger.why_not_my_turn(session.lease, wants) if wants else ""


def wants_of_batch(session: RolloutSession, swaps: Iterable[SwapRecord]) -> tuple[Want, ...]:
    """What a batch that is begun needs to have before its swaps are sent."""
    swaps = tuple(swaps)
    zones = sorted({swap.zone for swap in swaps} - {""})
    is_anywhere = session.fleet.hides_zones(swap.zone for swap in swaps)
    crosses = session.fleet.effective_policy.enable_cross_zone_upgrade or len(zones) > 1
    modes = (session.fleet.key,) if is_anywhere or (zones and crosses) else tuple(zones)
    return (*_pair_wants(session.settings), *_zone_want(session, modes))


def zone_key(session: RolloutSession) -> str:
    """The key of the zone turn: ``region|image|version``."""
    settings = session.settings
    region, image = normal_region(settings.location), session.fleet.image.key
    return f"{region}|{image}|{settings.target_version}"


def granted_zone(session: RolloutSession, answer: TurnAnswer) -> str | None:
    """The zone to choose in; None where every one may be chosen from."""
    mode = answer.mode_of(zone_key(session))
    return None if mode in {"", session.fleet.key} else mode


def step_aside(session: RolloutSession) -> None:
    """Let the other sets have the region's zones while this one begins nothing; nothing of it is in flight.

    A pair stays its own from its first swap to its end: rollouts in paired regions never overlap in time (R46).
    """
    has_begun = bool(session.view.swapped_ids)
    session.ports.ledger.give_turns_back(session.lease, TurnScope.ZONE if has_begun else None)


def _pair_wants(settings: RolloutSettings) -> tuple[Want, ...]:
    region = normal_region(settings.location)
    pairs = ("|".join(sorted((region, other))) for other in settings.paired_regions)
    return tuple(Want(TurnScope.PAIR, key, (region,)) for key in pairs)


def _zone_want(session: RolloutSession, modes: tuple[str, ...]) -> tuple[Want, ...]:
    return (Want(TurnScope.ZONE, zone_key(session), modes),) if modes else ()
