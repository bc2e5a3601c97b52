"""What is known about a fleet when it is judged, and the shape of a rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance
from fleetwright.domain.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about the fleet when it is judged.

    :param foreign_rollout: one line about a rolling upgrade of somebody else, empty where there is none
    :param awaited_version: for which Azure's deferred upgrade waits to be approved, empty where none waits
    :param requires_deferral: the endpoint is one where Azure itself would upgrade a flagged set
    :param surroundings: what was read beside the model, once
    :param predicted_end: when the last batch will be over if all goes well, None where there is nothing to do;
        now where no version can be planned for
    """

    fleet: Fleet
    instances: tuple[Instance, ...]
    foreign_rollout: str = ""
    awaited_version: str = ""
    requires_deferral: bool = False
    surroundings: Surroundings = field(default_factory=Surroundings)
    predicted_end: datetime | None = None


# One line that says what is wrong and what would be right; empty where nothing is.
Rule: TypeAlias = Callable[[Facts], str]
