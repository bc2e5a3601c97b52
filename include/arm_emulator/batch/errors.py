"""Refusals as the Batch service words them; its error codes are those of the public list "Batch status and error codes".

BatchRefusalError
AccountNotFoundError, NodeNotFoundError, TaskNotFoundError     404
InvalidQueryError, InvalidPropertyError, InvalidBodyError, BatchVersionError      400
NodeConflictError, TaskConflictError, PoolExistsError                             409
"""

from __future__ import annotations

from arm_emulator.arm_errors import ArmError


class BatchRefusalError(ArmError):
    """A refusal of the data plane.

    :param values: what Batch lists beside the sentence: ``PropertyName``, ``PropertyValue``, ``Reason``.
    """

    kind = "InvalidInput"

    def __init__(self, message: str, *, values: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.values = values


class AccountNotFoundError(BatchRefusalError):
    """An account that the world does not have."""

    status, kind = 404, "AccountNotFound"


class NodeNotFoundError(BatchRefusalError):
    """A node that the pool does not have."""

    status, kind = 404, "NodeNotFound"


class TaskNotFoundError(BatchRefusalError):
    """A task, or its job, that the account does not have."""

    status, kind = 404, "TaskNotFound"


class PoolExistsError(BatchRefusalError):
    """A new pool with the name of one that is there."""

    status, kind = 409, "PoolExists"


class TaskConflictError(BatchRefusalError):
    """Something that cannot be done to a task that is over."""

    status, kind = 409, "TaskCompleted"


class BatchVersionError(BatchRefusalError):
    """An ``api-version`` that the data plane does not serve."""

    kind = "UnsupportedRequestVersion"


class MissingQueryError(BatchRefusalError):
    """A query parameter that every call needs."""

    kind = "MissingRequiredQueryParameter"


class InvalidQueryError(BatchRefusalError):
    """A query parameter with a value that makes no sense."""

    kind = "InvalidQueryParameterValue"

    @classmethod
    def of(cls, name: str, value: str, reason: str) -> InvalidQueryError:
        """The refusal of a parameter's value."""
        return cls(
            "Value specified for one of the query parameters in the request URI is invalid.",
            values=(("QueryParameterName", name), ("QueryParameterValue", value), ("Reason", reason)),
        )


class InvalidPropertyError(BatchRefusalError):
    """A property of the body with a value that makes no sense."""

    kind = "InvalidPropertyValue"

    @classmethod
    def of(cls, name: str, value: object, reason: str) -> InvalidPropertyError:
        """The refusal of a property's value."""
        return cls(
            "The value provided for one of the properties in the request body is invalid.",
            values=(("PropertyName", name), ("PropertyValue", str(value)), ("Reason", reason)),
        )


class InvalidBodyError(BatchRefusalError):
    """A body that is no object."""

    kind = "InvalidRequestBody"


class NodeConflictError(BatchRefusalError):
    """Something that the node's present state forbids; the code says which state that is."""

    status = 409

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
