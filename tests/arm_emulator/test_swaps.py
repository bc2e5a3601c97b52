"""The OS disk swap: what happens when, what is replaced and what is kept, and what is refused."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute.models import (
    VirtualMachineScaleSetReimageParameters,
)
from emulated_worlds import (
    HEALTH_EXTENSION,
    V1,
    V2,
    Emulator,
    Json,
    Serve,
    extension,
    scale_set,
    scale_set_id,
    world,
)


def storage(emulator: Emulator, instance: str = "0") -> Json:
    """An instance's storage profile."""
    return emulator.instance(instance)["properties"]["storageProfile"]


def version(emulator: Emulator, instance: str = "0") -> str:
    """The image version that an instance runs."""
    return storage(emulator, instance)["imageReference"]["exactVersion"]


def extension_times(emulator: Emulator, instance: str = "0") -> dict[str, str]:
    """When each extension of an instance ended, with its outcome, in the order of their times."""
    shown = emulator.instance(instance)["properties"]["instanceView"]["extensions"]
    times = {
        e["name"]: (e["statuses"][0]["time"][14:19], e["statuses"][0]["code"].split("/")[1]) for e in shown
    }
    return dict(sorted(times.items(), key=lambda item: item[1]))


def test_reimage_through_the_official_client(serve: Serve) -> None:
    """begin_reimage with exactVersion follows both headers to the end; the instance then runs that version."""
    emulator = serve()
    sets, vms = (
        emulator.compute().virtual_machine_scale_sets,
        emulator.compute().virtual_machine_scale_set_vms,
    )
    parameters = VirtualMachineScaleSetReimageParameters(instance_ids=["0", "3"], exact_version=V2)

    poller = sets.begin_reimage("rg", "web", parameters)
    before = poller.status()
    emulator.advance(300)
    poller.result(30)

    assert (before, poller.status()) == ("InProgress", "Succeeded")
    assert vms.get("rg", "web", "3").storage_profile.image_reference.exact_version == V2


def test_swap_is_visible_at_once(serve: Serve) -> None:
    """From the accepted call on the instance is Updating, still on its old disk and version."""
    emulator = serve()
    disk = storage(emulator)["osDisk"]

    emulator.reimage("0")

    assert emulator.codes("0")[0] == "ProvisioningState/updating"
    assert emulator.instance("0")["properties"]["provisioningState"] == "Updating"
    assert (version(emulator), storage(emulator)["osDisk"]) == (V1, disk)


def test_swap_passes_through_its_stages(serve: Serve) -> None:
    """Swap, boot, extensions, health: each stage shows in the view for as long as the timings say."""
    emulator = serve()
    emulator.reimage("0")
    stages = []

    for seconds in (19, 2, 10, 5, 5):
        emulator.advance(seconds)
        stages.append((version(emulator), *(code.split("/")[1] for code in emulator.codes("0"))))

    assert stages == [
        (V1, "updating", "running", "healthy"),
        (V2, "updating", "starting", "initializing"),
        (V2, "updating", "running", "initializing"),
        (V2, "succeeded", "running", "initializing"),
        (V2, "succeeded", "running", "healthy"),
    ]


def test_swap_replaces_the_os_disk_and_keeps_data_disks(serve: Serve) -> None:
    """R5: the OS disk has a new name and id, the data disks are the same."""
    emulator = serve(world(scale_set(dataDisksPerInstance=2)))
    before = storage(emulator)

    emulator.reimage("0")
    emulator.advance(300)

    after = storage(emulator)
    assert after["osDisk"]["name"] != before["osDisk"]["name"]
    assert after["osDisk"]["managedDisk"]["id"] != before["osDisk"]["managedDisk"]["id"]
    assert after["dataDisks"] == before["dataDisks"]


def test_every_swap_makes_a_disk_that_never_was(serve: Serve) -> None:
    """There and back again gives three different disks: a rollback does not bring the old disk back."""
    emulator = serve()
    disks = [storage(emulator)["osDisk"]["name"]]

    for target in (V2, V1):
        emulator.reimage("0", version=target)
        emulator.advance(300)
        disks.append(storage(emulator)["osDisk"]["name"])

    assert len(set(disks)) == 3


