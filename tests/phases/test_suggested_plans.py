"""Plans that are suggested, over drawn regions, pairs and risks."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetwright.domain.durations import parse_span, span_text
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import ImageReference
from fleetwright.domain.regions import Region, Regions
from fleetwright.phases.plan.colouring import group_regions, least_phases
from fleetwright.phases.plan.estate import RegionLoad
from fleetwright.phases.plan.files import parse_phases
from fleetwright.phases.plan.suggesting import suggest_phases
from fleetwright.phases.plan.writing import phases_text

ROOT = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Compute"


@st.composite
def one_pair_each(draw: st.DrawFn) -> Regions:
    """Regions that name one pair at most, not always each other: as Azure's list does."""
    names = [f"r{index}" for index in range(draw(st.integers(1, 12)))]
    pair = st.none() | st.sampled_from(names)
    return Regions.of(Region(name, paired=tuple(filter(None, [draw(pair)]))) for name in names)


@st.composite
def many_pairs(draw: st.DrawFn) -> Regions:
    """Regions that name any of the others."""
    names = [f"r{index}" for index in range(draw(st.integers(1, 9)))]
    others = st.lists(st.sampled_from(names), max_size=3)
    return Regions.of(Region(name, paired=tuple(draw(others))) for name in names)


@st.composite
def estates(draw: st.DrawFn) -> tuple[Regions, dict[str, int], int]:
    """Regions, the risk of each, and a number of phases that can be."""
    regions = draw(one_pair_each() | many_pairs())
    risks = {name: draw(st.integers(0, 12)) for name in regions.by_name}
    least = least_phases(frozenset(risks), regions)
    return regions, risks, draw(st.integers(least, len(risks)))


def holds_a_pair(group: tuple[str, ...] | frozenset[str], regions: Regions) -> bool:
    """Whether two of the regions are a pair."""
    return any(regions.pairs_of(name) & set(group) for name in group)


@given(estates())
def test_every_region_has_one_phase_and_no_phase_a_pair(
    estate: tuple[Regions, dict[str, int], int],
) -> None:
    """Whatever the pairs: all regions once, as many phases as asked for, no pair in one (R45, R46)."""
    regions, risks, count = estate

    groups = group_regions(risks, regions, count)

    assert sorted(name for group in groups for name in group) == sorted(risks)
    assert len(groups) == count
    assert all(groups)
    assert not any(holds_a_pair(group, regions) for group in groups)


@given(estates())
def test_risk_grows_from_phase_to_phase(estate: tuple[Regions, dict[str, int], int]) -> None:
    """A phase has no more risk than the next, and bigger regions stand later wherever the pairs let them (R45, R46)."""
    regions, risks, count = estate

    groups = group_regions(risks, regions, count)

    totals = [sum(risks[name] for name in group) for group in groups]
    assert totals == sorted(totals)
    for earlier, later in combinations(groups, 2):
        for big, small in product(earlier, later):
            if risks[big] > risks[small]:
                changed = (set(earlier) - {big} | {small}, set(later) - {small} | {big})
                assert any(holds_a_pair(frozenset(group), regions) for group in changed)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.data())
def test_without_pairs_the_biggest_region_is_last(risks: list[int], data: st.DataObject) -> None:
    """Where nothing is paired, no region of a phase outweighs one of a later phase (R45)."""
    named = {f"r{index}": risk for index, risk in enumerate(risks)}
    count = data.draw(st.integers(1, len(risks)))

    groups = group_regions(named, Regions.of(map(Region, named)), count)

    in_order = [risk for group in groups for risk in sorted(named[name] for name in group)]
    assert in_order == sorted(risks)


def test_phases_after_the_first_are_about_as_long() -> None:
    """One pair among many regions without one does not put all of those into one phase (R45)."""
    risks = {f"r{index:02}": index + 1 for index in range(20)}
    regions = Regions.of(Region(name, paired=("r19",) if name == "r18" else ()) for name in risks)

    groups = group_regions(risks, regions, 3)

    assert [len(group) for group in groups] == [1, 9, 10]
    assert groups[0] == ("r00",)


@given(one_pair_each())
def test_the_least_number_is_the_least(regions: Regions) -> None:
    """Without pairs one phase is enough, with pairs two, and three only around a ring of odd length (R46)."""
    names = sorted(regions.by_name)

    least = least_phases(frozenset(names), regions)

    assert least <= 3
    colourings = product(range(least - 1), repeat=len(names)) if least > 1 and len(names) < 10 else ()
    for colours in colourings:
        coloured = dict(zip(names, colours, strict=True))
        assert any(coloured[name] == coloured[other] for name in names for other in regions.pairs_of(name))


