"""What the ledger remembers, and what is asked of it."""

from __future__ import annotations

import json

import pytest
from fleet_builders import (
    NOW,
    a_batch_to,
    accepted,
    intended,
    judged,
    replaced,
    sending,
    settings,
    settled,
    started,
    told,
)

from fleetwright.domain.events import EventKind
from fleetwright.domain.journal import fold
from fleetwright.domain.records import RolloutSettings, TriggerKind
from fleetwright.domain.states import SwapState


@pytest.mark.parametrize("trigger", TriggerKind)
def test_settings_survive_the_way_through_json(trigger: TriggerKind) -> None:
    """R42, R43: what a rollout was asked to do reads back exactly as it was written."""
    asked = settings(trigger=trigger, rollback=True, health_timeout_seconds=20.5, poll_seconds=0.5)

    assert RolloutSettings.from_dict(json.loads(json.dumps(asked.to_dict()))) == asked


def test_a_rollout_is_manual_and_without_rollback_unless_said_otherwise() -> None:
    """R43, C12: the defaults of a rollout are those of a manual trigger."""
    asked = settings()

    assert (asked.trigger, asked.rollback, asked.health_timeout_seconds) == (TriggerKind.MANUAL, False, 300)


def test_the_open_batch_is_the_one_that_is_not_settled() -> None:
    """R2: one batch after the other; between them none is open."""
    first = (started(), *a_batch_to((0, "healthy")))

    assert fold([started()]).open_batch is None
    assert fold(first).open_batch.index == 0
    assert fold((*first, settled(0))).open_batch is None
    assert fold((*first, settled(0), intended(1, index=1))).open_batch.index == 1


def test_swaps_of_a_batch_come_in_the_order_of_the_choice() -> None:
    """N13: the batch remembers who was chosen first."""
    view = fold((started(), intended(7, 2, 5)))

    assert [swap.instance_id for swap in view.swaps_of(view.open_batch)] == ["7", "2", "5"]


def test_a_refused_call_does_not_count_as_a_swap() -> None:
    """R12, R49: what Azure refused was never swapped, so it may be chosen again."""
    refused = told(EventKind.REFUSED, instances=["0"], reason="Conflict: busy")
    view = fold((started(), intended(0, 1), sending(0, 1), refused, accepted(1)))

    assert view.swapped_ids == {"1"}
    assert view.in_flight_ids == {"1"}


@pytest.mark.parametrize(
    ("events", "flying"),
    [
        ((intended(0),), True),
        ((intended(0), sending(0)), True),
        ((intended(0), sending(0), accepted(0)), True),
        ((intended(0), sending(0), accepted(0), replaced(0)), True),
        (a_batch_to((0, "healthy")), False),
        (a_batch_to((0, "unhealthy")), False),
    ],
    ids=["intended", "sending", "accepted", "swapped", "healthy", "unhealthy"],
)
def test_an_instance_is_in_flight_from_the_intent_to_the_verdict(
    events: tuple[object, ...], flying: bool
) -> None:
    """R7: whatever may be at work counts as out of service, and a verdict ends it."""
    assert fold((started(), *events)).in_flight_ids == ({"0"} if flying else set())


def test_a_verdict_is_remembered_with_its_seconds() -> None:
    """R10: how long an instance took to get healthy stands in the record."""
    view = fold((started(), *a_batch_to((0, "swapped"))))
    view = fold([judged(0, "healthy", "ready", now=NOW, ready_seconds=4.5)], view)

    assert (view.swaps["0"].state, view.swaps["0"].ready_seconds) == (SwapState.HEALTHY, 4.5)
