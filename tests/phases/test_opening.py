"""Whether a phase begins, waits, or ends before it has begun: over HTTP, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from travel_fixtures import Sail
from voyages import EAST, IMAGE_KEY, MINUTE, NORTH, WEST, left_out, phase, plan_of, published, scale_set, sea
from worlds import NEW, NEWER, OLD

from fleetwright.domain.errors import ProviderError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.phase_runs import PhaseRun, PhaseState, phase_run_key
from fleetwright.domain.phases import Approval, FleetChoice
from fleetwright.domain.quarantine import PHASE_PREFIX, Quarantined, Release
from fleetwright.phases.approving import record_answer
from fleetwright.phases.opening import Opened, open_phase
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.preview import preview_phase

FIRST, SECOND = phase(0, WEST), phase(1, NORTH)
PLAN = plan_of(FIRST, SECOND)
FIRST_DAY = datetime(2024, 6, 1, tzinfo=UTC)
WORLD = sea(scale_set("web"), scale_set("api", NORTH), versions=(OLD, NEW, NEWER))


def look(ports: PhasePorts, index: int = 0, version: str = NEW, owner: str = "run 1") -> Opened:
    """Open a phase of the plan, or look at it again."""
    return open_phase(ports, PLAN, PLAN.phases[index], published(version), owner=owner)


def put_away(version: str = NEW) -> Quarantined:
    """A version that made a phase fail."""
    return Quarantined(
        IMAGE_KEY, version, FIRST_DAY, f"{PHASE_PREFIX}{version}", "phase_0_x", "TooMany", "ill"
    )


def test_a_phase_begins_with_its_fleets_and_tells_of_the_others(voyage: Sail) -> None:
    """Eligible fleets are started with their predicted batches, all others stand in the ledger with a reason (R51)."""
    ports = voyage(WORLD).phase_ports()

    run = look(ports).run

    assert run.state is PhaseState.ROLLING
    (start,) = run.starts
    assert (start.location, start.instances, start.batches, start.predicted_seconds) == (WEST, 3, 3, 900.0)
    assert left_out(run) == {"api": "region northeurope is not of phase_0_westeurope"}
    assert ports.ledger.find_phase_run(run.key) == run


def test_a_task_that_is_cleared_goes_on_from_the_ledger(voyage: Sail) -> None:
    """Opened again while it rolls, nothing is read from Azure and nothing is written (R45)."""
    under_way = voyage(WORLD)
    ports = under_way.phase_ports()
    run = look(ports).run
    before = under_way.admin.get("requests")["total"]

    assert look(ports, owner="run 2").run == run
    assert under_way.admin.get("requests")["total"] == before


def test_a_phase_by_hand_is_held_until_the_one_before_has_succeeded(voyage: Sail) -> None:
    """Whoever starts it, a phase asks the ledger for the one before; held, it says which is missing (R45)."""
    under_way = voyage(WORLD, plan=PLAN)
    ports = under_way.phase_ports()

    held = look(ports, 1)
    assert held.run.state is PhaseState.HELD
    assert held.run.reason == (
        f"phase_1_northeurope begins once phase_0_westeurope has succeeded for {published()}, and it has never"
        " come there: run phase_0_westeurope first (R45)"
    )

    look(ports)
    assert "it is rolling there" in look(ports, 1).run.reason
    runs = under_way.sail(ports=ports)
    assert [run.state for run in runs] == [PhaseState.SUCCEEDED, PhaseState.SUCCEEDED]
    assert runs[1].attempt == 3


def test_a_quarantined_version_is_held_with_the_way_out(voyage: Sail) -> None:
    """A version that was put away is held with who, when and how it is released; released, it begins (R47)."""
    ports = voyage(WORLD).phase_ports()
    ports.ledger.quarantine(put_away())

    held = look(ports)
    assert held.run.state is PhaseState.HELD
    assert "phase_0_x failed with TooMany at 2024-06-01 00:00 UTC" in held.run.reason
    assert f"fleetwright quarantine release {IMAGE_KEY} {NEW}" in held.run.reason
    assert look(ports).run == held.run

    ports.ledger.release_quarantined(IMAGE_KEY, NEW, Release("ann", "it was the network", FIRST_DAY))
    again = look(ports).run
    assert (again.state, again.attempt) == (PhaseState.ROLLING, 2)


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (HoldSubject.VERSION, f"{IMAGE_KEY}|{NEW}"),
        (HoldSubject.VERSION, NEW),
        (HoldSubject.PHASE, "phase_0_westeurope"),
        (HoldSubject.PHASE, WEST),
    ],
)
def test_what_a_person_holds_waits(voyage: Sail, subject: HoldSubject, name: str) -> None:
    """A held version or phase waits half an hour at a time, and begins once it is released (R45)."""
    under_way = voyage(WORLD)
    ports = under_way.phase_ports()
    ports.ledger.add_hold(Hold(subject, name, "ann", "a fair is on", FIRST_DAY))

    waits = look(ports)
    assert waits.run.state is PhaseState.WAITING
    assert waits.look_again_at == ports.clock.now() + timedelta(minutes=30)
    assert "is held by ann" in waits.reasons[0]
    assert "a fair is on" in waits.reasons[0]

    ports.ledger.release_holds(subject, name, actor="ann", reason="over", at=FIRST_DAY)
    assert look(ports).run.state is PhaseState.ROLLING


def test_what_waits_for_a_week_is_held(voyage: Sail) -> None:
    """A phase that could not begin within seven days is held with the reason it waited for; asked again it begins anew."""
    ports = voyage(WORLD).phase_ports()
    ports.ledger.add_hold(Hold(HoldSubject.VERSION, NEW, "ann", "a fair is on", FIRST_DAY))
    opened = look(ports)
    ports.clock.wait_until(ports.clock.now() + timedelta(days=7) - 10 * MINUTE)
    assert look(ports).look_again_at == (opened.run.opened_at or FIRST_DAY) + timedelta(days=7)
    ports.clock.wait_until(ports.clock.now() + 10 * MINUTE)

    held = look(ports).run

    assert held.state is PhaseState.HELD
    assert held.reason.startswith("it could not begin within 7 days: version")
    assert look(ports, owner="run 2").run.attempt == 2


def test_the_newer_version_goes_first_where_nothing_has_begun(voyage: Sail) -> None:
    """An older version that has not begun in a phase is superseded by a newer one there (R2)."""
    ports = voyage(WORLD).phase_ports()
    ports.ledger.add_hold(Hold(HoldSubject.VERSION, NEW, "ann", "wait", FIRST_DAY))
    look(ports)
    newer = look(ports, version=NEWER).run
    ports.ledger.release_holds(HoldSubject.VERSION, NEW, actor="ann", reason="over", at=FIRST_DAY)

    older = look(ports).run

    assert newer.state is PhaseState.ROLLING
    assert older.state is PhaseState.SUPERSEDED
    assert older.reason == f"version {NEWER} came to phase_0_westeurope before anything of {NEW} began here"
    assert look(ports, owner="run 2").run == older


def test_a_newer_version_that_ended_badly_is_in_nobodys_way(voyage: Sail) -> None:
    """A newer version that is held in the phase does not stop an older one (R2)."""
    ports = voyage(WORLD).phase_ports()
    ports.ledger.quarantine(put_away(NEWER))
    assert look(ports, version=NEWER).run.state is PhaseState.HELD

    assert look(ports).run.state is PhaseState.ROLLING


def test_an_older_version_that_rolls_is_not_disturbed(voyage: Sail) -> None:
    """What has begun goes on when a newer version comes to the phase (R2)."""
    ports = voyage(WORLD).phase_ports()
    older = look(ports).run
    look(ports, version=NEWER)

    assert look(ports).run == older


def test_where_nobody_uses_the_image_there_is_nothing_to_do(voyage: Sail) -> None:
    """A phase without a fleet of ours for the image succeeds, and says so: the version travels on (R45)."""
    ports = voyage(sea(scale_set("api", NORTH), scale_set("out", tags={}))).phase_ports()

    run = look(ports).run

    assert run.state is PhaseState.SUCCEEDED
    assert run.reason == f"no fleet of ours in phase_0_westeurope takes {published()}: nothing to do"
    assert sorted(left_out(run)) == ["api", "out"]


def test_fleets_outside_their_windows_are_waited_for(voyage: Sail) -> None:
    """Where every fleet waits for its window the phase waits too, until the first one opens (R45)."""
    windows = {"fleetwright": "enabled", "fleetwright-window": "Sat 00:20-04:00 UTC"}
    under_way = voyage(sea(scale_set("web", tags=windows)))
    ports = under_way.phase_ports()

    waits = look(ports)
    assert waits.run.state is PhaseState.WAITING
    assert "opens Sat 2024-06-01 00:20 UTC" in waits.reasons[0]
    assert waits.look_again_at == ports.clock.now() + 20 * MINUTE

    ports.clock.wait_until(waits.look_again_at)
    assert look(ports).run.state is PhaseState.ROLLING


def test_a_version_that_a_region_has_not_yet_is_waited_for(voyage: Sail) -> None:
    """The phase begins once the region can have the version, be it published long ago elsewhere (R26, R51, C16)."""
    world = sea(scale_set("web"), versions=(OLD,))
    under_way = voyage(world)
    ports = under_way.phase_ports()

    waits = look(ports)
    assert waits.run.state is PhaseState.WAITING
    assert f"web: version {NEW} is gone from the catalogue: westeurope cannot have it yet" in waits.reasons[0]

    publisher, offer, sku = ("Canonical", "UbuntuServer", "18.04-LTS")
    under_way.admin.post("images", publisher=publisher, offer=offer, sku=sku, version=NEW)
    assert look(ports).run.state is PhaseState.ROLLING


def test_who_starts_does_not_wait_for_who_cannot(voyage: Sail) -> None:
    """One fleet outside its window is left out with its reason, the others of the phase begin (R45)."""
    at_night = {"fleetwright": "enabled", "fleetwright-window": "daily 22:00-23:00 UTC"}
    ports = voyage(sea(scale_set("web"), scale_set("night", tags=at_night))).phase_ports()

    run = look(ports).run

    assert [start.fleet_id.rpartition("/")[2] for start in run.starts] == ["web"]
    assert "opens Sat 2024-06-01 22:00 UTC" in left_out(run)["night"]


def test_a_person_says_yes_before_a_phase_that_asks(voyage: Sail) -> None:
    """Everything else is asked first; then the phase waits for a person, and who said yes is kept (R45)."""
    ports = voyage(WORLD).phase_ports()
    gated = replace(FIRST, approval=Approval())
    plan = plan_of(gated)

    asks = open_phase(ports, plan, gated, published(), owner="run 1")
    assert (asks.run.state, asks.needs_approval, asks.look_again_at) == (PhaseState.WAITING, True, None)
    record_answer(ports, asks.run.key, True, "ann", ports.clock.now())
    run = open_phase(ports, plan, gated, published(), owner="run 1").run

    assert run.state is PhaseState.ROLLING
    assert run.approval is not None
    assert (run.approval.approved, run.approval.actor) == (True, "ann")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (False, "ann said no (2024-06-01 00:00 UTC)"),
        (None, "nobody answered by the deadline (2024-06-01 00:00 UTC)"),
    ],
)
def test_no_answer_means_no(voyage: Sail, answer: bool | None, reason: str) -> None:
    """A person's no ends the phase, and so does silence; the same run is not asked again, another one is (R45)."""
    ports = voyage(WORLD).phase_ports()
    gated = replace(FIRST, approval=Approval())
    plan = plan_of(gated)
    key = open_phase(ports, plan, gated, published(), owner="run 1").run.key

    run = record_answer(ports, key, answer, "ann", ports.clock.now())

    assert (run.state, run.reason) == (PhaseState.REJECTED, reason)
    assert record_answer(ports, key, True, "bob", ports.clock.now()) == run
    assert open_phase(ports, plan, gated, published(), owner="run 1").run == run
    asked_anew = open_phase(ports, plan, gated, published(), owner="run 2")
    assert (asked_anew.run.attempt, asked_anew.needs_approval) == (2, True)


