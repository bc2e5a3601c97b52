"""From a ``virtualMachineProfile`` to what the rules ask of it: health sources, Windows, Service Fabric, credentials."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fleetwright.azure.bodies import Body, as_body, bodies_at, body_at, flag_at, text_at
from fleetwright.azure.credential_expiry import find_expiries
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.model import ExpiringCredential, ServiceFabricExtension, WindowsSettings

# learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
HEALTH_EXTENSION_TYPES = frozenset({"applicationhealthlinux", "applicationhealthwindows"})
SERVICE_FABRIC_EXTENSION_TYPES = frozenset({"servicefabricnode", "servicefabriclinuxnode"})

_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){0,3}")
_SETTINGS = ("settings", "protectedSettings")


def health_sources(properties: Body, profile: Body) -> tuple[HealthSource, ...]:
    """Every health source that the model names (R16, N4)."""
    return tuple(_health_sources(properties, profile))


def probe_id(profile: Body) -> str:
    """ARM id of the load balancer's probe, empty where there is none."""
    return text_at(profile, "networkProfile", "healthProbe", "id")


def fabric_extension(profile: Body) -> ServiceFabricExtension | None:
    """The Service Fabric extension, None where the set is no node type of a cluster."""
    for extension in _extensions(profile, SERVICE_FABRIC_EXTENSION_TYPES):
        properties = body_at(extension, "properties")
        settings = body_at(properties, "settings")
        return ServiceFabricExtension(
            name=text_at(extension, "name"),
            type_handler_version=handler_version(properties),
            durability_level=text_at(settings, "durabilityLevel"),
            cluster_endpoint=text_at(settings, "clusterEndpoint"),
            node_type=text_at(settings, "nodeTypeRef"),
            is_stateless=flag_at(settings, "isStateless"),
        )
    return None


def windows_settings(profile: Body) -> WindowsSettings | None:
    """What the model says of Windows, None where nothing in it tells that it is Windows."""
    configuration = body_at(profile, "osProfile").get("windowsConfiguration")
    if configuration is None:
        system = text_at(profile, "storageProfile", "osDisk", "osType")
        return WindowsSettings(is_shown=False) if system.lower() == "windows" else None
    said = as_body(configuration).get("enableAutomaticUpdates")
    return WindowsSettings(said if isinstance(said, bool) else None)


def patch_mode(profile: Body) -> str:
    """``patchSettings.patchMode`` of whichever operating system the model configures (N2)."""
    systems = ("windowsConfiguration", "linuxConfiguration")
    modes = (text_at(profile, "osProfile", system, "patchSettings", "patchMode") for system in systems)
    return next(filter(None, modes), "")


def has_ephemeral_os_disk(profile: Body) -> bool:
    """Whether the OS disk lives on the host and is lost with every reimage (O8)."""
    return bool(text_at(profile, "storageProfile", "osDisk", "diffDiskSettings", "option"))


def expiring_credentials(profile: Body) -> tuple[ExpiringCredential, ...]:
    """The credentials of all extensions' settings that say until when they are good (R18)."""
    return tuple(
        ExpiringCredential(text_at(extension, "name"), found.setting, found.kind, found.expires_at)
        for extension in _extensions(profile)
        for part in _SETTINGS
        for found in find_expiries(body_at(extension, "properties").get(part), part)
    )


def handler_version(properties: Body) -> str:
    """``typeHandlerVersion``; YAML and people write 1.1 as a number. What is no such version reads as empty."""
    said = properties.get("typeHandlerVersion")
    return str(said) if _VERSION.fullmatch(str(said)) else ""


def _health_sources(properties: Body, profile: Body) -> Iterator[HealthSource]:
    if probe_id(profile):
        yield HealthSource.PROBE
    for extension in _extensions(profile, HEALTH_EXTENSION_TYPES):
        version = handler_version(body_at(extension, "properties"))
        is_binary = version.partition(".")[0] == "1"
        yield HealthSource.BINARY_EXTENSION if is_binary else HealthSource.EXTENSION
    if flag_at(properties, "externalHealthPolicy", "enabled"):
        yield HealthSource.EXTERNAL


def _extensions(profile: Body, types: frozenset[str] = frozenset()) -> Iterator[Body]:
    """The model's extensions, only those of the types where any are given."""
    for extension in bodies_at(profile, "extensionProfile", "extensions"):
        if not types or text_at(extension, "properties", "type").lower() in types:
            yield extension
