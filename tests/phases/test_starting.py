"""Right before and right after each fleet's rollout: over HTTP, in virtual time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from rehearsals import EXPIRY
from travel_fixtures import Sail
from voyages import MINUTE, WEST, Voyage, fleet_id, phase, plan_of, published, results, scale_set, sea
from worlds import IMAGE, NEW, NEWER, OLD, sick

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.phase_runs import FleetResult, PhaseRun, PhaseState
from fleetwright.domain.quarantine import PHASE_PREFIX, Quarantined, Release
from fleetwright.domain.records import RolloutSettings, TriggerKind
from fleetwright.phases.ending import record_end
from fleetwright.phases.judging import judge_phase
from fleetwright.phases.opening import open_phase
from fleetwright.phases.outcomes import MOST_STARTS
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.runner import carry_fleet
from fleetwright.phases.starting import StartAnswer, may_start

FIRST = phase(0, WEST)
PLAN = plan_of(FIRST)
WEB, API = fleet_id("web"), fleet_id("api")
WORLD = sea(scale_set("web"), scale_set("api"), versions=(OLD, NEW, NEWER))
HAS = {"publisher": IMAGE["publisher"], "offer": IMAGE["offer"], "sku": IMAGE["sku"]}


@dataclass(frozen=True, slots=True)
class Rolling:
    """A version whose phase rolls over ``web`` and ``api``."""

    voyage: Voyage
    ports: PhasePorts
    run: PhaseRun

    def ask(self, fleet: str = WEB) -> StartAnswer:
        """Ask whether the fleet's rollout may begin."""
        return may_start(self.ports, PLAN, self.run.key, fleet)

    def now(self) -> PhaseRun:
        """The run as the ledger has it."""
        run = self.ports.ledger.find_phase_run(self.run.key)
        assert run is not None
        return run

    def carry(self, fleet: str = WEB) -> FleetResult:
        """Carry one fleet to its end."""
        return carry_fleet(self.ports, PLAN, self.run.key, fleet, self.voyage.rolls(self.ports)).result

    def settings(self, version: str, fleet: str = WEB) -> RolloutSettings:
        """What a rollout of a fleet was asked to do."""
        return RolloutSettings(fleet, version, TriggerKind.AUTOMATIC, location=WEST, image=HAS)


@pytest.fixture
def rolling(voyage: Sail) -> Rolling:
    """A version whose phase rolls."""
    under_way = voyage(WORLD, plan=PLAN)
    ports = under_way.phase_ports()
    run = open_phase(ports, PLAN, FIRST, published(), owner="run 1").run
    return Rolling(under_way, ports, run)


def test_a_fleet_begins_and_that_is_written_first(rolling: Rolling) -> None:
    """Where nothing is in the way the answer is what the rollout is asked, and the ledger has it already (R2, R45)."""
    answer = rolling.ask()

    assert answer.go
    request = answer.request(poll_seconds=1.0)
    assert (request.fleet_id, request.version, request.phase) == (WEB, NEW, FIRST.label)
    assert request.trigger is TriggerKind.AUTOMATIC
    assert results(rolling.now()) == {"web": "started"}


def test_a_task_killed_before_its_rollout_began_starts_it(rolling: Rolling) -> None:
    """Asked again where the ledger knows of a start and of no rollout, the answer is the same: begin (R2)."""
    assert rolling.ask().go
    assert rolling.ask().go
    assert rolling.carry() is FleetResult.COMPLETED


