"""``fleetwright cancel``: a person's word ends a rollout at its next boundary."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from commands import Fleetwright
from rehearsals import Rehearsal, eventful
from worlds import FLEET_ID, world

from fleetwright.cli.app import exit_code
from fleetwright.domain.states import RolloutState

Rehearse = Callable[..., Rehearsal]

BY = ("--by", "on-call", "--reason", "wrong image")


def cancel(rehearsal: Rehearsal, *arguments: str) -> int:
    """The verb, as a person says it."""
    return exit_code(["cancel", *arguments, "--ledger", rehearsal.ledger_url])


def test_a_running_rollout_is_cancelled(rehearse: Rehearse) -> None:
    """The batch under way is finished, no other begins, and the reason names who and why (N12, O3)."""
    codes: list[int] = []
    clock = eventful((30, lambda _admin: codes.append(cancel(rehearsal, FLEET_ID, *BY))))
    rehearsal = rehearse(world(), clock=clock)

    view = rehearsal.run()

    assert codes == [0]
    assert view.rollout.state is RolloutState.CANCELLED
    assert view.rollout.reason_message == "cancelled by on-call: wrong image"
    assert len(view.batches) == 1
    assert rehearsal.admin.violations() == []


def test_a_cancel_is_meant_for_one_rollout(rehearse: Rehearse) -> None:
    """The next rollout of the fleet is not touched by what was said to the one before (N12)."""
    clock = eventful((30, lambda _admin: cancel(rehearsal, "--fleet", FLEET_ID.upper(), *BY)))
    rehearsal = rehearse(world(), clock=clock)
    rehearsal.run()

    assert rehearsal.run().rollout.state is RolloutState.COMPLETED


def test_nothing_to_cancel(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing runs the command says so and ends with 2 (N12)."""
    fleetwright = Fleetwright(rehearse(world(1, 0)), capsys)
    assert fleetwright("run").code == 0

    ended = fleetwright.raw("cancel", FLEET_ID, *BY, "--ledger", fleetwright.rehearsal.ledger_url)

    assert (ended.code, len(ended.errors)) == (2, 1)
    assert "there is nothing to cancel" in ended.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((FLEET_ID, "--by", "", "--reason", "x"), "--by is empty"),
        ((FLEET_ID, "--by", "on-call"), "--reason"),
        (BY, "the ARM id of a scale set or Batch pool"),
        (("web", *BY), "is neither a scale set's id nor a Batch pool's"),
    ],
)
def test_bad_input(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    """Whatever is missing is named in one line, with exit code 2 (N12)."""
    fleetwright = Fleetwright(rehearse(world(1, 0)), capsys)

    ended = fleetwright.raw("cancel", *arguments, "--ledger", fleetwright.rehearsal.ledger_url)

    assert (ended.code, len(ended.errors)) == (2, 1)
    assert said in ended.err
