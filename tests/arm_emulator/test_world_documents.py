"""World documents: what is refused and where, and that a world can be written and loaded again."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from emulated_worlds import (
    V1,
    V2,
    Json,
    Serve,
    extension,
    scale_set,
    world,
)
from hypothesis import given
from hypothesis import strategies as st

from arm_emulator.compute.extensions import Extension, ExtensionOrderError, in_order
from arm_emulator.compute.model_changes import merged
from arm_emulator.seeded import Seed
from arm_emulator.timings import Timings
from arm_emulator.world.errors import WorldError
from arm_emulator.world.reading import read_world
from arm_emulator.world.validation import validated


def changed(path: str, value: object) -> Json:
    """The usual world with one value changed; ``path`` is dotted, numbers are positions."""
    document = copy.deepcopy(world())
    *parents, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
    place = document
    for part in parents:
        place = place[part]
    place[last] = value
    return document


SET = "scaleSets/0"
POLICY = f"{SET}/resource/properties/upgradePolicy"
STORAGE = f"{SET}/resource/properties/virtualMachineProfile/storageProfile"
EXTENSIONS = f"{SET}/resource/properties/virtualMachineProfile/extensionProfile/extensions"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("scaleset", [], "scaleset: unknown key"),
        ("scaleSets", {}, "scaleSets: {} is no list"),
        ("scaleSets", [scale_set(), scale_set("WEB")], "scaleSets[1]: '/sub"),
        (f"{SET}/extra", 1, "scaleSets[0].extra: unknown key"),
        (f"{SET}/resource/id", None, "scaleSets[0].resource.id: is missing"),
        (
            f"{SET}/resource/id",
            "/web",
            "scaleSets[0].resource.id: '/web' is no scale set's id; one looks like /sub",
        ),
        (f"{SET}/resource/location", None, "scaleSets[0].resource.location: is missing"),
        (
            f"{SET}/resource/location",
            "atlantis",
            "resource.location: 'atlantis' is none of the world's locations",
        ),
        (f"{SET}/resource/sku", {"name": "S"}, "scaleSets[0].resource.sku.capacity: is missing"),
        (f"{SET}/resource/sku/capacity", -1, "sku.capacity: -1 is not a whole number from 0 to 1000"),
        (f"{SET}/resource/zones", [1, 2], "zones: [1, 2] is no list of zones"),
        (f"{SET}/resource/zones", ["1", "1"], "names a zone twice"),
        (f"{SET}/resource/properties/timeCreated", "once", "timeCreated: 'once' is no ISO 8601 instant"),
        (
            f"{POLICY}/rollingUpgradePolicy",
            {"maxBatchInstancePercent": 2},
            "maxBatchInstancePercent: 2 is not a whole",
        ),
        (
            f"{POLICY}/mode",
            "Sometimes",
            "upgradePolicy.mode: 'Sometimes' is not one of Automatic, Manual, Rolling",
        ),
        (EXTENSIONS, [{"properties": {}}], "extensions: is no list of extensions with name and properties"),
        (EXTENSIONS, [extension("A"), extension("A")], "extensions: A, A: a name stands twice"),
        (EXTENSIONS, [extension("A", "B")], "provisionAfterExtensions of A can never be met"),
        (f"{SET}/x-emulator/unhealthy", [], "scaleSets[0].x-emulator.unhealthy: unknown key"),
        (
            f"{SET}/x-emulator/unhealthyInstances",
            ["15"],
            "x-emulator.unhealthyInstances: '15' is no instance of the set",
        ),
        (f"{SET}/x-emulator/updateDomains", 0, "x-emulator.updateDomains: 0"),
        (f"{SET}/x-emulator/instances", {"0": {"previousModel": 0}}, "0 is no position in previousModels"),
        (
            f"{SET}/x-emulator/timings",
            {"boot": "fast"},
            "timings.boot: 'fast' is neither a number of seconds nor [low",
        ),
        (f"{SET}/resource/properties", None, "scaleSets[0].resource.properties: None is no object"),
        (
            f"{SET}/resource/properties/platformFaultDomainCount",
            "5",
            "platformFaultDomainCount: '5' is not a whole",
        ),
        (f"{STORAGE}/dataDisks", ["disk"], "storageProfile.dataDisks: is no list of data disks"),
        (f"{STORAGE}/imageReference/sku", 18.04, "imageReference.sku: 18.04 is no text; put it in quotes"),
        (EXTENSIONS, [extension("A", 1)], "extensions: is no list of extensions with name and properties"),
        ("timings/boot", 1e30, "timings.boot: 1e+30 is neither a number of seconds nor [low, high], up to"),
        ("faults", [{"effect": {"status": 503}, "seconds": 1e30}], "faults[0].seconds: 1e+30"),
        ("now", "9999-12-31T00:00:00Z", "now: '9999-12-31T00:00:00Z' is not in the years 1970 to 2999"),
        ("imageBehaviours", [{"version": V2, "percent": "ten"}], "imageBehaviours[0].percent: 'ten': input"),
        ("galleries", "x" * 1000, f"galleries: '{'x' * 119}… is no list"),
        ("timings/swap", -1, "timings.swap: -1 is neither"),
        ("timings/swap", [1, 2, 3], "timings.swap: [1, 2, 3] is neither"),
        ("timings/swap", True, "timings.swap: True is neither"),
        ("timings/swop", 1, "timings.swop: unknown key"),
        ("imageBehaviours", [{"health": "never"}], "imageBehaviours[0].version: is missing"),
        ("imageBehaviours", [{"version": V2, "percent": 101}], "imageBehaviours[0].percent: 101"),
        ("imageBehaviours", [{"version": V2, "health": "ill"}], "imageBehaviours[0].health: 'ill'"),
        (
            "imageBehaviours",
            [{"version": V2, "extension": "A"}],
            "extension and extensionResult belong together",
        ),
        (
            "platformImages/0/versions",
            [{"name": V1}, {"name": V1}],
            "platformImages[0].versions[1]: '18.04.202401010'",
        ),
        ("platformImages/0/versions", [{"name": 1.5}], "platformImages[0].versions[0].name: 1.5"),
        ("subscriptions", [{"id": "a"}, {"id": "A"}], "subscriptions[1]: 'A' stands there twice"),
        ("faults", [{"effect": {"zoneDown": True}}], "faults[0].effect.zoneDown: True: input should be"),
        ("galleries", [{}], "galleries[0].id: is missing"),
        ("batchAccounts", [{}], "batchAccounts[0].resource: is missing"),
        ("managedClusters", [{}], "managedClusters[0].resource: is missing"),
        ("platformUpgrades", "often", "platformUpgrades: 'often': input should be a valid boolean"),
        ("loadBalancers", [{"resource": {}}], "loadBalancers[0].resource.id: is missing"),
        ("referee", {"healthSeconds": -1}, "referee.healthSeconds: -1"),
    ],
)
def test_wrong_document_is_refused_where_it_is_wrong(path: str, value: object, said: str) -> None:
    """The error leads to the place and says what is wrong there."""
    with pytest.raises(WorldError) as refused:
        validated(changed(path, value))

    assert said in str(refused.value)


@pytest.mark.parametrize("section", ["galleries", "batchAccounts", "managedClusters"])
@pytest.mark.parametrize("empty", [[], None])
def test_sections_that_are_not_served_may_be_empty(section: str, empty: object) -> None:
    """An empty section asks for nothing that this version lacks."""
    validated({**world(), section: empty})


def test_wrong_reset_changes_nothing(serve: Serve) -> None:
    """POST /reset with a wrong document is 400 with the reason, and the world stays."""
    emulator = serve()
    emulator.reimage("0")
    before = emulator.admin("GET", "world")

    refused = emulator.admin("POST", "reset", changed(f"{SET}/resource/location", "atlantis"))

    assert refused["error"]["code"] == "InvalidWorld"
    assert "'atlantis'" in refused["error"]["message"]
    assert emulator.admin("GET", "world") == before


def test_error_of_a_file_has_its_line(tmp_path: Path) -> None:
    """The line is that of the deepest part of the path that is in the file."""
    text = yaml.safe_dump(changed(f"{SET}/resource/sku/capacity", -7))
    (tmp_path / "world.yaml").write_text(text)

    with pytest.raises(WorldError) as refused:
        read_world(tmp_path / "world.yaml")

    assert "-7" in text.splitlines()[refused.value.line - 1]


def test_instants_and_numbers_may_stand_without_quotes(tmp_path: Path, serve: Serve) -> None:
    """YAML's own dates stay the text that they are, and ids may be numbers."""
    text = (
        "now: 2024-06-01T12:00:00Z\n"
        + yaml.safe_dump(world())
        + "imageBehaviours: [{version: 18.04.202402010, instances: [7]}]\n"
    )
    (tmp_path / "world.yaml").write_text(text)

    document = read_world(tmp_path / "world.yaml")

    assert (document.now, document.imageBehaviours[0].instances) == ("2024-06-01T12:00:00Z", ["7"])


