"""Sets of one region upgrade one zone at a time between them, and paired regions go one after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from line_ups import (
    BEGINNING,
    LineUp,
    began,
    ended_at,
    fleet_id,
    random_sets,
    shared,
    states,
    waits,
    worlds_of,
)
from rehearsals import Rehearsal
from worlds import NEW, NEWER, OLD, fault, rolling_policy, world

from fleetwright.domain.errors import HeldError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.regions import Regions
from fleetwright.rollout.cancelling import request_cancel
from fleetwright.rollout.report import report

Rehearse = Callable[..., Rehearsal]

QUICK = {"swap": 20, "boot": 10, "extension": 5, "health": 5}


@pytest.mark.parametrize(
    "seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)]
)
def test_ten_sets_line_up_zone_by_zone(rehearse: Rehearse, seed: int) -> None:
    """R48, C8: ten sets of one region and one version, never in two zones at once, take at most 1.3 times the slowest alone."""
    sets = random_sets(seed)
    alone = {name: _seconds_alone(rehearse, sets, name) for name in sets}
    together = LineUp(rehearse(worlds_of(sets), clock=shared))

    ended = together.run(*(together.job(name) for name in sets))

    ratio = together.seconds() / max(alone.values())
    print(f"{together.seconds():g} s, the slowest alone {max(alone.values()):g} s: {ratio:.3f}")  # noqa: T201 - the figure
    assert states(ended) == ["Completed"] * len(sets)
    assert together.rehearsal.admin.violations() == []
    assert together.zones_at_once() == {"westeurope": 1}
    assert together.turns() == ()
    assert ratio <= 1.3


def _seconds_alone(rehearse: Rehearse, sets: dict[str, dict[str, object]], name: str) -> float:
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))
    assert states(line_up.run(line_up.job(name))) == ["Completed"]
    return line_up.seconds()


def test_sets_of_one_zone_share_it(rehearse: Rehearse) -> None:
    """R48: sets that have instances in the same zone are upgraded in it together: nobody waits for anybody."""
    line_up = LineUp(
        rehearse(worlds_of({"a": {"n": 5, "zone": "2"}, "b": {"n": 5, "zone": "2"}}), clock=shared)
    )

    ended = line_up.run(line_up.job("a"), line_up.job("b"))

    assert states(ended) == ["Completed", "Completed"]
    assert [waits(one) for one in ended] == [[], []]
    assert abs(ended_at(ended[0]) - ended_at(ended[1])) < 10


def test_different_versions_do_not_wait_for_each_other(rehearse: Rehearse) -> None:
    """R48: zones are shared by the sets of one version alone; another version in the region is another line."""
    sets = {"a": {"n": 5, "zone": "1"}, "b": {"n": 5, "zone": "2"}}
    line_up = LineUp(rehearse(worlds_of(sets, versions=(OLD, NEW, NEWER)), clock=shared))

    ended = line_up.run(line_up.job("a", version=NEW), line_up.job("b", version=NEWER))

    assert states(ended) == ["Completed", "Completed"]
    assert [waits(one) for one in ended] == [[], []]
    assert line_up.rehearsal.admin.violations() == []


def test_regional_sets_need_no_zone(rehearse: Rehearse) -> None:
    """R48: a set without zones neither waits for a zone nor keeps one from others."""
    sets = {"a": {"n": 5, "zone": "1"}, "b": {"n": 5, "zones": 0}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))

    ended = line_up.run(line_up.job("a"), line_up.job("b"))

    assert states(ended) == ["Completed", "Completed"]
    assert [waits(one) for one in ended] == [[], []]
    assert line_up.rehearsal.admin.violations() == []


def test_a_set_that_crosses_zones_is_alone_in_its_region(rehearse: Rehearse) -> None:
    """C8, N14, R48: enableCrossZoneUpgrade lifts the limit inside the set, and never between the sets of the region."""
    crossing = rolling_policy(enableCrossZoneUpgrade=True, maxBatchInstancePercent=50)
    line_up = LineUp(rehearse(worlds_of({"a": {"n": 6, "policy": crossing}, "b": {"n": 6}}), clock=shared))

    ended = line_up.run(line_up.job("a"), line_up.job("b"))

    assert states(ended) == ["Completed", "Completed"]
    assert line_up.rehearsal.admin.violations() == []
    assert began(ended[1]) >= max(
        b.settled_at.timestamp() for b in ended[0].result().batches if b.settled_at
    ) - (BEGINNING.timestamp())
    assert {name for name, _ in waits(ended[1])} == {"a"}


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_paired_regions_go_one_after_the_other(
    rehearse: Rehearse, trigger: str, caplog: pytest.LogCaptureFixture
) -> None:
    """R46: rollouts in paired regions never overlap in time, across versions and by hand too; the second waits and says for whom."""
    sets = {"a": {"n": 5}, "b": {"n": 5, "location": "northeurope"}}
    line_up = LineUp(rehearse(worlds_of(sets, versions=(OLD, NEW, NEWER)), clock=shared))
    caplog.set_level("INFO", logger="fleetwright.rollout")

    ended = line_up.run(
        line_up.job("a", version=NEW), line_up.job("b", version=NEWER, trigger=trigger, rollback=True)
    )

    assert states(ended) == ["Completed", "Completed"]
    assert (line_up.overlap(), line_up.rehearsal.admin.violations()) == (0, [])
    assert began(ended[1]) >= ended_at(ended[0])
    ((who, seconds),) = waits(ended[1])
    assert (who, report(ended[1].result())["waits"][0]["behind"][0]["run"]) == ("a", "run of a")
    assert seconds == pytest.approx(ended_at(ended[0]), abs=10)
    told = [line for line in caplog.messages if line.startswith("waiting for its turn")]
    assert len(told) == 1
    assert (
        "a (resource group shop) has westeurope, its pair (northeurope, westeurope) since 2024-06-01"
        in told[0]
    )
    assert "run run of a" in told[0]


def test_a_late_set_gets_its_turn(rehearse: Rehearse) -> None:
    """R48: a set whose zone is another one is not overtaken for ever by sets that keep coming for the zone that is open."""
    coming = {f"c{n}": {"n": 5, "zone": "1", "pace": QUICK} for n in range(8)}
    line_up = LineUp(rehearse(worlds_of({**coming, "late": {"n": 5, "zone": "2"}}), clock=shared))

    ended = line_up.run(
        *(line_up.job(name, after=60 * n) for n, name in enumerate(coming)), line_up.job("late", after=90)
    )

    overtaken = [began(one) for one in ended[:-1] if began(one) > 90 and began(one) < began(ended[-1])]
    assert states(ended) == ["Completed"] * 9
    assert overtaken == []
    assert line_up.rehearsal.admin.violations() == []


def test_a_cancel_ends_the_wait(rehearse: Rehearse) -> None:
    """R46: a rollout that waits for its turn is cancelled at once, with nothing of it swapped and no place in the queue."""
    sets = {"a": {"n": 10}, "b": {"n": 5, "location": "northeurope"}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))
    ledger = line_up.rehearsal.ports().ledger

    def cancel() -> None:
        line_up.clock.wait_until(BEGINNING + timedelta(seconds=100))
        now = line_up.clock.now()
        request_cancel(ledger, fleet_id("b").lower(), actor="ann", reason="not today", now=now)

    ended = line_up.clock.run_all([line_up.job("a"), line_up.job("b"), cancel])

    assert str(ended[0].result().rollout.state) == "Completed"
    assert (str(ended[1].result().rollout.state), ended[1].result().batches) == ("Cancelled", ())
    assert ended_at(ended[1]) <= 110
    assert line_up.turns() == ()


def test_a_held_set_lets_the_others_have_the_zones(rehearse: Rehearse) -> None:
    """R48: while a set is held between two batches, the other sets of its region go on in other zones."""
    sets = {"a": {"n": 5, "zone": "1"}, "b": {"n": 5, "zone": "2"}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))
    ledger = line_up.rehearsal.ports().ledger

    def hold_and_release() -> None:
        line_up.clock.wait_until(BEGINNING + timedelta(seconds=50))
        ledger.add_hold(Hold(HoldSubject.FLEET, fleet_id("a").lower(), "ann", "a fair", line_up.clock.now()))
        line_up.clock.wait_until(BEGINNING + timedelta(seconds=2000))
        ledger.release_holds(
            HoldSubject.FLEET, fleet_id("a").lower(), actor="ann", reason="over", at=line_up.clock.now()
        )

    ended = line_up.clock.run_all([line_up.job("a"), line_up.job("b", after=5), hold_and_release])

    assert states(ended[:2]) == ["Completed", "Completed"]
    assert ended_at(ended[1]) < 1000 < ended_at(ended[0])
    assert line_up.rehearsal.admin.violations() == []


def test_a_long_pause_lets_the_others_have_the_zones(rehearse: Rehearse) -> None:
    """R48: a set that pauses longer than a few minutes between batches keeps no zone from the others meanwhile."""
    pausing = rolling_policy(pauseTimeBetweenBatches="PT1H")
    sets = {"a": {"n": 5, "zone": "1", "policy": pausing}, "b": {"n": 5, "zone": "2"}}
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))

    ended = line_up.run(line_up.job("a"), line_up.job("b", after=5))

    assert states(ended) == ["Completed", "Completed"]
    assert ended_at(ended[1]) < 1000
    assert line_up.rehearsal.admin.violations() == []


def test_regions_that_cannot_be_read_hold_the_rollout(rehearse: Rehearse) -> None:
    """R46: an error while asking for the pairs means no; the reason says which role is missing."""
    refused = fault({"status": 403, "code": "AuthorizationFailed"}, "GET", "*/locations")
    rehearsal = rehearse(world(3, 0, faults=[refused]))

    with pytest.raises(HeldError) as held:
        rehearsal.run()

    (reason,) = held.value.reasons
    assert "the pairs of region 'westeurope' could not be read" in reason
    assert "role Reader on subscription" in reason
    assert rehearsal.admin.mutating() == 0


def test_a_region_that_azure_does_not_know_has_no_pair(rehearse: Rehearse) -> None:
    """R46: a region that is not in Azure's list is taken to have no pair, and the plan says so."""
    document = worlds_of({"web": {"n": 3, "zones": 0}})
    rehearsal = rehearse(document)
    ports = rehearsal.ports()
    elsewhere = replace(ports, regions=_Nowhere())

    view = rehearsal.run(elsewhere, fleet_id=fleet_id("web"))

    assert str(view.rollout.state) == "Completed"
    assert view.rollout.settings.paired_regions == ()
    assert any("no region 'westeurope'" in note for note in view.rollout.plan["notes"])


class _Nowhere:
    """An Azure without regions."""

    def fetch_regions(self, _subscription: str) -> Regions:
        """None."""
        return Regions()
