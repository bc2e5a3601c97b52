"""What differs between ARM and the Batch service on the wire, so that one gateway serves both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.batch import speech
from arm_emulator.wire.api_versions import require_api_version
from arm_emulator.wire.call import JSON
from arm_emulator.wire.error_reply import error_reply
from arm_emulator.wire.reply_headers import reply_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.arm_errors import ArmError
    from arm_emulator.wire.call import ArmCall, ArmReply
    from arm_emulator.world.world import World

_ARM_FAULT_CODES = {
    408: "RequestTimeout",
    409: "Conflict",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way to speak HTTP.

    :param require_version: refuses a path's ``api-version``.
    :param error: the reply for a refusal.
    :param headers: what every reply carries.
    :param complete: an error's text once the headers of its reply are known.
    :param fault_codes: the error codes of injected statuses.
    """

    require_version: Callable[[str, str], None]
    error: Callable[[ArmCall, ArmError], ArmReply]
    headers: Callable[[World, ArmCall], dict[str, str]]
    complete: Callable[[World, str, Mapping[str, str]], str]
    fault_codes: Mapping[int, str]
    media_type: str


ARM = Dialect(
    require_version=require_api_version,
    error=lambda _call, error: error_reply(error),
    headers=reply_headers,
    complete=lambda _world, text, _headers: text,
    fault_codes=_ARM_FAULT_CODES,
    media_type=JSON,
)
BATCH = Dialect(
    require_version=speech.require_batch_version,
    error=speech.error_reply,
    headers=speech.reply_headers,
    complete=speech.completed_text,
    fault_codes=speech.FAULT_CODES,
    media_type=speech.MEDIA_TYPE,
)


def dialect_of(path: str) -> Dialect:
    """How a path's service speaks."""
    return BATCH if path.lower().startswith(speech.PREFIX) else ARM
