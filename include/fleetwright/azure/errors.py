"""What can go wrong between us and Azure, split by what a person would do about it.

::

    ProviderError                             domain.errors
    ├── CallRefusedError                      rollout.provider_errors: a write that changed nothing
    ├── AnswerLostError                       rollout.provider_errors: a write that may have changed something
    ├── OperationFailedError                  rollout.provider_errors
    ├── TransientError                        rollout.provider_errors: a read, not answered this time
    │   ├── EndpointUnreachableError          nobody listens, or the connection broke
    │   └── OperationUnreadError              the status of an operation could not be read: it may well run on
    ├── EndpointUntrustedError                its certificate is not trusted
    ├── ForeignLinkError                      a link that leads to a host that must not see the token
    ├── NoTokenError                          azure-identity found nobody to sign in as
    └── ArmError                              Azure answered, and not with what was asked for
        ├── BadRequestError                   400 and every other 4xx without a leaf of its own
        ├── AuthenticationRefusedError        401
        ├── AuthorizationRefusedError         403
        ├── NotFoundError                     404
        ├── ConflictError                     409, 412
        ├── ThrottledError                    429, transient
        ├── ServiceFailedError                5xx, 408, transient
        └── UnexpectedAnswerError             a success that cannot be understood
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from fleetwright.domain.errors import ProviderError
from fleetwright.rollout.provider_errors import TransientError


@dataclass(frozen=True, slots=True)
class ArmFailure:
    """An ARM error body with the call that met it.

    :param code: ``error.code``, else the HTTP status in words
    :param path: the URL's path without its query
    :param request_id: Azure's ``x-ms-request-id``, else the one that we sent
    :param retry_after: seconds that Azure asked to be left alone
    """

    status: int
    code: str
    message: str
    method: str
    path: str
    origin: str = ""
    request_id: str = ""
    retry_after: float = 0.0

    def __str__(self) -> str:
        """One line with every id that a support case asks for."""
        request = f" (request id {self.request_id})" if self.request_id else ""
        return f"{self.method} {self.path}: {self.status} {self.code}: {self.message}{request}"


class ArmError(ProviderError):
    """Azure answered, and not with what was asked for."""

    kind = "arm"
    is_transient: ClassVar[bool] = False

    def __init__(self, failure: ArmFailure) -> None:
        super().__init__(failure)
        self.failure = failure

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.failure.status

    @property
    def code(self) -> str:
        """Azure's own word for the error."""
        return self.failure.code


class BadRequestError(ArmError):
    """The request itself is wrong."""

    kind = "bad_request"


class AuthenticationRefusedError(ArmError):
    """The token is not accepted, a renewed one neither."""

    kind = "authentication_refused"

    def __str__(self) -> str:
        failure = self.failure
        return (
            f"{failure.origin} refused the token: {failure}; give a bearer token for this endpoint that has not"
            " expired (a static one is never renewed), or sign in anew (az login, a managed identity, AZURE_CLIENT_ID with its tenant and secret)"
        )


class AuthorizationRefusedError(ArmError):
    """The token is good, its owner may not do this."""

    kind = "authorization_refused"

    def __str__(self) -> str:
        return f"{self.failure}; the identity needs a role on this resource that allows the call"


class NotFoundError(ArmError):
    """There is no such thing."""

    kind = "not_found"


class ConflictError(ArmError):
    """The thing's present state does not allow the call, or it has changed meanwhile."""

    kind = "conflict"


class ThrottledError(ArmError, TransientError):
    """Too many requests; ``retry_after`` says when the next one may be sent."""

    kind = "throttled"
    is_transient: ClassVar[bool] = True

    def __init__(self, failure: ArmFailure) -> None:
        super().__init__(failure)
        self.retry_after = timedelta(seconds=failure.retry_after)


class ServiceFailedError(ArmError, TransientError):
    """Azure itself failed to answer."""

    kind = "service_failed"
    is_transient: ClassVar[bool] = True

    def __init__(self, failure: ArmFailure) -> None:
        super().__init__(failure)
        self.retry_after = timedelta(seconds=failure.retry_after)


class UnexpectedAnswerError(ArmError):
    """A success that cannot be understood: no JSON, or not the shape that was asked for."""

    kind = "unexpected_answer"


class EndpointUnreachableError(TransientError):
    """Nobody answers at the endpoint."""

    kind = "endpoint_unreachable"


class OperationUnreadError(TransientError):
    """An operation's status could not be read; that says nothing about the operation."""

    kind = "operation_unread"

    def __init__(self, message: str, retry_after: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class EndpointUntrustedError(ProviderError):
    """The endpoint's certificate is not trusted, or it does not speak TLS."""

    kind = "endpoint_untrusted"
    is_transient: ClassVar[bool] = False


class ForeignLinkError(ProviderError):
    """A link leads to a host that must not see the token, so it was not followed."""

    kind = "foreign_link"
    is_transient: ClassVar[bool] = False


class NoTokenError(ProviderError):
    """No token could be had to call with."""

    kind = "no_token"
    is_transient: ClassVar[bool] = False


LEAF_OF_STATUS: dict[int, type[ArmError]] = {
    401: AuthenticationRefusedError,
    403: AuthorizationRefusedError,
    404: NotFoundError,
    408: ServiceFailedError,
    409: ConflictError,
    412: ConflictError,
    429: ThrottledError,
}


def arm_error(failure: ArmFailure) -> ArmError:
    """The leaf for the failure's status."""
    if failure.status >= 500:
        return ServiceFailedError(failure)
    return LEAF_OF_STATUS.get(failure.status, BadRequestError)(failure)
