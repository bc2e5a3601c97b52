"""A version's journey as text that a person can read and a diff can show."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import select

from fleetwright.domain.phase_runs import PhaseEventKind
from fleetwright.ledger.store import SqlLedger
from fleetwright.ledger.tables import events


def tell_journey(title: str, ledger: SqlLedger, keys: tuple[str, ...], shown: str, evidence: str) -> str:
    """The whole story.

    :param keys: of the phase runs, in their order
    :param shown: what ``fleetwright journeys`` prints
    :param evidence: what a person would be shown of the last phase
    """
    lines = [title, ""]
    for key in keys:
        lines += [key, *_events(ledger, key), ""]
    lines += [
        "fleetwright journeys",
        *_indented(shown),
        "",
        "evidence of the last phase",
        *_indented(evidence),
    ]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _events(ledger: SqlLedger, key: str) -> Iterator[str]:
    query = select(events).where(events.c.fleet_key == key).order_by(events.c.sequence)
    with ledger._database.reading() as connection:  # no port lists a phase's events
        rows = [dict(row) for row in connection.execute(query).mappings()]
    for row in rows:
        at = f"{row['happened_at']:%H:%M:%S}"
        about = _ABOUT[row["kind"]](json.loads(row["payload"]))
        yield f"  {at}  {row['kind']}{': ' if about else ''}{about}"


def _rolls(body: dict[str, Any]) -> str:
    starts = [
        f"{_name(one['fleet_id'])} ({one['batches']} batches, {one['predicted_seconds'] / 60:g} min)"
        for one in body["starts"]
    ]
    return f"starts {', '.join(starts)}; {_left_out(body['left_out'])}"


def _waits(body: dict[str, Any]) -> str:
    return f"{body['reason']}; until {body['until'][11:19] if body['until'] else 'somebody answers'}"


def _answer(body: dict[str, Any]) -> str:
    return f"{'yes' if body['approved'] else 'no'} by {body['actor'] or 'nobody'}"


def _left_out(listed: list[dict[str, Any]]) -> str:
    return "left out " + (", ".join(_name(one["fleet_id"]) for one in listed) or "none")


def _outcome(body: dict[str, Any]) -> str:
    ill = f", {body['unhealthy']} of {body['judged']} ill" if body["judged"] else ""
    return f"{_name(body['fleet_id'])} {body['result']}, {body['upgraded']} upgraded{ill}"


def _name(fleet_id: str) -> str:
    return fleet_id.rpartition("/")[2]


_ABOUT: dict[str, Callable[[dict[str, Any]], str]] = {
    PhaseEventKind.OPENED: lambda body: f"by {body['owner']}",
    PhaseEventKind.WAITED: _waits,
    PhaseEventKind.APPROVAL_ANSWERED: _answer,
    PhaseEventKind.ROLLING_BEGAN: _rolls,
    PhaseEventKind.FLEET_STARTED: lambda body: _name(body["fleet_id"]),
    PhaseEventKind.FLEET_ENDED: _outcome,
    PhaseEventKind.BAKING_BEGAN: lambda _body: "",
    PhaseEventKind.JUDGED: lambda body: ", ".join(_outcome(one) for one in body["outcomes"]),
    PhaseEventKind.ENDED: lambda body: ": ".join(filter(None, (body["state"], body["reason"]))),
}


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]
