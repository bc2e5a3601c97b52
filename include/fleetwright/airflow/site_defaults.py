"""Defaults of the trigger forms that whoever runs Airflow sets once, as environment variables of its processes."""

from __future__ import annotations

from collections.abc import Mapping

from fleetwright.domain.drains import WhenBusy
from fleetwright.domain.errors import ConfigurationError

POLL_VARIABLE = "FLEETWRIGHT_POLL_SECONDS"
HEALTH_VARIABLE = "FLEETWRIGHT_HEALTH_TIMEOUT_SECONDS"
DEADLINE_VARIABLE = "FLEETWRIGHT_DRAIN_DEADLINE_SECONDS"
WHEN_BUSY_VARIABLE = "FLEETWRIGHT_WHEN_BUSY"
GRACE_VARIABLE = "FLEETWRIGHT_DRAIN_GRACE_SECONDS"


def seconds_of(environment: Mapping[str, str], variable: str, usual: float) -> float:
    """A number of seconds.

    :param usual: where the variable is not set
    :raises ConfigurationError: when it is set to anything else
    """
    given = environment.get(variable, "").strip()
    try:
        return float(given) if given else usual
    except ValueError:
        raise ConfigurationError(f"{variable} is {given!r}; it must be a number of seconds") from None


def when_busy_of(environment: Mapping[str, str], usual: WhenBusy) -> WhenBusy:
    """What becomes of a node that is not idle in time (R55).

    :param usual: where the variable is not set
    :raises ConfigurationError: when it is set to no such policy
    """
    given = environment.get(WHEN_BUSY_VARIABLE, "").strip()
    if given and given not in set(WhenBusy):
        choices = ", ".join(WhenBusy)
        raise ConfigurationError(f"{WHEN_BUSY_VARIABLE} is {given!r}; it must be one of {choices}")
    return WhenBusy(given) if given else usual
