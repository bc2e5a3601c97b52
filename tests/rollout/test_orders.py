"""Orders that sets and their applications ask for: update domain by update domain, phase by phase."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import pytest
from rehearsals import Rehearsal, eventful, told
from special_worlds import phased_world, service_fabric_world
from worlds import NEW, OLD, rolling_policy, sick, world

from fleetwright.domain.records import RolloutView

Rehearse = Callable[..., Rehearsal]


def domains(view: RolloutView) -> list[int]:
    """The update domains of the batches, in order, each run of one domain once."""
    return [domain for domain, _batches in groupby(batch.update_domain for batch in view.batches)]


@pytest.mark.parametrize("percent", [20, 100])
def test_service_fabric_goes_update_domain_by_update_domain(rehearse: Rehearse, percent: int) -> None:
    """Nodes of Service Fabric are upgraded one update domain after the other, however much may be out at once (R25, R49, R20, R23)."""
    policy = rolling_policy(maxBatchInstancePercent=percent)
    rehearsal = rehearse(service_fabric_world(10, policy=policy))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert domains(view) == [0, 1, 2, 3, 4]
    assert rehearsal.admin.audit()["maxUpdateDomainsInFlight"] == 1
    assert rehearsal.state()["imageVersions"] == {NEW: 10}
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("zones", [0, 2])
def test_every_set_goes_update_domain_by_update_domain(rehearse: Rehearse, zones: int) -> None:
    """A set without Service Fabric is upgraded by update domains as well, within each zone (C10, R49)."""
    policy = rolling_policy(maxBatchInstancePercent=100)
    rehearsal = rehearse(world(12, zones, policy=policy, updateDomains=3))

    view = rehearsal.run()

    assert domains(view) == [0, 1, 2] * max(zones, 1)
    assert rehearsal.admin.audit()["maxUpdateDomainsInFlight"] == 1
    assert rehearsal.state()["imageVersions"] == {NEW: 12}
    assert rehearsal.admin.violations() == []


def test_phases_go_one_after_the_other(rehearse: Rehearse) -> None:
    """Phase 1 is finished before phase 2, and those without a number come last; who asks to be skipped is not touched (N18, N19, N23)."""
    phases = {"5": 1, "6": 1, "7": 1, "0": 2, "1": 2}
    rehearsal = rehearse(phased_world(10, phases, skipped=("9",)))

    view = rehearsal.run()

    assert [batch.instance_ids for batch in view.batches] == [
        ("5", "6"),
        ("7",),
        ("0", "1"),
        ("2", "3"),
        ("4", "8"),
    ]
    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {OLD: 1, NEW: 9}
    assert rehearsal.admin.violations() == []


def test_metrics_that_change_on_the_way_count_for_the_next_rollout(rehearse: Rehearse) -> None:
    """What an application says after the start is not heeded: the phases and the skipped ones stay those of the beginning (N20)."""

    def change(admin: object) -> None:
        rehearsal.admin.post(
            "instances", id=rehearsal.admin.fleet_id, instances=["3"], customMetrics={"SkipUpgrade": True}
        )

    rehearsal = rehearse(phased_world(5, {"4": 1}))
    rehearsal.clock = eventful((15, change))(rehearsal.url)

    view = rehearsal.run()

    assert view.batches[0].instance_ids == ("4",)
    assert rehearsal.state()["imageVersions"] == {NEW: 5}


def test_phase_that_breaks_the_limit_keeps_the_next_from_beginning(rehearse: Rehearse) -> None:
    """A failure in the first phase stops the rollout before anybody of the second is touched (N18, R12)."""
    rehearsal = rehearse(phased_world(5, {"4": 1, "0": 2}, behaviours=[sick("4", health="unhealthy")]))

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert rehearsal.state()["swaps"] == {"4": 1}
    assert rehearsal.admin.violations() == []
