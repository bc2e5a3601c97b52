"""What a rollout does next when its provider failed: one class for each answer to that question.

::

    ProviderError               a person has to look
    ├── CallRefusedError        nothing was changed: the call may be sent again later
    ├── AnswerLostError         something may have changed: read the instances, send nothing
    ├── OperationFailedError    the call was accepted, its operation failed or did not end
    └── TransientError          a read that was not answered this time: look again at the next poll

Drivers raise these or their leaves; the steps of a rollout tell them apart without knowing the provider.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from fleetwright.domain.errors import ProviderError


class CallRefusedError(ProviderError):
    """A mutating call was refused before anything changed.

    :param code: the provider's own word, ``OperationNotAllowed`` for instance; empty where it did not answer
    :param status: the HTTP status, 0 where nothing was answered
    """

    kind = "call_refused"
    is_transient: ClassVar[bool] = False

    def __init__(self, message: str, code: str = "", status: int = 0) -> None:
        super().__init__(message, code, status)
        self.code = code
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


class AnswerLostError(ProviderError):
    """A mutating call was sent and its answer never came, or was a 5xx: it may have been carried out."""

    kind = "answer_lost"
    is_transient: ClassVar[bool] = False


class OperationFailedError(ProviderError):
    """A long-running operation failed, was cancelled, or had no end in its time."""

    kind = "operation_failed"
    is_transient: ClassVar[bool] = False


class TransientError(ProviderError):
    """A read that was not answered this time and may well be answered at the next poll.

    ``retry_after`` is how long the provider asked to be left alone: the next look is due no earlier.
    """

    kind = "transient"
    is_transient: ClassVar[bool] = True
    retry_after: timedelta = timedelta(0)


def is_transient(error: BaseException) -> bool:
    """Whether a wait goes on after this error instead of ending with it."""
    return isinstance(error, TransientError)
