"""Credentials in the settings of extensions: shared access signatures that expire (R18)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from arm_emulator.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_EXPIRY = re.compile(r"(?:^|[?&])se=([^&\s'\"]+)", re.IGNORECASE)
_SECRET = "protectedSettings"  # noqa: S105 - the name of a property


def expiry_of(properties: Mapping[str, Any]) -> datetime | None:
    """When the first shared access signature in an extension's settings expires; None where there is none."""
    texts = (*_texts(properties.get("settings")), *_texts(properties.get(_SECRET)))
    instants = (_instant(unquote(found)) for text in texts for found in _EXPIRY.findall(text))
    return min((instant for instant in instants if instant is not None), default=None)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _texts(entry)


def _instant(text: str) -> datetime | None:
    try:
        return parse_instant(text).astimezone(UTC)
    except ValueError:
        return None


def without_secrets(resource: Mapping[str, Any]) -> dict[str, Any]:
    """A scale set as ARM echoes it: ``protectedSettings`` of extensions are never shown."""
    entries = _extensions(resource)
    if not any(_SECRET in (entry.get("properties") or {}) for entry in entries):
        return dict(resource)
    shown = [{**e, "properties": _open(e["properties"])} if e.get("properties") else e for e in entries]
    properties = resource["properties"]
    profile = properties["virtualMachineProfile"]
    shown_profile = {**profile, "extensionProfile": {**profile["extensionProfile"], "extensions": shown}}
    return {**resource, "properties": {**properties, "virtualMachineProfile": shown_profile}}


def _open(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key != _SECRET}


def keep_secrets(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Take over ``protectedSettings`` that a body leaves out, as whoever read the scale set could not see them.

    :param new: a resource whose extensions have the right shape; changed in place.
    """
    known = {entry.get("name"): (entry.get("properties") or {}).get(_SECRET) for entry in _extensions(old)}
    for entry in _extensions(new):
        properties = entry.get("properties")
        secret = known.get(entry.get("name"))
        if isinstance(properties, dict) and secret is not None:
            properties.setdefault(_SECRET, secret)


def _extensions(resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    profile = (resource.get("properties") or {}).get("virtualMachineProfile") or {}
    return (profile.get("extensionProfile") or {}).get("extensions") or []
