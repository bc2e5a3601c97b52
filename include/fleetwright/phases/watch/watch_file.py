"""The watch file: when the image watch acts on what it sees (R29)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from fleetwright.domain.durations import span_text
from fleetwright.domain.phase_checks import PlanProblem
from fleetwright.domain.seen_images import WatchTimes
from fleetwright.phases.config.config_files import locate, parse_text, read_text
from fleetwright.phases.config.fields import Fields

WATCH_FILE_VARIABLE = "FLEETWRIGHT_WATCH_FILE"
USUAL_WATCH_FILE = locate({}, WATCH_FILE_VARIABLE, "watch.yaml")

_KEYS = ("cadence", "publicationDelay", "enablementDelay", "lateStarts", "poll")
_MOST = timedelta(days=1)


def watch_file(environment: Mapping[str, str]) -> Path:
    """Where the watch file lies: ``FLEETWRIGHT_WATCH_FILE``, else ``include/config/watch.yaml`` of the checkout."""
    return locate(environment, WATCH_FILE_VARIABLE, USUAL_WATCH_FILE.name)


def load_watch_times(path: Path | str) -> WatchTimes:
    """Read a watch file; what it does not name is as usual.

    :raises ConfigFileError: when it cannot be read or holds errors, with all of them
    """
    file = parse_text(read_text(path, "the watch file", WATCH_FILE_VARIABLE), str(path), ", ".join(_KEYS))
    problems: list[PlanProblem] = []
    fields, usual = Fields(file.value, _KEYS, whose="", place=(), problems=problems), WatchTimes()
    times = WatchTimes(
        cadence=_at_least(timedelta(minutes=1), fields, "cadence", usual.cadence),
        publication_delay=fields.span("publicationDelay", usual.publication_delay),
        enablement_delay=fields.span("enablementDelay", usual.enablement_delay),
        late_starts=fields.whole("lateStarts", usual.late_starts, 0),
        poll=_at_least(timedelta(seconds=1), fields, "poll", usual.poll),
    )
    file.refuse(tuple(problems))
    return times


def _at_least(least: timedelta, fields: Fields, key: str, usual: timedelta) -> timedelta:
    span = fields.span(key, usual)
    if not least <= span <= _MOST:
        fields.refuse(
            f"{key} is {span_text(span)}; it must be from {span_text(least)} to {span_text(_MOST)}", key
        )
    return span
