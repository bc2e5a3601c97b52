"""Keeps automatic rollouts away from quarantined versions, and warns a person who uses one anyway."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleetwright.domain.errors import HeldError
from fleetwright.domain.images import is_older
from fleetwright.domain.quarantine import find_quarantined, image_key, why_quarantined
from fleetwright.domain.records import TriggerKind
from fleetwright.rollout.ports import Ledger

if TYPE_CHECKING:
    from fleetwright.rollout.validate import Validated


def check_quarantine(ledger: Ledger, validated: Validated) -> Validated:
    """The same, with a warning for each rollout that the version made stop.

    A fleet on which nothing is left to do is not held over it.

    :raises HeldError: for an automatic rollout
    """
    settings = validated.settings
    entries = find_quarantined(ledger.list_quarantined(), image_key(settings.image), settings.target_version)
    reasons = tuple(why_quarantined(entry) for entry in entries)
    if not reasons or not any(is_older(i.version, settings.target_version) for i in validated.instances):
        return validated
    if settings.trigger is TriggerKind.AUTOMATIC:
        raise HeldError(reasons)
    return replace(validated, warnings=(*validated.warnings, *reasons))
