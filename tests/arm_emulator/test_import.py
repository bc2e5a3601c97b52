"""``python -m arm_emulator import``: a world from what the Azure CLI prints, and a rollout against that copy."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulated_worlds import Emulator, Json, Serve

from arm_emulator.command_line import main

DATA = Path(__file__).parent / "testdata"
SHOW, INSTANCES = DATA / "vmss_show.json", DATA / "vmss_list_instances.json"
IDS = ["3", "7", "12", "13", "14", "18", "21", "22", "30", "31"]
FLEET = json.loads(SHOW.read_text())["id"]
NEW = "22.04.202403010"
MAIN = "from fleetwright.cli.app import main; main()"
Change = Callable[[Any], object]


def bring(out: Path, show: Path = SHOW, instances: Path = INSTANCES, *more: str) -> int:
    """Import, and the exit code."""
    files = ["--scale-set", str(show), "--instances", str(instances), "--out", str(out)]
    return main(["import", *files, *more])


@pytest.fixture
def copied(tmp_path: Path, serve: Serve) -> Emulator:
    """An emulator that serves the copy of the real scale set."""
    assert bring(tmp_path / "world.yaml") == 0
    return serve(yaml.safe_load((tmp_path / "world.yaml").read_text()))


def listed(emulator: Emulator) -> dict[str, Json]:
    """All instances of the copy with their views, by id."""
    path = f"{FLEET}/virtualMachines"
    found = emulator.arm("GET", path, params={"$expand": "instanceView"}).json()["value"]
    return {instance["instanceId"]: instance for instance in found}


def test_copy_shows_what_the_real_one_shows(copied: Emulator) -> None:
    """Ids, zones, domains, versions, disks with LUN and caching, health, tags and protection are kept (R3, R5)."""
    shown = listed(copied)

    assert list(shown) == IDS
    for real in json.loads(INSTANCES.read_text()):
        here = shown[real["instanceId"]]
        properties, storage = here["properties"], here["properties"]["storageProfile"]
        view, real_view = properties["instanceView"], real["instanceView"]
        assert here["zones"] == real["zones"]
        assert here["tags"] == real["tags"]
        assert properties["vmId"] == real["vmId"]
        assert properties["latestModelApplied"] is real["latestModelApplied"]
        assert (
            storage["imageReference"]["exactVersion"]
            == real["storageProfile"]["imageReference"]["exactVersion"]
        )
        assert storage["osDisk"]["name"] == real["storageProfile"]["osDisk"]["name"]
        assert storage["osDisk"]["managedDisk"]["id"] == real["storageProfile"]["osDisk"]["managedDisk"]["id"]
        assert [(d["lun"], d["caching"], d["managedDisk"]["id"]) for d in storage["dataDisks"]] == [
            (d["lun"], d["caching"], d["managedDisk"]["id"]) for d in real["storageProfile"]["dataDisks"]
        ]
        assert view["platformUpdateDomain"] == real_view["platformUpdateDomain"]
        assert view["platformFaultDomain"] == real_view["platformFaultDomain"]
        assert view["computerName"] == real_view["computerName"]
        assert view["vmHealth"]["status"]["code"] == real_view["vmHealth"]["status"]["code"]
        assert [e["name"] for e in view["extensions"]] == [e["name"] for e in real_view["extensions"]]
    assert shown["18"]["properties"]["protectionPolicy"]["protectFromScaleIn"] is True
    assert "PhaseOrderingNumber" in str(shown["30"]["properties"]["instanceView"])


def test_resource_of_the_copy_has_arms_shape(copied: Emulator) -> None:
    """Names are spelled as ARM spells them, extensions have properties again, tags stay as they are."""
    resource = copied.arm("GET", FLEET).json()
    profile = resource["properties"]["virtualMachineProfile"]
    (health, _) = profile["extensionProfile"]["extensions"]

    assert resource["tags"]["resourceGroup"] == "a tag of that name"
    assert (
        resource["properties"]["upgradePolicy"]["automaticOSUpgradePolicy"]["enableAutomaticOSUpgrade"]
        is False
    )
    assert (health["name"], health["properties"]["type"]) == ("HealthExtension", "ApplicationHealthLinux")
    assert [disk["diskSizeGB"] for disk in profile["storageProfile"]["dataDisks"]] == [128, 512]
    assert '"resourceGroup":' not in json.dumps(profile)


def test_raw_arm_and_flattened_json_make_one_world(tmp_path: Path) -> None:
    """Raw ARM with ``properties`` and ``{"value": []}`` is read as well, and makes the same world."""
    codes = [
        bring(tmp_path / "flat.yaml"),
        bring(tmp_path / "raw.yaml", DATA / "vmss_raw.json", DATA / "vmss_instances_raw.json"),
    ]

    assert codes == [0, 0]
    assert (tmp_path / "raw.yaml").read_text() == (tmp_path / "flat.yaml").read_text()


def fleetwright(emulator: Emulator, folder: Path, verb: str, *more: str) -> subprocess.CompletedProcess[str]:
    """The command against the copy, in virtual time."""
    where = ["--endpoint", emulator.url, "--token", "token", "--fleet", FLEET, "--virtual-time"]
    ledger = ["--ledger", f"sqlite:///{folder / 'ledger.db'}"]
    command = [sys.executable, "-c", MAIN, verb, *where, *ledger, *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_rollout_runs_against_the_copy(copied: Emulator, tmp_path: Path) -> None:
    """Plan and run work on the imported set: every instance is on the new version, data disks untouched, no violation (R5, R13)."""
    image = {"publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-gen2"}
    copied.admin("POST", "images", {**image, "version": NEW})
    before = listed(copied)

    plan = fleetwright(copied, tmp_path, "plan")
    run = fleetwright(copied, tmp_path, "run", "--trigger", "automatic")

    after = listed(copied)
    assert (plan.returncode, run.returncode) == (0, 0), plan.stderr + run.stderr
    assert NEW in plan.stdout
    audit = copied.admin("GET", "audit")
    assert audit["violations"] == []
    assert audit["scaleSets"][FLEET]["imageVersions"] == {NEW: 10}
    for instance_id, instance in after.items():
        old, new = (
            before[instance_id]["properties"]["storageProfile"],
            instance["properties"]["storageProfile"],
        )
        assert new["dataDisks"] == old["dataDisks"]
        assert new["osDisk"]["name"] != old["osDisk"]["name"]
    assert after["13"]["properties"]["latestModelApplied"] is True


def test_reimage_of_all_disks_replaces_imported_data_disks(copied: Emulator) -> None:
    """After reimageall the data disks are new ones at the same LUNs, and the referee counts them as lost (R5)."""
    old = listed(copied)["7"]["properties"]["storageProfile"]["dataDisks"]

    copied.arm("POST", f"{FLEET}/virtualMachines/7/reimageall")
    copied.advance(300)

    new = listed(copied)["7"]["properties"]["storageProfile"]["dataDisks"]
    assert [(d["lun"], d["caching"]) for d in new] == [(d["lun"], d["caching"]) for d in old]
    assert {d["name"] for d in new}.isdisjoint(d["name"] for d in old)
    assert copied.admin("GET", "audit")["scaleSets"][FLEET]["dataDisksLost"] == 2


def test_world_of_the_copy_is_written_and_loaded_again(copied: Emulator, serve: Serve) -> None:
    """GET /world of a copy loads again and shows the same instances."""
    document = copied.admin("GET", "world")

    again = serve(document)

    assert again.admin("GET", "world") == document
    assert listed(again) == listed(copied)


def changed(tmp_path: Path, source: Path, change: Change) -> Path:
    """A copy of a file with something changed."""
    content = json.loads(source.read_text())
    change(content)
    (tmp_path / source.name).write_text(json.dumps(content))
    return tmp_path / source.name


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda found: [i.pop("instanceView") for i in found], "instanceView is missing (--expand instanceView)"),
        (lambda found: found[0]["instanceView"].pop("vmHealth"), "instance 3: vmHealth is missing"),
        (lambda found: found[1].update(provisioningState="Updating"), "instance 7: provisioningState is Updating"),
        (lambda found: found[2]["storageProfile"]["imageReference"].update(exactVersion=None), "instance 12: exactVersion is missing"),
        (lambda found: found[0]["storageProfile"].update(osDisk=None), "instance 3: osDisk.name is missing"),
        (lambda found: found[4]["instanceView"].update(platformUpdateDomain=None), "instance 14: platformUpdateDomain is missing"),
        (lambda found: found[5].update(latestModelApplied=None), "instance 18: latestModelApplied is missing"),
        (lambda found: found[6]["instanceView"]["extensions"].pop(), "instance 21: extension AzureMonitorLinuxAgent shows no final status"),
        (lambda found: found.pop(), "sku.capacity is 10; assumed 9"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Change, named: str
) -> None:
    """What the files leave out is one line on standard error with what is assumed, and the world is written (R31, R32)."""
    code = bring(tmp_path / "world.yaml", SHOW, changed(tmp_path, INSTANCES, change))

    lines = capsys.readouterr().err.splitlines()
    assert code == 0
    assert sum(named in line for line in lines) == 1
    assert (tmp_path / "world.yaml").exists()


def test_load_balancer_is_imported_with_its_probes(
    tmp_path: Path, serve: Serve, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--load-balancer`` brings the probe's interval; a probe whose load balancer is not given is named (R35)."""
    probe = f"{json.loads((DATA / 'lb_show.json').read_text())['id']}/probes/http"
    profile: Json = {"networkProfile": {"healthProbe": {"id": probe}}}
    show = changed(
        tmp_path,
        SHOW,
        lambda found: found["virtualMachineProfile"].update(profile, extensionProfile=None),
    )

    without = bring(tmp_path / "a.yaml", show)
    said = capsys.readouterr().err
    code = bring(tmp_path / "b.yaml", show, INSTANCES, "--load-balancer", str(DATA / "lb_show.json"))

    emulator = serve(yaml.safe_load((tmp_path / "b.yaml").read_text()))
    assert (without, code) == (0, 0)
    assert f"the load balancer of health probe {probe} is not in the files" in said
    assert emulator.arm("GET", probe).json()["properties"]["intervalInSeconds"] == 15


