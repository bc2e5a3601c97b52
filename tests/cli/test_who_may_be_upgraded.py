"""Who may be upgraded: every reason at once, by ``plan`` and by ``run``, and not one call that changes anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from commands import Ended, Fleetwright
from rehearsals import Rehearsal
from worlds import FLEET_ID, HEALTH_EXTENSION, IMAGE, NEW, OLD, SUBSCRIPTION, world

Rehearse = Callable[..., Rehearsal]

VERBS = pytest.mark.parametrize("verb", ["run", "plan"])
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers"
BALANCER = f"{GROUP}/Microsoft.Network/loadBalancers/lb"
ENDPOINT = "https://westeurope.servicefabric.azure.com/runtime/clusters/1"
SIGNATURE = "c2VjcmV0c2lnbmF0dXJl"


@pytest.fixture
def fleetwright(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> Callable[..., Fleetwright]:
    """The command, on a world."""
    return lambda document: Fleetwright(rehearse(document), capsys)


def profile_of(document: dict[str, Any]) -> dict[str, Any]:
    """The set's ``virtualMachineProfile``."""
    found: dict[str, Any] = document["scaleSets"][0]["resource"]["properties"]["virtualMachineProfile"]
    return found


def script(expires: str, name: str = "Setup") -> dict[str, Any]:
    """A custom script whose payload is read by a SAS token."""
    uri = f"https://x.blob.core.windows.net/a/run.sh?sv=2022-11-02&se={expires}&sig={SIGNATURE}"
    properties = {
        "publisher": "Microsoft.Azure.Extensions",
        "type": "CustomScript",
        "typeHandlerVersion": "2.1",
        "settings": {"fileUris": [uri]},
    }
    return {"name": name, "properties": properties}


def fabric(durability: str = "Silver", version: str = "1.1") -> dict[str, Any]:
    """A Service Fabric extension."""
    settings = {"clusterEndpoint": ENDPOINT, "nodeTypeRef": "nt", "durabilityLevel": durability}
    properties = {
        "publisher": "Microsoft.Azure.ServiceFabric",
        "type": "ServiceFabricLinuxNode",
        "typeHandlerVersion": version,
        "settings": settings,
    }
    return {"name": "Fabric", "properties": properties}


def fabric_world(
    durability: str = "Silver", *extensions: dict[str, Any], **node_type: object
) -> dict[str, Any]:
    """A node type and its cluster."""
    document = world(3, 0, extensions=(fabric(durability), *extensions))
    kind = {"name": "nt", "durabilityLevel": durability, **node_type}
    cluster = {
        "id": f"{GROUP}/Microsoft.ServiceFabric/clusters/sf",
        "location": "westeurope",
        "properties": {"clusterEndpoint": ENDPOINT, "nodeTypes": [kind]},
    }
    return {**document, "serviceFabricClusters": [{"resource": cluster}]}


def probed_world(*, sku: str, interval: int, single: bool) -> dict[str, Any]:
    """A set that a load balancer's probe judges."""
    document = world(3, 0, extensions=())
    profile_of(document)["networkProfile"] = {"healthProbe": {"id": f"{BALANCER}/probes/p"}}
    document["scaleSets"][0]["resource"]["properties"]["singlePlacementGroup"] = single
    probe = {"name": "p", "properties": {"protocol": "Tcp", "port": 80, "intervalInSeconds": interval}}
    balancer = {
        "id": BALANCER,
        "location": "westeurope",
        "sku": {"name": sku},
        "properties": {"probes": [probe]},
    }
    return {**document, "loadBalancers": [{"resource": balancer}]}


def assert_held(fleetwright: Fleetwright, ended: Ended, *rules: str) -> tuple[str, ...]:
    """Exit 3 with just these rules, and nothing was changed; the reasons."""
    assert ended.code == 3, ended
    assert ended.body["status"] == "Held"
    reasons = tuple(ended.body["reasons"])
    assert [reason.rpartition("(")[2].rstrip(")") for reason in reasons] == list(rules), reasons
    assert fleetwright.rehearsal.admin.mutating() == 0
    assert fleetwright.rehearsal.admin.audit()["swaps"] == {}
    return reasons


def wrong_in_many_ways() -> dict[str, Any]:
    """A Windows set with next to nothing right."""
    document = world(3, 0, tags={}, version=OLD, extensions=())
    document["platformImages"][0]["automaticOSUpgradeSupported"] = False
    profile = profile_of(document)
    profile["osProfile"]["windowsConfiguration"] = {
        "enableAutomaticUpdates": True,
        "patchSettings": {"patchMode": "AutomaticByPlatform"},
    }
    profile["storageProfile"]["osDisk"]["diffDiskSettings"] = {"option": "Local"}
    return document


