"""What a person does about a rollout that stopped, by Azure's code: the one line to read at night."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fleetwright.domain.thresholds import (
    BEFORE_ROLLOUT,
    FAILED_INSTANCES,
    IN_ROLLOUT,
    INTERNAL,
    TIMED_OUT,
    UPGRADED,
)

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        BEFORE_ROLLOUT: "bring the named instances back, then start again; nothing was changed",
        IN_ROLLOUT: "bring the named instances back, then start again; those not yet touched are as they were",
        UPGRADED: "look at the failed instances; if the image is to blame, publish a newer version before the "
        "next rollout",
        FAILED_INSTANCES: "look at the failed instances and renew what their extensions need, then start the next "
        "rollout: it brings them to the model first",
        TIMED_OUT: "look at the named instance in Azure first: its operation may still be at work; then start again",
        INTERNAL: "the message has the cause in Azure's own words; remove it, then start again",
    }
)


def advise(code: str, member: str = "instance") -> str:
    """What to do now about a stop; empty for a code that is no stop.

    :param code: as in ``StopReason.code`` (N9)
    :param member: what people call one of those that were upgraded
    """
    return _ADVICE.get(code, "").replace("instance", member)
