"""Pages of a list: the items, and where the next page is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from fleetwright.azure.bodies import Body, as_body, decode, text_at
from fleetwright.azure.calls import Answer, Call
from fleetwright.azure.failures import unexpected
from fleetwright.azure.hosts import resolve_link

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page.

    :param items: JSON objects, or what a reader made of them
    :param next_link: where the next page is, byte for byte; empty on the last one
    """

    items: tuple[T, ...]
    next_link: str


PageReader: TypeAlias = Callable[[Call, Answer], Page[T]]


def read_page(call: Call, answer: Answer) -> Page[Body]:
    """Take a page apart; a bare array (the image catalogue's form) is one page without a next.

    :raises UnexpectedAnswerError: when the answer is no list
    """
    value = read_json(call, answer)
    if isinstance(value, list):
        return Page(tuple(as_body(item) for item in value), "")
    body = as_body(value)
    items = body.get("value")
    if not isinstance(items, list):
        raise unexpected(call, answer, "answered a list with something that is none")
    return Page(tuple(as_body(item) for item in items), _next_link(body))


def _next_link(body: Body) -> str:
    # The data plane of Batch writes OData's own name.
    return text_at(body, "nextLink") or text_at(body, "odata.nextLink")


def read_object(call: Call, answer: Answer) -> Body:
    """The answer's JSON object.

    :raises UnexpectedAnswerError: when it is none
    """
    value = read_json(call, answer)
    if not isinstance(value, dict):
        raise unexpected(call, answer, "answered with no JSON object")
    return value


def read_json(call: Call, answer: Answer) -> object:
    """The answer's JSON value.

    :raises UnexpectedAnswerError: when it is no JSON
    """
    try:
        return decode(answer.content)
    except ValueError:
        raise unexpected(call, answer, "answered with no JSON") from None


def next_call(call: Call, answer: Answer, page: Page[T]) -> Call | None:
    """The call for the page after this one, None after the last.

    :raises UnexpectedAnswerError: when the page names itself as the next one
    """
    if not page.next_link:
        return None
    url = resolve_link(call.url, page.next_link)
    if url == call.url:
        raise unexpected(call, answer, "gave a page that names itself as the next one")
    return Call("GET", url)
