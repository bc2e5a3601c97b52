"""When a call is sent again, and when not: one pure function over (attempt, call, outcome).

- A read is sent again after a 429, a 408, a 5xx, a lost answer and a connection that did not come about.
- A POST is sent again only when it surely was not carried out: after a 429 and a connection that did not
  come about. After a lost answer or a 5xx it is never sent again blindly.
- PUT, PATCH and DELETE may be carried out twice without harm and are treated as reads are, but for those that
  their caller wants sent once.
- Throttling ends by itself, and Azure meters some reads over half an hour: a read that is told when to come back
  is patient for a quarter of an hour, while what may be broken has two minutes.
- ``Retry-After`` is a lower bound: a sooner call only renews the wait.
- A client that never had an answer gives up early on an endpoint where nobody listens.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fleetwright.azure.calls import Answer, Call, Lost, NotSent, Outcome

REQUEST_TIMEOUT, THROTTLED = 408, 429


class RetryAction(StrEnum):
    """What to do with a call after an attempt."""

    AGAIN = "again"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class RetryDecision:
    """What to do, after how many seconds, and why.

    :param delay: seconds to wait before the next attempt, 0 where there is none
    """

    action: RetryAction
    delay: float
    reason: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient a client is.

    :param attempts: in all, the first one included
    :param throttled_attempts: in all, for a read that is answered 429 with ``Retry-After``
    :param first_call_attempts: in all, while the client has not had a single answer
    :param first_delay: seconds, doubled with each attempt
    :param longest_delay: seconds, where the doubling ends
    :param longest_retry_after: seconds; who asks for more is not waited for here
    """

    attempts: int = 8
    throttled_attempts: int = 40
    first_call_attempts: int = 3
    first_delay: float = 1.0
    longest_delay: float = 30.0
    longest_retry_after: float = 300.0

    def backoff(self, attempt: int) -> float:
        """Seconds after the attempt, doubled each time: 1, 2, 4, 8, 16, 30, 30."""
        return min(self.longest_delay, self.first_delay * 2.0 ** (attempt - 1))


# Eight attempts wait 91 s, at most 114 s with their jitter: within two minutes.
PATIENT = RetryPolicy()
# A poll is repeated anyway, so a trigger's read gives up soon and lets others have the event loop.
QUICK = RetryPolicy(
    attempts=2,
    throttled_attempts=2,
    first_call_attempts=2,
    first_delay=0.5,
    longest_delay=0.5,
    longest_retry_after=2.0,
)

JITTER = (0.75, 1.25)  # of the backoff, so that many clients do not come back as one


def decide(
    attempt: int,
    call: Call,
    outcome: Outcome,
    *,
    policy: RetryPolicy = PATIENT,
    is_first_call: bool = False,
    jitter: float = 1.0,
) -> RetryDecision:
    """Decide what follows an attempt that was no success.

    :param attempt: 1 for the first
    :param outcome: what became of it
    :param is_first_call: whether the client has not had a single answer so far
    :param jitter: a number drawn from ``JITTER``
    """
    reason = _describe(outcome)
    if not _may_repeat(call, outcome):
        return RetryDecision(RetryAction.GIVE_UP, 0.0, reason)
    if attempt >= _allowed(call, outcome, policy, is_first_call=is_first_call):
        return RetryDecision(RetryAction.GIVE_UP, 0.0, f"{reason}, {attempt} attempts")
    asked = (outcome.retry_after or 0.0) if isinstance(outcome, Answer) else 0.0
    if asked > policy.longest_retry_after:
        return RetryDecision(RetryAction.GIVE_UP, 0.0, f"{reason}, asked to wait {asked:g} s")
    return RetryDecision(RetryAction.AGAIN, max(policy.backoff(attempt) * jitter, asked), reason)


def _allowed(call: Call, outcome: Outcome, policy: RetryPolicy, *, is_first_call: bool) -> int:
    if isinstance(outcome, NotSent):
        return policy.first_call_attempts if is_first_call else policy.attempts
    is_told_when = isinstance(outcome, Answer) and outcome.status == THROTTLED and outcome.retry_after
    return policy.throttled_attempts if is_told_when and call.is_read else policy.attempts


def _may_repeat(call: Call, outcome: Outcome) -> bool:
    match outcome:
        case NotSent():
            return not outcome.is_final
        case Lost():
            return _is_harmless_twice(call)
        case Answer(status=429):
            return True
        case Answer():
            return _is_harmless_twice(call) and (outcome.status == REQUEST_TIMEOUT or outcome.status >= 500)


def _is_harmless_twice(call: Call) -> bool:
    return call.is_question or (call.method != "POST" and not call.is_sent_once)


def _describe(outcome: Outcome) -> str:
    return f"status {outcome.status}" if isinstance(outcome, Answer) else outcome.reason
