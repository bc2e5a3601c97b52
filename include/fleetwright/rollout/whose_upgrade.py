"""Who replaces the disks now: somebody else, Azure when we approve, or we ourselves (O1, O4)."""

from __future__ import annotations

from fleetwright.domain.eligibility import foreign_rollout
from fleetwright.domain.eligibility.facts import Facts
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import LATEST
from fleetwright.domain.strategy import Strategy
from fleetwright.rollout.ports.catalogue import ImageCatalogue
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.targets import find_newer


def strategy_for(fleet: Fleet, awaited: str) -> Strategy:
    """The strategy of a rollout that begins now: what Azure has waiting is approved, anything else is reimaged.

    :param awaited: the version for which Azure's deferred upgrade waits, empty where none does
    """
    return Strategy.APPROVE if awaited and not fleet.is_flexible else Strategy.REIMAGE


def why_not_awaited(catalogue: ImageCatalogue, fleet: Fleet, awaited: str, target: str) -> str:
    """Why approving would not bring the target: Azure brings the version that it waits with; empty where it would."""
    if awaited == target:
        return ""
    if not awaited:
        return (
            "Azure's deferred upgrade does not wait for approvals any more: it was ended or cancelled; "
            "start again once Azure has begun another one (O4)"
        )
    if awaited == LATEST:
        newer = find_newer(catalogue, fleet, target)
        if not newer:
            return ""
        awaited = newer
    return (
        f"Azure's deferred upgrade waits to bring {awaited}, and approving it would not bring {target}; "
        f"ask for {awaited}, or cancel Azure's upgrade (O1)"
    )


def why_not_now(session: RolloutSession) -> str:
    """Why nothing may be swapped now, read from Azure; empty when it may (O4)."""
    driver, fleet, settings = session.ports.driver, session.fleet, session.settings
    if settings.strategy is Strategy.APPROVE:
        awaited = driver.fetch_awaited_version(fleet)
        return why_not_awaited(session.ports.catalogue, fleet, awaited, settings.target_version)
    return foreign_rollout(Facts(fleet, (), driver.fetch_foreign_rollout(fleet)))
