"""How the data plane speaks where ARM speaks otherwise: its versions, its errors, its headers."""

from __future__ import annotations

import re
from datetime import date
from email.utils import format_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from arm_emulator.batch.errors import (
    BatchRefusalError,
    BatchVersionError,
    InvalidQueryError,
    MissingQueryError,
)
from arm_emulator.wire.authentication import CHALLENGE
from arm_emulator.wire.call import ArmReply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.arm_errors import ArmError
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

PREFIX = "/_batch/"
SERVICE = "/_batch/{accountName}"
MEDIA_TYPE = "application/json;odata=minimalmetadata"
OLDEST, NEWEST = "2012-03-01", "2026-12-31"

_FORM = re.compile(r"(\d{4}-\d{2}-\d{2})(\.\d+\.\d+)?")
_REQUEST_ID, _TIME = "{request-id}", "{time}"
_ELEMENT = "Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element"
_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "InvalidAuthenticationToken": "AuthenticationFailed",
        "ExpiredAuthenticationToken": "AuthenticationFailed",
        "InvalidResourceType": "ResourceNotFound",
        "MethodNotAllowed": "UnsupportedHttpVerb",
        "InvalidRequestContent": "InvalidRequestBody",
        "InternalServerError": "InternalError",
        "PreconditionFailed": "ConditionNotMet",
        "OperationNotAllowed": "OperationNotValidOnNode",
    }
)
"""What Batch calls what ARM names otherwise."""

FAULT_CODES: Mapping[int, str] = MappingProxyType(
    {
        408: "OperationTimedOut",
        409: "OperationInvalidForCurrentState",
        429: "TooManyRequests",
        500: "InternalError",
        502: "ServerBusy",
        503: "ServerBusy",
        504: "OperationTimedOut",
    }
)


def require_batch_version(_path: str, api_version: str) -> None:
    """Refuse a call whose ``api-version`` is missing, malformed or out of range.

    Versions before 2025 have a number behind their date, ``2024-02-01.19.0``; later ones are dates.

    :raises MissingQueryError: there is none.
    :raises InvalidQueryError: it has another form.
    :raises BatchVersionError: the service does not have it.
    """
    if not api_version:
        raise MissingQueryError(
            "A query parameter that's mandatory for this request is not specified.",
            values=(("QueryParameterName", "api-version"),),
        )
    match = _FORM.fullmatch(api_version)
    if match is None or not _is_date(match[1]):
        raise InvalidQueryError.of(
            "api-version", api_version, "It is no version such as 2024-02-01.19.0 or 2025-06-01"
        )
    if not OLDEST <= match[1] <= NEWEST:
        raise BatchVersionError(
            f"The specified version of the Batch REST API is not supported: {api_version} is not between {OLDEST} and "
            f"{NEWEST}."
        )


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def service_url(call: ArmCall) -> str:
    """The address of the account's service, as the call has it."""
    account = call.path[len(PREFIX) :].partition("/")[0]
    return f"{call.base_url}{PREFIX}{account}"


def error_reply(call: ArmCall, error: ArmError) -> ArmReply:
    """A refusal, without the ``error`` around it that ARM has; the request's id is put in when it is known."""
    message = f"{error.message}\nRequestId:{_REQUEST_ID}\nTime:{_TIME}"
    content: dict[str, Any] = {
        "odata.metadata": f"{service_url(call)}/$metadata#{_ELEMENT}",
        "code": _KINDS.get(error.kind, error.kind),
        "message": {"lang": "en-US", "value": message},
    }
    values = error.values if isinstance(error, BatchRefusalError) else ()
    values = values or tuple((detail.code, detail.message) for detail in error.details)
    if values:
        content["values"] = [{"key": key, "value": value} for key, value in values]
    headers = {"WWW-Authenticate": CHALLENGE} if error.status == 401 else {}
    return ArmReply.of(content, status=error.status, headers=headers)


def completed_text(world: World, text: str, headers: Mapping[str, str]) -> str:
    """An error's text with the id of its request and the world's time."""
    if _REQUEST_ID not in text:
        return text
    return text.replace(_REQUEST_ID, headers["request-id"]).replace(_TIME, batch_instant(world.now))


def reply_headers(world: World, call: ArmCall) -> dict[str, str]:
    """What every reply of the data plane carries."""
    headers = {
        "request-id": world.new_guid("request"),
        "dataserviceversion": "3.0",
        "Date": format_datetime(world.now, usegmt=True),
    }
    echoed = ("client-request-id", "x-ms-client-request-id")
    return {**headers, **{name: call.headers[name] for name in echoed if name in call.headers}}


def batch_instant(instant: datetime) -> str:
    """``2024-06-01T00:00:00.0000000Z``: Batch writes seven fractional digits and ``Z``."""
    return f"{instant.isoformat(timespec='microseconds')[:26]}0Z"
