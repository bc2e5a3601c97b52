"""Which versions are quarantined: automatic rollouts keep away from them, a person who uses one is warned."""

from __future__ import annotations

from fleetwright.domain.images import is_older
from fleetwright.domain.quarantine import find_quarantined, image_key, why_quarantined
from fleetwright.rollout.ports.ledger import Ledger
from fleetwright.rollout.request import Validated


def why_not_again(ledger: Ledger, validated: Validated) -> tuple[str, ...]:
    """One line for each rollout that the version made stop; none where nothing is left to do."""
    settings = validated.settings
    if not any(is_older(i.version, settings.target_version) for i in validated.instances):
        return ()
    entries = find_quarantined(ledger.list_quarantined(), image_key(settings.image), settings.target_version)
    return tuple(why_quarantined(entry) for entry in entries)
