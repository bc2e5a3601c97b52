"""The phases file: what it may say, and the words of every refusal."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.phases import Approval, FleetChoice, PhasePlan, SuccessCondition
from fleetwright.phases.config.config_files import ConfigFileError
from fleetwright.phases.plan.files import (
    USUAL_FILE,
    load_phases,
    parse_phases,
    phases_file,
    read_phases,
)

FLEET = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets"
REGIONS = """\
regions:
  westeurope: {pair: northeurope}
  northeurope: {pair: westeurope}
  eastus: {pair: westus}
  westus3: {pair: eastus}
"""
GOOD = "[westeurope, eastus]}\n  - {name: b, regions: [northeurope, westus3]}\n"


def problems_of(text: str) -> tuple[str, ...]:
    """Every problem of a text, as of a file p.yaml."""
    with pytest.raises(ConfigFileError) as raised:
        parse_phases(text, "p.yaml")
    return raised.value.problems


def phases(*entries: str) -> str:
    """A file over four regions with these phases."""
    return REGIONS + "phases:\n" + "".join(f"  - {entry}\n" for entry in entries)


def one_phase(more: str) -> str:
    """A good file whose first phase says more; it stands in line 7."""
    return f"{REGIONS}phases:\n  - {{name: a, {more}, regions: {GOOD}"


def test_every_key_is_read() -> None:
    """A phase says its regions in any spelling, bake, success, concurrency, approval and fleets (R45, R47)."""
    text = dedent(f"""
        regions:
          West Europe: {{pair: North Europe}}
          northeurope: {{pair: [westeurope]}}
          eastus: {{pair: westus}}
          mexicocentral: {{pair: null}}
        phases:
          - name: canary
            regions: [West Europe]
            bake: PT1H
            success: {{maxFailedFleets: 1, max_unhealthy_instance_percent: 5}}
            concurrency: 4
            approval: {{deadline: PT8H}}
            fleets: [Web-Canary, {FLEET}/API]
            tags: {{Stage: Canary}}
          - {{name: first, regions: [westeurope, eastus], approval: true, bake: 90m}}
          - {{name: rest, regions: [north europe, mexicocentral], approval: false}}
    """)

    read = parse_phases(text, "p.yaml")

    canary, first, rest = read.plan.phases
    assert (canary.label, canary.regions, canary.bake) == (
        "phase_0_canary",
        ("westeurope",),
        timedelta(hours=1),
    )
    assert (canary.success, canary.concurrency) == (SuccessCondition(1, 5), 4)
    assert canary.approval == Approval(timedelta(hours=8))
    assert canary.only == FleetChoice(frozenset({"web-canary", f"{FLEET}/api".lower()}), {"stage": "canary"})
    assert (first.approval, first.bake, first.only) == (Approval(), timedelta(minutes=90), None)
    assert (rest.approval, rest.bake, rest.success, rest.concurrency) == (
        None,
        timedelta(),
        SuccessCondition(),
        10,
    )
    assert read.plan.regions.pairs_of("westus") == {"eastus"}
    assert read.warnings == ()


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("bake: -PT1H", "bake is '-PT1H'; it must be a length of time such as PT1H, 90m or 30s, 0s or more"),
        ("bake: 90", "bake is 90; it must be a length of time such as PT1H, 90m or 30s, 0s or more"),
        ("bake: soon", "bake is 'soon'; it must be a length of time such as PT1H, 90m or 30s, 0s or more"),
        ("concurrency: 0", "concurrency is 0; it must be a whole number of 1 or more"),
        ("concurrency: true", "concurrency is True; it must be a whole number of 1 or more"),
        (
            "success: {maxUnhealthyInstancePercent: 101}",
            "success: maxUnhealthyInstancePercent is 101; it must be a whole number from 0 to 100",
        ),
        (
            "success: {maxFailedFleets: -1}",
            "success: maxFailedFleets is -1; it must be a whole number of 0 or more",
        ),
        (
            "success: {maxFailedFleet: 1}",
            "success: key maxFailedFleet is unknown; did you mean maxFailedFleets?",
        ),
        (
            "success: {maxFailedFleets: 1, max_failed_fleets: 2}",
            "success: maxFailedFleets is given twice, as max_failed_fleets too",
        ),
        (
            "success: 5",
            "success: 5 is no mapping with keys such as maxFailedFleets, maxUnhealthyInstancePercent",
        ),
        ("bakes: 1h", "key bakes is unknown; did you mean bake?"),
        (
            "zzz: 1",
            "key zzz is unknown; known: name, regions, bake, success, concurrency, approval, fleets, tags",
        ),
        ("approval: yes please", "approval: 'yes please' is no mapping with keys such as deadline"),
        (
            "approval: {deadline: 0s}",
            "approval: deadline is 0: nobody could answer; give it hours such as PT24H",
        ),
        ("tags: canary", "tags is no mapping such as `{stage: canary}`"),
        ("tags: {stage: [a, b]}", "tag stage is ['a', 'b']; it must be one word"),
        ("tags: {stage: }", "tag stage is None; it must be one word"),
        ("fleets: {a: 1}", "fleets is {'a': 1}; it must be a list of names"),
    ],
)
def test_a_bad_value_is_refused_in_plain_words(more: str, told: str) -> None:
    """A value out of range or of another kind names file, line, phase and what would be right (R45)."""
    assert f"p.yaml:7: phase a: {told}" in problems_of(one_phase(more))


def test_a_fleet_id_is_checked() -> None:
    """What begins like an ARM id must be a scale set's, and an empty choice is refused."""
    (told,) = problems_of(one_phase("bake: 1h").replace("  - {name: b", "  - {name: b, fleets: [/nothing]"))[
        :1
    ]
    empty = problems_of(one_phase("fleets: []"))

    assert told.startswith(
        "p.yaml:8: phase b: fleet '/nothing' is neither a scale set's id nor a Batch pool's: /subscriptions/<guid>"
    )
    assert (
        "p.yaml:7: phase a: fleets and tags are empty; leave them out for all fleets of its regions" in empty
    )


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (
            ("{name: a, regions: [westeurop, eastus]}", "{name: b, regions: [westeurope]}"),
            "p.yaml:7: phase a: region westeurop is unknown: it is not among regions; did you mean westeurope?",
        ),
        (
            ("{name: a, regions: [qatarcentral]}",),
            "p.yaml:7: phase a: region qatarcentral is unknown: it is not among regions; add it there, with its pair",
        ),
        (
            ("{name: a, regions: [westeurope]}", "{name: b, regions: [West Europe]}"),
            "p.yaml:8: phase b: region westeurope is in phase a already; keep one, or give the earlier one fleets or tags",
        ),
        (
            ("{name: a, regions: [westeurope, West Europe]}",),
            "p.yaml:7: phase a: region westeurope is named twice",
        ),
        (
            ("{name: a, regions: [westeurope]}",),
            "p.yaml:3: region northeurope is in no phase; add it to one (R45)",
        ),
        (
            ("{name: a, regions: [westeurope, northeurope]}",),
            "p.yaml:7: phase a: regions northeurope and westeurope are a pair; move one of them to another phase (R46)",
        ),
        (
            ("{name: a, regions: [eastus, westus3]}",),
            "p.yaml:7: phase a: regions eastus and westus3 are a pair; move one of them to another phase (R46)",
        ),
        (
            ("{name: a, regions: [eastus]}", "{name: a, regions: [westus3]}"),
            "p.yaml:8: phase a: an earlier phase has this name already",
        ),
        (
            ("{name: phase_1_b, regions: [eastus]}", "{name: b, regions: [westus3]}"),
            "p.yaml:7: phase phase_1_b: phase b is known by this name",
        ),
        (
            ("{name: Wave-1, regions: [eastus]}",),
            "p.yaml:7: phase 'Wave-1': a name is 1 to 60 lower case letters, digits and underscores",
        ),
        (("{regions: [eastus]}",), "p.yaml:7: phase 0: it has no name"),
        (("{name: a}",), "p.yaml:7: phase a: it has no region; name at least one"),
        (("{name: a, regions: [5]}",), "p.yaml:7: phase a: regions holds 5, which is no name"),
        (("canary",), "p.yaml:7: phase 0: 'canary' is no mapping with keys such as name, regions, bake"),
        (
            ("{name: a, regions: [eastus]}", "{name: b, regions: [eastus], fleets: [web]}"),
            "p.yaml:8: phase b: region eastus has had its phase a before; a phase with fleets or tags goes first",
        ),
    ],
)
def test_a_plan_that_cannot_be_is_refused(entries: tuple[str, ...], told: str) -> None:
    """Unknown, repeated and missing regions and pairs in one phase name file, line, phase and region (R45, R46)."""
    assert told in problems_of(phases(*entries))


