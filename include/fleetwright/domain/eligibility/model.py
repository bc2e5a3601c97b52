"""What a set's image and disks are, what a policy asks for, and how old the calls' version is."""

from __future__ import annotations

from fleetwright.domain.eligibility.facts import Facts, Rule
from fleetwright.domain.images import IN_GALLERIES, ImageKind
from fleetwright.domain.surroundings import Unread
from fleetwright.domain.thresholds import name_ids

# Since when ARM knows automaticOSUpgradePolicy (R17), and since when reimage heeds exactVersion (O5).
POLICY_SINCE = "2018-10-01"
EXACT_VERSION_SINCE = "2023-03-01"


def _image_kind(facts: Facts) -> str:
    image = facts.fleet.image
    if image.kind is ImageKind.PLATFORM or image.kind in IN_GALLERIES:
        return ""
    if image.kind is ImageKind.MANAGED:
        return (
            f"image {image.name} is a managed image; only platform and gallery images can be upgraded (R28)"
        )
    return "the model names no image by publisher, offer and sku, nor by the id of a gallery's image (R28)"


def _follows_latest(facts: Facts) -> str:
    image = facts.fleet.image
    if image.follows_latest or not (image.kind is ImageKind.PLATFORM or image.kind in IN_GALLERIES):
        return ""
    if image.kind in IN_GALLERIES:
        return (
            f"the image is pinned to /versions/{image.asked_version}; "
            f"name {image.image_id} without a version, so that it follows the newest (R15)"
        )
    return f"imageReference.version is {image.version!r}; it must be 'latest' (R15)"


def _supported(facts: Facts) -> str:
    name, support = facts.fleet.image.name, facts.surroundings.image
    if support is None:
        return ""
    if isinstance(support, Unread):
        return f"{support}: whether image {name} may be upgraded automatically is not known (R53)"
    if support.shown is False:
        return (
            f"image {name} has automaticOSUpgradeSupported: false; "
            "use an image that is supported, or one of a gallery (R53)"
        )
    if support.shown is None and not support.listed:
        return (
            f"image {name} does not show automaticOSUpgradeSupported and is not in Azure's tables of "
            "supported images; use one that is, or one of a gallery (R53)"
        )
    return ""


def _ephemeral_os_disk(facts: Facts) -> str:
    if not facts.fleet.ephemeral_os_disk:
        return ""
    return (
        "osDisk.diffDiskSettings.option is Local: an ephemeral OS disk cannot be replaced by another version; "
        "use a managed OS disk (O8)"
    )


def _policy_is_known(facts: Facts) -> str:
    return _too_old(facts, POLICY_SINCE, "automaticOSUpgradePolicy exists", "R17")


def _exact_version_is_heeded(facts: Facts) -> str:
    return _too_old(facts, EXACT_VERSION_SINCE, "reimage heeds exactVersion", "O5")


def _too_old(facts: Facts, since: str, what: str, rule: str) -> str:
    used = facts.surroundings.api_version
    if not used or used[: len(since)] >= since:
        return ""
    return f"api_version is {used}: {what} from {since} on; use that or a later one ({rule})"


def _automatic_repairs(facts: Facts) -> str:
    if not facts.fleet.automatic_repairs:
        return ""
    return "automaticRepairsPolicy.enabled is true: repairs are suspended during the rollout and resumed after it (O8)"


def _behind_the_model(facts: Facts) -> str:
    behind = tuple(i.instance_id for i in facts.instances if not i.latest_model_applied)
    if not behind:
        return ""
    return (
        f"{len(behind)} of {len(facts.instances)} instances are behind the latest model ({name_ids(behind)}): "
        "those that are upgraded are brought to it in the same flight (R31)"
    )


def _lifecycle_hooks(facts: Facts) -> str:
    hooks = facts.fleet.lifecycle_hooks
    if not hooks:
        return ""
    return (
        f"lifecycleHooksProfile has {', '.join(hooks)}: Azure's own upgrade of this set waits for them (N25)"
    )


# What holds for whatever boots from an image; the rest is about scale sets.
IMAGE_REASONS: tuple[Rule, ...] = (_image_kind, _follows_latest, _supported)
REIMAGE_REASONS: tuple[Rule, ...] = (_exact_version_is_heeded,)
REASONS: tuple[Rule, ...] = (*IMAGE_REASONS, _ephemeral_os_disk, _policy_is_known, *REIMAGE_REASONS)
WARNINGS: tuple[Rule, ...] = (_behind_the_model, _automatic_repairs, _lifecycle_hooks)