@VERBS
def test_every_reason_at_once(fleetwright: Callable[..., Fleetwright], verb: str) -> None:
    """R4, R15, R16, R19, R53, N1, N2, O3, O8: one hold tells all that is wrong, and nothing is touched."""
    command = fleetwright(wrong_in_many_ways())

    reasons = assert_held(command, command(verb, "--json"), "O3", "R15", "R53", "O8", "R16", "R19", "N2")

    assert "windowsConfiguration.enableAutomaticUpdates is true; it must be false" in reasons[5]


@VERBS
def test_an_expired_token_is_told_where_no_version_can_be_planned(
    fleetwright: Callable[..., Fleetwright], verb: str
) -> None:
    """R18, R28: an image without versions does not hide a credential that is over; both are told at once."""
    document = world(3, 0, extensions=(HEALTH_EXTENSION, script("2024-05-01")))
    profile_of(document)["storageProfile"]["imageReference"] = {"id": f"{GROUP}/Microsoft.Compute/images/x"}
    command = fleetwright(document)

    reasons = assert_held(command, command(verb, "--json"), "R28", "R18")

    assert "extension Setup: the SAS token in settings.fileUris[0] expires at 2024-05-01" in reasons[1]


def test_a_version_that_does_not_exist_is_told_with_the_rest(
    fleetwright: Callable[..., Fleetwright],
) -> None:
    """O3, O5: what was asked for wrongly stands beside what the set has wrong."""
    command = fleetwright(world(3, 0, tags={}))

    ended = command("plan", "--json", "--version", "99.1")

    assert ended.code == 3
    assert [words in r for words, r in zip(("(O3)", "version 99.1 of"), ended.body["reasons"], strict=True)]
    assert command.rehearsal.admin.mutating() == 0


@VERBS
def test_a_way_back_that_is_gone_is_told_with_the_rest(
    fleetwright: Callable[..., Fleetwright], verb: str
) -> None:
    """O6, O3: an automatic run is held over a previous version that the catalogue has no more, beside all else."""
    command = fleetwright(world(3, 0, tags={}, versions=(NEW,)))

    reasons = assert_held(command, command(verb, "--json", "--trigger", "automatic"), "O3", "O6")

    assert f"previous version {OLD} (instances 0, 1, 2)" in reasons[1]


def test_a_way_back_that_is_gone_is_a_note_where_nobody_rolls_back(
    fleetwright: Callable[..., Fleetwright],
) -> None:
    """O6, R43: a manual run has no rollback, so its plan says that there is none, and goes on."""
    ended = fleetwright(world(3, 0, versions=(NEW,)))("plan", "--json")

    assert ended.code == 0
    assert any(note.startswith("rollback is impossible: ") for note in ended.body["notes"])


@VERBS
def test_a_sas_token_that_expires_on_the_way_holds(
    fleetwright: Callable[..., Fleetwright], verb: str
) -> None:
    """R18, R36: zero instances touched; extension, setting, its end and the predicted end are named, not the secret."""
    # Three batches of five minutes each end at 00:15; with the margin, 00:45.
    extensions = (HEALTH_EXTENSION, script("2024-06-01T00%3A44%3A59Z"))
    command = fleetwright(world(3, 0, extensions=extensions))

    ended = command(verb, "--json")

    (reason,) = assert_held(command, ended, "R18")
    assert "extension Setup: the SAS token in settings.fileUris[0] expires at 2024-06-01T00:44:59Z" in reason
    assert "2024-06-01T00:15:00Z" in reason
    assert SIGNATURE not in ended.out + ended.err


def test_a_sas_token_that_lasts_long_enough_is_no_matter(fleetwright: Callable[..., Fleetwright]) -> None:
    """R18: one that ends at the predicted end and its margin is good."""
    extensions = (HEALTH_EXTENSION, script("2024-06-01T00%3A45%3A00Z"))
    command = fleetwright(world(3, 0, extensions=extensions))

    assert command("run", "--json").body["status"] == "Completed"


def test_nothing_to_do_is_an_outcome_even_with_an_expired_token(
    fleetwright: Callable[..., Fleetwright],
) -> None:
    """N6, R18, R44: a set on the newest version waits for a newer one, and is not held over what nobody needs."""
    extensions = (HEALTH_EXTENSION, script("2024-01-01"))
    command = fleetwright(world(3, 0, extensions=extensions, versions=(OLD,)))

    planned, ended = command("plan", "--json"), command("run", "--json")

    assert (planned.code, planned.body["reason"]["code"], planned.body["batches"]) == (0, "NothingToDo", [])
    assert (ended.code, ended.body["reason"]["code"]) == (0, "NothingToDo")
    assert command.rehearsal.admin.mutating() == 0


