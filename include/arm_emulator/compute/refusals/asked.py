"""The scale set that a PUT or PATCH would make, as the checks read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.health_source import has_probe
from arm_emulator.compute.model import Model
from arm_emulator.compute.probes import probe_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World


@dataclass(frozen=True, slots=True)
class Asked:
    """One call's result, taken apart.

    :param resource: the whole resource; its shape has passed the checks of worlds.
    """

    world: World
    resource: JsonObject
    model: Model

    @classmethod
    def of(cls, world: World, resource: JsonObject) -> Asked:
        """What a call asks for."""
        return cls(world, resource, Model.of(resource))

    @property
    def properties(self) -> JsonObject:
        """``properties``."""
        return self.resource.get("properties") or {}

    @property
    def upgrade_policy(self) -> JsonObject:
        """``upgradePolicy``."""
        return self.properties.get("upgradePolicy") or {}

    @property
    def is_automatic(self) -> bool:
        """``enableAutomaticOSUpgrade``."""
        return (self.upgrade_policy.get("automaticOSUpgradePolicy") or {}).get(
            "enableAutomaticOSUpgrade"
        ) is True

    @property
    def is_flexible(self) -> bool:
        """Whether the set has flexible orchestration."""
        return str(self.properties.get("orchestrationMode") or "").lower() == "flexible"

    @property
    def has_health_extension(self) -> bool:
        """Whether the model has the Application Health extension."""
        return any(extension.is_health_source for extension in self.model.extensions)

    @property
    def probe(self) -> str | None:
        """The id of the health probe; None where the model names none."""
        return probe_id_of(self.resource) if has_probe(self.model.profile) else None

    @property
    def windows(self) -> JsonObject:
        """``osProfile.windowsConfiguration``."""
        return (self.model.profile.get("osProfile") or {}).get("windowsConfiguration") or {}

    @property
    def linux(self) -> JsonObject:
        """``osProfile.linuxConfiguration``."""
        return (self.model.profile.get("osProfile") or {}).get("linuxConfiguration") or {}

    def extension_entries(self) -> list[Mapping[str, Any]]:
        """``extensionProfile.extensions`` as they were written."""
        return (self.model.profile.get("extensionProfile") or {}).get("extensions") or []
