"""Instances to world documents and back: only what their number and their set do not tell is written."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.documents import ChangeDocument, DiskDocument, InstanceDocument
from arm_emulator.compute.instance import Change, ExtensionResult, HealthState, Protection
from arm_emulator.compute.managed_disks import ManagedDisk
from arm_emulator.compute.scaling import settled_instance
from arm_emulator.images.behaviours import HealthWord
from arm_emulator.instants import admin_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import Model
    from arm_emulator.compute.scale_set import ScaleSet


def plain_instance(
    scale_set: ScaleSet, number: int, *, created: datetime, version: str | None, unhealthy: bool
) -> Instance:
    """An instance as a document without a word about it means it."""
    instance = settled_instance(scale_set, number, created=created, version=version)
    if unhealthy:
        instance.health, instance.health_word = HealthState.UNHEALTHY, HealthWord.UNHEALTHY
    instance.ready = instance.is_ready()
    return instance


def differences(instance: Instance, plain: Instance, previous_models: Sequence[Model]) -> dict[str, Any]:
    """What has to be written about an instance: where it differs from the plain one."""
    mine, others = _document(instance, previous_models), _document(plain, previous_models)
    return {key: value for key, value in mine.items() if value != others[key]}


def is_unhealthy(instance: Instance) -> bool:
    """Whether ``unhealthyInstances`` describes its health."""
    return instance.health is HealthState.UNHEALTHY and instance.health_word is HealthWord.UNHEALTHY


def _document(instance: Instance, previous_models: Sequence[Model]) -> dict[str, Any]:
    return {
        "exactVersion": instance.exact_version,
        "previousModel": previous_models.index(instance.model) if instance.model in previous_models else None,
        "osDisk": instance.os_disk,
        "dataDisks": instance.data_disks,
        "attachedOsDisk": None
        if instance.attached_os_disk is None
        else disk_document(instance.attached_os_disk),
        "osDiskAt": admin_instant(instance.os_disk_at) if instance.os_disk_at else None,
        "osDiskDeleteOption": instance.os_disk_delete_option,
        "ownDataDisks": None if instance.own_data_disks is None else list(instance.own_data_disks),
        "tags": instance.tags,
        "imported": instance.imported,
        "zone": instance.zone,
        "updateDomain": instance.update_domain,
        "faultDomain": instance.fault_domain,
        "boots": instance.boots,
        "bootedAt": admin_instant(instance.booted_at) if instance.booted_at else None,
        "etag": instance.etag,
        "power": instance.power.value,
        "provisioningState": instance.provisioning.value,
        "failure": instance.failure,
        "health": instance.health.value,
        "healthWord": instance.health_word.value,
        "protectionPolicy": protection_document(instance.protection),
        "customMetrics": instance.custom_metrics,
        "extensions": [_extension_document(result) for result in instance.extensions],
        "created": admin_instant(instance.created),
        "provisionedAt": admin_instant(instance.provisioned_at),
        "poweredAt": admin_instant(instance.powered_at),
        "healthAt": admin_instant(instance.health_at),
        "step": instance.step.value if instance.step else None,
        "due": admin_instant(instance.due) if instance.due else None,
        "isDown": instance.is_down,
        "secondsLeft": None if instance.time_left is None else instance.time_left.total_seconds(),
        "change": _change_document(instance.change),
    }


def protection_document(protection: Protection | None) -> dict[str, bool] | None:
    """``protectionPolicy`` as ARM and world documents write it."""
    if protection is None:
        return None
    return {
        "protectFromScaleIn": protection.from_scale_in,
        "protectFromScaleSetActions": protection.from_scale_set_actions,
    }


def _extension_document(result: ExtensionResult) -> dict[str, str]:
    word = "succeeded" if result.succeeded else "failed"
    return {"name": result.name, "result": word, "at": admin_instant(result.at)}


def _change_document(change: Change | None) -> dict[str, Any] | None:
    if change is None:
        return None
    return ChangeDocument(
        kind=change.kind,
        version=change.version,
        operation=change.operation,
        fate=change.fate,
        code=change.code,
        message=change.message,
        extensions=list(change.extensions),
        position=change.position,
        disk=change.disk,
        byBatch=change.by_batch,
    ).model_dump(mode="json")


def disk_document(disk: ManagedDisk) -> dict[str, Any]:
    """A disk as world documents write it."""
    return {"resource": disk.resource, "x-emulator": {"version": disk.version}}


def disk_of(document: DiskDocument) -> ManagedDisk:
    """A disk from a document."""
    return ManagedDisk(document.resource, document.x_emulator.version)


def restore(instance: Instance, document: InstanceDocument, previous_models: Sequence[Model]) -> None:
    """Bring an instance to what a document says about it; what it does not say stays."""
    for key in document.model_fields_set - {"previousModel"}:
        attribute, read = _ATTRIBUTES[key]
        setattr(instance, attribute, read(getattr(document, key)))
    if document.previousModel is not None:
        instance.model = previous_models[document.previousModel]
    instance.revision += 1
    instance.ready = instance.is_ready()


def _same(value: object) -> object:
    return value


def _maybe_instant(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)


def _maybe_tuple(disks: Any) -> tuple[dict[str, Any], ...] | None:  # noqa: ANN401 - see above
    return None if disks is None else tuple(disks)


def _imported(document: Any) -> dict[str, Any] | None:  # noqa: ANN401 - see above
    return None if document is None else dict(document.model_dump(exclude_none=True))


def _maybe_seconds(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def _protection(document: Any) -> Protection | None:  # noqa: ANN401 - one of the readers of a table of any type
    if document is None:
        return None
    return Protection(document.protectFromScaleIn, document.protectFromScaleSetActions)


def _extensions(documents: Any) -> tuple[ExtensionResult, ...]:  # noqa: ANN401 - see above
    return tuple(
        ExtensionResult(d.name, d.result == "succeeded", parse_instant(d.at)) for d in documents or ()
    )


def _change(document: Any) -> Change | None:  # noqa: ANN401 - see above
    if document is None:
        return None
    return Change(
        kind=document.kind,
        version=document.version,
        operation=document.operation,
        fate=document.fate,
        code=document.code,
        message=document.message,
        extensions=tuple(document.extensions),
        position=document.position,
        disk=document.disk,
        by_batch=document.byBatch,
    )


def _maybe_disk(document: Any) -> ManagedDisk | None:  # noqa: ANN401 - see above
    return None if document is None else disk_of(document)


_ATTRIBUTES: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "exactVersion": ("exact_version", _same),
    "osDisk": ("os_disk", _same),
    "dataDisks": ("data_disks", _same),
    "attachedOsDisk": ("attached_os_disk", _maybe_disk),
    "osDiskAt": ("os_disk_at", _maybe_instant),
    "osDiskDeleteOption": ("os_disk_delete_option", _same),
    "ownDataDisks": ("own_data_disks", _maybe_tuple),
    "tags": ("tags", _same),
    "imported": ("imported", _imported),
    "zone": ("zone", _same),
    "updateDomain": ("update_domain", _same),
    "faultDomain": ("fault_domain", _same),
    "boots": ("boots", _same),
    "bootedAt": ("booted_at", _maybe_instant),
    "etag": ("etag", _same),
    "power": ("power", _same),
    "provisioningState": ("provisioning", _same),
    "failure": ("failure", _same),
    "health": ("health", _same),
    "healthWord": ("health_word", _same),
    "protectionPolicy": ("protection", _protection),
    "customMetrics": ("custom_metrics", _same),
    "extensions": ("extensions", _extensions),
    "created": ("created", _maybe_instant),
    "provisionedAt": ("provisioned_at", _maybe_instant),
    "poweredAt": ("powered_at", _maybe_instant),
    "healthAt": ("health_at", _maybe_instant),
    "step": ("step", _same),
    "due": ("due", _maybe_instant),
    "isDown": ("is_down", _same),
    "secondsLeft": ("time_left", _maybe_seconds),
    "change": ("change", _change),
}
