"""From an outcome that nobody waits for any longer to the error that a person reads."""

from __future__ import annotations

from http import HTTPStatus

from fleetwright.azure.bodies import Body, as_body, bodies_at, body_at, decode, text_at
from fleetwright.azure.calls import Answer, Call, NotSent, Outcome
from fleetwright.azure.errors import (
    ArmFailure,
    EndpointUnreachableError,
    EndpointUntrustedError,
    UnexpectedAnswerError,
    arm_error,
)
from fleetwright.domain.errors import ProviderError
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

LONGEST_MESSAGE = 600  # characters
_REPEATED = ("RequestId:", "Time:")
SHORTEST_SECRET = 8  # characters; a shorter token is a stand-in, and part of too many other words


def failure_of(
    call: Call, outcome: Outcome, *, attempts: int, maybe_applied: bool, secret: str
) -> ProviderError:
    """The error for a call that was given up.

    :param attempts: how often it was sent
    :param maybe_applied: whether an earlier attempt may have been carried out
    :param secret: the token; it is blotted out where an answer repeats it
    """
    if call.is_read:
        return _read_error(call, outcome, attempts, secret)
    if isinstance(outcome, NotSent) and not maybe_applied:
        return CallRefusedError(f"{call.title} was not sent: {_no_answer(call, outcome, attempts)}")
    if isinstance(outcome, Answer) and 400 <= outcome.status < 500 and not maybe_applied:
        error = arm_error(describe(call, outcome, secret))
        return CallRefusedError(f"{error} (nothing was changed)", error.code, error.status)
    return AnswerLostError(
        f"{_no_success(call, outcome, attempts, secret)}; it may have been carried out: read the instances first"
    )


def describe(call: Call, answer: Answer, secret: str = "") -> ArmFailure:
    """The ARM error body of an answer, in one line and without the token."""
    body = _error_body(answer)
    return ArmFailure(
        status=answer.status,
        code=text_at(body, "code") or _phrase(answer.status),
        message=_one_line(_message(body), secret),
        method=call.method,
        path=call.path,
        origin=call.origin,
        request_id=_request_id(call, answer),
        retry_after=answer.retry_after or 0.0,
    )


def unexpected(call: Call, answer: Answer, what: str) -> UnexpectedAnswerError:
    """The error for a success that cannot be understood.

    :param what: what it says, in half a sentence
    """
    return UnexpectedAnswerError(
        ArmFailure(
            status=answer.status,
            code="UnexpectedAnswer",
            message=f"{what}; is {call.origin} an Azure Resource Manager endpoint?",
            method=call.method,
            path=call.path,
            origin=call.origin,
            request_id=_request_id(call, answer),
        )
    )


def error_line(body: Body) -> str:
    """``code: message`` of an ARM error object with its first detail, empty where it has none."""
    if not body:
        return ""
    code, message = text_at(body, "code"), _one_line(_message(body), "")
    return ": ".join(part for part in (code, message) if part)


def _read_error(call: Call, outcome: Outcome, attempts: int, secret: str) -> ProviderError:
    if isinstance(outcome, Answer):
        return arm_error(describe(call, outcome, secret))
    if isinstance(outcome, NotSent) and outcome.is_final:
        return EndpointUntrustedError(f"{call.origin} cannot be trusted: {outcome.reason}")
    return EndpointUnreachableError(f"{call.title}: {_no_answer(call, outcome, attempts)}")


def _no_success(call: Call, outcome: Outcome, attempts: int, secret: str) -> str:
    if isinstance(outcome, Answer):
        return str(describe(call, outcome, secret))
    return f"{call.title} was sent and its answer was lost: {_no_answer(call, outcome, attempts)}"


def _no_answer(call: Call, outcome: Outcome, attempts: int) -> str:
    reason = "" if isinstance(outcome, Answer) else outcome.reason
    tried = "1 attempt" if attempts == 1 else f"{attempts} attempts"
    return f"{call.origin} does not answer ({reason}, {tried}); is the endpoint right, and is it running?"


def _error_body(answer: Answer) -> Body:
    try:
        body = as_body(decode(answer.content))
    except ValueError:
        return {}
    # The data plane of Batch answers the error itself, without the field around it.
    return body_at(body, "error") or (body if text_at(body, "code") else {})


def _request_id(call: Call, answer: Answer) -> str:
    named = (answer.headers.get(name, "") for name in ("x-ms-request-id", "request-id"))
    return next(filter(None, named), call.request_id)


def _message(body: Body) -> str:
    message = text_at(body, "message") or _batch_message(body) or "no message"
    detail = next((text_at(item, "message") for item in bodies_at(body, "details")), "")
    return f"{message} ({detail})" if detail and detail not in message else message


def _batch_message(body: Body) -> str:
    """The words of the data plane of Batch, without the lines that repeat the headers."""
    lines = text_at(body, "message", "value").splitlines()
    words = " ".join(line for line in lines if not line.startswith(_REPEATED))
    told = (f"{text_at(item, 'key')}: {text_at(item, 'value')}" for item in bodies_at(body, "values"))
    details = ", ".join(told)
    return f"{words} ({details})" if words and details else words or details


def _one_line(text: str, secret: str) -> str:
    line = " ".join(text.split())
    return (line.replace(secret, "***") if len(secret) >= SHORTEST_SECRET else line)[:LONGEST_MESSAGE]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase.replace(" ", "")
    except ValueError:
        return "UnknownStatus"
