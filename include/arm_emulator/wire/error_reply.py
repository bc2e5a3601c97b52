"""Errors as ARM writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.wire.authentication import CHALLENGE
from arm_emulator.wire.call import ArmReply

if TYPE_CHECKING:
    from arm_emulator.arm_errors import ArmError


def error_reply(error: ArmError) -> ArmReply:
    """The reply for a refusal; a 401 says where tokens come from."""
    content: dict[str, Any] = {"code": error.kind, "message": error.message}
    if error.target is not None:
        content["target"] = error.target
    if error.details:
        content["details"] = [{"code": d.code, "message": d.message} for d in error.details]
    headers = {"WWW-Authenticate": CHALLENGE} if error.status == 401 else {}
    return ArmReply.of({"error": content}, status=error.status, headers=headers)
