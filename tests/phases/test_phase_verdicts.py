"""Whether a phase has proven its version: by health, in integers, with the fleets and the reasons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phase_builders import outcome

from fleetwright.domain.phase_runs import PROVEN, STOPPED, FleetOutcome, FleetResult, PhaseState
from fleetwright.domain.phase_verdicts import TOO_MANY_FAILED, TOO_MANY_ILL, judge_outcomes
from fleetwright.domain.phases import SuccessCondition

USUAL = SuccessCondition()


@pytest.mark.parametrize(
    ("ill", "of", "percent", "state"),
    [
        (2, 10, 20, PhaseState.SUCCEEDED),
        (3, 10, 20, PhaseState.FAILED),
        (1, 1000, 0, PhaseState.FAILED),
        (0, 10, 0, PhaseState.SUCCEEDED),
        (201, 1000, 20, PhaseState.FAILED),
        (200, 1000, 20, PhaseState.SUCCEEDED),
    ],
)
def test_health_decides_strictly(ill: int, of: int, percent: int, state: PhaseState) -> None:
    """Exactly the allowed share still passes, one instance more does not, although every operation succeeded (R47)."""
    verdict = judge_outcomes(SuccessCondition(0, percent), [outcome(judged=of, unhealthy=ill)])

    assert verdict.state is state
    assert verdict.code == (TOO_MANY_ILL if state is PhaseState.FAILED else "")


def test_more_failed_fleets_than_allowed_fail_the_phase() -> None:
    """As many stopped rollouts as the phase allows pass, one more does not; the text names fleet and reason (R45)."""
    bad = outcome("bad", FleetResult.FAULTED, reason="MaxUnhealthy: 3 of 4", went_bad=3)
    good = outcome("good", judged=6)

    assert judge_outcomes(SuccessCondition(max_failed_fleets=1), [bad, good]).state is PhaseState.SUCCEEDED
    verdict = judge_outcomes(USUAL, [bad, good])
    assert (verdict.state, verdict.code) == (PhaseState.FAILED, TOO_MANY_FAILED)
    assert verdict.reason == ("1 of 2 fleets failed, at most 0 may; fleet bad faulted: MaxUnhealthy: 3 of 4")


@pytest.mark.parametrize("result", sorted(STOPPED))
def test_a_fleet_that_stopped_for_other_reasons_holds_the_phase(result: FleetResult) -> None:
    """A version that went bad nowhere is not failed by fleets that did not get through, nor passed on (R8, R45, R47)."""
    stopped, good = outcome("ill", result, reason="2 of 3 were ill before"), outcome("good", judged=6)

    assert (
        judge_outcomes(SuccessCondition(max_failed_fleets=1), [stopped, good]).state is PhaseState.SUCCEEDED
    )
    assert judge_outcomes(SuccessCondition(max_failed_fleets=1), [stopped]).state is PhaseState.HELD
    verdict = judge_outcomes(USUAL, [stopped, good])
    assert (verdict.state, verdict.code) == (PhaseState.HELD, "")
    assert verdict.reason == (
        "1 of 2 fleets did not get through, at most 0 may, and nothing is known against the version;"
        f" fleet ill {result}: 2 of 3 were ill before"
    )


def test_fleets_that_failed_and_fleets_that_stopped_share_one_allowance() -> None:
    """One fleet on which it went bad and one that was lost are two fleets that did not get through (R45)."""
    fleets = [
        outcome("bad", FleetResult.FAULTED, went_bad=1, upgraded=1, judged=1),
        outcome("lost", FleetResult.LOST),
        outcome("good", upgraded=9, judged=9),
    ]

    assert judge_outcomes(SuccessCondition(max_failed_fleets=1), fleets).state is PhaseState.HELD
    assert judge_outcomes(SuccessCondition(max_failed_fleets=2), fleets).state is PhaseState.SUCCEEDED


@pytest.mark.parametrize("result", [FleetResult.HELD, FleetResult.OPTED_OUT])
def test_nothing_proven_is_held(result: FleetResult) -> None:
    """A phase none of whose fleets was upgraded passes nothing on, and blames nobody (R45)."""
    verdict = judge_outcomes(USUAL, [outcome(result=result, reason="no probe (R16)")])

    assert (verdict.state, verdict.code) == (PhaseState.HELD, "")
    assert verdict.reason.endswith(f"fleet web {result}: no probe (R16)")


def test_fleets_kept_from_starting_by_one_reason_share_a_line() -> None:
    """The fleet that did harm is named by itself; those that its quarantine held are one line, not one each (R45)."""
    bad = outcome("bad", FleetResult.FAULTED, reason="MaxUnhealthy", judged=4, unhealthy=4)
    kept = [outcome(f"s{number}", FleetResult.HELD, reason="1.2 is quarantined") for number in range(30)]

    verdict = judge_outcomes(USUAL, [bad, *kept, outcome("odd", FleetResult.HELD, reason="no probe (R16)")])

    assert verdict.reason.endswith(
        "; fleet bad faulted, 4 of 4 instances ill or rolled back: MaxUnhealthy"
        "; 30 fleets (s0, s1, s2, s3, s4 and 25 more) held: 1.2 is quarantined"
        "; fleet odd held: no probe (R16)"
    )


def test_one_fleet_that_was_on_the_version_proves_it() -> None:
    """Being on the version and healthy is as good as being upgraded to it; held ones beside it do not stop it (R44, R45)."""
    fleets = [outcome("a", FleetResult.NOTHING_TO_DO, judged=6), outcome("b", FleetResult.HELD)]

    assert judge_outcomes(USUAL, fleets).state is PhaseState.SUCCEEDED


def test_who_was_on_the_version_before_hides_nobody() -> None:
    """The share is of the instances upgraded in the phase; a large healthy set beside them does not make it smaller (R47)."""
    before = outcome("canary", FleetResult.NOTHING_TO_DO, judged=1000)
    ill = outcome("web", upgraded=10, judged=10, unhealthy=5)

    assert judge_outcomes(USUAL, [before, ill]).state is PhaseState.FAILED
    assert judge_outcomes(USUAL, [before]).state is PhaseState.SUCCEEDED


def test_a_newer_version_everywhere_supersedes() -> None:
    """A phase whose every fleet went to a newer version is superseded, not held (R2)."""
    fleets = [
        outcome("a", FleetResult.SUPERSEDED, reason="2.0 goes first"),
        outcome("b", FleetResult.SUPERSEDED),
    ]

    verdict = judge_outcomes(USUAL, fleets)

    assert (verdict.state, verdict.reason) == (PhaseState.SUPERSEDED, "2.0 goes first")


def test_the_reason_names_instances_and_what_they_show() -> None:
    """A failed phase says which fleets, which instances, and what is wrong with them (R47)."""
    signs = ("3 health is unhealthy", "4 is back on 1.0: never healthy")
    ill = outcome("web", judged=6, unhealthy=2, signs=signs)

    verdict = judge_outcomes(USUAL, [ill, outcome("api", judged=3)])

    assert verdict.reason == (
        "2 of 9 instances (22.2%) are ill on the version or back on their previous one, more than 20%;"
        " fleet web completed, 2 of 6 instances ill or rolled back"
        " (3 health is unhealthy; 4 is back on 1.0: never healthy)"
    )


OUTCOMES = st.builds(
    lambda result, judged, ill: outcome(result=result, judged=judged, unhealthy=min(ill, judged)),
    st.sampled_from(FleetResult),
    st.integers(0, 1000),
    st.integers(0, 1000),
)


@given(st.lists(OUTCOMES, max_size=12), st.integers(0, 3), st.integers(0, 100))
def test_no_phase_passes_that_breaks_its_condition(
    fleets: list[FleetOutcome], failed: int, percent: int
) -> None:
    """Success means: something is proven, no more failures than allowed, no more ill instances than allowed (R45, R47)."""
    verdict = judge_outcomes(SuccessCondition(failed, percent), fleets)

    ill, of = sum(f.unhealthy for f in fleets), sum(f.judged for f in fleets)
    is_broken = sum(f.is_harmed for f in fleets) > failed or ill * 100 > percent * of
    assert (verdict.state is PhaseState.FAILED) is is_broken
    if verdict.state is PhaseState.SUCCEEDED:
        assert sum(f.result in STOPPED for f in fleets) <= failed
        assert any(f.result in PROVEN for f in fleets)
