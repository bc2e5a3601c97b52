"""Preview features of a subscription: registered and unregistered over the world's time.

Nothing is scheduled: a feature under way is remembered with the instant at which it is done, and whoever asks from then
on is told so.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.world.world import Subscription, World

ROLLING_UPGRADE_DEFERRAL = "Microsoft.Compute/RollingUpgradeDeferral"

KNOWN_FEATURES = (
    ROLLING_UPGRADE_DEFERRAL,
    "Microsoft.Compute/VMSSFlexRollingUpgrade",
    "Microsoft.Compute/MaxSurgeRollingUpgrade",
    "Microsoft.Compute/ImageReferenceUpgradeForVmoVMs",
    "Microsoft.ContainerService/NodeOsUpgradeChannelPreview",
)
"""What lists show beside the features that the world names."""


class FeatureState(StrEnum):
    """``state`` of a feature (SubscriptionFeatureRegistration of the Features API)."""

    NOT_SPECIFIED = "NotSpecified"
    NOT_REGISTERED = "NotRegistered"
    PENDING = "Pending"
    REGISTERING = "Registering"
    REGISTERED = "Registered"
    UNREGISTERING = "Unregistering"
    UNREGISTERED = "Unregistered"


_ENDS_AS: Mapping[FeatureState, FeatureState] = MappingProxyType(
    {
        FeatureState.REGISTERING: FeatureState.REGISTERED,
        FeatureState.UNREGISTERING: FeatureState.UNREGISTERED,
    }
)
_ASKED_FOR = frozenset({FeatureState.REGISTERING, FeatureState.REGISTERED, FeatureState.PENDING})


def state_of(world: World, subscription: Subscription, name: str) -> FeatureState:
    """A feature's state now; one that nobody has asked for is not registered.

    :param name: with its namespace, in any case.
    """
    known = spelled(subscription, name)
    state = FeatureState(subscription.features.get(known, FeatureState.NOT_REGISTERED))
    due = subscription.features_due.get(known)
    return state if due is None or world.now < due else _ENDS_AS.get(state, state)


def register(world: World, subscription: Subscription, name: str) -> None:
    """Ask for a feature; nothing happens to one that is asked for already."""
    if state_of(world, subscription, name) not in _ASKED_FOR:
        _begin(world, subscription, name, FeatureState.REGISTERING)


def unregister(world: World, subscription: Subscription, name: str) -> None:
    """Give a feature up; nothing happens to one that nobody has."""
    if state_of(world, subscription, name) in _ASKED_FOR:
        _begin(world, subscription, name, FeatureState.UNREGISTERING)


def names_of(subscription: Subscription) -> list[str]:
    """All features that lists show, in order."""
    known = {name.lower(): name for name in (*KNOWN_FEATURES, *subscription.features)}
    return sorted(known.values(), key=str.lower)


def spelled(subscription: Subscription, name: str) -> str:
    """A feature's name as it is known already, or as it is asked for."""
    known = {feature.lower(): feature for feature in (*KNOWN_FEATURES, *subscription.features)}
    return known.get(name.lower(), name)


def _begin(world: World, subscription: Subscription, name: str, state: FeatureState) -> None:
    known = spelled(subscription, name)
    subscription.features[known] = state.value
    takes = world.timings.draw("featureRegistration", world.seed, subscription.id, known, state)
    subscription.features_due[known] = world.now + takes
