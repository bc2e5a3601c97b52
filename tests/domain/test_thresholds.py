"""Thresholds are strict, and a stop says Azure's code and the numbers."""

from __future__ import annotations

from fractions import Fraction

import pytest

from fleetwright.domain.thresholds import (
    BEFORE_ROLLOUT,
    IN_ROLLOUT,
    UPGRADED,
    exceeds,
    judge_set,
    judge_upgraded,
    name_ids,
    share,
)

PERCENTS = (0, 5, 20, 33, 50, 100)


def ids(count: int) -> tuple[str, ...]:
    """That many ids."""
    return tuple(str(i) for i in range(count))


@pytest.mark.parametrize("n", range(61))
def test_a_share_breaks_the_threshold_only_above_it(n: int) -> None:
    """R8, R12, R14: for every part of n and every percentage, exactly the threshold is still allowed."""
    for percent in PERCENTS:
        for part in range(n + 1):
            above = bool(n) and Fraction(part, n) > Fraction(percent, 100)
            assert exceeds(part, n, percent) is above


@pytest.mark.parametrize("n", range(5, 61, 5))
def test_twenty_percent_exactly_may_start_and_one_more_may_not(n: int) -> None:
    """R8: u/n = 20 % starts; one unhealthy instance more stops before the first batch."""
    fifth = n // 5

    assert judge_set(ids(fifth), n, 20, started=False) is None
    assert judge_set(ids(fifth + 1), n, 20, started=False).code == BEFORE_ROLLOUT


@pytest.mark.parametrize("n", range(61))
def test_the_set_is_judged_alike_before_and_during_the_rollout(n: int) -> None:
    """R8, R14: the same share stops in both places, each with its own code."""
    for unhealthy in range(n + 1):
        before = judge_set(ids(unhealthy), n, 20, started=False)
        during = judge_set(ids(unhealthy), n, 20, started=True)
        codes = (before and before.code, during and during.code)
        assert codes == ((BEFORE_ROLLOUT, IN_ROLLOUT) if unhealthy * 5 > n else (None, None))


@pytest.mark.parametrize("swapped", range(61))
def test_upgraded_instances_are_judged_by_those_upgraded_so_far(swapped: int) -> None:
    """R12, C20: the denominator is what was swapped, so one failure of four stops and one of five does not."""
    for failed in range(swapped + 1):
        stop = judge_upgraded(ids(failed), swapped, 20)
        assert (stop is not None) is (failed * 5 > swapped)


def test_no_failure_is_allowed_at_zero_percent() -> None:
    """R12: maxUnhealthyUpgradedInstancePercent 0 stops at the first failure and not before."""
    assert judge_upgraded((), 100, 0) is None
    assert judge_upgraded(("7",), 100, 0).code == UPGRADED


def test_anything_is_allowed_at_a_hundred_percent() -> None:
    """R12: nothing is more than everything."""
    assert judge_upgraded(ids(9), 9, 100) is None


def test_nothing_swapped_breaks_nothing() -> None:
    """R12: with a denominator of zero there is no share to exceed."""
    assert judge_upgraded((), 0, 0) is None


def test_the_stop_before_a_rollout_tells_present_and_allowed_share() -> None:
    """R8: who, how many of how many, the share, the threshold, and that nothing was changed."""
    stop = judge_set(("3", "7", "9", "12"), 15, 20, started=False)

    assert "26.7% of instances are in an unhealthy state (4 of 15: 3, 7, 9, 12)" in stop.message
    assert "more than the threshold of 20%" in stop.message
    assert "Nothing was changed" in stop.message


def test_the_stop_within_a_rollout_is_azures_own_sentence() -> None:
    """R14: the message is the one that Azure's users know, with the numbers."""
    stop = judge_set(ids(5), 5, 20, started=True)

    assert stop.code == "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
    assert stop.message.startswith(
        "Rolling Upgrade failed after exceeding the MaxUnhealthyInstancePercent value defined in the "
        "RollingUpgradePolicy. 100% of instances are in an unhealthy state"
    )
    assert stop.message.endswith("consider increasing the MaxUnhealthyInstancePercent value.")


def test_the_stop_over_upgraded_instances_names_the_first_and_its_trouble() -> None:
    """R12: the most impactful error and the first failed instance stand in the message."""
    stop = judge_upgraded(("7", "9"), 6, 20, "extension CustomScript failed")

    assert stop.code == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert "33.3% of instances are in an unhealthy state after being upgraded (2 of 6: 7, 9)" in stop.message
    assert "The most impactful error is: extension CustomScript failed. " in stop.message
    assert stop.message.endswith("First failed instance ID is: 7.")


def test_a_stop_is_one_line_in_a_set_of_a_thousand() -> None:
    """R14: ten ids are named and the rest is counted."""
    message = judge_set(ids(300), 1000, 20, started=True).message

    assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 290 more" in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("part", "whole", "text"),
    [(0, 0, "0%"), (0, 7, "0%"), (1, 3, "33.3%"), (3, 15, "20%"), (100, 1000, "10%"), (5, 5, "100%")],
)
def test_a_share_is_written_for_people(part: int, whole: int, text: str) -> None:
    """R8: whole percentages have no decimals, others have one."""
    assert share(part, whole) == text


def test_a_share_above_the_threshold_never_reads_like_the_threshold() -> None:
    """R8, R14: whoever reads the stop sees a share that is more than the threshold beside it."""
    for n in range(1, 1001):
        unhealthy = n * 20 // 100 + 1
        assert share(unhealthy, n) != "20%", f"{unhealthy} of {n}"


def test_ids_are_named_up_to_ten() -> None:
    """R14: ten ids are named in full, an eleventh is counted."""
    assert name_ids(ids(10)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert name_ids(ids(11)).endswith("9 and 1 more")
