"""The model of a scale set: what an instance gets when it is created, upgraded or reimaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.extensions import Extension, extensions_of
from arm_emulator.compute.health_source import HealthSource, health_source_of

if TYPE_CHECKING:
    from collections.abc import Mapping

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """One state of the model, shared by all instances that run it.

    :param profile: the ``virtualMachineProfile`` as it was written.
    :param extensions: in the order in which they run.
    """

    profile: JsonObject
    sku: JsonObject
    extensions: tuple[Extension, ...]
    health_source: HealthSource | None

    @classmethod
    def of(cls, resource: Mapping[str, Any]) -> Model:
        """The model that a scale set's resource describes."""
        profile = (resource.get("properties") or {}).get("virtualMachineProfile") or {}
        extensions = extensions_of(profile)
        return cls(profile, _vm_sku(resource), extensions, health_source_of(profile))

    @property
    def has_health_source(self) -> bool:
        """Whether instances have a health that is reported."""
        return self.health_source is not None

    @property
    def image_reference(self) -> JsonObject:
        """``storageProfile.imageReference``, empty where there is none."""
        return (self.profile.get("storageProfile") or {}).get("imageReference") or {}

    @property
    def data_disks(self) -> list[JsonObject]:
        """``storageProfile.dataDisks``."""
        return (self.profile.get("storageProfile") or {}).get("dataDisks") or []

    @property
    def os_disk_delete_option(self) -> str:
        """What becomes of the OS disks of new virtual machines: ``Delete`` unless the model says ``Detach``."""
        os_disk = (self.profile.get("storageProfile") or {}).get("osDisk") or {}
        return "Detach" if str(os_disk.get("deleteOption")).lower() == "detach" else "Delete"

    @property
    def is_service_fabric(self) -> bool:
        """Whether the instances are Service Fabric nodes."""
        return any(extension.is_service_fabric for extension in self.extensions)

    @property
    def os_type(self) -> str:
        """``Linux`` or ``Windows``, as far as the profile tells."""
        os_disk = (self.profile.get("storageProfile") or {}).get("osDisk") or {}
        is_windows = "windowsConfiguration" in (self.profile.get("osProfile") or {})
        return str(os_disk.get("osType") or ("Windows" if is_windows else "Linux"))

    def is_same_as(self, other: Model) -> bool:
        """Whether an instance of this model already has what the other asks for."""
        return self.profile == other.profile and self.sku == other.sku

    def changed_extensions(self, older: Model) -> tuple[str, ...]:
        """The extensions that are new or different since an older model, in order."""
        known = {extension.name: extension for extension in older.extensions}
        return tuple(e.name for e in self.extensions if known.get(e.name) != e)


def _vm_sku(resource: Mapping[str, Any]) -> JsonObject:
    sku = resource.get("sku") or {}
    return {key: sku[key] for key in ("name", "tier") if key in sku}
