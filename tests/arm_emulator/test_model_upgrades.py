"""Bringing instances to the latest model: manualupgrade, and what a changed model means."""

from __future__ import annotations

from azure.mgmt.compute.models import (
    VirtualMachineScaleSetVMInstanceRequiredIDs,
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


def patch_model(emulator: Emulator, profile: Json) -> None:
    """Change the model of the set."""
    emulator.arm("PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": profile}})


def is_latest(emulator: Emulator, instance: str) -> bool:
    """LatestModelApplied of an instance."""
    return emulator.instance(instance)["properties"]["latestModelApplied"]


def test_latest_model_applied_follows_the_model(serve: Serve) -> None:
    """A model change leaves all instances behind; manualupgrade and reimage bring theirs up, tags change nothing."""
    emulator = serve()
    emulator.arm("PATCH", scale_set_id(), {"tags": {"a": "b"}})
    after_tags = is_latest(emulator, "0")

    patch_model(emulator, {"priority": "Regular"})
    after_change = is_latest(emulator, "0")
    emulator.compute().virtual_machine_scale_sets.begin_update_instances(
        "rg", "web", VirtualMachineScaleSetVMInstanceRequiredIDs(instance_ids=["0"])
    )
    emulator.reimage("1")
    emulator.advance(300)

    assert (after_tags, after_change) == (True, False)
    assert [is_latest(emulator, i) for i in ("0", "1", "2")] == [True, True, False]


def test_model_that_comes_back_is_the_latest_again(serve: Serve) -> None:
    """Taking a model change back leaves nobody behind."""
    emulator = serve()

    patch_model(emulator, {"priority": "Regular"})
    patch_model(emulator, {"priority": None})

    assert is_latest(emulator, "0") is True


def test_manual_upgrade_runs_new_extensions_and_keeps_the_disk(serve: Serve) -> None:
    """Manualupgrade applies the model's settings, runs what is new in it, and never touches the OS disk."""
    emulator = serve(world(scale_set(extensions=(extension("Agent"),))))
    disk = storage(emulator)["osDisk"]
    patch_model(emulator, {"extensionProfile": {"extensions": [extension("Agent"), HEALTH_EXTENSION]}})
    without_source = emulator.codes("0")

    emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["0"]})
    emulator.advance(5)
    settled = emulator.codes("0")
    emulator.advance(5)

    assert len(without_source) == 2
    assert settled[0::2] == ["ProvisioningState/succeeded", "HealthState/initializing"]
    assert emulator.codes("0")[2] == "HealthState/healthy"
    assert (version(emulator), storage(emulator)["osDisk"]) == (V1, disk)
    assert emulator.audit()["swaps"] == {}


def test_manual_upgrade_needs_instance_ids(serve: Serve) -> None:
    """Manualupgrade without instanceIds is 400; ``*`` is all of them."""
    emulator = serve()
    patch_model(emulator, {"priority": "Regular"})

    missing = emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {})
    everyone = emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["*"]})
    emulator.advance(1)

    assert (missing.status_code, everyone.status_code) == (400, 202)
    assert all(is_latest(emulator, str(i)) for i in range(15))


def test_redeployed_model_heals_failed_extensions(serve: Serve) -> None:
    """R37: after a model change, manualupgrade runs the extensions that failed again."""
    behaviour = {"version": V2, "extension": "Agent", "extensionResult": "failed"}
    emulator = serve(world(scale_set(extensions=(extension("Agent"),)), imageBehaviours=[behaviour]))
    emulator.reimage("0")
    emulator.advance(300)
    failed = emulator.codes("0")[0]

    patch_model(emulator, {"priority": "Regular"})
    emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["0"]})
    emulator.advance(60)

    assert failed == "ProvisioningState/failed/VMExtensionProvisioningError"
    assert emulator.codes("0")[0] == "ProvisioningState/succeeded"
