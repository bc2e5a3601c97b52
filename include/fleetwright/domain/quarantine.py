"""Image versions that made a rollout stop: no automatic rollout uses one again until a person releases it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fleetwright.domain.ailments import Ailment, Sign
from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.states import FAILED_SWAPS, RolloutState, SwapState
from fleetwright.domain.thresholds import FAILED_INSTANCES, UPGRADED

PHASE_PREFIX = "phase run "  # what the id of an entry begins with that a phase has made, and not one rollout

# The stops that instances of the new version caused: too many of them went bad, or a rollback failed as well.
_BLAMES_THE_VERSION = frozenset({UPGRADED, FAILED_INSTANCES})
_IDS = ("id", "sharedGalleryImageId", "communityGalleryImageId")
_NAMES = ("publisher", "offer", "sku")
# What only an instance that runs can show.
_ILL_WITH_POWER = frozenset(
    {Sign.HEALTH, Sign.EXTENSION_FAILED, Sign.EXTENSION_UNSETTLED, Sign.PROVISIONING_FAILED}
)


@dataclass(frozen=True, slots=True)
class Release:
    """A person's word that a version may be used again.

    :param actor: who, as they named themselves
    :param at: wall time
    """

    actor: str
    reason: str
    at: datetime

    def to_dict(self) -> dict[str, str]:
        """As plain JSON."""
        return {"by": self.actor, "reason": self.reason, "at": self.at.isoformat()}


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One image version, put away by one rollout, or by a phase that failed.

    :param image: the image without its version, in lower case
    :param since: when the rollout stopped, on its own clock
    :param rollout_id: for a phase, ``PHASE_PREFIX`` and what tells its attempt from others
    :param fleet_key: for a phase, its label
    :param code: why it stopped, in Azure's word; for a phase, which of its limits was broken
    :param release: None while no automatic rollout may use the version
    """

    image: str
    version: str
    since: datetime
    rollout_id: str
    fleet_key: str
    code: str
    reason: str
    release: Release | None = None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "image": self.image,
            "version": self.version,
            "since": self.since.isoformat(),
            "rolloutId": self.rollout_id,
            "fleet": self.fleet_key,
            "code": self.code,
            "reason": self.reason,
            "released": self.release.to_dict() if self.release else None,
        }


def image_key(reference: Mapping[str, Any]) -> str:
    """The image that a reference means, without its version and in lower case.

    >>> image_key({"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"})
    'canonical:ubuntuserver:18.04-lts'
    """
    resource_id = next((str(reference[name]) for name in _IDS if reference.get(name)), "")
    if resource_id:
        return resource_id.lower().partition("/versions/")[0].rstrip("/")
    return ":".join(str(reference.get(name, "")) for name in _NAMES).lower()


def judge_version(view: RolloutView) -> Quarantined | None:
    """Whether the rollout stopped because of its version; None where something else was to blame.

    A set that was unhealthy before or for other reasons, and an Azure that did not end what it began, say
    nothing about the version. Neither do instances that never ran it or had no power (a zone that is down), whose
    rollback Azure refused, nor an extension that fails on the previous version just the same (R36), or that
    nobody has tried on it.
    """
    rollout = view.rollout
    if rollout.state is not RolloutState.FAULTED or rollout.reason_code not in _BLAMES_THE_VERSION:
        return None
    bad = _bad_swaps(view)
    # None of them: healthy at first, they fell ill on the version later, and are well again.
    if (bad and not any(map(_speaks_against_it, bad))) or rollout.ended_at is None:
        return None
    return Quarantined(
        image=image_key(rollout.settings.image),
        version=rollout.settings.target_version,
        since=rollout.ended_at,
        rollout_id=rollout.rollout_id,
        fleet_key=rollout.settings.fleet_id.lower(),
        code=rollout.reason_code,
        reason=rollout.reason_message,
    )


def count_went_bad(view: RolloutView) -> int:
    """How many instances ran the new version and went bad, whatever they suffered from."""
    return sum(bool(swap.new_disk_id) for swap in _bad_swaps(view))


def _bad_swaps(view: RolloutView) -> list[SwapRecord]:
    """Those that failed, and those that were healthy and are ill at the end, with what they suffer."""
    failed = [swap for swap in view.swaps.values() if swap.state in FAILED_SWAPS]
    ill: Mapping[str, Any] = view.rollout.outcome.get("fell_ill", {})
    return failed + [
        replace(view.swaps[i], suffered=Ailment.from_dict(ailment)) for i, ailment in ill.items()
    ]


def _speaks_against_it(swap: SwapRecord) -> bool:
    suffered, after_rollback = swap.suffered, swap.after_rollback
    if swap.fatal or not swap.new_disk_id or suffered.sign not in _ILL_WITH_POWER:
        return False
    if after_rollback.sign is Sign.REFUSED:
        return False
    if suffered.sign is not Sign.EXTENSION_FAILED or swap.state is SwapState.ROLLED_BACK:
        return True
    is_tried = swap.state is SwapState.ROLLBACK_FAILED and after_rollback.sign in _ILL_WITH_POWER
    return is_tried and not set(suffered.extensions) <= set(after_rollback.extensions)


def find_quarantined(entries: Iterable[Quarantined], image: str, version: str) -> tuple[Quarantined, ...]:
    """What keeps an image version from automatic rollouts now; empty where nothing does.

    :param image: as ``image_key`` writes it
    """
    return tuple(
        entry
        for entry in entries
        if entry.release is None and (entry.image, entry.version) == (image, version)
    )


def why_put_away(entries: Iterable[Quarantined], image: str, version: str) -> str:
    """Which rollout or phase put a version away first, and how it is released, in one line; empty where none did."""
    return next(map(why_quarantined, find_quarantined(entries, image, version)), "")


def why_quarantined(entry: Quarantined) -> str:
    """One line for whoever meets a quarantined version: what happened, and what now."""
    culprit = f"rollout {entry.rollout_id} of {entry.fleet_key} stopped"
    if entry.rollout_id.startswith(PHASE_PREFIX):
        culprit = f"{entry.fleet_key} failed"
    return (
        f"version {entry.version} of {entry.image} is quarantined: {culprit} "
        f"with {entry.code} at {entry.since:%Y-%m-%d %H:%M} UTC; once the version is known to be good: "
        f"{release_command(entry.image, entry.version)}"
    )


def release_command(image: str, version: str) -> str:
    """The command that lets automatic rollouts use a version again."""
    return f"fleetwright quarantine release {image} {version} --by NAME --reason TEXT"
