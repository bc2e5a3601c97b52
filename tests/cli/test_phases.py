"""``fleetwright phases``: check, suggest and list, over HTTP where Azure is asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from commands import Ended, Fleetwright
from rehearsals import TOKEN, Rehearsal
from worlds import SUBSCRIPTION, world

from fleetwright.phases.plan.files import USUAL_FILE, read_phases

Rehearse = Callable[..., Rehearsal]

OTHER = SUBSCRIPTION.replace("1", "2")
# Instances by region; eastus is paired with westus, and westus3 with eastus.
SIZES = {"eastus": 9, "westus": 2, "westus3": 1, "westeurope": 6, "northeurope": 4, "mexicocentral": 3}


def scale_set(name: str, region: str, capacity: int, *, subscription: str = SUBSCRIPTION) -> dict[str, Any]:
    """A scale set of a world."""
    fleet_id = f"/subscriptions/{subscription}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
    found = world(capacity, 0, fleet_id=fleet_id)["scaleSets"][0]
    found["resource"]["location"] = region
    return found


def estate(*more: dict[str, Any]) -> dict[str, Any]:
    """A world in which each of six regions has one fleet, in the table of regions that the emulator has."""
    sets = [scale_set(f"web-{region}", region, size) for region, size in SIZES.items()]
    document = {**world(), "scaleSets": [*sets, *more]}
    document["subscriptions"] = [{"id": SUBSCRIPTION}, {"id": OTHER}]
    document["platformImages"][0].pop("locations", None)
    return document


class Phases:
    """The verb over one world."""

    def __init__(self, rehearsal: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
        self.fleetwright = Fleetwright(rehearsal, capsys)
        self.azure = ["--endpoint", rehearsal.url, "--token", TOKEN]

    def __call__(self, *words: str) -> Ended:
        """``fleetwright phases`` and these words, with Azure asked."""
        return self.fleetwright.raw("phases", *words, *self.azure)


@pytest.fixture
def local(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """``fleetwright phases`` without Azure."""
    return lambda *words: Fleetwright(None, capsys).raw("phases", *words)


GOOD = """\
regions:
  westeurope: {pair: northeurope}
  northeurope: {pair: westeurope}
phases:
  - {name: canary, regions: [westeurope], fleets: [web], tags: {stage: canary}, bake: 30m, approval: true}
  - {name: first, regions: [northeurope], bake: PT1H, concurrency: 3}
  - {name: rest, regions: [westeurope]}
"""
BAD = GOOD.replace("regions: [westeurope]}", "regions: [westeurope, northeurope], bake: soon}")


def written(folder: Path, text: str) -> str:
    """The path of a file with this text."""
    path = folder / "phases.yaml"
    path.write_text(text)
    return str(path)


def test_check_prints_one_line_for_each_phase(local: Callable[..., Ended], tmp_path: Path) -> None:
    """A good file ends with 0 and its phases with regions, fleets, bake and approval (R45)."""
    checked = local("check", written(tmp_path, GOOD))

    assert (checked.code, checked.err) == (0, "")
    assert checked.out.splitlines() == [
        "phase_0_canary: westeurope; fleets: web, tag stage=canary; bake: 30m; approval: within 1d",
        "phase_1_first: northeurope; fleets: all; bake: 1h; approval: none",
        "phase_2_rest: westeurope; fleets: all; bake: 0s; approval: none",
    ]


def test_check_tells_every_problem_on_its_own_line(local: Callable[..., Ended], tmp_path: Path) -> None:
    """A bad file ends with 2 and all of its problems on standard error, in JSON too (R45, R46)."""
    path = written(tmp_path, BAD)
    problems = [
        f"{path}:7: phase rest: bake is 'soon'; it must be a length of time such as PT1H, 90m or 30s, 0s or more",
        f"{path}:7: phase rest: regions northeurope and westeurope are a pair; move one of them to another phase (R46)",
        f"{path}:7: phase rest: region northeurope is in phase first already; keep one, or give the earlier one fleets or tags",
    ]

    checked, listed = local("check", path), local("list", path)
    as_json = local("check", path, "--json")

    assert (checked.code, checked.out) == (2, "")
    assert checked.errors == [f"fleetwright: {problem}" for problem in problems]
    assert (listed.code, listed.errors) == (2, checked.errors)
    assert (as_json.code, as_json.body["problems"]) == (2, problems)


def test_check_warns_of_a_region_with_canaries_alone(local: Callable[..., Ended], tmp_path: Path) -> None:
    """A warning is told on standard error, and the file can be used."""
    path = written(tmp_path, GOOD.replace("  - {name: rest, regions: [westeurope]}\n", ""))

    checked = local("check", path)

    assert checked.code == 0
    assert checked.errors == [
        f"fleetwright: warning: {path}:2: region westeurope is in canary phases only (canary): its other fleets are in no phase"
    ]


def test_list_shows_a_table(local: Callable[..., Ended], tmp_path: Path) -> None:
    """Each phase has its label, regions, bake, approval, concurrency and fleets; in JSON too."""
    path = written(tmp_path, GOOD)

    listed = local("list", path)
    body = local("list", path, "--json").body

    header, _, canary, *_ = listed.out.splitlines()
    assert header.split() == ["phase", "regions", "bake", "approval", "concurrency", "fleets"]
    assert canary.split() == [
        "phase_0_canary",
        "westeurope",
        "30m",
        "within",
        "1d",
        "10",
        "web,",
        "tag",
        "stage=canary",
    ]
    assert [one["label"] for one in body["value"]] == ["phase_0_canary", "phase_1_first", "phase_2_rest"]
    assert body["value"][1] == {
        "label": "phase_1_first",
        "name": "first",
        "regions": ["northeurope"],
        "bakeSeconds": 3600,
        "success": {"maxFailedFleets": 0, "maxUnhealthyInstancePercent": 20},
        "concurrency": 3,
        "approvalDeadlineSeconds": None,
        "fleets": None,
        "tags": None,
    }


def test_the_file_is_the_variable_s_or_the_shipped_one(
    local: Callable[..., Ended], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without FILE it is FLEETWRIGHT_PHASES, else the example beside the packages."""
    monkeypatch.delenv("FLEETWRIGHT_PHASES", raising=False)
    shipped = local("check", "--json").body
    monkeypatch.setenv("FLEETWRIGHT_PHASES", str(tmp_path / "none.yaml"))
    missing = local("check")

    assert shipped["file"] == str(USUAL_FILE)
    assert (missing.code, missing.errors) == (
        2,
        [
            (
                f"fleetwright: {tmp_path / 'none.yaml'}: the phases file cannot be read (No such file or directory);"
                " FLEETWRIGHT_PHASES names another"
            )
        ],
    )


