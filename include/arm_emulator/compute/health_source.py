"""Where an instance's health comes from: a probe, or the Application Health extension in binary or rich form (N22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.extensions import HEALTH_EXTENSION_TYPES

if TYPE_CHECKING:
    from collections.abc import Mapping


LONGEST_GRACE = 14_400
"""Seconds; the longest gracePeriod of the Application Health extension (N22)."""


class SourceKind(StrEnum):
    """The three sources."""

    PROBE = "probe"
    BINARY = "binary"
    RICH = "rich"


@dataclass(frozen=True, slots=True)
class HealthSource:
    """The source of a model.

    :param extension: the name of the extension; empty for a probe.
    :param protocol: in lower case; how the extension asks the application.
    :param grace: how long it waits for a healthy answer; None where the settings do not say.
    """

    kind: SourceKind
    extension: str = ""
    protocol: str = ""
    grace: timedelta | None = None

    @property
    def takes_custom_metrics(self) -> bool:
        """Whether custom metrics reach Azure: with rich states over HTTP only (N20)."""
        return self.kind is SourceKind.RICH and self.protocol in {"http", "https"}


def health_source_of(profile: Mapping[str, Any]) -> HealthSource | None:
    """The source that a ``virtualMachineProfile`` has; an extension before a probe where it has both."""
    for entry in (profile.get("extensionProfile") or {}).get("extensions") or []:
        properties = entry.get("properties") or {}
        if str(properties.get("type", "")).lower() in HEALTH_EXTENSION_TYPES:
            return _extension_source(str(entry.get("name", "")), properties)
    return HealthSource(SourceKind.PROBE) if has_probe(profile) else None


def has_probe(profile: Mapping[str, Any]) -> bool:
    """Whether a profile names a load balancer's probe."""
    return bool(((profile.get("networkProfile") or {}).get("healthProbe") or {}).get("id"))


def _extension_source(name: str, properties: Mapping[str, Any]) -> HealthSource:
    """Binary only where the version says 1: one that says nothing has rich states."""
    settings = properties.get("settings")
    settings = settings if isinstance(settings, dict) else {}
    is_binary = str(properties.get("typeHandlerVersion") or "").split(".")[0] == "1"
    seconds: Any = settings.get("gracePeriod")
    is_given = type(seconds) is int and 0 <= seconds <= LONGEST_GRACE
    return HealthSource(
        kind=SourceKind.BINARY if is_binary else SourceKind.RICH,
        extension=name,
        protocol=str(settings.get("protocol") or "").lower(),
        grace=timedelta(seconds=seconds) if is_given and not is_binary else None,
    )
