"""``$filter``, ``$select`` and ``maxresults`` of the list of pools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.batch.pool_checks import value_at
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import next_link, skip_token

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall

MOST_RESULTS = 1000
"""A page of Batch's management API, unless ``maxresults`` asks for less."""

_EQUALS = re.compile(r"\s*([\w/]+)\s+(eq|ne)\s+(?:'((?:[^']|'')*)'|(\d+|true|false|null))\s*", re.IGNORECASE)
_STARTS = re.compile(r"\s*startswith\(\s*([\w/]+)\s*,\s*'((?:[^']|'')*)'\s*\)\s*", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
_ALWAYS = ("id", "name", "type", "etag")


def pool_page(call: ArmCall, pools: Sequence[JsonObject]) -> ArmReply:
    """The page of pools that a call asks for.

    :raises InvalidParameterError: one of the three options is none that is understood.
    """
    matches = _filter(call)
    found = [pool for pool in pools if matches(pool)]
    start = skip_token(call) or 0
    end = start + _size(call)
    body: JsonObject = {"value": [_selected(call, pool) for pool in found[start:end]]}
    if end < len(found):
        body["nextLink"] = next_link(call, end)
    return ArmReply.of(body)


def _size(call: ArmCall) -> int:
    text = call.query.get("maxresults")
    if text is None:
        return MOST_RESULTS
    if not text.isdecimal() or not 1 <= int(text) <= MOST_RESULTS:
        raise InvalidParameterError(
            f"The value '{text}' of query parameter maxresults is not a number from 1 to {MOST_RESULTS}.",
            target="maxresults",
        )
    return int(text)


def _selected(call: ArmCall, pool: JsonObject) -> JsonObject:
    """What ``$select`` leaves of a pool: names of properties, after ``properties/``."""
    text = call.query.get("$select")
    if not text:
        return pool
    names = {name.strip().rpartition("/")[2].lower() for name in text.split(",")}
    kept = {key: pool[key] for key in _ALWAYS}
    if names == {"properties"}:
        return {**kept, "properties": pool["properties"]}
    return {**kept, "properties": {k: v for k, v in pool["properties"].items() if k.lower() in names}}


def _filter(call: ArmCall) -> Callable[[JsonObject], bool]:
    text = call.query.get("$filter")
    conditions = [_condition(part) for part in _AND.split(text)] if text else []
    return lambda pool: all(holds(pool) for holds in conditions)


def _condition(text: str) -> Callable[[JsonObject], bool]:
    starts = _STARTS.fullmatch(text)
    if starts is not None:
        path, prefix = starts[1], _unquoted(starts[2])
        return lambda pool: str(_read(pool, path)).lower().startswith(prefix)
    compared = _EQUALS.fullmatch(text)
    if compared is None:
        raise InvalidParameterError(
            f"The $filter '{text}' is not understood: conditions such as name eq 'p1' and "
            "startswith(name, 'p'), joined by 'and', are.",
            target="$filter",
        )
    path, negated = compared[1], compared[2].lower() == "ne"
    wanted = _unquoted(compared[3]) if compared[3] is not None else compared[4].lower()
    return lambda pool: (_read(pool, path) == wanted) is not negated


def _unquoted(text: str) -> str:
    return text.replace("''", "'").lower()


def _read(pool: JsonObject, path: str) -> str:
    value = value_at(pool, path.replace("/", "."))
    return "null" if value is None else str(value).lower()
