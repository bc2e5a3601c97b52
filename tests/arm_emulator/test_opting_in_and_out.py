"""What a PATCH of a scale set makes of its image's support and of its tags."""

from __future__ import annotations

import pytest
from emulated_worlds import Json, Serve, scale_set, scale_set_id, world

ENABLE: Json = {
    "properties": {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}}
}


@pytest.mark.parametrize(("supported", "status"), [(False, 400), (True, 200)])
def test_only_supported_platform_images_are_enabled(serve: Serve, *, supported: bool, status: int) -> None:
    """R53: enabling a set of an image with automaticOSUpgradeSupported false is 400 in Azure's words, and changes nothing."""
    document = world()
    document["platformImages"][0]["automaticOSUpgradeSupported"] = supported
    emulator = serve(document)

    answer = emulator.arm("PATCH", scale_set_id(), ENABLE)

    words = (
        "Automatic OS Upgrade cannot be enabled on virtualMachineScaleSets configured with a Platform Image."
    )
    assert (answer.status_code, words in answer.text) == (status, not supported)
    assert ("automaticOSUpgradePolicy" in emulator.arm("GET", scale_set_id()).text) is supported


@pytest.mark.parametrize(
    ("patch", "left"),
    [
        ({}, {}),
        ({"fleetwright": None}, {"a": "b"}),
        ({"c": "d"}, {"fleetwright": "enabled", "a": "b", "c": "d"}),
    ],
)
def test_empty_tags_take_all_tags_away(serve: Serve, patch: Json, left: Json) -> None:
    """R4, O3: opting out by `tags: {}` leaves none, as at Azure; a null takes one away."""
    made = scale_set()
    made["resource"]["tags"] = {"fleetwright": "enabled", "a": "b"}
    emulator = serve(world(made))

    emulator.arm("PATCH", scale_set_id(), {"tags": patch})

    assert emulator.arm("GET", scale_set_id()).json().get("tags", {}) == left
