"""The states of a rollout and of one instance's swap, as tables.

Two rules keep this file honest:

1. Everything that decides about transitions stands here, and nothing else does.
2. A transition that is absent from a table is illegal; there is no other guard.
"""

from __future__ import annotations

from enum import StrEnum

from fleetwright.domain.errors import FleetwrightError


class RolloutState(StrEnum):
    """A rollout's state, in Azure's own words (``runningStatus.code``) and our *Held*."""

    ROLLING_FORWARD = "RollingForward"
    COMPLETED = "Completed"
    FAULTED = "Faulted"
    CANCELLED = "Cancelled"
    HELD = "Held"


class SwapState(StrEnum):
    """How far one instance's swap has come."""

    INTENDED = "intended"  # written before anything is done to the instance
    SENDING = "sending"  # written right before the call: from here on it may have been sent
    ACCEPTED = "accepted"  # Azure said 202, or was seen doing it
    SWAPPED = "swapped"  # the new disk is in place
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    REFUSED = "refused"  # Azure said no before anything changed
    ROLLBACK_INTENDED = "rollback intended"
    ROLLBACK_ACCEPTED = "rollback accepted"
    ROLLED_BACK = "rolled back"
    ROLLBACK_FAILED = "rollback failed"


# Terminal for the rollout: nothing moves on from here.
TERMINAL_STATES = frozenset(
    {RolloutState.COMPLETED, RolloutState.FAULTED, RolloutState.CANCELLED, RolloutState.HELD}
)
# The provider may be at work on the instance, because we asked it to.
IN_FLIGHT = frozenset(
    {
        SwapState.INTENDED,
        SwapState.SENDING,
        SwapState.ACCEPTED,
        SwapState.SWAPPED,
        SwapState.ROLLBACK_INTENDED,
        SwapState.ROLLBACK_ACCEPTED,
    }
)
# Waiting for the verdict about the new image.
AWAITING_VERDICT = frozenset({SwapState.ACCEPTED, SwapState.SWAPPED})
# Written down, and not known to be taken by Azure.
NOT_YET_ACCEPTED = frozenset({SwapState.INTENDED, SwapState.SENDING})
AWAITING_ROLLBACK = frozenset({SwapState.ROLLBACK_INTENDED, SwapState.ROLLBACK_ACCEPTED})
# Swapped by this rollout, and bad: what R12 counts.
FAILED_SWAPS = frozenset(
    {
        SwapState.UNHEALTHY,
        SwapState.ROLLBACK_INTENDED,
        SwapState.ROLLBACK_ACCEPTED,
        SwapState.ROLLED_BACK,
        SwapState.ROLLBACK_FAILED,
    }
)

ROLLOUT_TRANSITIONS: dict[RolloutState, frozenset[RolloutState]] = {
    RolloutState.ROLLING_FORWARD: TERMINAL_STATES,
}

SWAP_TRANSITIONS: dict[SwapState, frozenset[SwapState]] = {
    SwapState.INTENDED: frozenset({SwapState.SENDING, SwapState.REFUSED}),
    SwapState.SENDING: frozenset({SwapState.ACCEPTED, SwapState.REFUSED}),
    SwapState.ACCEPTED: frozenset({SwapState.SWAPPED, SwapState.HEALTHY, SwapState.UNHEALTHY}),
    SwapState.SWAPPED: frozenset({SwapState.HEALTHY, SwapState.UNHEALTHY}),
    SwapState.HEALTHY: frozenset({SwapState.UNHEALTHY}),  # it fell ill later, and is to be taken back
    SwapState.UNHEALTHY: frozenset({SwapState.ROLLBACK_INTENDED}),
    SwapState.REFUSED: frozenset({SwapState.INTENDED}),
    SwapState.ROLLBACK_INTENDED: frozenset(
        {SwapState.ROLLBACK_ACCEPTED, SwapState.ROLLED_BACK, SwapState.ROLLBACK_FAILED}
    ),
    SwapState.ROLLBACK_ACCEPTED: frozenset({SwapState.ROLLED_BACK, SwapState.ROLLBACK_FAILED}),
}


class IllegalMoveError(FleetwrightError):
    """The tables of this file do not allow the transition."""

    kind = "illegal_move"


def advance_rollout(state: RolloutState, to: RolloutState) -> RolloutState:
    """The rollout's next state; staying where it is changes nothing.

    :raises IllegalMoveError: when the table has no such transition
    """
    if to is not state and to not in ROLLOUT_TRANSITIONS.get(state, frozenset()):
        raise IllegalMoveError(f"a rollout that is {state} cannot become {to}")
    return to


def advance_swap(state: SwapState, to: SwapState) -> SwapState:
    """The swap's next state; staying where it is changes nothing, so that a repeated fact is harmless.

    :raises IllegalMoveError: when the table has no such transition
    """
    if to is not state and to not in SWAP_TRANSITIONS.get(state, frozenset()):
        raise IllegalMoveError(f"a swap that is '{state}' cannot become '{to}'")
    return to
