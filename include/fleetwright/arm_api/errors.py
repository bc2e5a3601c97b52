"""The errors of the HTTP app, each with Azure's status and code.

::

    ArmApiError
    ├── UnauthenticatedError        401: no bearer token, or not ours
    ├── BadRequestError             400: an api-version is missing or is none
    ├── ResourceNotFoundError       404: no such route, set, rolling upgrade or operation
    ├── MethodNotAllowedError       405: the route exists, the verb does not
    ├── OperationNotAllowedError    409: another rolling upgrade runs, or none does
    └── ServiceUnavailableError     503: Airflow, the ledger or Azure does not answer
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fleetwright.domain.errors import FleetwrightError


class ArmApiError(FleetwrightError):
    """An answer that is an error.

    :param code: Azure's word, where it is not the class's own
    """

    kind = "arm_api"
    status = 500
    code = "InternalServerError"
    headers: Mapping[str, str] = {}

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(" ".join(message.split()))
        self.code = code or self.code

    def to_dict(self) -> dict[str, Any]:
        """As Azure writes it."""
        return error_body(self.code, str(self))


class UnauthenticatedError(ArmApiError):
    """Who calls is not known."""

    status = 401
    code = "AuthenticationFailed"
    headers: Mapping[str, str] = {"WWW-Authenticate": 'Bearer realm="fleetwright", error="invalid_token"'}


class BadRequestError(ArmApiError):
    """The call says something that cannot be."""

    status = 400
    code = "InvalidParameter"


class ResourceNotFoundError(ArmApiError):
    """What the path names does not exist here."""

    status = 404
    code = "ResourceNotFound"


class MethodNotAllowedError(ArmApiError):
    """The path exists, but not with this verb."""

    status = 405
    code = "MethodNotAllowed"


class OperationNotAllowedError(ArmApiError):
    """The state of the set does not allow it now."""

    status = 409
    code = "OperationNotAllowed"


class ServiceUnavailableError(ArmApiError):
    """Somebody that we need does not answer, or refuses."""

    status = 503
    code = "ServiceUnavailable"


def error_body(code: str, message: str) -> dict[str, Any]:
    """``{"error": {…}}`` as every ARM answer writes it."""
    return {"error": {"code": code, "message": message}}
