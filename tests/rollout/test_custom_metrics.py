"""What applications ask for, heeded by whole rollouts: read once, and kept by whoever goes on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from crashes import Death, Killed, Moment, Mortal
from rehearsals import Rehearsal, told
from worlds import NEW, OLD, rolling_policy, world

Rehearse = Callable[..., Rehearsal]


def asking(**wishes: dict[str, Any]) -> dict[str, Any]:
    """Five instances of which some ask for something: ``i3={"SkipUpgrade": "true"}``."""
    instances = {i.lstrip("i"): {"customMetrics": {"rollingUpgrade": wish}} for i, wish in wishes.items()}
    return world(
        5, 0, updateDomains=1, instances=instances, policy=rolling_policy(maxBatchInstancePercent=40)
    )


def order_of(rehearsal: Rehearsal) -> list[str]:
    """The instances in the order in which the provider saw them swapped."""
    return [i for batch in rehearsal.admin.audit()["batches"] for i in batch["instances"]]


def test_phases_and_skips_are_heeded(rehearse: Rehearse) -> None:
    """N18, N19, N23: the lowest number goes first, whoever has none last, and one that skips keeps its disk."""
    rehearsal = rehearse(
        asking(
            i0={"PhaseOrderingNumber": 2},
            i3={"SkipUpgrade": "true"},
            i4={"PhaseOrderingNumber": "1", "SkipUpgrade": "false"},
        )
    )

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert order_of(rehearsal) == ["4", "0", "1", "2"]
    assert rehearsal.admin.audit()["imageVersions"] == {NEW: 4, OLD: 1}
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("number", [8, 14, 20])
def test_a_resumed_rollout_keeps_what_was_said_at_its_start(rehearse: Rehearse, number: int) -> None:
    """N20: the first process dies; what instances say by then, ill as they are, changes nothing of the order."""
    rehearsal = rehearse(asking(i3={"SkipUpgrade": True}, i4={"PhaseOrderingNumber": 0}))
    mortal = Mortal(Death(number, Moment.AFTER))
    with pytest.raises(Killed):
        rehearsal.run(mortal.ports(rehearsal.ports()))
    rehearsal.wall.advance(31)
    rehearsal.admin.touch("3", health="unhealthy")

    view = rehearsal.run(owner="second")

    assert told(view)["status"] == "Completed"
    assert order_of(rehearsal) == ["4", "0", "1", "2"]
    assert view.rollout.plan["customMetrics"] == {"phases": {"4": 0}, "skipped": ["3"]}


def test_unhealthy_instances_are_not_heeded(rehearse: Rehearse) -> None:
    """N20: an instance that is not healthy at the start is upgraded although it says SkipUpgrade, and the plan says so."""
    document = asking(i3={"SkipUpgrade": True})
    document["scaleSets"][0]["x-emulator"]["unhealthyInstances"] = ["3"]
    rehearsal = rehearse(document)

    view = rehearsal.run()

    assert rehearsal.admin.audit()["imageVersions"] == {NEW: 5}
    assert any("instance 3: custom metrics are not heeded" in note for note in view.rollout.plan["notes"])
