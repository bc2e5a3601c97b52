"""One entry of a list of fleets: what cannot be understood is named, and keeps no other from being listed."""

from __future__ import annotations

import logging
from collections.abc import Callable

from fleetwright.azure.bodies import Body, text_at
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, FleetId, parse_fleet_id

log = logging.getLogger(__name__)


def read_listed(what: str, body: Body, read: Callable[[FleetId, Body], Fleet]) -> Fleet | None:
    """Read an entry; None for one that cannot be understood, which the log names.

    :param what: what it should be, in a person's words
    """
    try:
        return read(parse_fleet_id(text_at(body, "id")), body)
    except ConfigurationError as error:
        log.warning("a %s is left out: %s", what, error)
        return None