@settings(max_examples=30)
@given(estates(), st.randoms(use_true_random=False))
def test_the_same_estate_has_the_same_plan(
    estate: tuple[Regions, dict[str, int], int], chance: object
) -> None:
    """The order in which Azure lists regions and fleets changes nothing."""
    regions, risks, count = estate
    shuffled = list(regions.by_name.values())
    chance.shuffle(shuffled)

    again = group_regions(
        {region.name: risks[region.name] for region in shuffled}, Regions.of(shuffled), count
    )

    assert again == group_regions(risks, regions, count)


@given(estates(), st.integers(1, 12))
def test_what_is_suggested_can_be_loaded(estate: tuple[Regions, dict[str, int], int], wanted: int) -> None:
    """The text of every suggestion is a phases file without errors or warnings, with the same phases (R46)."""
    regions, risks, _ = estate

    made = suggest_phases(loads_of(risks), regions, wanted)
    read = parse_phases(phases_text(made), "p.yaml")

    assert read.warnings == ()
    assert tuple(phase.regions for phase in read.plan.phases) == made.phases
    assert read.plan.regions.pairs == regions.pairs


def loads_of(risks: dict[str, int]) -> dict[str, RegionLoad]:
    """One fleet of the given size in each region."""
    return {name: RegionLoad(name, (fleet(f"web-{name}", name, risk),)) for name, risk in risks.items()}


def fleet(name: str, region: str, capacity: int) -> Fleet:
    """A scale set."""
    fleet_id = parse_fleet_id(f"{ROOT}/virtualMachineScaleSets/{name}")
    image = ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest")
    return Fleet(fleet_id, region, capacity, image)


TRIANGLE = Regions.of(
    [Region("a", paired=("b",)), Region("b", paired=("c",)), Region("c", paired=("a",)), Region("d")]
)


def test_the_number_of_phases_is_raised_to_what_the_pairs_need() -> None:
    """Asked for fewer phases than the pairs need, the plan has those and says why (R46)."""
    made = suggest_phases(loads_of({"a": 1, "b": 2, "c": 3}), TRIANGLE, 2)

    assert made.phases == (("a",), ("b",), ("c",))
    assert made.notes == ("3 phases instead of 2: the pairs need at least 3 (R46)",)


def test_no_phase_is_empty() -> None:
    """With fewer regions than phases there are fewer phases, and that is said."""
    made = suggest_phases(loads_of({"a": 5, "d": 1}), TRIANGLE, 3)

    assert made.phases == (("d",), ("a",))
    assert made.notes == ("2 phases instead of 3: there are 2 regions, and no phase may be empty",)


def test_a_region_that_azure_does_not_list_is_named() -> None:
    """Fleets stand there, so it is planned, and a person is told that nobody knows its pair."""
    made = suggest_phases(loads_of({"a": 5, "secret": 1}), TRIANGLE, 2)

    assert made.phases == (("secret",), ("a",))
    assert made.notes == ("region secret has fleets, but Azure does not list it: its pair is not known",)


@pytest.mark.parametrize(
    ("all_regions", "told"),
    [
        (
            False,
            (
                "there is nothing to plan: no scale set or Batch pool that can be seen is ours, by the tag"
                " `fleetwright: enabled` or by enableAutomaticOSUpgrade; hand some over first, or take --all-regions"
            ),
        ),
        (
            True,
            "there is nothing to plan: Azure lists no region for the subscriptions that can be seen",
        ),
    ],
)
def test_nothing_to_plan_is_an_error(all_regions: bool, told: str) -> None:
    """Without fleets of ours, or without regions, it says so and what would help."""
    with pytest.raises(ConfigurationError) as raised:
        suggest_phases({}, Regions(), 3, all_regions=all_regions)

    assert str(raised.value) == told


def test_the_text_says_what_stands_where() -> None:
    """Each region and phase has its instances and fleets as a comment."""
    made = suggest_phases(loads_of({"a": 1, "b": 20, "d": 3}), TRIANGLE, 2)

    lines = phases_text(made).splitlines()

    assert "  a: {pair: b}  # 1 instance in 1 fleet" in lines
    assert "  d: {pair: null}  # 3 instances in 1 fleet" in lines
    assert "  - name: canary  # 1 instance in 1 fleet, 1 region" in lines
    assert "  - name: wave_1  # 23 instances in 2 fleets, 2 regions" in lines


@given(st.integers(0, 10_000_000))
def test_spans_are_read_as_they_are_written(seconds: int) -> None:
    """A length of time goes through its text unchanged."""
    span = parse_span(f"{seconds}s")

    assert parse_span(span_text(span)) == span == parse_span(f"PT{seconds}S")


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1h 2d", "PT", "P1M", "1.5h", "999999999999d"])
def test_what_is_no_span_is_refused(text: str) -> None:
    """Numbers without units, negative ones and months are no lengths of time."""
    with pytest.raises(ConfigurationError) as raised:
        parse_span(text)

    assert str(raised.value) == f"{text!r} is no length of time such as PT1H, 90m or 30s"
