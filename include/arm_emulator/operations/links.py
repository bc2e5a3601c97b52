"""Where an operation is polled: the two headers of a 202, and what stands in their addresses.

Poll addresses carry an ``api-version`` of their own. ``Location`` is as long as signed ones on Azure, and each poll
gives a new one: a client has to follow it letter by letter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.seeded import digest

if TYPE_CHECKING:
    from arm_emulator.operations.operation import Operation
    from arm_emulator.world.world import World

POLL_API_VERSION = "2022-08-01"
_CERTIFICATE_PARTS = 80


def async_operation_url(base_url: str, operation: Operation) -> str:
    """The value of ``Azure-AsyncOperation``."""
    part = digest("partition", operation.id)
    return f"{_path(base_url, operation)}?p={part}&api-version={POLL_API_VERSION}"


def location_url(base_url: str, operation: Operation) -> str:
    """The value of ``Location``; another one for every poll."""
    unique = (operation.id, operation.polls)
    certificate = "".join(digest("certificate", part, *unique) for part in range(_CERTIFICATE_PARTS))
    signed = f"t={638500000000000000 + operation.polls}&c={certificate}&s={digest('s', *unique)}&h={digest('h', *unique)}"
    return f"{_path(base_url, operation)}?monitor=true&api-version={POLL_API_VERSION}&{signed}"


def poll_headers(world: World, base_url: str, operation: Operation) -> dict[str, str]:
    """The headers of an accepted call."""
    return {
        "Azure-AsyncOperation": async_operation_url(base_url, operation),
        "Location": location_url(base_url, operation),
        "Azure-AsyncNotification": "Enabled",
        "Retry-After": retry_after(world, operation),
    }


def retry_after(world: World, operation: Operation) -> str:
    """After how many seconds to ask again, as the timings of the operation's scale set say."""
    scale_set = world.scale_sets.get(operation.resource)
    timings = world.timings if scale_set is None else world.timings_of(scale_set)
    return timings.retry_after(world.seed, operation.id, operation.polls)


def _path(base_url: str, operation: Operation) -> str:
    return (
        f"{base_url}/subscriptions/{operation.subscription}/providers/Microsoft.Compute/locations/"
        f"{operation.location}/{operation.collection}/{operation.id}"
    )