@pytest.mark.parametrize(
    ("source", "change", "said"),
    [
        (SHOW, lambda found: found.pop("id"), "vmss_show.json: id: is missing"),
        (SHOW, lambda found: found.update(id="/x"), "vmss_show.json: id: '/x' is no scale set's id"),
        (SHOW, lambda found: found.update(virtualMachineProfile=None), "vmss_show.json: virtualMachineProfile: is missing"),
        (SHOW, lambda found: found["virtualMachineProfile"]["extensionProfile"].update(extensions={}), "virtualMachineProfile.extensionProfile.extensions: an object where an array"),
        (INSTANCES, lambda found: found[2].pop("instanceId"), "vmss_list_instances.json: [2].instanceId: is missing"),
        (INSTANCES, lambda found: found[2].update(instanceId="7"), "[2].instanceId: '7' stands there twice"),
        (INSTANCES, lambda found: found[2].update(instanceId="web_a1"), "[2].instanceId: 'web_a1' is no number"),
        (INSTANCES, lambda found: found[0].update(id="/subscriptions/other"), "[0].id: '/subscriptions/other' is no instance of"),
        (INSTANCES, lambda found: found[1].update(instanceView=[]) or found[1].update(storageProfile=["x"]), "[1].storageProfile: an array where an object"),
        (INSTANCES, lambda found: found[1]["instanceView"]["vmHealth"]["status"].update(code="HealthState/fine"), "[1].instanceView.vmHealth.status.code: 'HealthState/fine'"),
        (INSTANCES, lambda found: found[1]["instanceView"]["statuses"][0].update(time="soon"), "[1].instanceView.statuses[0].time: 'soon' is no ISO 8601 instant"),
    ],
)  # fmt: skip
def test_wrong_input_is_one_line_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], source: Path, change: Change, said: str
) -> None:
    """Input that is not what the CLI prints ends with code 2, file and path, and writes nothing."""
    wrong = changed(tmp_path, source, change)
    show, instances = (wrong, INSTANCES) if source == SHOW else (SHOW, wrong)

    code = bring(tmp_path / "world.yaml", show, instances)

    (line,) = capsys.readouterr().err.splitlines()
    assert (code, said in line) == (2, True), line
    assert not (tmp_path / "world.yaml").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "line 1: no JSON"), ("[]", "an array where one scale set"), ("3", "3 where an object")],
)
def test_file_that_is_none_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str, said: str
) -> None:
    """A file that is no JSON, or JSON of another kind, and one that is not there end with code 2."""
    (tmp_path / "show.json").write_text(content)

    codes = [
        bring(tmp_path / "w.yaml", tmp_path / "show.json"),
        bring(tmp_path / "w.yaml", tmp_path / "nowhere.json"),
    ]

    first, second = capsys.readouterr().err.splitlines()
    assert codes == [2, 2]
    assert said in first
    assert "nowhere.json: cannot be read: No such file" in second


def test_instance_can_be_in_a_gallery_image(tmp_path: Path, serve: Serve) -> None:
    """A set of a gallery image brings the gallery with the versions that instances run (R26)."""
    gallery = f"{FLEET.split('/virtualMachineScaleSets')[0]}/galleries/shared"
    reference = {"id": f"{gallery}/images/web"}

    def of_show(found: Any) -> None:  # noqa: ANN401 - any JSON
        found["virtualMachineProfile"]["storageProfile"]["imageReference"] = reference

    def of_instances(found: Any) -> None:  # noqa: ANN401 - any JSON
        for instance in found:
            instance["storageProfile"]["imageReference"] = {**reference, "exactVersion": "1.2.0"}

    code = bring(
        tmp_path / "w.yaml", changed(tmp_path, SHOW, of_show), changed(tmp_path, INSTANCES, of_instances)
    )

    emulator = serve(yaml.safe_load((tmp_path / "w.yaml").read_text()))
    assert code == 0
    assert (
        emulator.arm("GET", f"{gallery}/images/web/versions/1.2.0", api_version="2023-07-03").status_code
        == 200
    )
