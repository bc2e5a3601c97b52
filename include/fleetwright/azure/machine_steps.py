"""Bringing virtual machines to where they should be, one call after the other, each machine read before each call.

What a machine shows decides its next call, so whoever comes after a crash goes on where the machine is. A call whose
answer was lost is outwaited and the machine read again before it is sent once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleetwright.azure.bodies import Body, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.operations import LONGEST_OPERATION
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationState
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError, TransientError

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
# A call whose answer was lost is at work by then, or was never taken; one that ended shows by then.
LOST_CALL_LIFETIME = timedelta(seconds=15)
SEND_ATTEMPTS = 3

_SETTLED = frozenset({"succeeded", "failed", "canceled", ""})


@dataclass(frozen=True, slots=True)
class Step:
    """One call on one machine.

    :param name: in a person's words, and what tells a step from the one before
    """

    name: str
    method: str
    url: str
    body: Mapping[str, object] | None = None


# The next step of a machine that shows this body; None when it is where it should be.
NextStep = Callable[[str, Body], Step | None]


@dataclass(slots=True)
class _Attempt:
    step: Step
    sent_at: datetime
    url: str | None
    number: int = 1


class MachineSteps:
    """Machines on their way.

    :param url_of: where to read a machine, by its name
    :param next_step: looks at what a machine shows
    :param guard: called before every call that changes something
    """

    def __init__(
        self, client: ArmClient, url_of: Callable[[str], str], next_step: NextStep, guard: Guard
    ) -> None:
        self._client = client
        self._url_of = url_of
        self._next_step = next_step
        self._guard = guard
        self._attempts: dict[str, _Attempt] = {}
        self._failed: dict[str, str] = {}

    def run(self, names: Sequence[str]) -> Mapping[str, str]:
        """Take every machine to its end; one that does not exist any more has none to reach.

        :returns: why a machine did not get there, by its name
        """
        deadline = self._client.clock.now() + LONGEST_OPERATION
        waiting = list(names)
        while waiting:
            before = dict(self._attempts)
            waiting = [name for name in waiting if self._is_on_its_way(name)]
            if waiting and self._client.clock.now() >= deadline:
                minutes = LONGEST_OPERATION.total_seconds() / 60
                self._failed.update(dict.fromkeys(waiting, f"it was not done after {minutes:g} minutes"))
                break
            if waiting and self._attempts == before:
                self._client.wait(POLL_SECONDS)
        return self._failed

    def _is_on_its_way(self, name: str) -> bool:
        try:
            body = self._client.get(self._url_of(name))
        except NotFoundError:
            return False
        except TransientError as error:
            log.warning("%s", error)
            return True
        if text_at(body, "properties", "provisioningState").lower() not in _SETTLED:
            return True
        step = self._next_step(name, body)
        if step is None:
            return False
        reason = self._advance(name, step)
        if reason:
            self._failed[name] = reason
        return not reason

    def _advance(self, name: str, step: Step) -> str:
        """Send the step, or find out what became of it; why it failed, where it did."""
        last = self._attempts.get(name)
        if last is None or last.step.name != step.name:
            return self._send(name, step, 1)
        if last.url is not None:
            return self._ended(last)
        if self._client.clock.now() < last.sent_at + LOST_CALL_LIFETIME:
            return ""
        if last.number >= SEND_ATTEMPTS:
            return f"none of {SEND_ATTEMPTS} calls for {step.name} had an effect"
        return self._send(name, step, last.number + 1)

    def _send(self, name: str, step: Step, number: int) -> str:
        sent_at = self._client.clock.now()
        url: str | None = None
        try:
            url = self._client.change(step.method, step.url, step.body, self._guard)
            log.info("%s of %s accepted", step.name, name)
        except CallRefusedError as error:
            return str(error)
        except AnswerLostError as error:
            log.warning("the answer to %s of %s was lost (%s): reading it", step.name, name, error)
        self._attempts[name] = _Attempt(step, sent_at, url, number)
        return ""

    def _ended(self, attempt: _Attempt) -> str:
        """Why a step failed whose machine is settled and not changed; empty while that is not known."""
        try:
            look = self._client.look(attempt.url or "")
        except TransientError as error:
            log.warning("%s", error)
            return ""
        attempt.url = look.status.url or attempt.url
        if look.status.state is OperationState.FAILED:
            return f"{attempt.step.name} failed: {look.status.error}"
        is_old = self._client.clock.now() >= attempt.sent_at + LOST_CALL_LIFETIME
        if look.status.state is not OperationState.RUNNING and is_old:
            return f"{attempt.step.name} ended without an effect"
        return ""
