"""Long-running operations: where to look, and what an answer says about them.

``Azure-AsyncOperation`` is preferred to ``Location``; each answer may give a new URL, and the newest one is
kept byte for byte, its own api-version included
(learn.microsoft.com/azure/azure-resource-manager/management/async-operations).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from fleetwright.azure.bodies import Body, as_body, body_at, text_at
from fleetwright.azure.calls import Answer, Call
from fleetwright.azure.errors import (
    AuthenticationRefusedError,
    AuthorizationRefusedError,
    NoTokenError,
    OperationUnreadError,
)
from fleetwright.azure.failures import error_line
from fleetwright.azure.hosts import resolve_link
from fleetwright.azure.paging import read_json
from fleetwright.domain.errors import ProviderError
from fleetwright.domain.health import OPERATION_LIMIT
from fleetwright.rollout.ports.operations import OperationState, OperationStatus
from fleetwright.rollout.provider_errors import AnswerLostError, TransientError

# An operation that had ended when it was accepted has no URL; looking at it needs no call.
ENDED_AT_ONCE = ""
DEFAULT_POLL_SECONDS = 60.0  # ARM's own default where Retry-After is missing
LONGEST_OPERATION = OPERATION_LIMIT

ACCEPTED = 202
ASYNC_OPERATION, LOCATION = "azure-asyncoperation", "location"
_SUCCEEDED = frozenset({"succeeded"})
_FAILED = frozenset({"failed", "canceled", "cancelled"})


@dataclass(frozen=True, slots=True)
class Look:
    """One look at an operation.

    :param wait: seconds that Azure asks to wait before the next look
    """

    status: OperationStatus
    wait: float


LookReader: TypeAlias = Callable[[Call, Answer], Look]


def operation_url(call: Call, answer: Answer) -> str:
    """Where to look for the operation that an accepted call began.

    :raises AnswerLostError: when the call was accepted and no header says where to look
    """
    link = answer.headers.get(ASYNC_OPERATION) or answer.headers.get(LOCATION)
    if link:
        return resolve_link(call.url, link)
    if answer.status == ACCEPTED:
        raise AnswerLostError(
            f"{call.title} was accepted, and no header says where its operation is: read the instances first"
        )
    return ENDED_AT_ONCE


def read_look(call: Call, answer: Answer) -> Look:
    """What an answered poll says.

    :raises UnexpectedAnswerError: when the answer is no JSON
    """
    body = as_body(read_json(call, answer))
    state = _state_of(answer, body)
    error = _error_of(body) if state is OperationState.FAILED else ""
    wait = DEFAULT_POLL_SECONDS if answer.retry_after is None else answer.retry_after
    return Look(OperationStatus(_newest_url(call.url, answer), state, error), wait)


def look_without_call(url: str) -> Look | None:
    """What is known of an operation without asking: one without a URL ended when it was accepted."""
    return None if url else Look(OperationStatus(url, OperationState.SUCCEEDED), 0.0)


def forgotten(url: str) -> Look:
    """The look at an operation that Azure does not know any more: it is over, the instances tell how it ended."""
    return Look(OperationStatus(url, OperationState.FORGOTTEN), 0.0)


def unread(error: ProviderError) -> ProviderError:
    """The error for a poll that was refused: the status was not read, the operation has not failed.

    A refused identity stays what it is: no later poll would fare better.
    """
    if isinstance(
        error, (TransientError, AuthenticationRefusedError, AuthorizationRefusedError, NoTokenError)
    ):
        return error
    return OperationUnreadError(f"the status of an operation could not be read: {error}")


def _newest_url(url: str, answer: Answer) -> str:
    link = answer.headers.get(ASYNC_OPERATION, "")
    if not link and answer.status == ACCEPTED:
        # Only a poll of Location answers 202; the Location of a status document leads to the final result.
        link = answer.headers.get(LOCATION, "")
    return resolve_link(url, link) if link else url


def _state_of(answer: Answer, body: Body) -> OperationState:
    word = _status_word(body)
    if word in _FAILED:
        return OperationState.FAILED
    if answer.status == ACCEPTED or word not in _SUCCEEDED:
        return OperationState.RUNNING
    return OperationState.SUCCEEDED


def _status_word(body: Body) -> str:
    """The status document's word, else the resource's provisioning state; one without has succeeded."""
    word = text_at(body, "status") or text_at(body, "properties", "provisioningState") or "Succeeded"
    return word.lower()


def _error_of(body: Body) -> str:
    return error_line(body_at(body, "error")) or f"{_status_word(body)}: Azure gave no reason"
