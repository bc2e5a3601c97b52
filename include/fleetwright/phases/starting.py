"""Right before each fleet's rollout: whether it begins now, later, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fleetwright.domain.eligibility import opted_out
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.phase_runs import (
    FleetOutcome,
    FleetResult,
    PhaseEvent,
    PhaseEventKind,
    PhaseRun,
    PhaseState,
)
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.records import TriggerKind
from fleetwright.domain.windows import window_of
from fleetwright.phases.ending import record_end, write_end
from fleetwright.phases.finding import find_phase, find_run
from fleetwright.phases.obstacles import find_newer_here, why_on_hold, why_put_away
from fleetwright.phases.outcomes import has_trace
from fleetwright.phases.ports import PhaseLedger, PhasePorts
from fleetwright.phases.presence import fetch_if_there, why_gone
from fleetwright.rollout.cancelling import find_ongoing
from fleetwright.rollout.request import RolloutRequest

LOOK_AGAIN = timedelta(minutes=1)
DEADLINE = timedelta(days=7)  # from the phase's first start; a fleet whose turn has not come by then is held
# After so many starts, how long after the first one the next may follow; at once where nothing is said.
_PATIENCE = {2: timedelta(minutes=10), 3: timedelta(hours=1), 4: timedelta(hours=6)}


@dataclass(frozen=True, slots=True)
class StartAnswer:
    """Whether a fleet's rollout begins: now, later, or not at all.

    :param wait_until: when to ask again; None where it begins, or never does
    :param outcome: what the phase came to on the fleet where nothing is started any more
    :param reason: why it waits, or is not started
    """

    fleet_id: str
    version: str
    phase: str
    wait_until: datetime | None = None
    outcome: FleetOutcome | None = None
    reason: str = ""

    @property
    def go(self) -> bool:
        """Whether the rollout begins now."""
        return self.wait_until is None and self.outcome is None

    def request(self, **more: Any) -> RolloutRequest:  # noqa: ANN401 - fields of the request
        """The rollout that begins.

        :param more: other fields of the request, such as ``poll_seconds``
        """
        asked = {"trigger": TriggerKind.AUTOMATIC, "phase": self.phase, **more}
        return RolloutRequest(self.fleet_id, self.version, **asked)


def may_start(ports: PhasePorts, plan: PhasePlan, run_key: str, fleet_id: str) -> StartAnswer:
    """Ask right before a fleet's rollout; where it begins, that is written down first (R2, R4, R45).

    Asked again after a crash it answers the same, and a rollout that has ended meanwhile is not started again.

    :raises ProviderError: when the fleet cannot be read: an error means no
    """
    run = find_run(ports.ledger, run_key)
    phase = find_phase(plan, run.phase)
    known = run.outcome_of(fleet_id)
    answer = StartAnswer(fleet_id, run.publication.version, phase.label)
    if known is not None and not known.is_over and has_trace(ports, run, known):
        known = record_end(ports, run_key, fleet_id)
    if known is not None and known.is_over:
        return replace(answer, outcome=known, reason=known.reason)
    if run.state is not PhaseState.ROLLING:
        held = FleetOutcome(fleet_id, FleetResult.HELD, reason=f"the phase is {run.state}")
        return replace(answer, outcome=held, reason=held.reason)
    return _ask(ports, run, phase, answer)


def _ask(ports: PhasePorts, run: PhaseRun, phase: Phase, answer: StartAnswer) -> StartAnswer:
    fleet = fetch_if_there(ports.driver, answer.fleet_id)
    if fleet is None:
        gone = FleetOutcome(answer.fleet_id, FleetResult.GONE, reason=why_gone(answer.fleet_id))
        return _end(ports, run, answer, gone)
    never = _why_never(ports.ledger, run, fleet)
    if never is not None:
        return _end(ports, run, answer, never)
    wait = _why_wait(ports, run, phase, fleet) or _why_not_again_yet(ports, run, answer.fleet_id)
    if wait is not None:
        return _put_off(ports, run, answer, *wait)
    started = PhaseEvent(PhaseEventKind.FLEET_STARTED, ports.clock.now(), {"fleet_id": answer.fleet_id})
    ports.ledger.append_phase_events(run.key, [started], actor=run.owner)
    return answer


def _why_never(ledger: PhaseLedger, run: PhaseRun, fleet: Fleet) -> FleetOutcome | None:
    """What ends the fleet's part before it begins; never where a rollout of the version is open on it."""
    fleet_id = fleet.fleet_id.resource_id
    open_one = find_ongoing(ledger, fleet.key)
    if open_one and open_one.rollout.settings.target_version == run.publication.version:
        return None
    bad = why_put_away(ledger, run.publication)
    if bad:
        return FleetOutcome(fleet_id, FleetResult.HELD, reason=f"not started: {bad}")
    newer = find_newer_here(ledger, run.phase, run.publication)
    if newer:
        reason = f"not started: version {newer} has come to {run.phase}, and goes first"
        return FleetOutcome(fleet_id, FleetResult.SUPERSEDED, reason=reason)
    why_not_ours = opted_out(fleet)
    if why_not_ours:
        return FleetOutcome(fleet_id, FleetResult.HELD, reason=f"not started: {why_not_ours}")
    return None


