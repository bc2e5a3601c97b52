"""Preview features of a subscription: how they stand, and the three calls by which they are had (R63)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from fleetwright.azure.aks.versions import NAMESPACE
from fleetwright.azure.bodies import text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.urls import FEATURES, PROVIDERS, arm_url, segment
from fleetwright.rollout.ports.clock import Clock
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.provider_errors import OperationFailedError

LONGEST_REGISTRATION = timedelta(minutes=30)
POLL = timedelta(seconds=15)
_REGISTERED = "registered"
_UNKNOWN = "NotSpecified"  # Azure's word for a feature that nobody has asked for


class Features:
    """Features of Microsoft.ContainerService in one subscription."""

    def __init__(self, client: ArmClient, subscription: str) -> None:
        self._client = client
        self._subscription = f"/subscriptions/{subscription}"

    def fetch_state(self, name: str) -> str:
        """Azure's word for how a feature stands.

        :param name: with its namespace or without
        """
        try:
            return text_at(self._client.get(self._url(name)), "properties", "state") or _UNKNOWN
        except NotFoundError:
            return _UNKNOWN

    def register(self, names: Sequence[str], guard: Guard, clock: Clock) -> None:
        """Register features, wait until each is registered, then register the resource provider anew (R63).

        May be repeated after any error: each call says again what is wanted.

        :raises OperationFailedError: naming the feature that was not registered in 30 minutes, and its state
        """
        for name in names:
            self._client.post(self._url(name, "/register"), {}, guard)
        deadline = clock.now() + LONGEST_REGISTRATION
        for name in names:
            self._wait_for(name, clock, deadline)
        path = f"{self._subscription}/providers/{NAMESPACE}/register"
        self._client.post(arm_url(self._client.url, path, PROVIDERS), {}, guard)

    def _wait_for(self, name: str, clock: Clock, deadline: datetime) -> None:
        while (state := self.fetch_state(name)).lower() != _REGISTERED:
            if clock.now() >= deadline:
                minutes = int(LONGEST_REGISTRATION.total_seconds() // 60)
                raise OperationFailedError(
                    f"feature {_plain(name)} of {NAMESPACE} is {state} after {minutes} minutes, and not Registered:"
                    " an owner of the subscription may have to approve it (az feature show); then start anew"
                )
            clock.wait_until(clock.now() + POLL)

    def _url(self, name: str, below: str = "") -> str:
        path = (
            f"{self._subscription}/providers/Microsoft.Features/providers/{NAMESPACE}"
            f"/features/{segment(_plain(name))}{below}"
        )
        return arm_url(self._client.url, path, FEATURES)


def _plain(name: str) -> str:
    return name.rpartition("/")[2]
