"""Applications behind the Application Health extension's two forms, whole rollouts long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from rehearsals import Rehearsal
from worlds import HEALTH_EXTENSION, NEW, OLD, START, Json, sick, world

from fleetwright.domain.states import RolloutState

Rehearse = Callable[..., Rehearsal]


def extension(version: str) -> dict[str, Json]:
    """The Application Health extension in this version."""
    properties = {**HEALTH_EXTENSION["properties"], "typeHandlerVersion": version}
    return {**HEALTH_EXTENSION, "properties": properties}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_an_application_that_starts_slowly_is_not_rolled_back(rehearse: Rehearse, version: str) -> None:
    """R10, N21, N22: extension 1.0 calls it unhealthy for two minutes, 2.0 initializing; both are waited out."""
    rehearsal = rehearse(world(3, 0, extensions=(extension(version),), timings={"health": 120}))

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.COMPLETED
    audit = rehearsal.admin.audit()
    assert (audit["rollbacks"], audit["imageVersions"]) == ({}, {NEW: 3})
    assert rehearsal.admin.violations() == []


def test_a_bad_image_behind_the_binary_form_is_found_when_the_time_is_up(rehearse: Rehearse) -> None:
    """R10, R11, N22: unhealthy for five minutes is unhealthy; the instance gets its old version back."""
    bad = sick("0", health="unhealthy")
    rehearsal = rehearse(world(5, 0, extensions=(extension("1.0"),), behaviours=[bad]))

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.FAULTED
    audit = rehearsal.admin.audit()
    assert (audit["rollbacks"], audit["imageVersions"]) == ({"0": 1}, {OLD: 5})
    assert rehearsal.clock.now() >= datetime.fromisoformat(START) + timedelta(seconds=300)
