"""The watch file: when the image watch acts on what it sees (R29)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import yaml

from fleetwright.domain.durations import parse_span, span_text
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.seen_images import WatchTimes

WATCH_FILE_VARIABLE = "FLEETWRIGHT_WATCH_FILE"
USUAL_WATCH_FILE = Path(__file__).resolve().parents[2] / "config" / "watch.yaml"

_SPANS = {
    "cadence": "cadence",
    "publicationDelay": "publication_delay",
    "enablementDelay": "enablement_delay",
    "poll": "poll",
}
_STARTS = "lateStarts"
_MOST = timedelta(days=1)


def watch_file(environment: Mapping[str, str]) -> Path:
    """Where the watch file lies: ``FLEETWRIGHT_WATCH_FILE``, else ``include/config/watch.yaml`` of the checkout."""
    given = environment.get(WATCH_FILE_VARIABLE, "").strip()
    return Path(given).expanduser() if given else USUAL_WATCH_FILE


def load_watch_times(path: Path | str) -> WatchTimes:
    """Read a watch file; what it does not name is as usual.

    :raises ConfigurationError: naming the file, the key, its value and what would be right
    """
    document = _read(path)
    known = (*_SPANS, _STARTS)
    for key in document:
        if key not in known:
            raise ConfigurationError(f"{path}: key {key} is unknown; known: {', '.join(known)}")
    spans = {name: _span(path, key, document[key]) for key, name in _SPANS.items() if key in document}
    starts = _starts(path, document.get(_STARTS, WatchTimes().late_starts))
    times = WatchTimes(**spans, late_starts=starts)
    _check_range(path, "cadence", times.cadence, timedelta(minutes=1))
    _check_range(path, "poll", times.poll, timedelta(seconds=1))
    return times


def _check_range(path: Path | str, key: str, span: timedelta, least: timedelta) -> None:
    if not least <= span <= _MOST:
        raise ConfigurationError(
            f"{path}: {key} is {span_text(span)}; it must be from {span_text(least)} to {span_text(_MOST)}"
        )


def _read(path: Path | str) -> Mapping[str, object]:
    try:
        document = yaml.safe_load(Path(path).read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"{path}: the watch file cannot be read ({error.strerror}); {WATCH_FILE_VARIABLE} names another"
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(f"{path}: is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict):
        raise ConfigurationError(f"{path}: holds no mapping with keys such as cadence: PT30M")
    return {str(key): value for key, value in document.items()}


def _span(path: Path | str, key: str, value: object) -> timedelta:
    try:
        return parse_span(str(value))
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {key}: {error}") from None


def _starts(path: Path | str, value: object) -> int:
    if type(value) is int and value >= 0:
        return value
    raise ConfigurationError(f"{path}: {_STARTS} is {value!r}; it must be a whole number of 0 or more")
