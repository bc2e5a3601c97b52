"""The hash chain over the whole ledger: whoever changes, adds or removes a line breaks it from there on.

Each event's hash covers the event and the hash before it; the head (one row) holds the last of them, so
that a missing tail is seen as well. Rewriting everything, head included, cannot be seen from inside: note
the last hash elsewhere where that matters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select, update

from fleetwright.ledger.tables import events, heads
from fleetwright.ledger.values import canonical_json, to_utc

FIRST_PREVIOUS = ""  # what the first event follows

_COVERED = tuple(column.name for column in events.c if column.name != "hash")
_HEAD = select(heads.c.token, heads.c.sequence, heads.c.hash).where(heads.c.id == 1)
_HEAD_FOR_UPDATE = _HEAD.with_for_update()
_ALL_EVENTS = select(events).order_by(events.c.sequence)
_MOVE_HEAD = update(heads).where(heads.c.id == 1)


@dataclass(slots=True)
class Head:
    """What the next event and the next lock build on."""

    token: int
    sequence: int
    hash: str

    def next_token(self) -> int:
        """A token larger than every one before."""
        self.token += 1
        return self.token

    def chain(self, row: dict[str, Any]) -> dict[str, Any]:
        """The event's row as the next link; the head moves onto it."""
        self.sequence += 1
        link = {**row, "sequence": self.sequence, "previous_hash": self.hash}
        self.hash = hash_event(link)
        return {**link, "hash": self.hash}


@contextmanager
def moving_head(connection: Connection) -> Iterator[Head]:
    """The head, locked for the transaction: whoever else writes waits here (on SQLite it has waited already)."""
    token, sequence, last = connection.execute(_HEAD_FOR_UPDATE).one()
    head = Head(token, sequence, last)
    yield head
    if (head.token, head.sequence) != (token, sequence):
        connection.execute(_MOVE_HEAD, {"token": head.token, "sequence": head.sequence, "hash": head.hash})


def hash_event(row: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of everything in the row but the hash itself."""
    covered = {name: row[name] for name in _COVERED}
    for name in ("happened_at", "recorded_at"):
        covered[name] = to_utc(covered[name]).isoformat()
    return sha256(canonical_json(covered).encode()).hexdigest()


def find_break(connection: Connection) -> int | None:
    """The first sequence at which the chain does not hold, or None."""
    sequence, previous = 0, FIRST_PREVIOUS
    for row in connection.execute(_ALL_EVENTS).mappings():
        sequence += 1
        if (row["sequence"], row["previous_hash"], row["hash"]) != (sequence, previous, hash_event({**row})):
            return sequence
        previous = row["hash"]
    head = connection.execute(_HEAD).one()
    if head.sequence != sequence:
        return sequence + 1
    return None if head.hash == previous else sequence
