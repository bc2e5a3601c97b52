"""What a command prints, and its exit code."""

from __future__ import annotations

from typing import NamedTuple


class Outcome(NamedTuple):
    """The end of a command; ``runCommand`` shows standard output and standard error as one."""

    exit_code: int
    output: str = ""


class KubectlError(Exception):
    """What kubectl refuses.

    :param message: as kubectl prints it, ``error: …`` or ``Error from server (NotFound): …``
    """

    kind = "KubectlError"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def not_found(kind: str, name: str) -> str:
    """What the API server says of an object that is not there.

    :param kind: in the plural, ``nodes``
    """
    return f'Error from server (NotFound): {kind} "{name}" not found'