def test_all_problems_are_told_at_once() -> None:
    """Whoever mends a file sees everything that is wrong with it, in one line each (R46)."""
    text = phases(
        "{name: a, bake: x, regions: [westeurope, northeurope, nowhere]}", "{name: a, regions: [eastus]}"
    )

    told = problems_of(text)

    assert [problem.split(": ", 1)[1] for problem in told] == [
        "phase a: bake is 'x'; it must be a length of time such as PT1H, 90m or 30s, 0s or more",
        "phase a: region nowhere is unknown: it is not among regions; add it there, with its pair",
        "phase a: regions northeurope and westeurope are a pair; move one of them to another phase (R46)",
        "phase a: an earlier phase has this name already",
        "region westus3 is in no phase; add it to one (R45)",
    ]
    assert not any("\n" in problem for problem in told)


def test_a_region_may_have_canaries_before_its_phase() -> None:
    """Some fleets of a region may go before the others; a region with canaries alone is a warning (R45)."""
    canary = "{name: canary, regions: [westeurope, eastus], tags: {stage: canary}}"
    good = parse_phases(
        phases(
            canary, "{name: a, regions: [westeurope, eastus]}", "{name: b, regions: [northeurope, westus3]}"
        ),
        "p.yaml",
    )
    alone = parse_phases(
        phases(canary, "{name: a, regions: [westeurope]}", "{name: b, regions: [northeurope, westus3]}"),
        "p.yaml",
    )

    assert good.warnings == ()
    assert alone.warnings == (
        "p.yaml:4: region eastus is in canary phases only (canary): its other fleets are in no phase",
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "p.yaml: it is empty, not a mapping with the keys regions and phases"),
        ("- a\n", "p.yaml: it is a list, not a mapping with the keys regions and phases"),
        (
            "regions:\n  a: {pair: [b\nphases: 1\n",
            "p.yaml:3: it is no YAML: did not find expected ',' or ']'",
        ),
        (
            "phases:\n  - {name: a, regions: [x]}\n",
            (
                "p.yaml:1: regions is missing: name every region that has fleets, with its pair;"
                " `fleetwright phases suggest` writes them from Azure's list"
            ),
        ),
        (REGIONS, "p.yaml:1: phases is empty: name at least one phase with its regions"),
        (
            REGIONS + "phases: []\n",
            "p.yaml:6: phases is empty: name at least one phase with its regions",
        ),
        (
            REGIONS + "phases: {a: 1}\n",
            "p.yaml:6: phases is no list of phases, each beginning with `- name: `",
        ),
        ("regions: [a]\n", "p.yaml:1: regions is no mapping such as `westeurope: {pair: northeurope}`"),
        (
            "regions:\n  a: {pair: A}\n",
            "p.yaml:2: region a: it is its own pair; name the other region, or null",
        ),
        ("regions:\n  West US: {}\n  westus: {}\n", "p.yaml:3: key westus is given twice"),
        ("region: {}\n", "p.yaml:1: key region is unknown; did you mean regions?"),
    ],
)
def test_a_file_that_is_none_is_refused(text: str, told: str) -> None:
    """Broken YAML, another shape and missing parts are told with their line (R45)."""
    assert told in problems_of(text)


