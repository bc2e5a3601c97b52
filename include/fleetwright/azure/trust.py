"""Whose certificates are trusted: the usual authorities, and bundles that were given on top of them."""

from __future__ import annotations

import os
import ssl
from functools import cache
from pathlib import Path

import certifi

from fleetwright.domain.errors import ConfigurationError

# What requests reads by itself holds for the asynchronous half as well.
BUNDLE_VARIABLE = "REQUESTS_CA_BUNDLE"


def context_for(endpoint_url: str, ca_bundle: str | None) -> ssl.SSLContext:
    """The TLS settings for an endpoint; one on plain http trusts nobody and costs nothing."""
    if endpoint_url.startswith("http:"):
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return tls_context(ca_bundle)


@cache
def tls_context(ca_bundle: str | None) -> ssl.SSLContext:
    """The TLS settings for every connection; built once, since reading the authorities takes a while.

    :param ca_bundle: a PEM file (or a folder of hashed ones) with further authorities
    :raises ConfigurationError: when it cannot be read or holds no certificate
    """
    context = ssl.create_default_context(cafile=certifi.where())
    for bundle in (ca_bundle, os.environ.get(BUNDLE_VARIABLE)):
        if bundle:
            _trust_also(context, bundle)
    return context


def _trust_also(context: ssl.SSLContext, bundle: str) -> None:
    try:
        if Path(bundle).is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:  # ssl.SSLError is one of its kinds
        raise ConfigurationError(
            f"CA bundle {bundle!r} cannot be used: {error}; it must be a file of PEM certificates"
        ) from None
