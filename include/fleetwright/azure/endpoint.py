"""Where Azure Resource Manager answers, and as whom we call it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import urlsplit

from fleetwright.azure.batch.upgrade_ways import parse_way
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import TokenSource, default_tokens
from fleetwright.azure.hosts import PUBLIC_ARM, cloud_of, is_loopback
from fleetwright.azure.retries import PATIENT, RetryPolicy
from fleetwright.azure.transport import Transport
from fleetwright.azure.trust import tls_context
from fleetwright.azure.urls import API_VERSIONS, SCALE_SETS
from fleetwright.domain.errors import ConfigurationError
from fleetwright.rollout.ports.clock import Clock

PUBLIC_AZURE = f"https://{PUBLIC_ARM}"

_API_VERSION = re.compile(r"(\d{4}-\d{2}-\d{2})(-preview)?")
_WORDS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class AzureEndpoint:
    """An ARM endpoint.

    :param url: kept without a trailing slash
    :param tokens: None asks azure-identity's default chain
    :param ca_bundle: a PEM file with authorities to trust besides the usual ones
    :param api_version: for calls about fleets, instead of the built-in ones; empty for those
    :param node_upgrade_way: by what nodes of Batch pools are upgraded: ``auto``, ``data-plane`` or ``scale-set``
    :raises ConfigurationError: when the URL, the version or the way is none, or the bundle cannot be read
    """

    url: str = PUBLIC_AZURE
    tokens: TokenSource | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    api_version: str = ""
    node_upgrade_way: str = ""

    def __post_init__(self) -> None:
        _check_api_version(self.api_version)
        parse_way(self.node_upgrade_way)
        object.__setattr__(self, "url", _checked(self.url, has_tokens=self.tokens is not None))
        if self.ca_bundle is not None:
            tls_context(self.ca_bundle)


def is_public_azure(url: str) -> bool:
    """Whether the URL is public Azure's: ``management.azure.com``, its regional hosts included (O2)."""
    return cloud_of(url) == PUBLIC_ARM


def connect(
    endpoint: AzureEndpoint,
    clock: Clock,
    policy: RetryPolicy = PATIENT,
    *,
    transport: Transport | None = None,
) -> ArmClient:
    """A client for the endpoint; nothing is sent yet.

    :param transport: another way to it than connections over the network
    """
    return ArmClient(
        url=endpoint.url,
        tokens=endpoint.tokens or default_tokens(endpoint.url),
        clock=clock,
        ca_bundle=endpoint.ca_bundle,
        policy=policy,
        api_version=endpoint.api_version,
        node_upgrade_way=parse_way(endpoint.node_upgrade_way),
        transport=transport,
    )


def requires_deferral(url: str, setting: object = None) -> bool:
    """Whether a set that Azure would upgrade by itself is held (O2).

    :param setting: true or false, as a value or a word; None or empty goes by the endpoint's host
    :raises ConfigurationError: for anything else
    """
    word = "" if setting is None else str(setting).strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    if word:
        raise ConfigurationError(
            f"require_deferral is {setting!r}; it must be true, false, or empty: then true for {PUBLIC_ARM} only"
        )
    return is_public_azure(url)


def _check_api_version(version: str) -> None:
    match = _API_VERSION.fullmatch(version)
    try:
        usable = not version or (match is not None and bool(date.fromisoformat(match[1])))
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(
            f"api_version is {version!r}; it must be a date such as {API_VERSIONS[SCALE_SETS]}, with -preview or without,"
            " or empty for the built-in one"
        )


def _checked(url: str, *, has_tokens: bool) -> str:
    """The URL as it is used from here on; what it must not hold is not repeated in the error."""
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
    if not usable:
        raise ConfigurationError(f"endpoint {url!r} is not a URL such as {PUBLIC_AZURE}")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError(
            f"endpoint {parts.hostname}: a URL such as {PUBLIC_AZURE}, without user or query"
        )
    if parts.scheme == "http" and not has_tokens and not is_loopback(url):
        raise ConfigurationError(f"endpoint {url!r}: tokens of azure-identity travel over https only")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