def test_a_missing_file_names_the_variable(tmp_path: Path) -> None:
    """Whoever has no file learns where it was looked for, and how to name another."""
    missing = tmp_path / "phases.yaml"

    with pytest.raises(ConfigurationError) as raised:
        load_phases(missing)

    assert str(raised.value) == (
        f"{missing}: the phases file cannot be read (No such file or directory); FLEETWRIGHT_PHASES names another"
    )


def test_the_variable_names_the_file(tmp_path: Path) -> None:
    """FLEETWRIGHT_PHASES wins over the file beside the packages; empty means unset."""
    other = tmp_path / "other.yaml"

    assert phases_file({"FLEETWRIGHT_PHASES": str(other)}) == other
    assert phases_file({"FLEETWRIGHT_PHASES": " "}) == phases_file({}) == USUAL_FILE


def test_the_example_that_users_copy_is_good() -> None:
    """The shipped file has no warning, and no phase of it contains a pair (R46)."""
    read = read_phases(USUAL_FILE)

    assert read.warnings == ()
    assert len(read.plan.phases) == 4
    for phase in read.plan.phases:
        assert all(not read.plan.regions.pairs_of(name) & set(phase.regions) for name in phase.regions)


def test_the_documented_example_is_good() -> None:
    """The file that the chapter on phases shows is one that is accepted."""
    chapter = (Path(__file__).parents[2] / "docs" / "operating.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(regions:.*?)```", chapter, re.DOTALL)

    read = parse_phases(example, "p.yaml")

    assert read.warnings == ()
    assert [phase.label for phase in read.plan.phases] == ["phase_0_canary", "phase_1_first", "phase_2_last"]