def test_extensions_run_in_their_order(serve: Serve) -> None:
    """R6: each extension runs after those in its provisionAfterExtensions, whatever the order in the profile."""
    extensions = (
        extension("App", "Certificates", "Agent"),
        extension("Agent", "Certificates"),
        extension("Certificates"),
    )
    emulator = serve(world(scale_set(extensions=extensions)))

    emulator.reimage("0")
    emulator.advance(300)

    assert extension_times(emulator) == {
        "Certificates": ("00:35", "succeeded"),
        "Agent": ("00:40", "succeeded"),
        "App": ("00:45", "succeeded"),
    }


def test_failed_extension_fails_the_operation(serve: Serve) -> None:
    """A failed extension leaves its instance Failed, stops those that wait for it, and fails the operation by name."""
    behaviour = {"version": V2, "instances": ["3"], "extension": "Agent", "extensionResult": "failed"}
    extensions = (extension("Agent"), extension("App", "Agent"), HEALTH_EXTENSION)
    emulator = serve(world(scale_set(extensions=extensions), imageBehaviours=[behaviour]))

    operation = emulator.reimage("0", "3").headers["Azure-AsyncOperation"]
    emulator.advance(300)

    answer = emulator.http.get(operation).json()
    assert answer["status"] == "Failed"
    assert answer["error"]["code"] == "VMExtensionProvisioningError"
    assert [detail["target"] for detail in answer["error"]["details"]] == ["3"]
    assert emulator.codes("3")[0] == "ProvisioningState/failed/VMExtensionProvisioningError"
    assert set(extension_times(emulator, "3").items()) == {
        ("Agent", ("00:35", "failed")),
        ("Health", ("00:40", "succeeded")),
    }
    assert emulator.codes("0")[0] == "ProvisioningState/succeeded"


def test_failed_health_extension_leaves_the_health_unknown(serve: Serve) -> None:
    """Where the extension that reports the health failed itself, the health is unknown."""
    behaviour = {"version": V2, "extension": "Health", "extensionResult": "failed"}
    emulator = serve(world(imageBehaviours=[behaviour]))

    emulator.reimage("0")
    emulator.advance(300)

    assert emulator.codes("0")[-1] == "HealthState/unknown"


def test_reimage_without_version_keeps_the_version(serve: Serve) -> None:
    """Without exactVersion a reimage gives a new disk of the version that the instance runs."""
    emulator = serve()
    disk = storage(emulator)["osDisk"]["name"]

    emulator.reimage("0", version=None)
    emulator.advance(300)

    assert version(emulator) == V1
    assert storage(emulator)["osDisk"]["name"] != disk


@pytest.mark.parametrize(("api_version", "expected"), [("2022-11-01", V1), ("2023-03-01", V2)])
def test_exact_version_needs_its_api_version(serve: Serve, api_version: str, expected: str) -> None:
    """O5: api-versions before 2023-03-01 ignore exactVersion; the disk is new, the version is not."""
    emulator = serve()

    accepted = emulator.reimage("0", api_version=api_version)
    emulator.advance(300)

    assert accepted.status_code == 202
    assert version(emulator) == expected


@pytest.mark.parametrize("body", [{}, {"instanceIds": []}, {"exactVersion": V2}])
def test_reimage_without_instances_hits_the_whole_set(serve: Serve, body: Json) -> None:
    """A reimage that names no instances is about all of them, as in Azure."""
    emulator = serve()

    emulator.arm("POST", f"{scale_set_id()}/reimage", body)

    assert {emulator.codes(str(i))[0] for i in range(15)} == {"ProvisioningState/updating"}


def test_reimage_of_one_instance_by_its_own_route(serve: Serve) -> None:
    """POST …/virtualMachines/4/reimage reimages that one, lower-case path and all."""
    emulator = serve()

    accepted = emulator.arm("POST", f"{scale_set_id()}/virtualmachines/4/REIMAGE", {"exactVersion": V2})
    emulator.advance(300)

    assert accepted.status_code == 202
    assert [version(emulator, i) for i in ("3", "4")] == [V1, V2]


def test_reimageall_replaces_data_disks_too(serve: Serve) -> None:
    """Reimageall makes new data disks: they are lost, and the referee says so (R5)."""
    emulator = serve(world(scale_set(dataDisksPerInstance=2)))
    before = storage(emulator)["dataDisks"]

    emulator.arm("POST", f"{scale_set_id()}/reimageall", {"instanceIds": ["0"]})
    emulator.advance(300)

    assert {d["name"] for d in storage(emulator)["dataDisks"]}.isdisjoint(d["name"] for d in before)
    assert emulator.audit()["dataDisksLost"] == 2
    assert emulator.broken_rules() == ["R5"]


