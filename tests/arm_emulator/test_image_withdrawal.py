"""A version that is withdrawn: not listed any more, and nothing is deployed from it."""

from __future__ import annotations

import pytest
from emulated_galleries import IMAGE, gallery_world, running
from emulated_worlds import V1, V2, Serve, scale_set, scale_set_id, world

PLATFORM = {"publisher": "canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}


def test_withdrawn_platform_version_is_gone(serve: Serve) -> None:
    """R41: not listed, refused with PlatformImageNotFound, and no longer what latest means; who runs it goes on."""
    emulator = serve()
    emulator.reimage("0", version=V2)
    emulator.advance(120)

    emulator.admin("POST", "images/withdraw", {**PLATFORM, "version": V2})
    refused = emulator.reimage("1", version=V2)
    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 16})

    images = emulator.compute().virtual_machine_images
    assert [v.name for v in images.list("westeurope", *PLATFORM.values())] == [V1]
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "PlatformImageNotFound")
    versions = running(emulator)
    assert (versions["0"], versions["1"], versions["15"]) == (V2, V1, V1)


def test_swap_that_was_accepted_before_ends_well(serve: Serve) -> None:
    """What Azure has accepted is done, though the version is withdrawn meanwhile."""
    emulator = serve()
    emulator.reimage("0", version=V2)

    emulator.admin("POST", "images/withdraw", {**PLATFORM, "version": V2})
    emulator.advance(120)

    assert running(emulator)["0"] == V2


@pytest.mark.parametrize("by", ["admin", "arm"])
def test_withdrawn_gallery_version_is_gone(serve: Serve, by: str) -> None:
    """The same in a gallery, by the emulator's own route or by Azure's DELETE: GalleryImageNotFound."""
    emulator = serve(gallery_world())

    if by == "admin":
        emulator.admin("POST", "images/withdraw", {"gallery": "g", "image": "web", "version": "1.0.1"})
    else:
        emulator.arm("DELETE", f"{IMAGE}/versions/1.0.1")
    refused = emulator.reimage("0", version="1.0.1")

    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "GalleryImageNotFound")
    assert [v["name"] for v in emulator.arm("GET", f"{IMAGE}/versions").json()["value"]] == ["1.0.0"]


def test_platform_stops_its_own_upgrade_to_a_withdrawn_version(serve: Serve) -> None:
    """R2, N9: the batch in flight ends, no other begins, and the upgrade says why; the world goes on."""
    policy = {"mode": "Manual", "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}
    emulator = serve(world(scale_set(upgrade_policy=policy), platformUpgrades=True))
    emulator.advance(1)
    while V2 not in running(emulator).values():
        emulator.advance(10)

    emulator.admin("POST", "images/withdraw", {**PLATFORM, "version": V2})
    emulator.advance(600)

    latest = emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").json()["properties"]
    assert (latest["runningStatus"]["code"], latest["error"]["code"]) == ("Faulted", "InternalExecutionError")
    assert "PlatformImageNotFound" in latest["error"]["message"]
    assert sorted(running(emulator).values()).count(V2) == 3


def test_person_starts_an_upgrade_of_a_gallery_set(serve: Serve) -> None:
    """R42, R26: osRollingUpgrade goes to the newest version that the set's region may have; a pinned set stays."""
    emulator = serve(gallery_world())

    emulator.compute().virtual_machine_scale_set_rolling_upgrades.begin_start_os_upgrade("rg", "web")
    emulator.advance(3600)

    assert set(running(emulator).values()) == {"1.0.1"}
    (entry,) = emulator.compute().virtual_machine_scale_sets.get_os_upgrade_history("rg", "web")
    target = entry.properties.target_image_reference
    assert (target.id, target.exact_version) == (IMAGE, "1.0.1")


def test_withdrawal_is_part_of_the_world(serve: Serve) -> None:
    """A world that is written and loaded again has not got the version back."""
    emulator = serve()
    emulator.admin("POST", "images/withdraw", {**PLATFORM, "version": V2})

    emulator.admin("POST", "reset", emulator.admin("GET", "world"))

    assert emulator.reimage("0", version=V2).status_code == 404


def test_version_that_is_not_there_cannot_be_withdrawn(serve: Serve) -> None:
    """The refusal names the version and its image."""
    answer = serve().http.post("/_emulator/images/withdraw", json={**PLATFORM, "version": "1.2.3"})

    assert answer.status_code == 404
    assert "no version '1.2.3' of canonical:UbuntuServer:18.04-LTS" in answer.json()["error"]["message"]
