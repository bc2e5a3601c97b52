"""Processes that give way: before some of their calls everybody else who is due goes first.

On one virtual clock nothing happens between two waits of a process. Real processes have no such luck: whatever one
has read, another may change before the first one acts on it.
"""

from __future__ import annotations

from random import Random
from typing import Any

from fleetwright_demo.journeys.each_call import Call, EachCall
from fleetwright_demo.journeys.shared_clock import SharedClock


def giving_way(inner: object, clock: SharedClock, chance: Random, share: float) -> EachCall:
    """A port before some calls of which others go first, as chance has it.

    :param share: of the calls
    """

    def after_others(call: Call) -> Any:  # noqa: ANN401 - whatever the call answers
        if chance.random() < share:
            clock.let_others()
        return call()

    return EachCall(inner, after_others)