@VERBS
def test_instances_without_the_model_hold_the_set(fleetwright: Callable[..., Fleetwright], verb: str) -> None:
    """O10, R31: who runs without vmHealth is counted and named, not stopped as unhealthy."""
    command = fleetwright(world(5, 0, extensions=()))
    command.rehearsal.admin.patch(
        {"properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": [HEALTH_EXTENSION]}}}}
    )
    before = command.rehearsal.admin.mutating()

    ended = command(verb, "--json")

    assert ended.code == 3
    (reason,) = ended.body["reasons"]
    assert reason.startswith("5 of 5 instances run and report no health")
    assert "manualupgrade" in reason
    assert command.rehearsal.admin.mutating() == before


def test_a_managed_image_holds(fleetwright: Callable[..., Fleetwright]) -> None:
    """R28: only images of the platform or of a gallery have versions to go to."""
    document = world(3, 0)
    image = {"id": f"{GROUP}/Microsoft.Compute/images/web"}
    profile_of(document)["storageProfile"]["imageReference"] = image
    command = fleetwright(document)

    assert_held(command, command("run", "--json"), "R28")


@pytest.mark.parametrize(
    ("sku", "single", "rules"), [("Basic", False, ["R34"]), ("Standard", False, []), ("Basic", True, [])]
)
def test_several_placement_groups_need_a_standard_load_balancer(
    fleetwright: Callable[..., Fleetwright], sku: str, single: bool, rules: list[str]
) -> None:
    """R34: read from the load balancer of the model's own probe."""
    command = fleetwright(probed_world(sku=sku, interval=15, single=single))

    ended = command("plan", "--json")

    if rules:
        assert_held(command, ended, *rules)
    else:
        assert (ended.code, ended.body["status"]) == (0, "Planned")


@pytest.mark.parametrize(("interval", "warned"), [(119, False), (120, True)])
def test_a_slow_probe_is_warned_of(
    fleetwright: Callable[..., Fleetwright], interval: int, warned: bool
) -> None:
    """R35: two minutes and more stand in the plan, and hold nothing."""
    ended = fleetwright(probed_world(sku="Standard", interval=interval, single=True))("plan", "--json")

    assert ended.code == 0
    assert any(f"intervalInSeconds {interval}" in note for note in ended.body["notes"]) is warned


def test_two_health_sources_hold(fleetwright: Callable[..., Fleetwright]) -> None:
    """N4: a probe and the extension at once are told with both names."""
    document = probed_world(sku="Standard", interval=15, single=True)
    profile_of(document)["extensionProfile"] = {"extensions": [HEALTH_EXTENSION]}
    command = fleetwright(document)

    (reason,) = assert_held(command, command("plan", "--json"), "N4")

    assert "a health probe and the Application Health extension" in reason


@pytest.mark.parametrize(
    ("document", "rules"),
    [
        (fabric_world("Silver"), []),
        (fabric_world("Gold"), []),
        (fabric_world("Silver", durabilityLevel="Gold"), ["R22"]),
        (fabric_world("Bronze"), ["C1"]),
        (fabric_world("Bronze", HEALTH_EXTENSION, isStateless=True), []),
        (fabric_world("Bronze", isStateless=True), ["C1"]),
    ],
    ids=["silver", "gold", "mismatch", "bronze", "stateless with a source", "stateless without"],
)
def test_service_fabric(
    fleetwright: Callable[..., Fleetwright], document: dict[str, Any], rules: list[str]
) -> None:
    """R20, R22, R23, C1: extension and cluster are read and compared, node type by node type."""
    command = fleetwright(document)

    ended = command("plan", "--json")

    if not rules:
        assert ended.code == 0, ended
        return
    assert ended.code == 3
    assert [r.rpartition("(")[2].rstrip(")").split(", ")[-1] for r in ended.body["reasons"]] == rules


def test_service_fabric_without_its_cluster_is_warned_of(fleetwright: Callable[..., Fleetwright]) -> None:
    """R22: where the cluster is not there the extension's own settings count, and the plan says so."""
    command = fleetwright({**fabric_world(), "serviceFabricClusters": []})

    ended = command("plan", "--json")

    assert ended.code == 0
    assert any("has no such cluster" in note and "(R22)" in note for note in ended.body["notes"])


