"""Who may call: whoever has the app's one bearer token."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from pathlib import Path

from fleetwright.arm_api.errors import UnauthenticatedError
from fleetwright.domain.errors import ConfigurationError

TOKEN_VARIABLE = "FLEETWRIGHT_API_TOKEN"  # noqa: S105 - the variable's name, not a token
_SHORTEST = 8


class ApiToken:
    """The token that a caller has to show.

    :raises ConfigurationError: when it is too short to be a secret
    """

    def __init__(self, token: str) -> None:
        self._token = token.strip().encode()
        if len(self._token) < _SHORTEST:
            raise ConfigurationError(
                f"the API token has {len(self._token)} characters; it must have at least {_SHORTEST}"
            )

    def check(self, headers: Mapping[str, str]) -> None:
        """Let the caller through.

        :param headers: with names in lower case
        :raises UnauthenticatedError: without a bearer token, or with another one
        """
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise UnauthenticatedError(
                "Authentication failed. The 'Authorization' header is missing or has no bearer token."
            )
        # In constant time: how long it takes says nothing about how much of it was right.
        if not hmac.compare_digest(token.strip().encode(), self._token):
            raise UnauthenticatedError("The access token is invalid.", "InvalidAuthenticationToken")


def read_token(token_file: str | None, environ: Mapping[str, str]) -> ApiToken:
    """The token of a file, else of the environment.

    :raises ConfigurationError: when there is none, or the file cannot be read
    """
    if token_file is not None:
        try:
            text = Path(token_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise ConfigurationError(f"--token-file {token_file} cannot be read: {reason}") from None
        if len(words := text.split()) > 1:
            raise ConfigurationError(
                f"--token-file {token_file} must hold one token and nothing else; it holds {len(words)} words"
                f" in {len(text.strip().splitlines())} lines"
            )
        return ApiToken(text)
    if not environ.get(TOKEN_VARIABLE, "").strip():
        raise ConfigurationError(
            f"no token to protect the API: give --token-file FILE, or set {TOKEN_VARIABLE}"
            " (make one: openssl rand -hex 32)"
        )
    return ApiToken(environ[TOKEN_VARIABLE])