def test_a_rollout_that_ended_meanwhile_is_not_started_again(rolling: Rolling) -> None:
    """A task killed between the rollout's end and the record finds what it came to (R2)."""
    answer = rolling.ask()
    rolling.voyage.rolls(rolling.ports)(answer)

    again = rolling.ask()

    assert not again.go
    assert again.outcome is not None
    assert (again.outcome.result, again.outcome.upgraded, again.outcome.instances) == (
        FleetResult.COMPLETED,
        3,
        3,
    )
    assert results(rolling.now()) == {"web": "completed"}


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (HoldSubject.VERSION, NEW),
        (HoldSubject.PHASE, WEST),
        (HoldSubject.FLEET, WEB.lower()),
    ],
)
def test_a_hold_keeps_the_next_fleet_waiting(rolling: Rolling, subject: HoldSubject, name: str) -> None:
    """A held version, phase or fleet begins nothing; it is asked about again a minute later, and begins once released."""
    now = rolling.ports.clock.now()
    rolling.ports.ledger.add_hold(Hold(subject, name, "ann", "a fair", now))

    waits = rolling.ask()
    assert (waits.go, waits.wait_until) == (False, now + MINUTE)
    assert "is held by ann" in waits.reason
    assert rolling.now().outcomes == {}

    rolling.ports.ledger.release_holds(subject, name, actor="ann", reason="over", at=now)
    assert rolling.ask().go


def test_a_hold_on_one_fleet_leaves_the_others_alone(rolling: Rolling) -> None:
    """Only the held fleet waits (R45)."""
    now = rolling.ports.clock.now()
    rolling.ports.ledger.add_hold(Hold(HoldSubject.FLEET, WEB.lower(), "ann", "a fair", now))

    assert rolling.ask(API).go
    assert not rolling.ask(WEB).go


def test_who_waits_a_week_is_held(rolling: Rolling) -> None:
    """A fleet whose turn has not come seven days after the phase's start is held with the reason (R45)."""
    now = rolling.ports.clock.now()
    rolling.ports.ledger.add_hold(Hold(HoldSubject.FLEET, WEB.lower(), "ann", "a fair", now))
    rolling.ports.clock.wait_until(now + timedelta(days=7))

    answer = rolling.ask()

    assert answer.outcome is not None
    assert answer.outcome.result is FleetResult.HELD
    assert answer.reason.startswith("not started within 7 days: fleet")


def test_no_fleet_follows_once_the_version_is_quarantined(rolling: Rolling) -> None:
    """Another fleet that made the version a bad one stops those that have not begun (R47)."""
    now = rolling.ports.clock.now()
    bad = Quarantined(published().image, NEW, now, f"{PHASE_PREFIX}x", "phase_0_x", "TooMany", "ill")
    rolling.ports.ledger.quarantine(bad)

    answer = rolling.ask()

    assert answer.outcome is not None
    assert answer.outcome.result is FleetResult.HELD
    assert answer.reason.startswith(f"not started: version {NEW} of {published().image} is quarantined")
    assert results(rolling.now()) == {"web": "held"}


def test_a_fleet_that_opted_out_since_is_left_alone(rolling: Rolling) -> None:
    """The owner's word counts until the last moment (R4, O3)."""
    rolling.voyage.admin.fleet_id = WEB
    rolling.voyage.admin.patch({"tags": {}})

    answer = rolling.ask()

    assert answer.outcome is not None
    assert (answer.outcome.result, rolling.ask(API).go) == (FleetResult.HELD, True)
    assert "opted out" in answer.reason


def test_a_newer_version_takes_the_fleets_that_have_not_begun(rolling: Rolling) -> None:
    """The older version ends where it has begun; every other fleet goes to the newer one, once (R2, C15)."""
    assert rolling.carry(WEB) is FleetResult.COMPLETED
    newer = open_phase(rolling.ports, PLAN, FIRST, published(NEWER), owner="run 2").run

    assert rolling.carry(API) is FleetResult.SUPERSEDED
    older = judge_phase(rolling.ports, PLAN, rolling.run.key)
    for start in newer.starts:
        rolls = rolling.voyage.rolls(rolling.ports)
        carry_fleet(rolling.ports, PLAN, newer.key, start.fleet_id, rolls)
    newer = judge_phase(rolling.ports, PLAN, newer.key)

    assert (older.state, results(older)) == (PhaseState.SUCCEEDED, {"web": "completed", "api": "superseded"})
    assert (newer.state, results(newer)) == (PhaseState.SUCCEEDED, {"web": "completed", "api": "completed"})
    audit = rolling.voyage.admin.get("audit")["scaleSets"]
    assert audit[API]["swaps"] == {"0": 1, "1": 1, "2": 1}
    assert audit[WEB]["swaps"] == {"0": 2, "1": 2, "2": 2}
    assert rolling.voyage.admin.violations() == []


