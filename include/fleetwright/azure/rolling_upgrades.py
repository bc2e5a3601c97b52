"""``rollingUpgrades/latest`` and ``osUpgradeHistory``: whether somebody upgrades the set now, or waits for us (O4)."""

from __future__ import annotations

from fleetwright.azure.bodies import Body, body_at, number_at, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import LATEST, is_exact_version

# The two states in which Azure changes instances; every other one is an end.
ROLLING_FORWARD, ROLLING_BACK = "rollingforward", "rollingback"
UNDER_WAY = frozenset({ROLLING_FORWARD, ROLLING_BACK})


class RollingUpgrades:
    """Reads what Azure itself does with a set."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def describe_foreign(self, fleet: Fleet) -> str:
        """One line about a rolling upgrade that is somebody else's, empty where there is none.

        A deferred upgrade that waits for approvals is nobody else's: it changes what we approve (O4).
        """
        body = self._latest(fleet)
        line = describe_rolling_upgrade(body)
        return "" if line and self._waiting_entry(fleet, body) is not None else line

    def awaited_version(self, fleet: Fleet) -> str:
        """The version for which Azure's deferred upgrade waits to be approved; empty where none waits.

        ``latest`` where Azure does not say which one it is.
        """
        entry = self._waiting_entry(fleet, self._latest(fleet)) if fleet.policy.is_deferred else None
        if entry is None:
            return ""
        image = body_at(entry, "properties", "targetImageReference")
        named = (text_at(image, "exactVersion"), text_at(image, "version"))
        return next((version for version in named if is_exact_version(version)), LATEST)

    def _waiting_entry(self, fleet: Fleet, latest: Body) -> Body | None:
        """What the history says of the deferred upgrade that waits, empty where it is silent; None where none waits."""
        # A person's osRollingUpgrade waits for nobody, whatever the set's policy says.
        if not fleet.policy.is_deferred or _code(latest) != ROLLING_FORWARD:
            return None
        entry = self._running_entry(fleet)
        return None if text_at(entry, "properties", "startedBy").lower() == "user" else entry

    def _latest(self, fleet: Fleet) -> Body:
        try:
            return self._client.get(self._url(fleet, "/rollingUpgrades/latest"))
        except NotFoundError:  # the set never had one
            return {}

    def _running_entry(self, fleet: Fleet) -> Body:
        entries = self._client.list_items(self._url(fleet, "/osUpgradeHistory"))
        return next((entry for entry in entries if _code(entry) == ROLLING_FORWARD), {})

    def _url(self, fleet: Fleet, below: str) -> str:
        return self._client.scale_set_url(f"{fleet.fleet_id.resource_id}{below}")


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


def _code(body: Body) -> str:
    return text_at(body, "properties", "runningStatus", "code").lower()
