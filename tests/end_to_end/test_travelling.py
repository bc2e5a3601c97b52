"""One version travels two phases of a real Airflow: cleared on the way, paused, and approved by a person."""

from __future__ import annotations

import pytest
from phased import FIRST, PUBLICATION, SECOND, THIRD, Phased
from staged import NEW, Staged

from fleetwright.domain.phase_runs import PhaseState

pytestmark = pytest.mark.airflow


def test_a_version_travels_two_phases(staged: Staged) -> None:
    """R45, R46, R51: the asset event carries the version from phase to phase; a cleared start is found again, an event is never dropped, and who approved is remembered."""
    phased = Phased(staged)
    staged.api.unpause(FIRST)

    phased.publish()
    rolling = phased.task(FIRST, "roll_out", "deferred")
    phased.clear(rolling)
    rolled = phased.task(FIRST, "roll_out", "success", tries=2)
    emit = phased.task(FIRST, "emit", "failed")

    # The next phase was paused: nothing was lost, and the log says what to do.
    assert f"{SECOND} is paused" in phased.log(emit)
    assert phased.run_of(FIRST)["partition_key"] == PUBLICATION
    assert (rolled["rendered_map_index"], rolled["try_number"]) == ("early", 2)
    assert len(phased.rollouts("early")) == 1
    assert staged.judged("early")["swaps"] == {"0": 1, "1": 1}

    staged.api.unpause(SECOND)
    staged.api.unpause(THIRD)
    phased.clear(emit)
    phased.task(SECOND, "approve", "awaiting_input")
    asked = phased.question(SECOND)
    assert phased.rollouts("late") == []
    assert "upgraded 2, rolled back 0" in asked["body"]
    phased.approve(SECOND)

    assert phased.end_of(SECOND) == "success"
    assert phased.run_of(FIRST)["state"] == "success"
    assert phased.run_of(SECOND)["partition_key"] == PUBLICATION
    assert staged.judged("late")["imageVersions"] == {NEW: 2}
    assert [*staged.broken_rules("early"), *staged.broken_rules("late")] == []
    second = phased.remembered(SECOND)
    assert second.state is PhaseState.SUCCEEDED
    assert second.approval is not None
    assert second.approval.approved
    assert second.approval.actor
    assert f"approved by {second.approval.actor}" in phased.run_of(SECOND)["note"]
