"""Where an operation is polled: the two headers of a 202, and what stands in their addresses.

Poll addresses carry an ``api-version`` of their own. ``Location`` is as long as signed ones on Azure, and each poll
gives a new one: a client has to follow it letter by letter. Those of AKS are short, and say ``operationresults``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.operations.operation import CONTAINER_SERVICE
from arm_emulator.seeded import digest

if TYPE_CHECKING:
    from arm_emulator.operations.operation import Operation
    from arm_emulator.timings import Timings
    from arm_emulator.world.world import World

POLL_API_VERSION = "2022-08-01"
POLL_API_VERSION_OF_AKS = "2016-03-30"
_CERTIFICATE_PARTS = 80


def async_operation_url(base_url: str, operation: Operation) -> str:
    """The value of ``Azure-AsyncOperation``."""
    if operation.provider == CONTAINER_SERVICE:
        return f"{_path(base_url, operation)}?api-version={POLL_API_VERSION_OF_AKS}"
    part = digest("partition", operation.id)
    return f"{_path(base_url, operation)}?p={part}&api-version={POLL_API_VERSION}"


def location_url(base_url: str, operation: Operation) -> str:
    """The value of ``Location``; another one for every poll, but not in AKS."""
    if operation.provider == CONTAINER_SERVICE:
        address = _path(base_url, operation, collection="operationresults")
        return f"{address}?api-version={POLL_API_VERSION_OF_AKS}"
    unique = (operation.id, operation.polls)
    certificate = "".join(digest("certificate", part, *unique) for part in range(_CERTIFICATE_PARTS))
    signed = f"t={638500000000000000 + operation.polls}&c={certificate}&s={digest('s', *unique)}&h={digest('h', *unique)}"
    return f"{_path(base_url, operation)}?monitor=true&api-version={POLL_API_VERSION}&{signed}"


def poll_headers(world: World, base_url: str, operation: Operation) -> dict[str, str]:
    """The headers of an accepted call."""
    headers = {
        "Azure-AsyncOperation": async_operation_url(base_url, operation),
        "Location": location_url(base_url, operation),
        "Retry-After": retry_after(world, operation),
    }
    if operation.provider != CONTAINER_SERVICE:
        headers["Azure-AsyncNotification"] = "Enabled"
    return headers


def retry_after(world: World, operation: Operation) -> str:
    """After how many seconds to ask again, as the timings of the operation's scale set or cluster say."""
    return _timings(world, operation).retry_after(world.seed, operation.id, operation.polls)


def _timings(world: World, operation: Operation) -> Timings:
    cluster = world.managed_clusters.get(operation.resource.partition("/agentpools/")[0])
    if cluster is not None:
        return world.timings_of(cluster)
    scale_set = world.scale_sets.get(operation.resource)
    return world.timings if scale_set is None else world.timings_of(scale_set)


def _path(base_url: str, operation: Operation, *, collection: str = "") -> str:
    return (
        f"{base_url}/subscriptions/{operation.subscription}/providers/{operation.provider}/locations/"
        f"{operation.location}/{collection or operation.collection}/{operation.id}"
    )
