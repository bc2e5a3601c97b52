"""The HTTP app: who calls, which route, and Azure's form for every answer."""

from __future__ import annotations

import logging
import re
import uuid

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from fleetwright.arm_api.authentication import ApiToken
from fleetwright.arm_api.errors import (
    ArmApiError,
    BadRequestError,
    ServiceUnavailableError,
)
from fleetwright.arm_api.routes import understand
from fleetwright.arm_api.service import Caller, Reply, Service
from fleetwright.domain.errors import ConfigurationError, FleetwrightError, LedgerError

log = logging.getLogger(__name__)

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_API_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


def create_application(service: Service, token: ApiToken) -> FastAPI:
    """The app; every route needs the token."""
    app = FastAPI(title="Fleetwright", openapi_url=None, docs_url=None, redoc_url=None)

    @app.api_route("/{path:path}", methods=_METHODS)
    def answer(request: Request) -> Response:
        try:
            token.check(request.headers)
            reply = service.answer(understand(request.method, request.url.path), _caller(request))
            return _respond(reply)
        except FleetwrightError as error:
            refusal = _as_arm(error)
            log.info("%s %r: %d %s", request.method, request.url.path, refusal.status, refusal)
            return _refuse(refusal)

    @app.exception_handler(Exception)
    def fail(_request: Request, error: Exception) -> Response:
        log.error("unexpected: %r", error)
        return _refuse(ArmApiError("An unexpected error occurred; the log of the app has it."))

    return app


def _caller(request: Request) -> Caller:
    host = request.client.host if request.client else "an unknown address"
    return Caller(
        base_url=str(request.base_url).rstrip("/"),
        api_version=_api_version(request),
        monitors=request.query_params.get("monitor", "").lower() == "true",
        name=f"a client of the API at {host}",
    )


def _api_version(request: Request) -> str:
    query = {name.lower(): value for name, value in request.query_params.items()}
    version = query.get("api-version", "")
    if not version:
        raise BadRequestError(
            "The api-version query parameter (?api-version=) is required for all requests.",
            "MissingApiVersionParameter",
        )
    if not _API_VERSION.fullmatch(version):
        raise BadRequestError(
            f"The api-version '{version[:40]}' is invalid: write YYYY-MM-DD or YYYY-MM-DD-preview.",
            "InvalidApiVersionParameter",
        )
    return version


def _as_arm(error: FleetwrightError) -> ArmApiError:
    match error:
        case ArmApiError():
            return error
        case ConfigurationError():
            return BadRequestError(str(error))
        case LedgerError():
            return ServiceUnavailableError(str(error))
    log.error("unexpected: %s", error)
    return ArmApiError(str(error))


def _respond(reply: Reply) -> Response:
    headers = {**reply.headers, "x-ms-request-id": str(uuid.uuid4())}
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    return JSONResponse(dict(reply.body), reply.status, headers)


def _refuse(error: ArmApiError) -> Response:
    return _respond(Reply(error.status, error.to_dict(), error.headers))
