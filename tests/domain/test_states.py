"""The tables of states: what may follow what, and nothing else."""

from __future__ import annotations

from itertools import pairwise, product

import pytest

from fleetwright.domain.states import (
    AWAITING_ROLLBACK,
    AWAITING_VERDICT,
    FAILED_SWAPS,
    IN_FLIGHT,
    NOT_YET_ACCEPTED,
    ROLLOUT_TRANSITIONS,
    SWAP_TRANSITIONS,
    TERMINAL_STATES,
    IllegalMoveError,
    RolloutState,
    SwapState,
    advance_rollout,
    advance_swap,
)

S = SwapState


@pytest.mark.parametrize(("state", "to"), list(product(SwapState, repeat=2)))
def test_a_swap_moves_exactly_as_its_table_says(state: SwapState, to: SwapState) -> None:
    """R11: every move of the table is taken, a repeated state is harmless, every other one raises."""
    if to is state or to in SWAP_TRANSITIONS.get(state, ()):
        assert advance_swap(state, to) is to
    else:
        with pytest.raises(IllegalMoveError) as caught:
            advance_swap(state, to)
        assert str(state) in str(caught.value)
        assert str(to) in str(caught.value)


@pytest.mark.parametrize(("state", "to"), list(product(RolloutState, repeat=2)))
def test_a_rollout_moves_exactly_as_its_table_says(state: RolloutState, to: RolloutState) -> None:
    """R12, R13: a rollout ends once, in one of four ways, and stays there."""
    if to is state or to in ROLLOUT_TRANSITIONS.get(state, ()):
        assert advance_rollout(state, to) is to
    else:
        with pytest.raises(IllegalMoveError, match=f"a rollout that is {state} cannot become {to}"):
            advance_rollout(state, to)


@pytest.mark.parametrize(
    "path",
    [
        (S.INTENDED, S.SENDING, S.ACCEPTED, S.SWAPPED, S.HEALTHY),
        (S.INTENDED, S.SENDING, S.ACCEPTED, S.HEALTHY),
        (S.INTENDED, S.REFUSED),
        (S.INTENDED, S.SENDING, S.REFUSED),
        (S.ACCEPTED, S.SWAPPED, S.UNHEALTHY, S.ROLLBACK_INTENDED, S.ROLLBACK_ACCEPTED, S.ROLLED_BACK),
        (S.ACCEPTED, S.UNHEALTHY, S.ROLLBACK_INTENDED, S.ROLLBACK_ACCEPTED, S.ROLLBACK_FAILED),
        (S.UNHEALTHY, S.ROLLBACK_INTENDED, S.ROLLBACK_FAILED),
    ],
    ids=" > ".join,
)
def test_the_lives_of_a_swap_are_legal(path: tuple[SwapState, ...]) -> None:
    """R5, R10, R11, C11: well, refused, rolled back, and a rollback that fails."""
    for state, to in pairwise(path):
        assert advance_swap(state, to) is to


@pytest.mark.parametrize(
    ("state", "to"),
    [
        (S.INTENDED, S.ACCEPTED),
        (S.SENDING, S.HEALTHY),
        (S.ACCEPTED, S.REFUSED),
        (S.HEALTHY, S.INTENDED),
        (S.ROLLED_BACK, S.INTENDED),
        (S.ROLLED_BACK, S.ROLLBACK_INTENDED),
        (S.ROLLBACK_FAILED, S.ROLLBACK_INTENDED),
        (S.ACCEPTED, S.SENDING),
        (S.SWAPPED, S.SENDING),
    ],
    ids=str,
)
def test_what_would_swap_or_restore_twice_is_illegal(state: SwapState, to: SwapState) -> None:
    """R11, R49: one swap and one rollback an instance; a call that was accepted is never sent again."""
    with pytest.raises(IllegalMoveError):
        advance_swap(state, to)


def test_every_state_of_a_swap_can_be_reached() -> None:
    """R11: from the intent on, following the table, no state is dead."""
    reached, frontier = set(), {S.INTENDED}
    while frontier:
        reached |= frontier
        frontier = {to for state in frontier for to in SWAP_TRANSITIONS.get(state, ())} - reached

    assert reached == set(SwapState)


def test_a_swap_in_flight_always_has_a_way_out() -> None:
    """R10, N11: nothing in flight is an end; a healthy one that falls ill later may still be taken back."""
    ends = {state for state in SwapState if not SWAP_TRANSITIONS.get(state)}

    assert ends == {S.ROLLED_BACK, S.ROLLBACK_FAILED}
    assert SWAP_TRANSITIONS[S.HEALTHY] == {S.UNHEALTHY}
    assert not ends & IN_FLIGHT
    assert set(SwapState) - ends == IN_FLIGHT | {S.HEALTHY, S.UNHEALTHY, S.REFUSED}


def test_the_named_sets_agree() -> None:
    """R12: what waits is in flight, and what is on its way back has failed already."""
    assert AWAITING_VERDICT | NOT_YET_ACCEPTED | AWAITING_ROLLBACK == IN_FLIGHT
    assert AWAITING_ROLLBACK <= FAILED_SWAPS
    assert not FAILED_SWAPS & (AWAITING_VERDICT | NOT_YET_ACCEPTED | {S.HEALTHY, S.REFUSED})
    assert set(RolloutState) - {RolloutState.ROLLING_FORWARD} == TERMINAL_STATES


def test_the_states_of_a_rollout_are_azures_words() -> None:
    """R40: runningStatus.code reads as Azure's users know it, and a hold is our own word."""
    assert {str(state) for state in RolloutState} == {
        "RollingForward",
        "Completed",
        "Faulted",
        "Cancelled",
        "Held",
    }


def test_an_illegal_move_is_an_error_with_a_kind() -> None:
    """Errors have a word for machines."""
    assert IllegalMoveError.kind == "illegal_move"
