"""Service Fabric sets: durability, extension, cluster and probe, as one matrix."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from fleet_builders import a_fleet, a_set, an_instance
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.eligibility import Facts, judge_eligibility
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Health, HealthSource
from fleetwright.domain.model import ServiceFabricExtension, WindowsSettings
from fleetwright.domain.surroundings import NodeType, Surroundings, Unread

PROBE, EXTENSION = HealthSource.PROBE, HealthSource.EXTENSION
FABRIC = ServiceFabricExtension("fabric", "1.1", "Silver", "https://we.servicefabric.azure.com/c", "nt")
UNREAD = Unread("Service Fabric cluster", "403 AuthorizationFailed: no role")
SILENT = (an_instance(0, health=Health.NOT_REPORTED),)


def fabric_fleet(
    durability: str = "Silver", *sources: HealthSource, version: str = "1.1", stateless: bool = False
) -> Fleet:
    """A node type whose extension says so."""
    fabric = replace(
        FABRIC, durability_level=durability, type_handler_version=version, is_stateless=stateless
    )
    return a_fleet(health_sources=sources, fabric=fabric)


def node_type(durability: str = "Silver", *, stateless: bool = False) -> Surroundings:
    """The cluster's side of it."""
    return Surroundings(node_type=NodeType("sf", "nt", durability, stateless))


def reasons(fleet: Fleet, surroundings: Surroundings | None = None) -> tuple[str, ...]:
    """Why the fleet is held."""
    instances = a_set(3) if fleet.health_sources else SILENT
    return judge_eligibility(Facts(fleet, instances, surroundings=surroundings or Surroundings())).reasons


def rules(found: tuple[str, ...]) -> set[str]:
    """The rule numbers in brackets at the end of each reason."""
    return {rule for reason in found for rule in reason.rpartition("(")[2].rstrip(")").split(", ")}


@pytest.mark.parametrize(
    ("durability", "stateless", "source"),
    list(product(["Bronze", "Silver", "Gold"], [False, True], [None, PROBE, EXTENSION])),
)
def test_the_matrix_of_durability_statelessness_and_health_source(
    durability: str, stateless: bool, source: HealthSource | None
) -> None:
    """R20, R23, R33, C1: Silver and Gold need no source and take no probe; Bronze must be stateless and have one."""
    fleet = fabric_fleet(durability, *((source,) if source else ()))
    found = rules(reasons(fleet, node_type(durability, stateless=stateless)))

    if durability != "Bronze":
        assert found == ({"R23", "R33"} if source is PROBE else set())
    elif not stateless:
        assert found == {"R20", "C1"}
    else:
        assert found == (set() if source else {"R23", "C1"})


@pytest.mark.parametrize(
    ("version", "held"),
    [
        *((version, True) for version in ("1.0", "0.9", "1", "", "new")),
        *((version, False) for version in ("1.1", "1.10", "2.0", "1.1.5")),
    ],
)
def test_the_extension_must_be_1_1_or_later(version: str, held: bool) -> None:
    """R21: versions are compared by number, and one that is missing or no number is too old."""
    found = reasons(fabric_fleet(version=version), node_type())

    assert rules(found) == ({"R21"} if held else set())
    if held:
        assert f"typeHandlerVersion {version or 'not set'}; it must be 1.1 or later" in found[0]


@given(
    extension=st.sampled_from(["Bronze", "Silver", "Gold", "silver", "GOLD", ""]),
    cluster=st.sampled_from(["Bronze", "Silver", "Gold"]),
)
def test_extension_and_cluster_must_agree(extension: str, cluster: str) -> None:
    """R22, C5: any difference holds the fleet and names both levels; case is none."""
    found = reasons(fabric_fleet(extension), node_type(cluster))
    mismatched = [reason for reason in found if reason.endswith("(R22)")]

    assert bool(mismatched) is (extension.lower() != cluster.lower())
    assert all(cluster in reason and (extension or "not set") in reason for reason in mismatched)


@pytest.mark.parametrize("level", ["", "Platinum"])
def test_a_durability_that_is_missing_or_unknown_holds(level: str) -> None:
    """R20: what is not Silver or Gold is not taken for it."""
    (reason,) = reasons(fabric_fleet(level))

    assert reason == (
        f"Service Fabric extension fabric has durabilityLevel {level or 'not set'}; it must be Silver or Gold (R20)"
    )


@pytest.mark.parametrize(("stateless", "held"), [(True, False), (False, True)])
def test_where_the_cluster_cannot_be_read_the_extension_counts(stateless: bool, held: bool) -> None:
    """R22, C1: a warning says that the cluster is not known, and the extension's own settings decide."""
    fleet = fabric_fleet("Bronze", EXTENSION, stateless=stateless)
    judged = judge_eligibility(Facts(fleet, a_set(3), surroundings=Surroundings(node_type=UNREAD)))

    assert rules(judged.reasons) == ({"R20", "C1"} if held else set())
    (warning,) = judged.warnings
    assert warning.startswith("Service Fabric cluster could not be read (403 AuthorizationFailed: no role): ")


def test_the_cluster_knows_better_whether_a_node_type_is_stateless() -> None:
    """C1: an extension that calls itself stateless does not overrule the cluster."""
    fleet = fabric_fleet("Bronze", EXTENSION, stateless=True)

    assert rules(reasons(fleet, node_type("Bronze", stateless=False))) == {"R20", "C1"}


@pytest.mark.parametrize("said", [True, None])
def test_windows_update_must_be_off_on_service_fabric_always(said: bool | None) -> None:
    """R24: whether the flag stands or not, enableAutomaticUpdates must be false in the model."""
    fleet = replace(fabric_fleet(), windows=WindowsSettings(said))

    assert rules(reasons(fleet)) == {"R24"}
    assert reasons(replace(fleet, windows=WindowsSettings(enable_automatic_updates=False))) == ()


def test_two_health_sources_are_one_too_many_there_too() -> None:
    """N4: exactly one source judges an instance, on a stateless Bronze node type as anywhere."""
    fleet = fabric_fleet("Bronze", PROBE, EXTENSION)

    assert rules(reasons(fleet, node_type("Bronze", stateless=True))) == {"N4"}


def test_what_is_reported_from_outside_is_no_source_for_bronze() -> None:
    """R23, C1: a stateless Bronze node type needs a probe or the Application Health extension."""
    fleet = fabric_fleet("Bronze", HealthSource.EXTERNAL)

    assert rules(reasons(fleet, node_type("Bronze", stateless=True))) == {"R23", "C1"}
