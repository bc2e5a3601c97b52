"""Bearer tokens: any is good, unless the world lists those that are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import (
    AuthenticationFailedError,
    ExpiredAuthenticationTokenError,
    InvalidAuthenticationTokenError,
)
from arm_emulator.wire.fingerprints import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from arm_emulator.world.world import World

CHALLENGE = (
    'Bearer authorization_uri="https://login.microsoftonline.com/organizations", '
    'error="invalid_token", error_description="The access token is missing, invalid or expired."'
)


def revoke_token(world: World, headers: Mapping[str, str]) -> None:
    """Let the token that a call uses expire; a new one is good."""
    token = _token_of(headers)
    if token:
        world.revoked_tokens.add(fingerprint(token))


def _token_of(headers: Mapping[str, str]) -> str:
    """The bearer token of a call; empty where it has none."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_among(token: str, listed: Iterable[str]) -> bool:
    """Whether a token is listed; a call that is replayed has its fingerprint, and a list may hold those too."""
    return fingerprint(token) in map(fingerprint, listed)


def require_token(world: World, headers: Mapping[str, str]) -> None:
    """Refuse a call that does not say who sends it.

    :raises AuthenticationFailedError: no bearer token.
    :raises ExpiredAuthenticationTokenError: one that has expired.
    :raises InvalidAuthenticationTokenError: one that the world does not list.
    """
    token = _token_of(headers)
    if not token:
        raise AuthenticationFailedError(
            "Authentication failed. The 'Authorization' header is missing or has no bearer token."
        )
    if _is_among(token, world.expired_tokens):
        raise ExpiredAuthenticationTokenError(
            "The access token expiry UTC time is earlier than current UTC time."
        )
    if _is_among(token, world.revoked_tokens):
        raise InvalidAuthenticationTokenError(
            "The access token expiry UTC time is earlier than current UTC time: the token has expired."
        )
    if world.good_tokens is not None and not _is_among(token, world.good_tokens):
        raise InvalidAuthenticationTokenError("The access token is invalid.")