def test_a_look_that_finds_nothing_new_writes_nothing(voyage: Sail) -> None:
    """Who is left out is written once, not at every look (R45)."""
    under_way = voyage(WORLD)
    ports = under_way.phase_ports()
    ports.ledger.add_hold(Hold(HoldSubject.VERSION, NEW, "ann", "wait", FIRST_DAY))
    first = look(ports)

    again = look(ports)

    assert again == first
    assert _events(ports, first.run) == ["phase opened", "phase waits"]


def _events(ports: PhasePorts, run: PhaseRun) -> list[str]:
    with ports.ledger._database.reading() as connection:  # type: ignore[attr-defined]  # no port tells it
        rows = connection.exec_driver_sql("select kind from events where fleet_key = ?", (run.key,))
        return [row[0] for row in rows]


def test_an_error_while_asking_decides_nothing(voyage: Sail) -> None:
    """Fleets that cannot be listed end the task, and the phase is not opened (R45)."""
    under_way = voyage(WORLD)
    ports = under_way.phase_ports()
    refusal = {"match": {"method": "GET", "path": "*/virtualMachineScaleSets"}, "effect": {"status": 403}}
    under_way.admin.post("faults", **refusal)

    with pytest.raises(ProviderError):
        look(ports)

    assert ports.ledger.find_phase_run(phase_run_key(FIRST.label, published())) is None


def test_a_preview_leaves_no_trace(voyage: Sail) -> None:
    """What a phase would do is told with all reasons and the time it would take, and nothing is written (R51)."""
    under_way = voyage(sea(scale_set("web"), scale_set("api"), scale_set("far", EAST)))
    ports = under_way.phase_ports()
    few = replace(FIRST, concurrency=1)

    seen = preview_phase(ports, plan_of(few), few, published())
    chosen = preview_phase(ports, PLAN, replace(FIRST, only=FleetChoice(frozenset({"api"}))), published())

    assert [start.fleet_id.rpartition("/")[2] for start in seen.starts] == ["web", "api"]
    assert (seen.obstacle, seen.duration) == ("", 30 * MINUTE)
    assert [left.fleet_id.rpartition("/")[2] for left in chosen.left_out] == ["web", "far"]
    assert "has never come there" in preview_phase(ports, PLAN, SECOND, published()).obstacle
    assert ports.ledger.list_phase_runs() == ()
