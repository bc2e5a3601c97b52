"""What an extension needs from outside must be good until the rollout is over (R18)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fleetwright.domain.eligibility.facts import Facts
from fleetwright.domain.model import ExpiringCredential

# A rollout may take longer than predicted: its last extension still has to read what it needs.
MARGIN = timedelta(minutes=30)


def expiring(facts: Facts) -> tuple[str, ...]:
    """One reason for each credential that would expire before the predicted end and a margin; never the secret."""
    end = facts.predicted_end
    if end is None:
        return ()
    late = (credential for credential in facts.fleet.credentials if credential.expires_at < end + MARGIN)
    return tuple(_reason(credential, end) for credential in late)


def _reason(credential: ExpiringCredential, end: datetime) -> str:
    minutes = MARGIN // timedelta(minutes=1)
    return (
        f"extension {credential.extension}: the {credential.kind} in {credential.setting} expires at "
        f"{_shown(credential.expires_at)}, which is not {minutes} minutes after the predicted end of the rollout "
        f"({_shown(end)}); renew it in the model first (R18)"
    )


def _shown(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
