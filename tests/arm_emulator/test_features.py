"""Preview features and their registration over the world's time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from emulated_worlds import SUBSCRIPTION, world

if TYPE_CHECKING:
    from emulated_worlds import Emulator, Serve

FEATURES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features"
DEFERRAL = f"{FEATURES}/providers/Microsoft.Compute/features/RollingUpgradeDeferral"
REGISTRATION = (
    f"{FEATURES}/featureProviders/Microsoft.Compute/subscriptionFeatureRegistrations/RollingUpgradeDeferral"
)
VERSION = "2021-07-01"


def _state(emulator: Emulator, path: str = DEFERRAL) -> str:
    return str(emulator.arm("GET", path, api_version=VERSION).json()["properties"]["state"])


def test_feature_registers_over_time_and_the_provider_is_refreshed(serve: Serve) -> None:
    """Register, poll until Registered, register the provider again: each call answers as Azure does (R59)."""
    emulator = serve()
    before = _state(emulator)

    asked = emulator.arm("POST", f"{DEFERRAL}/register", api_version=VERSION)
    emulator.advance(59)
    meanwhile = _state(emulator)
    emulator.advance(1)
    refreshed = emulator.arm(
        "POST",
        f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/register",
        api_version="2024-11-01",
    )

    assert (before, asked.json()["properties"]["state"], meanwhile) == (
        "NotRegistered",
        "Registering",
        "Registering",
    )
    assert _state(emulator) == "Registered"
    assert asked.json()["name"] == "Microsoft.Compute/RollingUpgradeDeferral"
    assert refreshed.json()["registrationState"] == "Registered"


def test_feature_is_given_up_over_time(serve: Serve) -> None:
    """Unregister goes through Unregistering to Unregistered; a second call changes nothing."""
    registered = {"id": SUBSCRIPTION, "features": {"Microsoft.Compute/RollingUpgradeDeferral": "Registered"}}
    emulator = serve(world(subscriptions=[registered]))

    asked = emulator.arm("POST", f"{DEFERRAL}/unregister", api_version=VERSION).json()
    emulator.advance(60)
    again = emulator.arm("POST", f"{DEFERRAL}/unregister", api_version=VERSION).json()

    assert asked["properties"]["state"] == "Unregistering"
    assert again["properties"]["state"] == "Unregistered"


def test_registering_twice_does_not_begin_anew(serve: Serve) -> None:
    """A feature that is registering, or registered, stays as it is when it is asked for again, in any case."""
    emulator = serve()
    emulator.arm("POST", f"{DEFERRAL}/register", api_version=VERSION)
    emulator.advance(40)

    emulator.arm("POST", f"{DEFERRAL.lower()}/register", api_version=VERSION)
    emulator.advance(20)
    again = emulator.arm("POST", f"{DEFERRAL}/register", api_version=VERSION).json()

    assert again["properties"]["state"] == "Registered"


def test_newer_style_registers_the_same_feature(serve: Serve) -> None:
    """PUT, GET and DELETE of subscriptionFeatureRegistrations act on the state that the older routes show."""
    emulator = serve(world(timings={"featureRegistration": 5}))

    put = emulator.arm("PUT", REGISTRATION, {"properties": {}}, api_version=VERSION).json()
    emulator.advance(5)
    shown = emulator.arm("GET", REGISTRATION, api_version=VERSION).json()
    older = _state(emulator)
    deleted = emulator.arm("DELETE", REGISTRATION, api_version=VERSION)

    assert (put["properties"]["state"], shown["properties"]["state"], older) == (
        "Registering",
        "Registered",
        "Registered",
    )
    assert shown["properties"]["featureName"] == "RollingUpgradeDeferral"
    assert (deleted.status_code, _state(emulator)) == (200, "Unregistering")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{FEATURES}/features", "Microsoft.ContainerService/NodeOsUpgradeChannelPreview"),
        (f"{FEATURES}/providers/microsoft.compute/features", "Microsoft.Compute/RollingUpgradeDeferral"),
        (f"{FEATURES}/providers/Contoso.Own/features", "Contoso.Own/Thing"),
        (
            f"{FEATURES}/featureProviders/Microsoft.Compute/subscriptionFeatureRegistrations",
            "RollingUpgradeDeferral",
        ),
        (f"{FEATURES}/subscriptionFeatureRegistrations", "NodeOsUpgradeChannelPreview"),
    ],
)
def test_features_are_listed(serve: Serve, path: str, expected: str) -> None:
    """Lists have the features that Azure knows and those that the world names, by namespace where the path has one."""
    own = {"id": SUBSCRIPTION, "features": {"Contoso.Own/Thing": "Pending"}}
    emulator = serve(world(subscriptions=[own]))

    listed = emulator.arm("GET", path, api_version=VERSION).json()["value"]

    assert expected in [feature["name"] for feature in listed]


def test_registration_under_way_survives_a_dump(serve: Serve) -> None:
    """A world that is dumped while a feature registers is loaded with the same end."""
    emulator = serve()
    emulator.arm("POST", f"{DEFERRAL}/register", api_version=VERSION)
    emulator.advance(30)
    dumped = emulator.admin("GET", "world")

    other = serve(dumped)
    before = _state(other)
    other.advance(30)

    assert (before, _state(other)) == ("Registering", "Registered")


def test_fault_that_fails_the_call_registers_nothing(serve: Serve) -> None:
    """A feature whose registration a fault lets fail stays as it was."""
    emulator = serve()
    fault = {"match": {"method": "POST", "path": "*/register"}, "effect": {"status": 503}}
    emulator.admin("POST", "faults", fault)

    answer = emulator.arm("POST", f"{DEFERRAL}/register", api_version=VERSION)

    assert (answer.status_code, _state(emulator)) == (503, "NotRegistered")


def test_world_with_a_state_that_no_feature_has_is_refused(serve: Serve) -> None:
    """A misspelled state is named with its path."""
    wrong = {"id": SUBSCRIPTION, "features": {"Microsoft.Compute/RollingUpgradeDeferral": "Registerd"}}

    answer = serve().admin("POST", "reset", world(subscriptions=[wrong]))

    assert "subscriptions[0].features.Microsoft.Compute/RollingUpgradeDeferral" in str(answer)
    assert "Registerd" in str(answer)
