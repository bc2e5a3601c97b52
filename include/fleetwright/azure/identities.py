"""Which identity a connection's fields describe, and the tokens it has.

==================  ==========================================================================
``credential``      what it needs
==================  ==========================================================================
``default``         nothing: azure-identity's default chain
``client_secret``   client ID, client secret, tenant ID
``managed_identity``  nothing: the system-assigned one; or ``managed_identity_client_id``
``workload_identity``  tenant ID, client ID and a token file, each also from its ``AZURE_…`` variable
``token``           a static bearer token
==================  ==========================================================================

Empty goes by what is given.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from fleetwright.azure.credentials import CredentialTokens, StaticToken, TokenSource, default_tokens
from fleetwright.azure.hosts import authority_of, token_scope
from fleetwright.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


class Identity(StrEnum):
    """How we sign in."""

    DEFAULT = "default"
    CLIENT_SECRET = "client_secret"  # noqa: S105 - the name of a way, not a secret
    MANAGED_IDENTITY = "managed_identity"
    WORKLOAD_IDENTITY = "workload_identity"
    TOKEN = "token"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True)
class IdentityFields:
    """What a connection says about who we are; empty is not given.

    :param credential: the way to sign in, empty to go by the others
    """

    credential: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    tenant_id: str = ""
    token: str = field(default="", repr=False)
    managed_identity_client_id: str = ""
    workload_identity_token_file: str = ""

    def given(self) -> frozenset[str]:
        """The names of the fields that say something."""
        return frozenset(found.name for found in fields(self) if getattr(self, found.name))


_LABELS = {
    "client_id": "client ID",
    "client_secret": "client secret",
    "tenant_id": "tenant ID",
}
_NEEDED = {
    Identity.DEFAULT: (),
    Identity.CLIENT_SECRET: ("client_id", "client_secret", "tenant_id"),
    Identity.MANAGED_IDENTITY: (),
    Identity.WORKLOAD_IDENTITY: ("client_id", "tenant_id", "workload_identity_token_file"),
    Identity.TOKEN: ("token",),
}
# A tenant may stand beside any of them: it says nothing about the way.
_HARMLESS = frozenset({"credential", "tenant_id"})
# The field by which each way is known, where none is named.
_TELLING = {
    "token": Identity.TOKEN,
    "client_secret": Identity.CLIENT_SECRET,
    "managed_identity_client_id": Identity.MANAGED_IDENTITY,
    "workload_identity_token_file": Identity.WORKLOAD_IDENTITY,
}
# What the webhook of Azure's workload identity puts into a pod.
_VARIABLES = {
    "client_id": "AZURE_CLIENT_ID",
    "tenant_id": "AZURE_TENANT_ID",
    "workload_identity_token_file": "AZURE_FEDERATED_TOKEN_FILE",
}


def choose_identity(given: IdentityFields) -> Identity:
    """The way to sign in.

    :raises ConfigurationError: naming the fields, when they contradict each other or a part is missing
    """
    identity = _named(given) if given.credential else _guessed(given)
    allowed = {*_NEEDED[identity], *_HARMLESS}
    if identity is Identity.MANAGED_IDENTITY:
        allowed.add("managed_identity_client_id")
    foreign = sorted(given.given() - allowed)
    if foreign:
        raise ConfigurationError(
            f"credential {identity} does not go with {_labels(foreign)}: leave one of them empty"
        )
    missing = [name for name in _NEEDED[identity] if not getattr(given, name)]
    if missing:
        needed = _labels(_NEEDED[identity])
        raise ConfigurationError(
            f"only a part of credential {identity}, which needs {needed}: {_labels(missing)} missing"
        )
    return identity


def with_variables(given: IdentityFields, environ: Mapping[str, str]) -> IdentityFields:
    """The same, with a workload identity's parts from the environment where the connection leaves them empty."""
    named = given.credential.strip().lower()
    if named != Identity.WORKLOAD_IDENTITY and (named or not given.workload_identity_token_file):
        return given
    known = {found.name: getattr(given, found.name) for found in fields(given)}
    return IdentityFields(
        **{name: value or environ.get(_VARIABLES.get(name, ""), "") for name, value in known.items()}
    )


def tokens_for(identity: Identity, given: IdentityFields, url: str) -> TokenSource:
    """The tokens of an identity for an endpoint; nobody is asked yet.

    :raises ConfigurationError: for a token that no header may carry, or a token file that cannot be read
    """
    if identity is Identity.TOKEN:
        return StaticToken(given.token)
    if identity is Identity.DEFAULT:
        return default_tokens(url)
    if identity is Identity.WORKLOAD_IDENTITY and not os.access(given.workload_identity_token_file, os.R_OK):
        raise ConfigurationError(
            f"workload_identity_token_file {given.workload_identity_token_file!r} cannot be read"
        )
    return CredentialTokens(lambda: _credential(identity, given, authority_of(url)), token_scope(url))


def describe(identity: Identity, given: IdentityFields) -> str:
    """The identity in words, without a secret."""
    match identity:
        case Identity.CLIENT_SECRET:
            return f"the client secret of {given.client_id}"
        case Identity.MANAGED_IDENTITY:
            return f"the managed identity ({given.managed_identity_client_id or 'system-assigned'})"
        case Identity.WORKLOAD_IDENTITY:
            return f"the workload identity {given.client_id}"
        case Identity.TOKEN:
            return "a static token"
    return "azure-identity's default chain"


def _credential(identity: Identity, given: IdentityFields, authority: str) -> TokenCredential:
    where = {"authority": authority} if authority else {}
    # Half a second to import, and seldom needed.
    from azure import identity as ways  # noqa: PLC0415 - see above

    if identity is Identity.CLIENT_SECRET:
        return ways.ClientSecretCredential(given.tenant_id, given.client_id, given.client_secret, **where)
    if identity is Identity.MANAGED_IDENTITY:
        return ways.ManagedIdentityCredential(client_id=given.managed_identity_client_id or None)
    return ways.WorkloadIdentityCredential(
        tenant_id=given.tenant_id,
        client_id=given.client_id,
        token_file_path=given.workload_identity_token_file,
        **where,
    )


def _named(given: IdentityFields) -> Identity:
    try:
        return Identity(given.credential.strip().lower())
    except ValueError:
        ways = ", ".join(Identity)
        raise ConfigurationError(
            f"credential is {given.credential!r}; it must be one of {ways}, or empty to go by what is given"
        ) from None


def _guessed(given: IdentityFields) -> Identity:
    telling = [name for name in _TELLING if getattr(given, name)]
    if len(telling) > 1:
        ways = ", ".join(Identity)
        raise ConfigurationError(
            f"{_labels(telling)} are given at once: leave all but one empty (credential: one of {ways})"
        )
    if telling:
        return _TELLING[telling[0]]
    return Identity.CLIENT_SECRET if given.client_id else Identity.DEFAULT


def _labels(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(_LABELS.get(name, name) for name in names)
