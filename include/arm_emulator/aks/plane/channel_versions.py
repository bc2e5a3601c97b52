"""Which API versions know the node OS channel, and what one of them needs besides (R62, C9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.aks.channels import CHANNELS, SECURITY_PATCH, UPGRADE_CHANNELS, spelled_channel
from arm_emulator.arm_errors import FeatureNotRegisteredError, InvalidParameterError
from arm_emulator.compute.policy import Problem
from arm_emulator.resources.features import FeatureState, state_of
from arm_emulator.wire.api_versions import is_at_least

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.world.world import World

FIELD = "properties.autoUpgradeProfile.nodeOSUpgradeChannel"
SINCE = "2022-11-02-preview"
"""The first API version that has ``nodeOSUpgradeChannel`` (R62)."""

NO_FEATURE_SINCE = "2023-06-01"
"""From this API version on ``SecurityPatch`` needs no preview feature (C9)."""

FEATURE = "Microsoft.ContainerService/NodeOsUpgradeChannelPreview"


def knows_node_os_channel(api_version: str) -> bool:
    """Whether callers of that version see and set the node OS channel (R62)."""
    return is_at_least(api_version, SINCE.removesuffix("-preview"))


def profile_problems(profile: object) -> Iterator[Problem]:
    """What is wrong with an ``autoUpgradeProfile`` by whatever version, each with its path in it."""
    if profile is None:
        return
    if not isinstance(profile, dict):
        yield Problem("", f"{profile!r} is no object")
        return
    for name, words in (("upgradeChannel", UPGRADE_CHANNELS), ("nodeOSUpgradeChannel", CHANNELS)):
        said = profile.get(name)
        if said is not None and str(said).lower() not in {word.lower() for word in words}:
            yield Problem(name, f"{said!r} is not one of {', '.join(words)}")
    node_os = spelled_channel(str(profile.get("nodeOSUpgradeChannel") or "NodeImage"))
    if str(profile.get("upgradeChannel", "")).lower() == "node-image" and node_os != "NodeImage":
        yield Problem(
            "nodeOSUpgradeChannel",
            f"{node_os!r} is blocked while upgradeChannel is node-image: it is NodeImage then",
        )


def refuse_newer_channel(
    world: World, subscription: str, api_version: str, profile: Mapping[str, Any]
) -> None:
    """Refuse a channel that a caller's API version does not know, or not without a feature.

    :raises InvalidParameterError: the version does not know it (R62).
    :raises FeatureNotRegisteredError: it needs a preview feature that is not registered (R62).
    """
    said = profile.get("nodeOSUpgradeChannel")
    if said is None:
        return
    if not knows_node_os_channel(api_version):
        raise InvalidParameterError(
            f"The value of parameter {FIELD} is invalid: API version {api_version} does not know {said!r}; "
            f"nodeOSUpgradeChannel exists since {SINCE}.",
            target=FIELD,
        )
    if spelled_channel(str(said)) != SECURITY_PATCH or is_at_least(api_version, NO_FEATURE_SINCE):
        return
    if state_of(world, world.subscription(subscription), FEATURE) is not FeatureState.REGISTERED:
        raise FeatureNotRegisteredError(
            f"The value {said!r} of {FIELD} needs the preview feature {FEATURE}, which is not registered in subscription "
            f"{subscription}; from API version {NO_FEATURE_SINCE} on it needs none, and this call has {api_version}.",
            target=FIELD,
        )