def test_a_suggestion_is_accepted(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """What suggest prints is what check accepts, against Azure too: no pair in a phase, the biggest risk last (R45, R46)."""
    phases = Phases(rehearse(estate()), capsys)

    suggested = phases("suggest")
    path = written(tmp_path, suggested.out)
    checked = phases("check", path)

    assert (suggested.code, suggested.err) == (0, "")
    assert (checked.code, checked.err) == (0, "")
    plan = read_phases(path).plan
    assert [phase.regions for phase in plan.phases] == [
        ("westus3",),
        ("westus", "northeurope"),
        ("mexicocentral", "westeurope", "eastus"),
    ]
    assert "  eastus: {pair: westus}  # 9 instances in 1 fleet" in suggested.out.splitlines()
    assert phases("suggest").out == suggested.out


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6])
def test_every_region_of_azure_can_be_planned(
    count: int, rehearse: Rehearse, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """--all-regions takes the whole table, its one-sided pairs included, and check accepts the plan (R46)."""
    phases = Phases(rehearse(estate()), capsys)

    suggested = phases("suggest", "--all-regions", "--phases", str(count))
    path = written(tmp_path, suggested.out)
    checked = phases("check", path)

    assert (suggested.code, checked.code, checked.err) == (0, 0, "")
    plan = read_phases(path).plan
    assert len(plan.phases) == max(count, 2)
    assert len(plan.regions.by_name) > 50
    assert plan.regions.pairs_of("eastus") == {"westus", "westus3"}
    raised = "fleetwright: 2 phases instead of 1: the pairs need at least 2 (R46)"
    assert (raised in suggested.errors) is (count == 1)
    assert max(len(line) for line in suggested.out.splitlines()) <= 130


def test_a_phase_without_fleets_is_told(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Among all regions the first phase has none of your fleets, so it proves nothing: that is said (R45)."""
    suggested = Phases(rehearse(estate()), capsys)("suggest", "--all-regions")

    assert suggested.errors == [
        "fleetwright: phase 0 has no fleet of yours: a version passes it without any proof"
    ]


def test_nothing_is_suggested_without_fleets(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """No fleet of ours and no --all-regions: exit code 2, and what would help."""
    suggested = Phases(rehearse({**estate(), "scaleSets": []}), capsys)("suggest")

    assert (suggested.code, suggested.out) == (2, "")
    assert suggested.err.startswith(
        "fleetwright: there is nothing to plan: no scale set or Batch pool that can be seen is ours"
    )


def test_only_fleets_that_are_ours_count(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """Fleets that are opted out give their region no place; those of every subscription count, or of one (O1, O3)."""
    opted_out = scale_set("alone", "uksouth", 3)
    opted_out["resource"]["tags"] = {}
    second = scale_set("api", "westus3", 20, subscription=OTHER)
    phases = Phases(rehearse(estate(opted_out, second)), capsys)

    suggested = phases("suggest")
    one = phases("suggest", "--subscription", OTHER)

    assert "uksouth" not in suggested.out
    assert "  westus3: {pair: eastus}  # 21 instances in 2 fleets" in suggested.out
    assert one.errors == ["fleetwright: 1 phase instead of 3: there is 1 region, and no phase may be empty"]
    assert "  - name: wave_1  # 20 instances in 1 fleet, 1 region" in one.out


def test_check_compares_with_azure(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With --endpoint, wrong pairs, fleets without a phase and missing canaries are problems too (R45, R46)."""
    phases = Phases(rehearse(estate()), capsys)
    path = written(tmp_path, GOOD.replace("northeurope: {pair: westeurope}", "northeurope: {pair: uksouth}"))

    checked = phases("check", path)
    body = json.loads(phases("check", path, "--json").out)

    assert checked.code == 2
    assert checked.errors == [
        *(f"fleetwright: {problem}" for problem in body["problems"]),
        f"fleetwright: warning: {path}:5: phase canary: no fleet in its regions has one of its tags",
    ]
    assert body["problems"] == [
        f"{path}:3: region northeurope: Azure pairs it with westeurope, the file with uksouth, westeurope (R46)",
        *(
            f"{path}:1: region {region}: fleets of ours are in no phase: web-{region}; add the region to a phase (R45)"
            for region in ("eastus", "mexicocentral", "westus", "westus3")
        ),
        f"{path}:5: phase canary: fleet web does not exist",
    ]


def test_azure_that_does_not_answer_is_one_line(local: Callable[..., Ended]) -> None:
    """Where Azure cannot be asked, nothing is printed but why."""
    suggested = local("suggest", "--endpoint", "ftp://nowhere", "--token", "t")

    assert (suggested.code, suggested.out) == (2, "")
    assert suggested.errors == [
        "fleetwright: endpoint 'ftp://nowhere' is not a URL such as https://management.azure.com"
    ]
