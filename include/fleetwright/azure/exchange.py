"""The attempts of one call, as a value that both halves of the client step through."""

from __future__ import annotations

import logging
import random
from dataclasses import dataclass

from fleetwright.azure.calls import Answer, Call, Lost, Outcome
from fleetwright.azure.failures import failure_of
from fleetwright.azure.retries import JITTER, RetryAction, RetryDecision, RetryPolicy, decide
from fleetwright.domain.errors import ProviderError
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

log = logging.getLogger(__name__)

UNAUTHENTICATED = 401


@dataclass(slots=True)
class Exchange:
    """One call with what is known about its attempts so far.

    :param is_first_call: whether the client has not had a single answer so far
    """

    call: Call
    policy: RetryPolicy
    is_first_call: bool
    attempts: int = 0
    renewed: bool = False
    maybe_applied: bool = False

    def observe(self, outcome: Outcome) -> RetryDecision:
        """Count an attempt and decide what follows it."""
        self.attempts += 1
        decision = decide(
            self.attempts,
            self.call,
            outcome,
            policy=self.policy,
            is_first_call=self.is_first_call,
            jitter=random.uniform(*JITTER),
        )
        self.maybe_applied |= isinstance(outcome, Lost) or _is_server_error(outcome)
        if decision.action is RetryAction.AGAIN:
            log.warning(
                "%s: %s; again in %.1f s (attempt %d)",
                self.call.title,
                decision.reason,
                decision.delay,
                self.attempts + 1,
            )
        return decision

    def wants_new_token(self, outcome: Outcome) -> bool:
        """Whether the token was refused for the first time: it is renewed once, then the refusal stands."""
        if self.renewed or not isinstance(outcome, Answer) or outcome.status != UNAUTHENTICATED:
            return False
        self.renewed = True
        return True

    def failure(self, outcome: Outcome, *, token: str) -> ProviderError:
        """The error to raise once the call is given up.

        :param token: never shown: it is blotted out where an answer repeats it
        """
        return failure_of(
            self.call,
            outcome,
            attempts=self.attempts,
            maybe_applied=self.maybe_applied,
            secret=token,
        )

    def unsent(self, error: ProviderError) -> ProviderError:
        """The error to raise when no token could be had for an attempt."""
        if self.call.is_read:
            return error
        if self.maybe_applied:
            return AnswerLostError(f"{self.call.title} may have been carried out; then no token: {error}")
        return CallRefusedError(f"{self.call.title} was not sent: {error}")

    def unrenewed(self, error: ProviderError) -> ProviderError:
        """The error to raise when the token was refused and no other could be had."""
        if self.call.is_read:
            return error
        words = f"{self.call.title} was refused its token (401), and there is no new one: {error}"
        return (
            AnswerLostError(words)
            if self.maybe_applied
            else CallRefusedError(f"{words} (nothing was changed)")
        )


def _is_server_error(outcome: Outcome) -> bool:
    return isinstance(outcome, Answer) and outcome.status >= 500


def challenge_of(outcome: Outcome) -> str:
    """What a 401 asks for; never empty, so that a refused token is told from a first one."""
    header = outcome.headers.get("www-authenticate", "") if isinstance(outcome, Answer) else ""
    return header or "refused"
