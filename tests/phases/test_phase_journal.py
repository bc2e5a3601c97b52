"""Events of a phase fold into where it stands; the table of moves is the only guard."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phase_builders import (
    NOW,
    after,
    baking,
    ended,
    event,
    fleet_ended,
    fleet_id,
    judged,
    opened,
    outcome,
    rolling,
    started,
    waited,
)

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.phase_documents import read_run, write_run
from fleetwright.domain.phase_journal import PHASE_TRANSITIONS, advance, advance_phase, fold_phase
from fleetwright.domain.phase_runs import ENDED_PHASES, FleetResult, LeftOut, PhaseEventKind, PhaseState
from fleetwright.domain.states import IllegalMoveError

WHOLE = (
    opened(),
    waited(1),
    rolling("web", "api", minutes=31, left_out=[LeftOut(fleet_id("out"), "opted out")]),
    started("web", 32),
    fleet_ended(outcome("web", rollout_id="r1", upgraded=6), 50),
    fleet_ended(outcome("api", FleetResult.SUPERSEDED), 51),
    judged(outcome("web", rollout_id="r1", upgraded=6, judged=6), outcome("api", FleetResult.SUPERSEDED)),
    baking(52),
    judged(outcome("web", rollout_id="r1", upgraded=6, judged=6, unhealthy=1), minutes=80),
    ended(minutes=81),
)


def test_a_whole_phase_is_told_by_its_events() -> None:
    """A phase waits, rolls, bakes and succeeds, and what was seen of each fleet last is what is known (R45, R47)."""
    run = fold_phase(WHOLE)

    assert (run.state, run.attempt, run.opened_at, run.ended_at) == (PhaseState.SUCCEEDED, 1, NOW, after(81))
    assert (run.rolling_since, run.baking_since) == (after(31), after(52))
    assert [start.fleet_id for start in run.starts] == [fleet_id("web"), fleet_id("api")]
    assert run.left_out == (LeftOut(fleet_id("out"), "opted out"),)
    assert run.outcomes[fleet_id("web").lower()].unhealthy == 1
    assert run.outcomes[fleet_id("api").lower()].result is FleetResult.SUPERSEDED


@given(st.lists(st.integers(0, 2), min_size=len(WHOLE), max_size=len(WHOLE)))
def test_a_fact_told_again_changes_nothing(repeats: list[int]) -> None:
    """Whoever was cut off between the act and the record may tell it again: only the count of starts tells (R45)."""
    told = [one for one, more in zip(WHOLE, repeats, strict=True) for one in [one] * (1 + more)]
    told = [
        one
        for i, one in enumerate(told)
        if one.kind is not PhaseEventKind.FLEET_STARTED or told[i - 1] != one
    ]

    assert fold_phase(told) == fold_phase(WHOLE)


@given(st.integers(1, len(WHOLE)))
def test_a_run_survives_its_document(count: int) -> None:
    """Whatever a run is like, it reads back from JSON as it was written (R45)."""
    run = fold_phase(WHOLE[:count])

    assert read_run(json.loads(json.dumps(write_run(run)))) == run


@pytest.mark.parametrize("state", PhaseState)
@pytest.mark.parametrize("to", PhaseState)
def test_moves_that_the_table_lacks_are_refused(state: PhaseState, to: PhaseState) -> None:
    """No phase goes from one state to another unless the table says so; success is for good (R45)."""
    if to is state or to in PHASE_TRANSITIONS.get(state, ()):
        assert advance_phase(state, to) is to
    else:
        with pytest.raises(IllegalMoveError, match=f"a phase that is {state} cannot become {to}"):
            advance_phase(state, to)
    assert PhaseState.SUCCEEDED not in PHASE_TRANSITIONS


@pytest.mark.parametrize("state", sorted(ENDED_PHASES - {PhaseState.SUCCEEDED}))
def test_an_ended_phase_begins_anew_with_nothing_of_the_last_attempt(state: PhaseState) -> None:
    """A second attempt has its own fleets, outcomes and approval (R45)."""
    before = [opened(), *([rolling("web"), started()] if state is PhaseState.FAILED else []), ended(state)]

    run = fold_phase([*before, opened(90, "run 2")])

    assert (run.state, run.attempt, run.owner, run.opened_at) == (PhaseState.WAITING, 2, "run 2", after(90))
    assert (run.starts, run.outcomes, run.approval, run.ended_at, run.reason) == ((), {}, None, None, "")


def test_a_phase_that_succeeded_is_not_opened_again() -> None:
    """Success is for good (R45)."""
    with pytest.raises(IllegalMoveError):
        fold_phase([*WHOLE, opened(90)])


def test_fleets_start_only_while_the_phase_rolls() -> None:
    """No rollout begins before the phase, after it, or a second time once it is over (R2, R45)."""
    over = [opened(), rolling("web"), started(), fleet_ended(outcome())]

    with pytest.raises(IllegalMoveError, match="it is waiting"):
        fold_phase([opened(), started()])
    with pytest.raises(IllegalMoveError, match="'completed' already"):
        fold_phase([*over, started()])
    with pytest.raises(IllegalMoveError, match="it is succeeded"):
        fold_phase([*over, ended(), started("api")])


def test_a_late_word_about_a_fleet_changes_no_judgement() -> None:
    """What a fleet's task tells after the phase was judged is not counted any more (R47)."""
    run = fold_phase(WHOLE)

    assert advance(run, fleet_ended(outcome("web", FleetResult.FAULTED), 99)) == run


def test_a_story_begins_with_its_beginning() -> None:
    """Events that do not open a phase first are of no phase (R45)."""
    with pytest.raises(LedgerError, match="must begin with 'phase opened', not 'phase bakes'"):
        fold_phase([baking()])
    with pytest.raises(LedgerError, match="no events"):
        fold_phase([])


def test_who_is_left_out_is_kept_until_it_changes() -> None:
    """A wait that says nothing about the fleets left out leaves them as they were told before (R51)."""
    left = [{"fleet_id": fleet_id("out"), "reason": "window", "settled": False}]
    first = event(PhaseEventKind.WAITED, 1, reason="none", until=after(30).isoformat(), left_out=left)

    run = fold_phase([opened(), first, waited(31)])

    assert run.left_out == (LeftOut(fleet_id("out"), "window", settled=False),)
    assert run.look_again_at == after(61)
