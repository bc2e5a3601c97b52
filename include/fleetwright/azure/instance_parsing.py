"""From an instance's ARM body (with its instance view) to an ``Instance``."""

from __future__ import annotations

from collections.abc import Iterable

from fleetwright.azure.bodies import Body, bodies_at, body_at, flag_at, number_at, text_at, texts_at
from fleetwright.azure.custom_metrics_parsing import parse_custom_metrics
from fleetwright.domain.data_disks import CACHINGS, DataDisk
from fleetwright.domain.instances import UNKNOWN_POWER, Health, Instance

PROVISIONING, POWER, HEALTH = "provisioningstate/", "powerstate/", "healthstate/"

_HEALTH_WORDS = {health.value: health for health in Health}


def parse_instance(body: Body) -> Instance:
    """Read one instance; what the instance view does not say reads as not known."""
    properties = body_at(body, "properties")
    view = body_at(properties, "instanceView")
    storage = body_at(properties, "storageProfile")
    extensions = bodies_at(view, "extensions")
    return Instance(
        instance_id=text_at(body, "instanceId") or text_at(body, "name"),
        name=text_at(body, "name"),
        zone=next(iter(texts_at(body, "zones")), ""),
        update_domain=number_at(view, "platformUpdateDomain"),
        version=text_at(storage, "imageReference", "exactVersion"),
        os_disk_id=_disk_id(body_at(storage, "osDisk")),
        os_disk_delete_option=text_at(storage, "osDisk", "deleteOption"),
        data_disk_ids=_data_disks(storage),
        latest_model_applied=flag_at(properties, "latestModelApplied", default=True),
        provisioning_state=text_at(properties, "provisioningState") or "Succeeded",
        power=_word(bodies_at(view, "statuses"), POWER) or UNKNOWN_POWER,
        health=_health(view),
        failed_extensions=_named(extension for extension in extensions if _has_failed(extension)),
        pending_extensions=_named(extension for extension in extensions if _is_pending(extension)),
        protected=flag_at(properties, "protectionPolicy", "protectFromScaleSetActions"),
        protected_from_scale_in=flag_at(properties, "protectionPolicy", "protectFromScaleIn"),
        custom_metrics=parse_custom_metrics(view),
    )


def parse_instances(bodies: Iterable[Body]) -> tuple[Instance, ...]:
    """Read a whole list, in order of number."""
    return in_order(map(parse_instance, bodies))


def in_order(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    """A whole list in order of number; one that stands on two pages counts once, as read last."""
    read = {instance.instance_id: instance for instance in instances}
    return tuple(sorted(read.values(), key=lambda instance: instance.order))


def _data_disks(storage: Body) -> tuple[str, ...]:
    """``lun:id:caching`` of every data disk, in order of LUN; a disk without the word is not cached."""
    disks = sorted(bodies_at(storage, "dataDisks"), key=lambda disk: number_at(disk, "lun"))
    return tuple(str(DataDisk(number_at(disk, "lun"), _disk_id(disk), _caching(disk))) for disk in disks)


def _caching(disk: Body) -> str:
    word = text_at(disk, "caching") or "None"
    return next((known for known in CACHINGS if known.lower() == word.lower()), word)


def _disk_id(disk: Body) -> str:
    # Compute answers disk ids with the resource group's case one way today and another tomorrow.
    return (
        text_at(disk, "managedDisk", "id") or text_at(disk, "vhd", "uri") or text_at(disk, "name")
    ).lower()


def _health(view: Body) -> Health:
    code = text_at(view, "vmHealth", "status", "code")
    if not code:
        return Health.NOT_REPORTED
    return _HEALTH_WORDS.get(code.lower().removeprefix(HEALTH), Health.UNKNOWN)


def _has_failed(extension: Body) -> bool:
    return any(code.startswith(f"{PROVISIONING}failed") for code in _codes(extension))


def _is_pending(extension: Body) -> bool:
    """Neither succeeded nor failed; one without a status has not begun."""
    succeeded = any(code.startswith(f"{PROVISIONING}succeeded") for code in _codes(extension))
    return not succeeded and not _has_failed(extension)


def _codes(extension: Body) -> tuple[str, ...]:
    return tuple(text_at(status, "code").lower() for status in bodies_at(extension, "statuses"))


def _word(statuses: tuple[Body, ...], family: str) -> str:
    codes = (text_at(status, "code").lower() for status in statuses)
    return next((code.removeprefix(family) for code in codes if code.startswith(family)), "")


def _named(extensions: Iterable[Body]) -> tuple[str, ...]:
    return tuple(text_at(extension, "name") for extension in extensions)
