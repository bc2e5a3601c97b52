"""``imageReference`` in two spellings: a gallery image's ``id`` is ``virtualMachineImageId`` on the data plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from arm_emulator.compute.model import JsonObject

_ARM, _DATA_PLANE = "id", "virtualMachineImageId"


def as_served(reference: Mapping[str, Any]) -> JsonObject:
    """A reference of ARM's as the data plane shows it."""
    return {_DATA_PLANE if name == _ARM else name: value for name, value in reference.items()}


def as_in_arm(reference: Mapping[str, Any]) -> JsonObject:
    """A reference that was written on the data plane, as ARM has it."""
    return {_ARM if name == _DATA_PLANE else name: value for name, value in reference.items()}
