"""Until when credentials in settings are good: SAS tokens, JWTs, and fields that name an expiry (R18).

Only the instant is kept; no part of a secret leaves this module.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import unquote

from fleetwright.azure.bodies import as_body

SAS_TOKEN, JWT = "SAS token", "JWT"

# learn.microsoft.com/rest/api/storageservices/create-service-sas: se, a date with or without a time, is the end.
_SAS_END = re.compile(r"(?:^|[?&;\s'\"])se=([0-9][0-9A-Za-z:%.+-]*)", re.IGNORECASE)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]+\.(?P<claims>[A-Za-z0-9_-]+)\.[A-Za-z0-9_-]*")
_EXPIRY_NAME = re.compile(
    r"(?:.*[a-z_-])?(?:expir(?:es|y|ation)(?:[_-]?(?:on|at|date|time|utc|datetime|dateutc|timeutc|timestamp))?"
    r"|valid[_-]?(?:to|until)|not[_-]?after)",
    re.IGNORECASE,
)
_EPOCH_RANGE = (10**9, 10**10)  # seconds: 2001 to 2286; a smaller number is a duration, say
_DEPTH = 20


class Expiry(NamedTuple):
    """One credential: where it stands, what it is, and its end."""

    setting: str
    kind: str
    expires_at: datetime


def find_expiries(value: object, path: str, depth: int = _DEPTH) -> Iterator[Expiry]:
    """Every end that the settings show, below ``path``.

    >>> list(find_expiries({"uri": "https://x/?sv=1&se=2024-06-02&sig=s"}, "settings"))
    [Expiry(setting='settings.uri', kind='SAS token', expires_at=datetime.datetime(2024, 6, 2, 0, 0, \
tzinfo=datetime.timezone.utc))]
    """
    if depth == 0:
        return
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from find_expiries(item, f"{path}[{position}]", depth - 1)
    elif isinstance(value, str):
        yield from _in_text(value, path, depth)
    for name, item in as_body(value).items():
        below = f"{path}.{name}"
        end = _instant(item) if _EXPIRY_NAME.fullmatch(name) else None
        if end is not None:
            yield Expiry(below, name, end)
        else:
            yield from find_expiries(item, below, depth - 1)


def _in_text(text: str, path: str, depth: int) -> Iterator[Expiry]:
    document = _document(text)
    if document is not None:
        yield from find_expiries(document, path, depth - 1)
        return
    for match in _SAS_END.finditer(text):
        end = _instant(unquote(match[1]))
        if end is not None:
            yield Expiry(path, SAS_TOKEN, end)
    for match in _JWT.finditer(text):
        end = _claimed_end(match["claims"])
        if end is not None:
            yield Expiry(path, JWT, end)


def _document(text: str) -> object:
    """What the text holds where it is a JSON object or list of its own: settings are nested so."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found


def _claimed_end(claims: str) -> datetime | None:
    try:
        body = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except (ValueError, RecursionError):
        return None
    return _instant(as_body(body).get("exp"))


def _instant(value: object) -> datetime | None:
    """An ISO time, a date, or seconds since 1970, as an aware instant; None for anything else."""
    if isinstance(value, bool):
        return None
    low, high = _EPOCH_RANGE
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC) if low <= value < high else None
    if not isinstance(value, str):
        return None
    if value.isdecimal():
        return _instant(int(value)) if len(value) == len(str(low)) else None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
