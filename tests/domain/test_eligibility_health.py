"""Exactly one health source, and a load balancer that is fit for it."""

from __future__ import annotations

from itertools import combinations

import pytest
from fleet_builders import a_fleet, a_set

from fleetwright.domain.eligibility import Eligibility, Facts, judge_eligibility
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.surroundings import LoadBalancer, Surroundings, Unread

SOURCES = (HealthSource.PROBE, HealthSource.EXTENSION, HealthSource.BINARY_EXTENSION, HealthSource.EXTERNAL)
UNREAD = Unread("load balancer lb", "404 ResourceNotFound: gone")


def judged(found: LoadBalancer | Unread | None, *, single: bool | None = None) -> Eligibility:
    """The judgement of a set with a probe of this load balancer."""
    fleet = a_fleet(single_placement_group=single)
    return judge_eligibility(Facts(fleet, a_set(5), surroundings=Surroundings(load_balancer=found)))


@pytest.mark.parametrize("pair", list(combinations(SOURCES, 2)))
def test_two_sources_are_one_too_many(pair: tuple[HealthSource, HealthSource]) -> None:
    """N4: probe, extension and externalHealthPolicy exclude each other."""
    (reason,) = judge_eligibility(Facts(a_fleet(health_sources=pair), a_set(5))).reasons

    assert reason.startswith("the model has 2 health sources, ")
    assert reason.endswith("(N4)")


def test_health_from_outside_alone_is_not_enough() -> None:
    """R16, N1, C2: a probe or the Application Health extension is required, whatever the page recommends."""
    (reason,) = judge_eligibility(Facts(a_fleet(health_sources=(HealthSource.EXTERNAL,)), a_set(5))).reasons

    assert "(externalHealthPolicy is not enough)" in reason
    assert reason.endswith("(R16)")


def test_no_source_at_all_holds() -> None:
    """R16, N1, C2: required, where an older sentence of the page only recommends it."""
    (reason,) = judge_eligibility(Facts(a_fleet(health_sources=()), a_set(5))).reasons

    assert "neither a health probe nor the Application Health extension" in reason


@pytest.mark.parametrize(
    ("single", "sku", "held"),
    [
        (False, "Standard", False),
        (False, "standard", False),
        (False, "Basic", True),
        (False, "", True),
        (True, "Basic", False),
        (None, "Basic", False),
    ],
)
def test_several_placement_groups_need_a_standard_load_balancer(
    single: bool | None, sku: str, held: bool
) -> None:
    """R34, C5: only with singlePlacementGroup false; a load balancer without a SKU is Basic."""
    found = judged(LoadBalancer("lb", sku, "p", 5), single=single).reasons

    assert bool(found) is held
    assert all(f"the sku of lb is {sku or 'Basic'}" in r and r.endswith("(R34)") for r in found)


def test_a_load_balancer_that_cannot_be_read_decides_no_only_where_it_decides() -> None:
    """R34, R35: with several placement groups an error means no; else it costs a warning."""
    decides, warns = judged(UNREAD, single=False), judged(UNREAD, single=True)

    assert [r.endswith("(R34)") and "404 ResourceNotFound" in r for r in decides.reasons] == [True]
    assert decides.warnings == warns.reasons == ()
    assert [w.endswith("(R35)") and "404 ResourceNotFound" in w for w in warns.warnings] == [True]


@pytest.mark.parametrize(("seconds", "warned"), [(5, False), (119, False), (120, True), (300, True)])
def test_a_probe_interval_of_two_minutes_is_warned_of(seconds: int, warned: bool) -> None:
    """R35: two minutes and more, and never a reason to hold."""
    found = judged(LoadBalancer("lb", "Standard", "p", seconds))

    assert found.reasons == ()
    assert bool(found.warnings) is warned
    assert all(f"intervalInSeconds {seconds}" in w and w.endswith("(R35)") for w in found.warnings)


def test_a_probe_that_is_not_there_is_warned_of() -> None:
    """R16: the model's probe leads nowhere."""
    (warning,) = judged(LoadBalancer("lb", "Standard", "p", None)).warnings

    assert "load balancer lb has no probe p" in warning
