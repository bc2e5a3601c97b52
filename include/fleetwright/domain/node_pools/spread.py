"""When a rollout begins inside its window, so that clusters with the same window do not all begin at once (N31)."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256

from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.windows import plain_utc

_SECOND = timedelta(seconds=1)


def spread_start(
    cluster_key: str,
    opens: datetime,
    now: datetime,
    manners: Manners,
    remaining: timedelta,
    predicted: timedelta,
) -> datetime:
    """When a cluster begins: always the same place inside the window, by a hash of its key.

    Never before now, never when the window is closed, and never so late that what is predicted does not fit any more;
    what does not fit even now begins now. Where its place is over, as for an image that is published in the window,
    clusters are spread from now on in the same way: those that are looked at together never begin together.

    :param opens: the opening of the period that is open now
    :param remaining: how long it stays open
    :param predicted: how long must be left, the site's margin not among it
    """
    opening, instant = plain_utc(opens), plain_utc(now)
    latest = instant + remaining + min(timedelta(), manners.margin - predicted)
    share = _fraction(cluster_key)
    place = _place(opening, latest, manners.spread, share)
    return place if place >= instant else _place(instant, latest, manners.spread, share)


def _place(start: datetime, latest: datetime, spread: timedelta, share: float) -> datetime:
    span = min(spread, latest - start)
    return start + max(0, int(share * (span // _SECOND))) * _SECOND


def _fraction(key: str) -> float:
    """From 0 to below 1, evenly over all keys, the same in every process."""
    return int.from_bytes(sha256(key.lower().encode()).digest()[:6]) / 2**48