@pytest.mark.parametrize("status", [403, 404])
def test_what_may_not_be_read_is_told_and_no_traceback(
    fleetwright: Callable[..., Fleetwright], status: int
) -> None:
    """R34, R53: the support of the image decides, so an error there holds; the load balancer only warns."""
    document = probed_world(sku="Standard", interval=15, single=True)
    paths = ("*/loadBalancers/lb", f"*/versions/{NEW}")
    document["faults"] = [{"match": {"path": path}, "effect": {"status": status}} for path in paths]
    command = fleetwright(document)

    ended = command("run", "--json")

    (reason,) = assert_held(command, ended, "R53")
    assert f"could not be read (GET {GROUP.partition('/resourceGroups')[0]}" in reason
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("version", "rules"), [("2018-04-01", ["R17", "O5"]), ("2022-11-01", ["O5"]), ("2023-03-01", [])]
)
def test_an_api_version_that_is_too_old_holds(
    fleetwright: Callable[..., Fleetwright], version: str, rules: list[str]
) -> None:
    """R17, O5: held with the value and the version that is needed; a later one is what the calls carry."""
    command = fleetwright(world(3, 0))

    ended = command("run", "--json", "--api-version", version)

    if rules:
        assert_held(command, ended, *rules)
    else:
        assert ended.body["status"] == "Completed"
        assert ended.body["progress"]["successfulInstanceCount"] == 3


@VERBS
@pytest.mark.parametrize("version", ["new", "2024-13-01", "2024-7-1", "2024-07-01x"])
def test_a_malformed_api_version_is_refused(
    fleetwright: Callable[..., Fleetwright], verb: str, version: str
) -> None:
    """R17: one line that names the value and what would be right, exit 2."""
    command = fleetwright(world(3, 0))

    ended = command(verb, "--api-version", version)

    assert (ended.code, len(ended.errors)) == (2, 1)
    assert f"api_version is {version!r}; it must be a date such as 2024-07-01" in ended.err
    assert command.rehearsal.admin.mutating() == 0


@pytest.mark.parametrize(
    ("flag", "held"), [("--require-deferral", True), ("--no-require-deferral", False), (None, False)]
)
def test_require_deferral_is_a_setting(
    fleetwright: Callable[..., Fleetwright], flag: str | None, held: bool
) -> None:
    """O2: a flagged set without deferral is held where the setting says so; elsewhere than on Azure it is a warning."""
    policy = {"mode": "Manual", "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}
    command = fleetwright(world(3, 0, policy=policy, tags={}))

    ended = command("plan", "--json", *([flag] if flag else []))

    if held:
        assert_held(command, ended, "O2")
    else:
        assert ended.code == 0
        assert any("(O2)" in note for note in ended.body["notes"])


def test_the_image_itself_is_never_changed(fleetwright: Callable[..., Fleetwright]) -> None:
    """R52, R31, R58: no PATCH or PUT is sent, publisher, offer and SKU stay, and only the version moves."""
    command = fleetwright(world(5, 0))
    before = profile_of(command.rehearsal.admin.get("world"))["storageProfile"]["imageReference"]

    ended = command("run", "--json")

    assert ended.body["status"] == "Completed"
    (entry,) = command("history", "--json").body["value"]
    assert entry["properties"]["targetImageReference"] == {**IMAGE, "version": NEW}
    after = command.rehearsal.admin.get("world")
    assert profile_of(after)["storageProfile"]["imageReference"] == before
    methods = {entry["method"] for entry in command.rehearsal.admin.get("requests")["log"]}
    assert methods <= {"GET", "POST"}


def test_batches_do_not_pay_for_what_is_read_once(fleetwright: Callable[..., Fleetwright]) -> None:
    """R22, R34, R53: image, load balancer and cluster are asked for once in a whole rollout."""
    command = fleetwright(probed_world(sku="Standard", interval=15, single=True))

    assert command("run", "--json").body["status"] == "Completed"

    routes = command.rehearsal.admin.get("requests")["byRoute"]
    outside = {route: n for route, n in routes.items() if "loadBalancers" in route or "{version}" in route}
    assert sorted(outside.values()) == [1, 1], routes


def test_an_opted_out_set_is_held_by_its_name(fleetwright: Callable[..., Fleetwright]) -> None:
    """R4, O3: neither the flag nor the tag means hands off."""
    command = fleetwright(world(3, 0, tags={}))

    (reason,) = assert_held(command, command("run", "--json"), "O3")

    assert reason.startswith(f"{FLEET_ID.rpartition('/')[2]} is opted out")
