"""Whether a fleet may be upgraded at all: every reason at once, before anything changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fleetwright.domain.fleets import OPT_IN_TAG, OPT_IN_VALUE, Fleet
from fleetwright.domain.images import IN_GALLERIES, ImageKind
from fleetwright.domain.instances import Health, HealthSource, Instance


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the fleet when it is judged.

    :param foreign_rollout: one line about a rolling upgrade of somebody else, empty where there is none
    :param requires_deferral: the endpoint is one where Azure itself would upgrade a flagged set
    """

    fleet: Fleet
    instances: tuple[Instance, ...]
    foreign_rollout: str = ""
    requires_deferral: bool = False


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The judgement: held when there is any reason; warnings stand in the plan."""

    reasons: tuple[str, ...]
    warnings: tuple[str, ...]


def judge_eligibility(facts: Facts) -> Eligibility:
    """Ask every rule and collect every answer."""
    reasons = tuple(reason for rule in _RULES if (reason := rule(facts)))
    warnings = tuple(warning for rule in _WARNINGS if (warning := rule(facts)))
    return Eligibility(reasons, warnings)


def opted_out(fleet: Fleet) -> str:
    """Why the fleet is not ours to upgrade (R4, O1, O3); empty when it is."""
    if fleet.policy.enable_automatic_os_upgrade or fleet.is_tagged:
        return ""
    return (
        f"{fleet.name} is opted out: enableAutomaticOSUpgrade is false and the tag "
        f"`{OPT_IN_TAG}: {OPT_IN_VALUE}` is missing; set the tag, or the flag with osRollingUpgradeDeferral (O3)"
    )


def foreign_rollout(facts: Facts) -> str:
    """Why somebody else's rolling upgrade holds the fleet (O4); empty when there is none."""
    if not facts.foreign_rollout:
        return ""
    return f"a rolling upgrade of somebody else is under way ({facts.foreign_rollout}); let it end or cancel it (O4)"


def azure_upgrades_it(facts: Facts) -> str:
    """Why Azure would race us (O2); empty when it would not."""
    policy = facts.fleet.policy
    if (
        policy.enable_automatic_os_upgrade
        and not policy.os_rolling_upgrade_deferral
        and facts.requires_deferral
    ):
        return (
            "Azure upgrades this set itself: enableAutomaticOSUpgrade is true without osRollingUpgradeDeferral; "
            "set the deferral, or set the flag to false and the tag (O2)"
        )
    return ""


def _orchestration(facts: Facts) -> str:
    mode = facts.fleet.orchestration_mode
    if mode.lower() == "uniform":
        return ""
    return f"orchestrationMode is {mode}; only Uniform sets can be rolled out by this version"


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


def _health_source(facts: Facts) -> str:
    if facts.fleet.health_sources or facts.fleet.service_fabric:
        return ""
    return (
        "the model has neither a health probe nor the Application Health extension; "
        "add one so that upgraded instances can be judged (R16)"
    )


def _strategy(facts: Facts) -> str:
    policy = facts.fleet.policy
    if not policy.enable_automatic_os_upgrade or azure_upgrades_it(facts):
        return ""
    if policy.os_rolling_upgrade_deferral:
        return "osRollingUpgradeDeferral is set: Azure waits, and this rollout replaces the disks by reimage (O1)"
    return "enableAutomaticOSUpgrade is true without osRollingUpgradeDeferral: on Azure it would upgrade by itself (O2)"


def _never_reports(facts: Facts) -> str:
    if facts.fleet.health_source is HealthSource.NONE:
        return ""
    silent = [
        i.instance_id for i in facts.instances if i.health is Health.NOT_REPORTED and i.power == "running"
    ]
    if not silent:
        return ""
    return f"{len(silent)} of {len(facts.instances)} instances report no health: they may not run the latest model"


def _ignored_fields(facts: Facts) -> str:
    policy = facts.fleet.effective_policy
    fields = {
        "maxSurge": policy.max_surge,
        "rollbackFailedInstancesOnPolicyBreach": policy.rollback_failed_instances_on_policy_breach,
    }
    ignored = [name for name, is_set in fields.items() if is_set]
    return (
        f"this version does not act on {' and '.join(ignored)} of the rolling upgrade policy"
        if ignored
        else ""
    )


_RULES: tuple[Callable[[Facts], str], ...] = (
    lambda facts: opted_out(facts.fleet),
    azure_upgrades_it,
    foreign_rollout,
    _orchestration,
    _image_kind,
    _follows_latest,
    _health_source,
)
_WARNINGS: tuple[Callable[[Facts], str], ...] = (_strategy, _never_reports, _ignored_fields)
