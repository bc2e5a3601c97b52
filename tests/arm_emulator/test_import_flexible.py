"""A copy of a real Flexible scale set: members with names of their own, and a rollout against them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from emulated_worlds import Emulator, Json, Serve

from arm_emulator.command_line import main

DATA = Path(__file__).parent / "testdata"
NEW = "22.04.202403010"
IMAGE = {"publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-gen2"}
MAIN = "from fleetwright.cli.app import main; main()"
UNIFORM_ONLY = (
    "instanceView",
    "latestModelApplied",
    "modelDefinitionApplied",
    "protectionPolicy",
    "instanceId",
)


def read(name: str) -> Any:  # noqa: ANN401 - any JSON
    """A file that the CLI printed."""
    return json.loads((DATA / name).read_text())


def flexible() -> Json:
    """The scale set, as if it were Flexible."""
    found: Json = read("vmss_show.json")
    extensions = found["virtualMachineProfile"]["extensionProfile"]["extensions"]
    found["virtualMachineProfile"]["extensionProfile"]["extensions"] = extensions[:1]
    return {**found, "orchestrationMode": "Flexible", "singlePlacementGroup": False}


def machines() -> list[Json]:
    """Four members as the CLI prints them: without views, named with what the platform made up, or by a person."""
    show, found = flexible(), []
    where = show["id"].partition("/virtualMachineScaleSets/")[0]
    for real, name in zip(read("vmss_list_instances.json"), (*names(),), strict=False):
        kept = {key: value for key, value in real.items() if key not in UNIFORM_ONLY}
        own_id = f"{where}/virtualMachines/{name}"
        found.append({**kept, "name": name, "id": own_id, "virtualMachineScaleSet": {"id": show["id"]}})
    return found


def names() -> list[str]:
    """The members' names."""
    fleet = str(flexible()["name"])
    return [f"{fleet}_3f9a2c1b", f"{fleet}_1", "database", f"{fleet}_a1b2c3d4"]


def bring(folder: Path, members: list[Json]) -> int:
    """Import, and the exit code."""
    files = {"show.json": flexible(), "instances.json": members}
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    words = ["--scale-set", "show.json", "--instances", "instances.json", "--out", "world.yaml"]
    return main(["import", *(str(folder / w) if "." in w else w for w in words)])


def copy(folder: Path, serve: Serve, **more: object) -> Emulator:
    """An emulator that serves the copy."""
    assert bring(folder, machines()) == 0
    return serve({**yaml.safe_load((folder / "world.yaml").read_text()), **more})


def machine(emulator: Emulator, name: str) -> Json:
    """A member as the virtual machine that it is."""
    where = flexible()["id"].partition("/virtualMachineScaleSets/")[0]
    found: Json = emulator.arm("GET", f"{where}/virtualMachines/{name}").json()
    return found


def test_members_keep_their_names_and_disks(tmp_path: Path, serve: Serve) -> None:
    """Names, ids, zones, versions and disks are the real ones, in a copy of the copy too (R5)."""
    emulator = copy(tmp_path, serve)
    again = serve(emulator.admin("GET", "world"))

    for real in machines():
        for here in (machine(emulator, real["name"]), machine(again, real["name"].upper())):
            storage, real_storage = here["properties"]["storageProfile"], real["storageProfile"]
            assert (here["name"], here["id"], here["zones"]) == (real["name"], real["id"], real["zones"])
            assert here["properties"]["vmId"] == real["vmId"]
            assert storage["imageReference"]["exactVersion"] == real_storage["imageReference"]["exactVersion"]
            assert storage["osDisk"]["managedDisk"]["id"] == real_storage["osDisk"]["managedDisk"]["id"]
            assert [d["lun"] for d in storage["dataDisks"]] == [d["lun"] for d in real_storage["dataDisks"]]
    assert machine(emulator, f"{flexible()['name']}_0")["error"]["code"] == "ResourceNotFound"


def test_rollout_runs_against_the_copy(tmp_path: Path, serve: Serve) -> None:
    """Every member is upgraded by its name; who is never healthy gets its previous disk back (O7, R11)."""
    bad = {"version": NEW, "instances": ["database"], "health": "never"}
    emulator = copy(tmp_path, serve, imageBehaviours=[bad])
    emulator.admin("POST", "images", {**IMAGE, "version": NEW})
    where = ["--endpoint", emulator.url, "--token", "t", "--fleet", flexible()["id"], "--virtual-time"]
    ledger = ["--ledger", f"sqlite:///{tmp_path / 'ledger.db'}"]
    command = [sys.executable, "-c", MAIN, "run", "--trigger", "automatic", "--json", *where, *ledger]
    before = machine(emulator, "database")["properties"]["storageProfile"]["osDisk"]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    audit = emulator.admin("GET", "audit")
    assert "database" in ended.stdout, ended.stderr
    assert audit["violations"] == []
    assert set(audit["scaleSets"][flexible()["id"]]["rollbacks"].values()) == {1}
    after = machine(emulator, "database")["properties"]["storageProfile"]["osDisk"]
    assert after["managedDisk"]["id"] == before["managedDisk"]["id"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": names()[0]}, f"[1].name: {names()[0]!r} stands there twice"),
        ({"name": None, "id": None}, "[1].name: is missing"),
        ({"virtualMachineScaleSet": {"id": "/x"}}, "is no instance of"),
    ],
)
def test_wrong_member_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Json, said: str
) -> None:
    """A member without a name, with another's, or of another set ends with code 2 and its place in the file."""
    members = machines()
    members[1].update(change)

    code = bring(tmp_path, members)

    (line,) = capsys.readouterr().err.splitlines()
    assert (code, said in line) == (2, True), line
