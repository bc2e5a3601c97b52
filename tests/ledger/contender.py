"""A process of its own that does one thing to a ledger, as soon as it is told to; the tests start it.

Usage: contender.py begin|note|hang|share|keep URL OWNER FLEET_ID. It prints ``ready``, waits for a line, and prints
what came of it as JSON.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta

from fleetwright.domain.errors import HeldError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger import rollout_log
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.ports.ledger import Acquired
from fleetwright.rollout.ports.turns import TurnScope, Want

NOTES = 25
LEGS = 6
ZONES = "westeurope|canonical:ubuntuserver:18.04-lts|1.0.1"
NOW = datetime(2024, 6, 1, tzinfo=UTC)


def tell(what: object) -> None:
    """One line for the test."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def begin(ledger: SqlLedger, owner: str, fleet_id: str) -> Acquired:
    """Take the fleet for an hour."""
    return ledger.begin(
        RolloutSettings(fleet_id, "1.0.1"), owner=owner, now=NOW, terms=LeaseTerms(timedelta(hours=1))
    )


def try_begin(ledger: SqlLedger, owner: str, fleet_id: str) -> dict[str, str]:
    """Take the fleet, or say who has it."""
    try:
        acquired = begin(ledger, owner, fleet_id)
    except HeldError as error:
        return {"held": str(error)}
    return {"won": acquired.view.rollout.rollout_id}


def write_notes(ledger: SqlLedger, owner: str, fleet_id: str) -> dict[str, str]:
    """Take a fleet and write events one by one."""
    acquired = begin(ledger, owner, fleet_id)
    rollout_id = acquired.view.rollout.rollout_id
    for number in range(NOTES):
        ledger.append(rollout_id, [Event(EventKind.NOTED, NOW, {"n": number})], lease=acquired.lease)
    return {"won": rollout_id}


def hang_in_write(ledger: SqlLedger, owner: str, fleet_id: str) -> dict[str, str]:
    """Stop for ever in the middle of a write transaction: events are in, projections are not."""
    acquired = begin(ledger, owner, fleet_id)

    def hang(*_arguments: object) -> None:
        tell({"inside": acquired.view.rollout.rollout_id})
        sys.stdin.readline()

    rollout_log.projections.write_changes = hang
    ledger.append(
        acquired.view.rollout.rollout_id, [Event(EventKind.NOTED, NOW, {"lost": True})], lease=acquired.lease
    )
    return {}


def share_zones(ledger: SqlLedger, owner: str, fleet_id: str) -> dict[str, int]:
    """Go through the zones round by round, asking until it is one's turn; count the zones ever held at once."""
    lease = begin(ledger, owner, fleet_id).lease
    most, first = 0, int(owner[-1])
    for leg in range(LEGS):
        want = Want(TurnScope.ZONE, ZONES, (str((first + leg) % 3),))
        while not ledger.claim_turns(lease, (want,)).is_granted:
            most = max(most, count_zones(ledger))
        most = max(most, count_zones(ledger))
    ledger.give_turns_back(lease)
    return {"legs": LEGS, "most": most}


def count_zones(ledger: SqlLedger) -> int:
    """How many zones are held."""
    return len({one.mode for one in ledger.list_turns() if not one.is_waiting})


def keep_zone(ledger: SqlLedger, owner: str, fleet_id: str) -> dict[str, str]:
    """Take zone 1 and stop for ever."""
    lease = begin(ledger, owner, fleet_id).lease
    ledger.claim_turns(lease, (Want(TurnScope.ZONE, ZONES, ("1",)),))
    tell({"holds": ZONES})
    sys.stdin.readline()
    return {}


DEEDS = {
    "begin": try_begin,
    "note": write_notes,
    "hang": hang_in_write,
    "share": share_zones,
    "keep": keep_zone,
}


if __name__ == "__main__":
    deed, url, owner_, fleet_id_ = sys.argv[1:]
    tell("ready")
    sys.stdin.readline()
    tell(DEEDS[deed](open_ledger(url), owner_, fleet_id_))
