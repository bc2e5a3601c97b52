"""What became of the images while a rollout ran: its version withdrawn, a newer one published (R2)."""

from __future__ import annotations

import logging

from fleetwright.domain.errors import ConfigurationError, ProviderError
from fleetwright.domain.images import ImageKind
from fleetwright.domain.situation import Situation
from fleetwright.domain.states import RolloutState, SwapState
from fleetwright.domain.thresholds import INTERNAL, StopReason
from fleetwright.rollout.check import Ending
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.targets import find_newer

log = logging.getLogger(__name__)

# What Azure answers to a swap to a version that it does not have.
PLATFORM_IMAGE_NOT_FOUND = "PlatformImageNotFound"
GALLERY_IMAGE_NOT_FOUND = "GalleryImageNotFound"


def judge_refusal(session: RolloutSession, situation: Situation) -> Ending | None:
    """End the rollout where Azure refused its last batch because the version is gone; None where it is not.

    Asking again cannot help then. What was swapped stays on the version, what was not stays as it was.
    """
    if not _was_refused(session):
        return None
    reason = _why_gone(session)
    if not reason:
        return None
    target, image = situation.target_version, session.fleet.image
    on_target = sum(instance.version == target for instance in situation.instances)
    message = (
        f"Rolling Upgrade stopped: version {target} of {image.name} {reason}: it was withdrawn while this rollout "
        f"ran, and Azure refuses it ({_code(image.kind)}). {on_target} of {situation.total} instances run it and stay, the others keep what they have. "
        "Start again to go to the newest version that there is then."
    )
    return Ending(RolloutState.FAULTED, StopReason(INTERNAL, message))


def find_newer_version(session: RolloutSession) -> str:
    """A newer version that could be rolled out by now; empty where there is none, or nobody can say."""
    try:
        session.ports.catalogue.forget()
        return find_newer(session.ports.catalogue, session.fleet, session.settings.target_version)
    except (ConfigurationError, ProviderError) as error:
        log.warning("whether there is a newer version was not read: %s", error)
        return ""


def _was_refused(session: RolloutSession) -> bool:
    batches = session.view.batches
    return bool(batches) and any(
        swap.state is SwapState.REFUSED for swap in session.view.swaps_of(batches[-1])
    )


def _why_gone(session: RolloutSession) -> str:
    catalogue, fleet = session.ports.catalogue, session.fleet
    try:
        catalogue.forget()
        return catalogue.why_not_deployable(fleet, fleet.image, session.settings.target_version)
    except ConfigurationError as error:
        return f"is gone: {error}"
    except ProviderError as error:
        log.warning("whether the version is still there was not read: %s", error)
        return ""


def _code(kind: ImageKind) -> str:
    return PLATFORM_IMAGE_NOT_FOUND if kind is ImageKind.PLATFORM else GALLERY_IMAGE_NOT_FOUND
