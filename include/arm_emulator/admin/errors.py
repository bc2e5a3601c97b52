"""Refusals of the emulator's own routes: ``{"error": {"code", "message"}}``, always one line that says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from arm_emulator.admin.image_bodies import IMAGE_FORMS
from arm_emulator.arm_errors import ArmError
from arm_emulator.clock import ClockError
from arm_emulator.world.errors import WorldError, path_words
from arm_emulator.world.validation import error_words

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

_UNNAMED = frozenset({"body", *IMAGE_FORMS})
"""Parts of an error's path that no caller has written."""


def install_error_handlers(app: FastAPI) -> None:
    """Word the errors of an application's routes."""
    app.add_exception_handler(RequestValidationError, _bad_body)
    app.add_exception_handler(WorldError, _bad_world)
    app.add_exception_handler(ClockError, _clock_in_motion)
    app.add_exception_handler(ArmError, _refused)


def _reply(status: int, code: str, message: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message}}, status)


async def _bad_body(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    details = error.errors()[0]
    if isinstance(details.get("input"), bytes):
        # What `curl -d` sends calls itself a form.
        return _reply(
            400, "InvalidBody", "the body was not sent as JSON: add the header content-type: application/json"
        )
    path = path_words(tuple(part for part in details["loc"] if part not in _UNNAMED))
    words = "the body is no JSON" if details["type"] == "json_invalid" else error_words(details)
    return _reply(
        400, "InvalidBody", f"{path}: {words}" if path and details["type"] != "json_invalid" else words
    )


async def _bad_world(_request: Request, error: Exception) -> JSONResponse:
    line = getattr(error, "line", None)
    return _reply(400, "InvalidWorld", f"line {line}: {error}" if line else str(error))


async def _clock_in_motion(_request: Request, error: Exception) -> JSONResponse:
    return _reply(409, "ClockIsNotManual", str(error))


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ArmError):
        raise error
    return _reply(error.status, error.kind, error.message)
