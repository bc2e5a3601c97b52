"""Rollout ids: short, readable, and in order of time within a fleet."""

from __future__ import annotations

import re
from datetime import datetime
from secrets import token_hex

from fleetwright.ledger.values import to_utc

_NAME_LENGTH = 40
_ODD = re.compile(r"[^a-z0-9]+")


def new_rollout_id(fleet_key: str, now: datetime) -> str:
    """Such as ``web-20240601T000000Z-1a2b3c``: the fleet's name, when, and what keeps two apart.

    :param now: on the rollout's clock
    """
    name = _ODD.sub("-", fleet_key.rpartition("/")[2]).strip("-")[:_NAME_LENGTH].strip("-")
    return f"{name or 'fleet'}-{to_utc(now):%Y%m%dT%H%M%SZ}-{token_hex(3)}"
