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
from fleetwright.rollout.targets import find_newer, tell_withdrawn

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
    why = f"{reason}: it was withdrawn while this rollout ran, and Azure refuses it ({_code(session.fleet.image.kind)})"
    message = tell_withdrawn(session.fleet, situation, why)
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
