"""A look at an endpoint as an identity: whether a token is had, and whether Azure takes it."""

from __future__ import annotations

from fleetwright.azure.client import ArmClient
from fleetwright.azure.urls import SUBSCRIPTIONS, arm_url, segment


def look_at_subscription(client: ArmClient, subscription: str) -> str:
    """Read the subscription, or list them where none is named; what was reached, in words.

    :raises ProviderError: when there is no token, no answer, or no such subscription
    """
    if subscription:
        found = client.get(arm_url(client.url, f"/subscriptions/{segment(subscription)}", SUBSCRIPTIONS))
        name = found.get("displayName") or "without a name"
        return f"subscription {subscription} ({name}) is {found.get('state') or 'in an unknown state'}"
    listed = client.list_items(arm_url(client.url, "/subscriptions", SUBSCRIPTIONS))
    ids = [str(one.get("subscriptionId")) for one in listed]
    return f"{len(ids)} subscriptions can be read" + (f": {', '.join(ids[:3])}" if ids else "")