def test_never_two_rollouts_on_one_fleet(rolling: Rolling) -> None:
    """While another rollout of the fleet is under way its turn waits, and names who is at it (R2)."""
    ledger, now = rolling.ports.ledger, rolling.ports.clock.now()
    acquired = ledger.begin(rolling.settings(OLD), owner="ann's own run", now=now, terms=EXPIRY)

    waits = rolling.ask()

    assert waits.wait_until == now + MINUTE
    assert (
        waits.reason == f"rollout {acquired.view.rollout.rollout_id} to {OLD} is under way, by ann's own run"
    )


def test_another_versions_unfinished_rollout_is_ended_first(rolling: Rolling) -> None:
    """A dead holder's rollout of another version goes on in the fleet's run; then the fleet is started again (R2)."""
    ledger, now = rolling.ports.ledger, rolling.ports.clock.now()
    left = ledger.begin(rolling.settings(NEWER), owner="dead", now=now, terms=EXPIRY)
    rolling.voyage.wall.advance(60)

    answer = rolling.ask()
    rolling.voyage.rolls(rolling.ports)(answer)
    outcome = record_end(rolling.ports, rolling.run.key, WEB)

    assert not outcome.is_over
    assert outcome.reason == (
        f"rollout {left.view.rollout.rollout_id} to {NEWER} went on instead of this version's"
    )
    assert rolling.carry() is FleetResult.NOTHING_TO_DO


def test_what_is_held_after_another_rollout_is_held(rolling: Rolling) -> None:
    """A fleet whose own validation was held once another rollout had ended is not started again and again (R2, R45)."""
    ledger, now = rolling.ports.ledger, rolling.ports.clock.now()
    ledger.begin(rolling.settings(NEWER), owner="dead", now=now, terms=EXPIRY)
    rolling.voyage.wall.advance(60)
    rolling.voyage.rolls(rolling.ports)(rolling.ask())
    ledger.record_held(WEB, ["no health source (R16)"], actor="x", now=rolling.ports.clock.now())

    outcome = record_end(rolling.ports, rolling.run.key, WEB)

    assert (outcome.result, outcome.reason) == (FleetResult.HELD, "no health source (R16)")


def test_a_fleet_that_was_deleted_is_told(rolling: Rolling) -> None:
    """A scale set that does not exist any more ends its part, and stops nobody (R45)."""
    gone = {"match": {"method": "GET", "path": "*/web"}, "effect": {"status": 404}}
    rolling.voyage.admin.post("faults", **gone)

    answer = rolling.ask()

    assert answer.outcome is not None
    assert (answer.outcome.result, answer.reason) == (
        FleetResult.GONE,
        "the scale set does not exist any more",
    )
    assert rolling.carry(API) is FleetResult.COMPLETED
    assert judge_phase(rolling.ports, PLAN, rolling.run.key).state is PhaseState.SUCCEEDED


def test_an_unfinished_rollout_of_the_version_is_resumed(rolling: Rolling) -> None:
    """A rollout whose process died is started again, and goes on where it was; also when a newer version has come (R2)."""
    answer = rolling.ask()
    ledger, now = rolling.ports.ledger, rolling.ports.clock.now()
    ledger.begin(rolling.settings(answer.version), owner="dead", now=now, terms=EXPIRY)
    rolling.voyage.wall.advance(60)
    open_phase(rolling.ports, PLAN, FIRST, published(NEWER), owner="run 2")

    outcome = record_end(rolling.ports, rolling.run.key, WEB)

    assert not outcome.is_over
    assert outcome.reason.endswith("is not over")
    assert rolling.carry() is FleetResult.COMPLETED


