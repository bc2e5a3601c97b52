"""Node images of AKS: how they are published, which one is a pool's newest, and which ones a region still has."""

from __future__ import annotations

import pytest
from emulated_node_pools import (
    FAMILY,
    NEW,
    NEWER,
    OLD,
    NodePoolUnderTest,
    cluster_world,
    container_service,
)
from emulated_worlds import Emulator, Json, Serve

SECURITY = f"{NEW}-2024.02.20"


def latest(emulator: Emulator) -> str:
    """The pool's newest image, as its upgrade profile says."""
    profile = container_service(emulator).agent_pools.get_upgrade_profile("rg", "shop", "np1")
    return str(profile.latest_node_image_version)


def publish(emulator: Emulator, version: str, **said: object) -> Json:
    """What publishing a node image answers."""
    return emulator.admin("POST", "images", {"nodeImage": version, **said})


def test_published_image_is_the_newest_of_its_family(serve: Serve) -> None:
    """An image is a pool's newest once it is published, another family's never, an older one neither (N34, N35)."""
    emulator = serve(cluster_world())

    answer = publish(emulator, NEWER)
    publish(emulator, "AKSWindows-2022-containerd-202412.01.0")
    publish(emulator, OLD)

    assert answer == {"nodeImage": NEWER}
    assert latest(emulator) == NEWER


def test_image_reaches_region_after_region(serve: Serve) -> None:
    """An image that went to another region is not there yet; it is once it is published for this one too (N35)."""
    emulator = serve(cluster_world())

    publish(emulator, NEWER, regions=["North Europe"])
    elsewhere = latest(emulator)
    publish(emulator, NEWER, regions=["northeurope", "West Europe"])

    assert (elsewhere, latest(emulator)) == (NEW, NEWER)


def test_image_of_the_future_appears_in_its_time(serve: Serve) -> None:
    """An image whose publishedAt lies ahead is there from that instant on (N35)."""
    emulator = serve(cluster_world())
    publish(emulator, NEWER, publishedAt="2024-06-01T01:00:00Z")

    emulator.advance(3_599)
    before = latest(emulator)
    emulator.advance(1)

    assert (before, latest(emulator)) == (NEW, NEWER)


@pytest.mark.parametrize(
    ("channel", "newest"), [("SecurityPatch", SECURITY), ("NodeImage", NEW), ("None", NEW)]
)
def test_security_images_count_under_their_channel_alone(serve: Serve, channel: str, newest: str) -> None:
    """A security-only image is newest under SecurityPatch; every other channel knows weekly images alone (R69)."""
    emulator = serve(cluster_world(autoUpgradeProfile={"nodeOSUpgradeChannel": channel}))

    publish(emulator, SECURITY)

    assert latest(emulator) == newest


def test_region_has_the_current_image_and_three_before(serve: Serve) -> None:
    """Of what a pool ran before, what its region still has is shown: four builds later it is gone (N34, N35)."""
    emulator = serve(cluster_world())
    NodePoolUnderTest(emulator).upgrade()
    emulator.advance(7_200)
    client = container_service(emulator)

    def used() -> list[str]:
        profile = client.agent_pools.get_upgrade_profile("rg", "shop", "np1")
        return [str(used.node_image_version) for used in profile.recently_used_versions or []]

    publish(emulator, OLD)
    shown = [used()]
    for build in ("03.01.0", "03.08.0", "03.15.0"):
        publish(emulator, f"{FAMILY}-2024{build}")
        shown.append(used())

    assert shown == [[OLD], [OLD], [OLD], []]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"nodeImage": "AKSUbuntu"}, "names no node image with its build"),
        ({"nodeImage": NEW, "security": True}, "security: true does not go with"),
        ({"nodeImage": SECURITY, "security": False}, "security: false does not go with"),
        (
            {"nodeImage": NEW, "regions": ["atlantis"]},
            "regions[0]: 'atlantis' is none of the world's locations",
        ),
        ({"nodeImage": NEW, "publishedAt": "soon"}, "publishedAt: 'soon' is no ISO 8601 instant"),
        ({"nodeImage": NEW, "colour": "red"}, "colour"),
    ],
)
def test_mistakes_are_refused(serve: Serve, said: Json, words: str) -> None:
    """A body that is wrong is 400 and one line that names the field, its value and what would be right (N35)."""
    answer = serve(cluster_world()).http.post("/_emulator/images", json=said)

    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