WORDS = [
    "westeurope",
    "eastus",
    "name",
    "regions",
    "pair",
    "bake",
    "tags",
    "fleets",
    "success",
    "approval",
    "deadline",
]
SCALARS = (
    st.none() | st.booleans() | st.integers(-5, 120) | st.sampled_from([*WORDS, "PT1H", "-1h", "/x", ""])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)


@given(st.fixed_dictionaries({"regions": ANYTHING, "phases": ANYTHING | st.lists(ANYTHING, max_size=3)}))
def test_whatever_a_file_says_it_is_read_or_refused(document: dict[str, object]) -> None:
    """No document, however odd, ends in anything but a plan or lines that each name the file."""
    planned, problems = outcome(yaml.safe_dump(document))

    assert (planned is None) is bool(problems)
    assert all(one.startswith("p.yaml:") and "\n" not in one for one in problems)


def outcome(text: str) -> tuple[PhasePlan | None, tuple[str, ...]]:
    """The plan, or the problems."""
    try:
        return parse_phases(text, "p.yaml").plan, ()
    except ConfigFileError as error:
        return None, error.problems


def test_sixty_regions_are_read_fast(tmp_path: Path) -> None:
    """A file of 60 regions takes less than 20 ms of the processor at every DAG parse."""
    path = tmp_path / "phases.yaml"
    regions = "".join(f"  region{i}: {{pair: region{i ^ 1}}}\n" for i in range(60))
    halves = [", ".join(f"region{i}" for i in range(start, 60, 2)) for start in (0, 1)]
    entries = "".join(f"  - {{name: p{i}, regions: [{half}]}}\n" for i, half in enumerate(halves))
    path.write_text(f"regions:\n{regions}phases:\n{entries}")
    load_phases(path)

    took = []
    for _ in range(5):
        before = time.process_time()
        load_phases(path)
        took.append(time.process_time() - before)

    assert min(took) < 0.02


def test_reading_a_file_loads_nothing_slow() -> None:
    """A DAG file that reads the phases loads neither the graph library nor the clients of Azure."""
    look = "import sys, fleetwright.phases.plan.files; print(*sorted({name.partition('.')[0] for name in sys.modules}))"

    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout

    assert not {"networkx", "requests", "httpx", "sqlalchemy", "pendulum"} & set(loaded.split())
