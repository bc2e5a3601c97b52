"""Where bearer tokens come from: a word that was given, or azure-identity.

azure-identity is imported when the first token is asked for: every Airflow task pays for what a module imports.
"""

from __future__ import annotations

import base64
import binascii
import inspect
import logging
import re
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from fleetwright.azure.errors import EndpointUnreachableError, NoTokenError
from fleetwright.azure.hosts import token_scope
from fleetwright.domain.errors import ConfigurationError, ProviderError

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, TokenCredential

log = logging.getLogger(__name__)

RENEW_BEFORE_SECONDS = 300  # a token is renewed this long before it expires; Azure's live for about an hour

_TOKEN = re.compile(r"[\x21-\x7e]+")
_CLAIMS = re.compile(r'claims="([^"]+)"')


class TokenSource(Protocol):
    """Something that has bearer tokens."""

    def current(self) -> str | None:
        """A token that is at hand and has not expired; asks nobody, never waits."""
        ...

    def fetch(self, challenge: str = "") -> str | None:
        """Ask for a token, which may take seconds; None where there is none other than the one refused.

        :param challenge: ``WWW-Authenticate`` of the 401 that refused the last one
        """
        ...

    def for_scope(self, scope: str) -> TokenSource:
        """Tokens of the same identity for another service."""
        ...


class StaticToken:
    """One token that was given and cannot be renewed.

    :raises ConfigurationError: when it is empty or holds what no HTTP header may carry
    """

    def __init__(self, token: str) -> None:
        if not _TOKEN.fullmatch(token.strip()):
            raise ConfigurationError("the bearer token is empty or holds blanks or control characters")
        self._token = token.strip()

    def current(self) -> str | None:
        """The token."""
        return self._token

    def fetch(self, challenge: str = "") -> str | None:
        """There is no other."""
        del challenge
        return None

    def for_scope(self, _scope: str) -> StaticToken:
        """The one token is for everybody."""
        return self


class CredentialTokens:
    """Tokens of an azure-identity credential, kept until shortly before they expire.

    :param make_credential: builds the credential; called again after a refusal, so that no cache of its own
        gives the refused token back
    :param scope: what the token is for, ``https://management.azure.com/.default`` in public Azure
    """

    def __init__(self, make_credential: Callable[[], TokenCredential], scope: str) -> None:
        self._make_credential = make_credential
        self._scope = scope
        self._credential: TokenCredential | None = None
        self._token: AccessToken | None = None
        self._lock = threading.Lock()

    def current(self) -> str | None:
        """The token at hand, None where it is about to expire."""
        held = self._token
        # Tokens expire by the wall clock whatever clock a rollout runs on.
        return held.token if held and held.expires_on - RENEW_BEFORE_SECONDS > time.time() else None

    def fetch(self, challenge: str = "") -> str | None:
        """Ask the credential.

        :raises NoTokenError: when it has nobody to sign in as
        :raises EndpointUnreachableError: when the sign-in service does not answer
        """
        with self._lock:
            if challenge or self._credential is None:
                self._credential = self._make()
            self._token = self._ask(self._credential, claims_of(challenge))
            return self._token.token

    def for_scope(self, scope: str) -> CredentialTokens:
        """Tokens of the same credential for another service."""
        return CredentialTokens(self._make_credential, scope)

    def _make(self) -> TokenCredential:
        try:
            return self._make_credential()
        except ValueError as error:
            raise NoTokenError(f"no token for {self._scope}: {_first_line(error)}") from None

    def _ask(self, credential: TokenCredential, claims: str | None) -> AccessToken:
        from azure.core.exceptions import AzureError, ClientAuthenticationError  # noqa: PLC0415 - imported when used

        options: dict[str, Any] = {"claims": claims, "enable_cae": True} if claims else {}
        if options and not takes_claims(credential):
            log.warning(
                "the sign-in of %s takes no claims challenge: asking without", type(credential).__name__
            )
            options = {}
        try:
            return credential.get_token(self._scope, **options)
        except ClientAuthenticationError as error:
            raise self._nobody(error) from None
        except AzureError as error:
            raise EndpointUnreachableError(
                f"the sign-in service gave no token for {self._scope}: {_first_line(error)}"
            ) from None

    def _nobody(self, error: Exception) -> ProviderError:
        return NoTokenError(
            f"no token for {self._scope}: {_first_line(error)}; give a bearer token, or sign in so that the default"
            " chain finds somebody (az login, a managed identity, AZURE_CLIENT_ID with its tenant and secret)"
        )


def default_tokens(endpoint_url: str) -> CredentialTokens:
    """Tokens of azure-identity's default chain for the endpoint's cloud, without further settings."""
    return CredentialTokens(_default_credential, token_scope(endpoint_url))


def claims_of(challenge: str) -> str | None:
    """The claims that a 401 asks for (continuous access evaluation), None where it asks for none."""
    match = _CLAIMS.search(challenge)
    if match is None:
        return None
    try:
        return base64.b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None


def takes_claims(credential: TokenCredential) -> bool:
    """Whether a claims challenge may be handed to the credential; azure-identity's own all take one."""
    parameters = inspect.signature(credential.get_token).parameters.values()
    names = {parameter.name for parameter in parameters}
    takes_anything = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    return "claims" in names and ("enable_cae" in names or takes_anything)


def _default_credential() -> TokenCredential:
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415 - half a second that only real Azure pays

    return DefaultAzureCredential()


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
