"""What a rollout tells of itself while it goes on, in the ledger (N8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rehearsals import Rehearsal
from worlds import FLEET_ID, sick, world

from fleetwright.domain.errors import HeldError
from fleetwright.ledger.store import open_existing

Rehearse = Callable[..., Rehearsal]

NOTIFICATIONS = ("rollout started", "rollout planned", "held", "rollout finished")


def notifications(rehearsal: Rehearsal) -> dict[str, Any]:
    """Submission, its outcome and the outcome of the whole: what each says."""
    events = open_existing(rehearsal.ledger_url).list_events(FLEET_ID.lower())
    return {str(event.kind): event.payload for event in events if event.kind in NOTIFICATIONS}


@pytest.mark.parametrize(("ill", "code"), [((), "Completed"), (("0",), "MaxUnhealthyUpgraded")])
def test_three_things_are_told_of_a_rollout(rehearse: Rehearse, ill: tuple[str, ...], code: str) -> None:
    """That it was asked for, what came of asking, and how it ended, with the error where it stopped (N8, N9)."""
    rehearsal = rehearse(world(1, 0, behaviours=[sick(*ill)] if ill else []))

    rehearsal.run(trigger="manual")

    told = notifications(rehearsal)
    assert list(told) == ["rollout started", "rollout planned", "rollout finished"]
    assert told["rollout finished"]["code"].startswith(code)


def test_a_hold_is_the_outcome_of_asking(rehearse: Rehearse) -> None:
    """A fleet that may not be upgraded has its reasons told as the outcome of the submission, and nothing after it (N8)."""
    rehearsal = rehearse(world(1, 0, tags={}))

    with pytest.raises(HeldError):
        rehearsal.run()

    told = notifications(rehearsal)
    assert list(told) == ["held"]
    assert "opted out" in told["held"]["reasons"][0]