def test_reimageall_of_one_instance_is_counted_too(serve: Serve) -> None:
    """The instance's own reimageall route loses its data disks just the same (R5)."""
    emulator = serve(world(scale_set(dataDisksPerInstance=2)))

    emulator.arm("POST", f"{scale_set_id()}/virtualMachines/4/reimageall", {})
    emulator.advance(300)

    assert emulator.audit()["dataDisksLost"] == 2


@pytest.mark.parametrize("mode", ["Uniform", "Flexible"])
def test_swap_that_drops_a_data_disk_is_counted(serve: Serve, mode: str) -> None:
    """A data disk that the model no longer has stays with its instance until a swap brings the latest model: then it is lost (R5)."""
    document = world(scale_set())
    properties = document["scaleSets"][0]["resource"]["properties"]
    properties["orchestrationMode"] = mode
    disks = [{"lun": lun, "createOption": "Empty", "diskSizeGB": 32} for lun in (0, 1)]
    properties["virtualMachineProfile"]["storageProfile"]["dataDisks"] = disks
    emulator = serve(document)
    kept = {"virtualMachineProfile": {"storageProfile": {"dataDisks": disks[:1]}}}
    emulator.arm("PATCH", scale_set_id(), {"properties": kept})
    emulator.advance(60)
    lost_by_the_patch = emulator.audit()["dataDisksLost"]

    if mode == "Uniform":
        emulator.reimage("0")
    else:
        machine = (
            f"{scale_set_id().rpartition('/providers/')[0]}/providers/Microsoft.Compute/virtualMachines/web_0"
        )
        emulator.arm("POST", f"{machine}/reimage", {"exactVersion": V2})
    emulator.advance(300)

    assert (lost_by_the_patch, emulator.audit()["dataDisksLost"]) == (0, 1)
    assert emulator.broken_rules() == ["R5"]


@pytest.mark.parametrize(
    ("instances", "target", "status", "code"),
    [
        (["0", "99"], V2, 400, "InvalidParameter"),
        (["0"], "18.04.999999999", 404, "PlatformImageNotFound"),
        (["0", "5"], V2, 409, "OperationNotAllowed"),
    ],
)
def test_refused_reimage_changes_nothing(
    serve: Serve, instances: list[str], target: str, status: int, code: str
) -> None:
    """An unknown instance, a version that does not exist and a busy instance refuse the whole call."""
    emulator = serve()
    emulator.reimage("5")
    before = emulator.admin("GET", "world")["scaleSets"]

    response = emulator.reimage(*instances, version=target)

    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert emulator.admin("GET", "world")["scaleSets"] == before
    assert emulator.audit()["swaps"] == {"5": 1}


@pytest.mark.parametrize("ids", ["0", [0], {"0": True}])
def test_instance_ids_that_are_no_list_are_refused(serve: Serve, ids: object) -> None:
    """InstanceIds is a list of strings."""
    response = serve().arm("POST", f"{scale_set_id()}/reimage", {"instanceIds": ids})

    assert response.json()["error"]["target"] == "instanceIds"


def test_set_whose_image_is_unknown_still_serves(serve: Serve) -> None:
    """A set whose image cannot be resolved is loaded; it can be reimaged to what it runs, but not to a version."""
    document = scale_set()
    profile = document["resource"]["properties"]["virtualMachineProfile"]
    profile["storageProfile"]["imageReference"] = {
        "id": "/subscriptions/s/resourceGroups/rg/galleries/g/images/i"
    }
    emulator = serve(world(document))

    refused = emulator.reimage("0")
    accepted = emulator.reimage("0", version=None)

    assert [refused.status_code, accepted.status_code] == [404, 202]
    assert version(emulator) == V1


def test_refusals_reach_the_official_client(serve: Serve) -> None:
    """The official client raises Azure's own code and message."""
    sets = serve().compute().virtual_machine_scale_sets
    parameters = VirtualMachineScaleSetReimageParameters(instance_ids=["99"])

    with pytest.raises(HttpResponseError) as refused:
        sets.begin_reimage("rg", "web", parameters)

    assert refused.value.error.code == "InvalidParameter"
    assert "instanceId 99" in refused.value.error.message
