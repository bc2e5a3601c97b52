"""How many instances a scale set may have: fewer in a single placement group, or from a managed image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ArmError, InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.compute.refusals.asked import Asked

_IN_ONE_GROUP, _FROM_MANAGED_IMAGE = 100, 600


def size_refusals(asked: Asked) -> Iterator[ArmError]:
    """Capacities that the set cannot have."""
    capacity = asked.resource["sku"]["capacity"]
    if asked.properties.get("singlePlacementGroup") is True and capacity > _IN_ONE_GROUP:
        yield _too_many(capacity, _IN_ONE_GROUP, "singlePlacementGroup is true")
    image = str(asked.model.image_reference.get("id") or "").lower()
    if "/providers/microsoft.compute/images/" in image and capacity > _FROM_MANAGED_IMAGE:
        yield _too_many(capacity, _FROM_MANAGED_IMAGE, "it uses a managed image")


def _too_many(capacity: int, most: int, why: str) -> ArmError:
    return InvalidParameterError(
        f"The value of parameter sku.capacity is invalid: {capacity} is more than {most}, which is the most that a "
        f"Virtual Machine Scale Set can have when {why}.",
        target="sku.capacity",
    )
