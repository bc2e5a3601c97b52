"""Every stop comes with what to do about it."""

from __future__ import annotations

import pytest

from fleetwright.domain import thresholds
from fleetwright.domain.advice import advise

STOPS = (
    thresholds.BEFORE_ROLLOUT,
    thresholds.IN_ROLLOUT,
    thresholds.UPGRADED,
    thresholds.FAILED_INSTANCES,
    thresholds.TIMED_OUT,
    thresholds.INTERNAL,
)


@pytest.mark.parametrize("code", STOPS)
def test_every_stop_has_its_advice(code: str) -> None:
    """Each of Azure's six codes names a next step, on one line (N9)."""
    assert advise(code)
    assert "\n" not in advise(code)


@pytest.mark.parametrize("code", ["Completed", "NothingToDo", "Cancelled", ""])
def test_what_is_no_stop_needs_none(code: str) -> None:
    """A rollout that was not stopped leaves nothing to do."""
    assert advise(code) == ""