@given(
    st.integers(0, 2**32), st.text(max_size=5), st.tuples(st.floats(0, 100), st.floats(0, 100)).map(sorted)
)
def test_draws_are_within_their_range_and_repeat(seed: int, what: str, bounds: list[float]) -> None:
    """A drawn time lies between its bounds, and the same seed draws the same for the same thing."""
    timings = Timings({"swap": (bounds[0], bounds[1])})

    drawn = timings.seconds("swap", Seed(seed), what)

    assert bounds[0] <= drawn <= bounds[1]
    assert drawn == timings.seconds("swap", Seed(seed), what)


@given(
    st.permutations(range(6)),
    st.sets(st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda p: p[0] > p[1])),
)
def test_extensions_come_after_those_they_wait_for(written: list[int], waits: set[tuple[int, int]]) -> None:
    """R6: without a circle every extension runs once, after all that it waits for."""
    after = {name: tuple(str(b) for a, b in sorted(waits) if a == name) for name in written}
    extensions = [Extension(str(name), "", "", "", after[name], "") for name in written]

    ordered = [e.name for e in in_order(extensions)]

    assert sorted(ordered) == sorted(str(name) for name in written)
    assert all(ordered.index(str(a)) > ordered.index(str(b)) for a, b in waits)


def test_extensions_in_a_circle_have_no_order() -> None:
    """Extensions that wait for each other are an error, not an endless wait."""
    circle = [Extension("a", "", "", "", ("b",), ""), Extension("b", "", "", "", ("a",), "")]

    with pytest.raises(ExtensionOrderError, match="a, b"):
        in_order(circle)


@given(st.dictionaries(st.text(max_size=2), st.dictionaries(st.text(max_size=2), st.integers() | st.none())))
def test_merge_patch_with_itself_changes_nothing(document: Json) -> None:
    """Merging what is there already is no change, and neither argument is touched."""
    settled = merged({}, {k: {a: b for a, b in v.items() if b is not None} for k, v in document.items()})
    kept = copy.deepcopy(settled)

    assert merged(settled, settled) == kept == settled