def test_runs_that_always_die_are_given_up(rolling: Rolling) -> None:
    """A rollout that never ends is started again with longer and longer waits, and is lost in the end (R45)."""
    clock = rolling.ports.clock
    begun = clock.now()
    told: list[float] = []

    def dies(answer: StartAnswer) -> None:
        told.append((clock.now() - begun).total_seconds() / 60)
        rolling.ports.ledger.begin(
            rolling.settings(answer.version), owner="dead", now=clock.now(), terms=EXPIRY
        )
        rolling.voyage.wall.advance(60)

    outcome = carry_fleet(rolling.ports, PLAN, rolling.run.key, WEB, dies)

    assert outcome.result is FleetResult.LOST
    assert told == [0, 0, 10, 60, 360]
    assert len(told) == MOST_STARTS
    assert outcome.reason.endswith("is not over, 5 times: look at its runs' logs")


def test_a_run_that_left_no_word_is_lost(rolling: Rolling) -> None:
    """A rollout's run that ended without anything in the ledger is lost, and counts against the phase (R45)."""
    rolling.ask()

    outcome = record_end(rolling.ports, rolling.run.key, WEB)

    assert outcome.result is FleetResult.LOST
    assert record_end(rolling.ports, rolling.run.key, WEB) == outcome


def test_a_fleet_held_by_its_validation_tells_why(voyage: Sail) -> None:
    """A fleet that may not be upgraded is held with the validation's own reasons (R16, R45)."""
    under_way = voyage(sea(scale_set("web", extensions=()), scale_set("api")), plan=PLAN)
    ports = under_way.phase_ports()
    run = open_phase(ports, PLAN, FIRST, published(), owner="run 1").run

    outcome = carry_fleet(ports, PLAN, run.key, WEB, under_way.rolls(ports))

    assert outcome.result is FleetResult.HELD
    assert "(R16" in outcome.reason


def test_a_fleet_that_faults_tells_azures_code_and_its_rollbacks(voyage: Sail) -> None:
    """What stopped the rollout, and how many instances have their old version back, is in the outcome (R12, R45)."""
    world = sea(scale_set("web"), scale_set("api"), behaviours=[sick("0", "1", "2")])
    under_way = voyage(world, plan=PLAN)
    ports = under_way.phase_ports()
    run = open_phase(ports, PLAN, FIRST, published(), owner="run 1").run

    outcome = carry_fleet(ports, PLAN, run.key, WEB, under_way.rolls(ports))
    other = carry_fleet(ports, PLAN, run.key, API, under_way.rolls(ports))

    assert (outcome.result, outcome.upgraded, outcome.rolled_back) == (FleetResult.FAULTED, 1, 1)
    assert outcome.reason.startswith("MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade: ")
    assert other.result is FleetResult.HELD
    ports.ledger.release_quarantined(published().image, NEW, Release("ann", "x", ports.clock.now()))


def test_a_phase_that_is_over_starts_nobody(rolling: Rolling) -> None:
    """A late task of a phase that has been judged begins nothing (R45)."""
    for fleet in (WEB, API):
        rolling.carry(fleet)
    judge_phase(rolling.ports, PLAN, rolling.run.key)

    assert rolling.ask().outcome is not None
    late = may_start(rolling.ports, PLAN, rolling.run.key, fleet_id("late"))
    assert (late.go, late.reason) == (False, "the phase is succeeded")


def test_a_phase_that_was_never_opened_is_told(rolling: Rolling) -> None:
    """Whoever asks for a fleet of a phase without a run is told to open it first (R45)."""
    with pytest.raises(LedgerError, match=r"has no phase run 'phase_0_x\|a\|1'"):
        may_start(rolling.ports, PLAN, "phase_0_x|a|1", WEB)
