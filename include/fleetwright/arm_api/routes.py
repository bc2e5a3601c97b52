"""The routes: which path and verb is which question, whatever case the path is written in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from fleetwright.arm_api.errors import MethodNotAllowedError, ResourceNotFoundError
from fleetwright.domain.fleets import FleetId, parse_fleet_id

_SET = (
    r"(?P<fleet>/subscriptions/[^/]+/resourceGroups/[^/]+"
    r"/providers/Microsoft\.Compute/virtualMachineScaleSets/[^/]+)"
)
_OPERATION = (
    r"/subscriptions/[^/]+/providers/Microsoft\.Compute/locations/[^/]+/operations/(?P<operation>[^/]+)"
)


class Question(StrEnum):
    """What a call asks for."""

    HISTORY = "osUpgradeHistory"
    LATEST = "rollingUpgrades/latest"
    START = "osRollingUpgrade"
    CANCEL = "rollingUpgrades/cancel"
    OPERATION = "operation"


_ROUTES = (
    ("GET", _SET + "/osUpgradeHistory", Question.HISTORY),
    ("GET", _SET + "/rollingUpgrades/latest", Question.LATEST),
    ("POST", _SET + "/osRollingUpgrade", Question.START),
    ("POST", _SET + "/rollingUpgrades/cancel", Question.CANCEL),
    ("GET", _OPERATION, Question.OPERATION),
)
_TABLE = tuple((method, re.compile(path, re.IGNORECASE), question) for method, path, question in _ROUTES)


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that is understood.

    :param fleet: the set's ARM id as it stands in the path, empty for an operation
    """

    question: Question
    fleet: str = ""
    operation: str = ""

    @property
    def fleet_id(self) -> FleetId:
        """The set's id taken apart.

        :raises ConfigurationError: when it is none
        """
        return parse_fleet_id(self.fleet)


def understand(method: str, path: str) -> Asked:
    """Find the route of a call.

    :raises ResourceNotFoundError: when there is none
    :raises MethodNotAllowedError: when there is one with another verb
    """
    for verb, pattern, question in _TABLE:
        match = pattern.fullmatch(path.rstrip("/"))
        if match and verb != method:
            raise MethodNotAllowedError(
                f"The requested resource does not support http method '{method}': use {verb}."
            )
        if match:
            return Asked(question, **match.groupdict())
    served = ", ".join(sorted(str(question) for question in Question if question is not Question.OPERATION))
    raise ResourceNotFoundError(f"There is no such route; of a scale set {served} are served.")
