"""ARM's errors: a class each, with the HTTP status and the code that Azure answers.

State raises them and knows no HTTP beyond the number on the class; the wire layer writes the body.

    ArmError
      AuthenticationFailedError .. ExpiredAuthenticationTokenError      401
      SubscriptionNotFoundError .. OperationNotFoundError               404
      MissingApiVersionError, InvalidParameterError, …                  400
      OperationNotAllowedError                                          409
      PreconditionFailedError                                           412
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """One entry of an error's ``details``."""

    code: str
    message: str
    target: str | None = None


class ArmError(Exception):
    """A refusal as ARM words it.

    :param message: the sentence for people, with ids.
    :param target: the property or resource that is wrong, where Azure names one.
    """

    status = 400
    kind = "BadRequest"

    def __init__(self, message: str, *, target: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.target = target

    @property
    def details(self) -> tuple[ErrorDetail, ...]:
        """What stands under ``details``; nothing for most."""
        return ()


class InjectedError(ArmError):
    """The answer that a fault put in the place of the real one."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind


class AuthenticationFailedError(ArmError):
    """No bearer token at all."""

    status, kind = 401, "AuthenticationFailed"


class InvalidAuthenticationTokenError(ArmError):
    """A token that the world does not list as good."""

    status, kind = 401, "InvalidAuthenticationToken"


class ExpiredAuthenticationTokenError(ArmError):
    """A token that the world lists as expired."""

    status, kind = 401, "ExpiredAuthenticationToken"


class MissingApiVersionError(ArmError):
    """A call without ``api-version``."""

    kind = "MissingApiVersionParameter"


class InvalidApiVersionError(ArmError):
    """An ``api-version`` that is no version."""

    kind = "InvalidApiVersionParameter"


class UnsupportedApiVersionError(ArmError):
    """An ``api-version`` outside the range that the resource provider serves."""

    kind = "NoRegisteredProviderFound"


class InvalidRequestContentError(ArmError):
    """A body that is not what the operation takes."""

    kind = "InvalidRequestContent"


class BadRequestError(ArmError):
    """Properties that do not go together."""

    kind = "BadRequest"


class InvalidParameterError(ArmError):
    """A property or parameter with a value that Azure refuses."""

    kind = "InvalidParameter"


class InvalidResourceReferenceError(ArmError):
    """A resource that another one names and that is not there."""

    kind = "InvalidResourceReference"


class PropertyChangeNotAllowedError(ArmError):
    """A property that cannot change once the resource exists."""

    status, kind = 409, "PropertyChangeNotAllowed"


class SubscriptionNotFoundError(ArmError):
    """A subscription that the world does not have."""

    status, kind = 404, "SubscriptionNotFound"


class ResourceGroupNotFoundError(ArmError):
    """A resource group in which the world has nothing."""

    status, kind = 404, "ResourceGroupNotFound"


class ResourceNotFoundError(ArmError):
    """A resource that the world does not have."""

    status, kind = 404, "ResourceNotFound"


class InvalidResourceTypeError(ArmError):
    """A route that this emulator does not serve."""

    status, kind = 404, "InvalidResourceType"


class MethodNotAllowedError(ArmError):
    """A route that exists, with a verb that it does not take."""

    status, kind = 405, "MethodNotAllowed"


class NotFoundError(ArmError):
    """Something below a resource that is not there, such as a rolling upgrade or an image offer."""

    status, kind = 404, "NotFound"


class PlatformImageNotFoundError(ArmError):
    """An image version that the catalogue does not have in the region."""

    status, kind = 404, "PlatformImageNotFound"


class GalleryImageNotFoundError(ArmError):
    """A version of a gallery's image that the region does not have."""

    status, kind = 404, "GalleryImageNotFound"


class PoolNotFoundError(ArmError):
    """A pool that the Batch account does not have."""

    status, kind = 404, "PoolNotFound"


class BatchPropertyError(ArmError):
    """A property that Batch refuses; Batch names it in ``details``.

    :param target: its path in the resource.
    """

    @property
    def details(self) -> tuple[ErrorDetail, ...]:
        """Name and path of the property."""
        path = str(self.target or "")
        return (
            ErrorDetail("Reason", self.message),
            ErrorDetail("PropertyName", path.rpartition(".")[2]),
            ErrorDetail("PropertyPath", path),
        )


class InvalidRequestBodyError(ArmError):
    """A body that Batch does not take."""

    kind = "InvalidRequestBody"


class InvalidPropertyValueError(BatchPropertyError):
    """A property with a value that Batch refuses."""

    kind = "InvalidPropertyValue"


class MissingRequiredPropertyError(BatchPropertyError):
    """A property that Batch needs."""

    kind = "MissingRequiredProperty"


class FeatureNotRegisteredError(ArmError):
    """A preview feature that the subscription has not registered."""

    kind = "SubscriptionNotRegisteredForFeature"


class PropertyCannotBeUpdatedError(BatchPropertyError):
    """A property of an account, or of a pool that has nodes, that cannot change."""

    kind = "PropertyCannotBeUpdated"


class OperationNotAllowedError(ArmError):
    """Something that the present state of the resource forbids."""

    status, kind = 409, "OperationNotAllowed"


class PreconditionFailedError(ArmError):
    """``If-Match`` or ``If-None-Match`` does not hold."""

    status, kind = 412, "PreconditionFailed"
