"""The retry policy as a pure function."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.azure.calls import Answer, Call, Lost, NotSent, Outcome
from fleetwright.azure.retries import JITTER, PATIENT, QUICK, RetryAction, decide

URL = "https://management.azure.com/subscriptions/s/x"
REFUSED, LOST = NotSent("connection refused"), Lost("closed")
THROTTLED, FAILED = Answer(429), Answer(503)


def waits(method: str, outcome: Outcome, **options: float) -> list[float]:
    """The delays of a call whose every attempt ends alike."""
    delays, attempt = [], 1
    while True:
        decision = decide(attempt, Call(method, URL), outcome, **options)
        if decision.action is RetryAction.GIVE_UP:
            return delays
        delays.append(decision.delay)
        attempt += 1


@pytest.mark.parametrize("outcome", [REFUSED, LOST, THROTTLED, FAILED, Answer(408), Answer(500)])
@pytest.mark.parametrize("jitter", JITTER)
def test_read_is_tried_at_least_six_times_within_two_minutes(outcome: Outcome, jitter: float) -> None:
    """A read survives five bad outcomes in a row, and all its waiting takes under two minutes."""
    delays = waits("GET", outcome, jitter=jitter)

    assert len(delays) >= 5
    assert sum(delays) < 120


def test_read_that_is_told_when_to_come_back_outlives_a_long_storm() -> None:
    """A read is patient with 429 and Retry-After for a quarter of an hour; a POST gives way to the next batch sooner."""
    throttled = Answer(429, {"retry-after": "3"})

    assert sum(waits("GET", throttled)) > 15 * 60
    assert sum(waits("POST", throttled)) < 120


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412])
def test_refused_read_is_not_repeated(status: int) -> None:
    """A 4xx that says no is believed the first time."""
    assert waits("GET", Answer(status)) == []


@pytest.mark.parametrize("outcome", [LOST, FAILED, Answer(500), Answer(408), Answer(409), Answer(400)])
def test_post_is_never_repeated_when_it_may_have_been_carried_out(outcome: Outcome) -> None:
    """After a lost answer, a 5xx or a refusal a POST is not sent again."""
    assert waits("POST", outcome) == []


@pytest.mark.parametrize("outcome", [THROTTLED, REFUSED])
def test_post_is_repeated_when_it_surely_was_not_carried_out(outcome: Outcome) -> None:
    """A POST is sent again after a 429 and after a refused connection."""
    assert len(waits("POST", outcome)) >= 5


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_idempotent_write_is_repeated_as_a_read_is(method: str) -> None:
    """Carried out twice they do no harm, so a lost answer is followed by another attempt."""
    assert waits(method, LOST) == waits("GET", LOST)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_listening_on_the_first_call_ends_after_three_attempts(method: str) -> None:
    """Three attempts tell a wrong endpoint; the waiting between them stays under five seconds."""
    delays = waits(method, REFUSED, is_first_call=True)

    assert len(delays) == 2
    assert sum(delays) < 5


def test_untrusted_certificate_is_not_tried_again() -> None:
    """What another attempt cannot mend gets none."""
    assert waits("GET", NotSent("not trusted", is_final=True)) == []


@given(
    attempt=st.integers(1, 20),
    asked=st.integers(0, 4000),
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    jitter=st.floats(*JITTER),
    policy=st.sampled_from([PATIENT, QUICK]),
)
def test_retry_after_is_a_lower_bound(
    attempt: int, asked: int, method: str, jitter: float, policy: object
) -> None:
    """Nobody is asked again before the time that Azure named has passed."""
    throttled = Answer(429, {"retry-after": str(asked)})

    decision = decide(attempt, Call(method, URL), throttled, policy=policy, jitter=jitter)

    assert decision.action is RetryAction.GIVE_UP or decision.delay >= asked


def test_trigger_gives_up_soon() -> None:
    """In a trigger a read makes two attempts and never waits for more than two seconds."""
    assert len(waits("GET", FAILED, policy=QUICK)) == 1
    assert waits("GET", Answer(429, {"retry-after": "30"}), policy=QUICK) == []


def test_backoff_doubles_up_to_half_a_minute() -> None:
    """The waits grow 1, 2, 4, 8, 16 and end at 30 seconds."""
    assert waits("GET", FAILED) == [1, 2, 4, 8, 16, 30, 30]
