"""What else would patch the instances (R19, R24, N2, N3), and what a swap changes in Windows (N5)."""

from __future__ import annotations

from fleetwright.domain.eligibility.facts import Facts, Rule

AUTOMATIC_BY_PLATFORM = "automaticbyplatform"


def _automatic_updates(facts: Facts) -> str:
    windows, policy = facts.fleet.windows, facts.fleet.policy
    if windows is None or not windows.is_shown or windows.enable_automatic_updates is False:
        return ""
    said = windows.enable_automatic_updates
    if said is None and policy.enable_automatic_os_upgrade and not facts.fleet.service_fabric:
        return ""  # the flag forces it to false (N3)
    shown = "true" if said else "not set, which is true"
    rule = "R24" if facts.fleet.service_fabric else "R19"
    return (
        f"windowsConfiguration.enableAutomaticUpdates is {shown}; it must be false, "
        f"so that Windows Update does not patch what an image upgrade replaces ({rule})"
    )


def _unknown_updates(facts: Facts) -> str:
    if facts.fleet.windows is None or facts.fleet.windows.is_shown:
        return ""
    return (
        "the model shows no windowsConfiguration: make sure that enableAutomaticUpdates is false in it (R19)"
    )


def _patch_mode(facts: Facts) -> str:
    mode = facts.fleet.patch_mode
    if mode.lower() != AUTOMATIC_BY_PLATFORM:
        return ""
    return f"patchSettings.patchMode is {mode}; set another mode: the platform must not patch the set as well (N2)"


def _drive_letters(facts: Facts) -> str:
    if facts.fleet.windows is None or not any(instance.data_disk_ids for instance in facts.instances):
        return ""
    return (
        "drive letters of data disks may change when the OS disk is replaced; set them by a boot script (N5)"
    )


# What holds for a Batch pool, too; the rest is about scale sets.
UPDATES_REASONS: tuple[Rule, ...] = (_automatic_updates,)
REASONS: tuple[Rule, ...] = (*UPDATES_REASONS, _patch_mode)
WARNINGS: tuple[Rule, ...] = (_unknown_updates, _drive_letters)
