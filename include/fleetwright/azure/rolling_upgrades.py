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
        return "" if line and self._waits(fleet, body) else line

    def awaited_version(self, fleet: Fleet) -> str:
        """The version for which Azure's deferred upgrade waits to be approved; empty where none waits.

        ``latest`` where Azure does not say which one it is.
        """
        if not fleet.policy.is_deferred or not self._waits(fleet, self._latest(fleet)):
            return ""
        image = body_at(self._running_entry(fleet), "properties", "targetImageReference")
        named = (text_at(image, "exactVersion"), text_at(image, "version"))
        return next((version for version in named if is_exact_version(version)), LATEST)

    def _waits(self, fleet: Fleet, latest: Body) -> bool:
        # A person's osRollingUpgrade waits for nobody, whatever the set's policy says.
        if not fleet.policy.is_deferred or _code(latest) != ROLLING_FORWARD:
            return False
        started_by = text_at(self._running_entry(fleet), "properties", "startedBy")
        return started_by.lower() != "user"

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
