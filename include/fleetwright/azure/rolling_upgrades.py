"""``rollingUpgrades/latest``: whether somebody else upgrades the set right now (O4)."""

from __future__ import annotations

from fleetwright.azure.bodies import Body, body_at, number_at, text_at

# The two states in which Azure changes instances; every other one is an end.
UNDER_WAY = frozenset({"rollingforward", "rollingback"})


def describe_rolling_upgrade(body: Body) -> str:
    """One line about a rolling upgrade that is under way, empty for one that has ended."""
    status = body_at(body, "properties", "runningStatus")
    code = text_at(status, "code")
    if code.lower() not in UNDER_WAY:
        return ""
    progress = body_at(body, "properties", "progress")
    counts = (
        f"{number_at(progress, 'inProgressInstanceCount')} instances in progress, "
        f"{number_at(progress, 'pendingInstanceCount')} pending"
    )
    started = text_at(status, "startTime") or "an unknown time"
    return f"a rolling upgrade of Azure's own is {code} since {started}: {counts}"
