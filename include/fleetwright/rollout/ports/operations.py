"""A long-running operation at the provider, as one look at it shows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class OperationState(StrEnum):
    """What a long-running operation came to."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    FORGOTTEN = "forgotten"  # over, and the provider does not know any more how it ended


@dataclass(frozen=True, slots=True)
class OperationStatus:
    """One look at a long-running operation.

    :param url: where to look next: the newest header, byte for byte
    :param error: one line, ``code: message``, of an operation that failed
    """

    url: str
    state: OperationState
    error: str = ""
