"""Rollouts of gallery images, and of versions that come and go while a rollout runs."""

from __future__ import annotations

from gallery_worlds import FIRST, SECOND, THIRD, gallery_version, gallery_world
from rehearsals import Admin
from scenarios import Scenario
from worlds import IMAGE, NEW, NEWER, sick, world


def _publish_and_scale(admin: Admin) -> None:
    admin.post("images", **IMAGE, version=NEWER)
    admin.post("scale", id=admin.fleet_id, capacity=16)


IMAGES = {
    "gallery": Scenario(
        "a gallery's image: the newest is excluded, the one before it is not in the region yet, so neither is taken (R26, R27)",
        gallery_world(
            gallery_version(FIRST),
            gallery_version(SECOND),
            gallery_version("1.0.9", replicated=["North Europe"]),
            gallery_version(THIRD, excludeFromLatest=True),
            behaviours=[sick("4", version=SECOND)],
            n=10,
        ),
    ),
    "gallery_version_withdrawn": Scenario(
        "the version is deleted from its gallery during the second batch: no third one begins",
        gallery_world(n=10),
        (
            (
                60,
                lambda admin: admin.post("images/withdraw", gallery="g", image="web", version=SECOND),
            ),
        ),
        outside=(f"60 s: version {SECOND} is deleted from the gallery",),
    ),
    "platform_version_withdrawn": Scenario(
        "the platform withdraws the version during the first batch: Azure refuses the second",
        world(),
        ((15, lambda admin: admin.post("images/withdraw", **IMAGE, version=NEW)),),
        outside=(f"15 s: version {NEW} is withdrawn",),
    ),
    "newer_version_on_the_way": Scenario(
        "a newer version appears and scale-out creates an instance on it: this run stays with its own (R2, O9)",
        world(),
        ((45, _publish_and_scale),),
        outside=(f"45 s: version {NEWER} is published, and the set is scaled out to 16",),
    ),
}
