"""Lengths of time as people write them in files, and as they are read back to them."""

from __future__ import annotations

import re
from datetime import timedelta

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.policy import parse_duration

_UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_READABLE = re.compile(
    r"(?:(?P<days>\d+)d)?\s*(?:(?P<hours>\d+)h)?\s*(?:(?P<minutes>\d+)m)?\s*(?:(?P<seconds>\d+)s)?"
)


def parse_span(text: str) -> timedelta:
    """Read a length of time: ISO 8601 as Azure writes it, or numbers with units.

    >>> parse_span("PT1H30M") == parse_span("1h30m") == parse_span("90m")
    True

    :raises ConfigurationError: when the text is neither
    """
    words = text.strip()
    match = _READABLE.fullmatch(words.lower())
    try:
        if match is None or not words:
            return parse_duration(words.upper())
        return timedelta(**{unit: int(amount) for unit, amount in match.groupdict(default="0").items()})
    except (ConfigurationError, OverflowError):
        raise ConfigurationError(f"{text!r} is no length of time such as PT1H, 90m or 30s") from None


def span_text(span: timedelta) -> str:
    """A length of time in the shortest words that ``parse_span`` reads.

    >>> span_text(timedelta(hours=1, seconds=30))
    '1h30s'
    """
    rest, parts = int(span.total_seconds()), []
    for unit, name in _UNITS.items():
        amount, rest = divmod(rest, int(timedelta(**{name: 1}).total_seconds()))
        parts += [f"{amount}{unit}"] if amount else []
    return "".join(parts) or "0s"


def clock_text(duration: timedelta) -> str:
    """A length of time as hours, minutes and seconds, as a log shows it.

    >>> clock_text(timedelta(minutes=5, seconds=0.4))
    '0:05:00'
    """
    return str(timedelta(seconds=round(duration.total_seconds())))
