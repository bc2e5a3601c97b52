"""The site's settings for upgrades of node images: how they are timed, and the window of clusters without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from fleetwright.domain.durations import span_text
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow, read_maintenance_window
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.phase_checks import PlanProblem
from fleetwright.phases.config.config_files import locate, parse_text, read_text
from fleetwright.phases.config.fields import Fields

NODE_IMAGES_VARIABLE = "FLEETWRIGHT_NODE_IMAGES"
USUAL_NODE_IMAGES_FILE = locate({}, NODE_IMAGES_VARIABLE, "node-images.yaml")

_KEYS = ("margin", "spread", "perNode", "livePatch", "soak", "poll", "maintenanceWindow")
_NONE, _SECOND, _DAY = timedelta(), timedelta(seconds=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NodeImageSettings:
    """What a site sets.

    :param window: which automatic runs keep to where a cluster has none of its own
    """

    manners: Manners = field(default_factory=Manners)
    window: MaintenanceWindow = SUNDAY


def node_images_file(environment: Mapping[str, str]) -> Path:
    """Where the file lies: ``FLEETWRIGHT_NODE_IMAGES``, else ``include/config/node-images.yaml`` of the checkout."""
    return locate(environment, NODE_IMAGES_VARIABLE, USUAL_NODE_IMAGES_FILE.name)


def load_node_image_settings(path: Path | str) -> NodeImageSettings:
    """Read the file; what it does not name is as usual.

    :raises ConfigFileError: when it cannot be read or holds errors, with all of them
    """
    text = read_text(path, "the node images file", NODE_IMAGES_VARIABLE)
    file = parse_text(text, str(path), ", ".join(_KEYS))
    problems: list[PlanProblem] = []
    fields = Fields(file.value, _KEYS, whose="", place=(), problems=problems)
    found = NodeImageSettings(_manners(fields), _window(fields))
    file.refuse(tuple(problems))
    return found


def _manners(fields: Fields) -> Manners:
    usual = Manners()
    return Manners(
        margin=_within(fields, "margin", usual.margin, _NONE),
        spread=_within(fields, "spread", usual.spread, _NONE),
        per_node=_within(fields, "perNode", usual.per_node, _SECOND),
        live_patch=_within(fields, "livePatch", usual.live_patch, _SECOND),
        soak=_within(fields, "soak", usual.soak, _NONE),
        poll=_within(fields, "poll", usual.poll, _SECOND),
    )


def _within(fields: Fields, key: str, usual: timedelta, least: timedelta) -> timedelta:
    span = fields.span(key, usual)
    if not least <= span <= _DAY:
        fields.refuse(
            f"{key} is {span_text(span)}; it must be from {span_text(least)} to {span_text(_DAY)}", key
        )
    return span


def _window(fields: Fields) -> MaintenanceWindow:
    body = fields.get("maintenanceWindow")
    if body is None:
        return SUNDAY
    if not isinstance(body, Mapping):
        fields.refuse(
            f"maintenanceWindow is {body!r}; it must be a mapping with schedule, durationHours and startTime",
            "maintenanceWindow",
        )
        return SUNDAY
    try:
        return read_maintenance_window(_as_json(body))
    except ConfigurationError as error:
        fields.refuse(str(error), *str(error).partition(" ")[0].split("."))
        return SUNDAY


def _as_json(value: Any) -> Any:  # noqa: ANN401 - whatever the file says
    """YAML reads a day that is not in quotes as a date, which JSON has as text."""
    if isinstance(value, Mapping):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_json(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
