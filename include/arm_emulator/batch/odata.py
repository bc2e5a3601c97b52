"""What the data plane's lists take: ``$filter``, ``$select``, ``maxresults``."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.batch.errors import InvalidQueryError
from arm_emulator.batch.speech import batch_instant, service_url
from arm_emulator.instants import parse_instant
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import next_link, skip_token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall

MOST_RESULTS = 1000
_COMPARISON = re.compile(
    r"\s*(\w+)\s+(eq|ne|gt|ge|lt|le)\s+(?:(?:datetime)?'([^']*)'|([^\s()']+))\s*", re.IGNORECASE
)
_BEGINNING = re.compile(r"\s*startswith\(\s*(\w+)\s*,\s*'([^']*)'\s*\)\s*", re.IGNORECASE)
_AND, _OR = re.compile(r"\s+and\s+", re.IGNORECASE), re.compile(r"\s+or\s+", re.IGNORECASE)
_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "eq": lambda found, asked: found == asked,
    "ne": lambda found, asked: found != asked,
    "gt": lambda found, asked: found > asked,
    "ge": lambda found, asked: found >= asked,
    "lt": lambda found, asked: found < asked,
    "le": lambda found, asked: found <= asked,
}


class Comparison(NamedTuple):
    """One part of a filter."""

    name: str
    operator: str
    value: str

    def holds(self, item: JsonObject) -> bool:
        """Whether an item is as it says; words are compared without their case."""
        found = item.get(self.name)
        if isinstance(found, bool):
            found = str(found).lower()
        if isinstance(found, int) and self.value.isdecimal():
            return _COMPARE[self.operator](f"{found:020d}", f"{int(self.value):020d}")
        text, asked = str(found).lower(), self.value.lower()
        if self.operator == "startswith":
            return text.startswith(asked)
        return _COMPARE[self.operator](text, asked)


class Filter(NamedTuple):
    """``$filter``: alternatives, each of parts that all have to hold."""

    alternatives: tuple[tuple[Comparison, ...], ...]

    def holds(self, item: JsonObject) -> bool:
        """Whether an item is one that is asked for."""
        return any(all(part.holds(item) for part in parts) for parts in self.alternatives)


def asked_filter(call: ArmCall, names: frozenset[str]) -> Filter | None:
    """The call's ``$filter``; None where it has none.

    :param names: the properties that one may filter by.
    :raises InvalidQueryError: it is no filter of this kind.
    """
    text = call.query.get("$filter", "")
    if not text.strip():
        return None
    return Filter(
        tuple(
            tuple(_comparison(part, text, names) for part in _AND.split(parts)) for parts in _OR.split(text)
        )
    )


def _comparison(part: str, text: str, names: frozenset[str]) -> Comparison:
    known = {name.lower(): name for name in names}
    if part.strip().startswith("(") and part.strip().endswith(")"):
        part = part.strip()[1:-1]
    if (found := _BEGINNING.fullmatch(part)) is not None:
        name, operator, value = found[1], "startswith", found[2]
    elif (found := _COMPARISON.fullmatch(part)) is not None:
        name, operator, value = found[1], found[2].lower(), found[3] if found[3] is not None else found[4]
    else:
        raise InvalidQueryError.of(
            "$filter", text, f"{part.strip()!r} is no comparison such as state eq 'idle'"
        )
    if name.lower() not in known:
        raise InvalidQueryError.of(
            "$filter", text, f"one cannot filter by {name}; by: {', '.join(sorted(names))}"
        )
    return Comparison(known[name.lower()], operator, _as_written(known[name.lower()], value, text))


def _as_written(name: str, value: str, text: str) -> str:
    """Instants in the spelling in which nodes show them, so that they compare as texts."""
    if not name.endswith("Time"):
        return value
    try:
        return batch_instant(parse_instant(value))
    except ValueError:
        raise InvalidQueryError.of("$filter", text, f"{value!r} is no instant") from None


def asked_names(call: ArmCall, names: frozenset[str]) -> frozenset[str] | None:
    """The properties that ``$select`` names; None where the call has none.

    :raises InvalidQueryError: it names one that there is not.
    """
    text = call.query.get("$select", "")
    chosen = frozenset(part.strip() for part in text.split(",") if part.strip())
    known = {name.lower(): name for name in names}
    for name in chosen:
        if name.lower() not in known:
            raise InvalidQueryError.of("$select", text, f"there is no property {name}")
    return frozenset(known[name.lower()] for name in chosen) if chosen else None


def selected(item: JsonObject, names: frozenset[str] | None) -> JsonObject:
    """An item with these properties only."""
    return item if names is None else {name: value for name, value in item.items() if name in names}


def page_of(call: ArmCall) -> slice:
    """The positions that the call's page has.

    :raises InvalidQueryError: ``maxresults`` is not from 1 to 1000, or the ``$skiptoken`` is none of ours.
    """
    text = call.query.get("maxresults", str(MOST_RESULTS))
    most = int(text) if text.isdecimal() else 0
    if not 1 <= most <= MOST_RESULTS:
        raise InvalidQueryError.of("maxresults", text, f"it is no number from 1 to {MOST_RESULTS}")
    try:
        start = skip_token(call) or 0
    except InvalidParameterError as error:
        raise InvalidQueryError.of("$skiptoken", call.query["$skiptoken"], error.message) from error
    return slice(start, start + most)


def list_reply(call: ArmCall, collection: str, texts: Sequence[str], following: int | None) -> ArmReply:
    """A page of a list, each item as JSON text.

    :param following: the position with which the next page begins; None where this is the last.
    """
    metadata = json.dumps(f"{service_url(call)}/$metadata#{collection}")
    link = "" if following is None else f', "odata.nextLink": {json.dumps(next_link(call, following))}'
    return ArmReply(text=f'{{"odata.metadata": {metadata}, "value": [{", ".join(texts)}]{link}}}')


def listed(call: ArmCall, collection: str, items: Sequence[JsonObject], filters: frozenset[str]) -> ArmReply:
    """The page of items that a call asks for by ``$filter``, ``$select`` and ``maxresults``."""
    wanted, page = asked_filter(call, filters), page_of(call)
    names = asked_names(call, frozenset(name for item in items for name in item))
    found = [item for item in items if wanted is None or wanted.holds(item)]
    texts = [json.dumps(selected(item, names)) for item in found[page]]
    return list_reply(call, collection, texts, page.stop if page.stop < len(found) else None)