def _why_wait(ports: PhasePorts, run: PhaseRun, phase: Phase, fleet: Fleet) -> tuple[str, datetime] | None:
    now = ports.clock.now()
    held = why_on_hold(ports.ledger, phase.label, run.publication, fleet.key)
    if held:
        return held, now + LOOK_AGAIN
    under_way = _why_not_free(ports.ledger, fleet.key)
    if under_way:
        return under_way, now + LOOK_AGAIN
    window = window_of(fleet)
    closed = window.why_closed(now) if window else ""
    if window is None or not closed:
        return None
    return closed, window.next_opening(now) or now + LOOK_AGAIN


def _why_not_again_yet(ports: PhasePorts, run: PhaseRun, fleet_id: str) -> tuple[str, datetime] | None:
    """A rollout that is started again and again has longer and longer to wait: what is in its way may need time."""
    known = run.outcome_of(fleet_id)
    if known is None or known.started_at is None:
        return None
    again_at = known.started_at + _PATIENCE.get(known.starts, timedelta(0))
    if ports.clock.now() >= again_at:
        return None
    return f"its rollout was started {known.starts} times and is not over", again_at


def _why_not_free(ledger: PhaseLedger, fleet_key: str) -> str:
    """Never two rollouts on one fleet: who is at it now; empty where nobody who is alive is."""
    holder = ledger.find_holder(fleet_key)
    open_one = find_ongoing(ledger, fleet_key)
    if not holder or open_one is None:
        return f"the fleet is held by {holder}" if holder else ""
    rollout = open_one.rollout
    return f"rollout {rollout.rollout_id} to {rollout.settings.target_version} is under way, by {holder}"


def _put_off(
    ports: PhasePorts, run: PhaseRun, answer: StartAnswer, reason: str, until: datetime
) -> StartAnswer:
    deadline = (run.rolling_since or ports.clock.now()) + DEADLINE
    if ports.clock.now() >= deadline:
        told = f"not started within {DEADLINE.days} days: {reason}"
        return _end(ports, run, answer, FleetOutcome(answer.fleet_id, FleetResult.HELD, reason=told))
    return replace(answer, wait_until=min(until, deadline), reason=reason)


def _end(ports: PhasePorts, run: PhaseRun, answer: StartAnswer, outcome: FleetOutcome) -> StartAnswer:
    outcome = replace(outcome, ended_at=ports.clock.now())
    write_end(ports, run, outcome)
    return replace(answer, outcome=outcome, reason=outcome.reason)
