"""Pages that were read before: most pages of a large fleet are the same at the next look."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Generic

from fleetwright.azure.bodies import Body
from fleetwright.azure.calls import Answer, Call
from fleetwright.azure.paging import Page, T, read_page

KEPT_PAGES = 64


class KnownPages(Generic[T]):
    """A ``PageReader`` that takes apart only what it has not seen: the same bytes are the same things.

    :param parse: reads one item
    """

    def __init__(self, parse: Callable[[Body], T]) -> None:
        self._parse = parse
        self._kept: OrderedDict[bytes, Page[T]] = OrderedDict()

    def read(self, call: Call, answer: Answer) -> Page[T]:
        """The page's items.

        :raises UnexpectedAnswerError: when the answer is no list
        """
        mark = blake2b(answer.content, digest_size=32).digest()
        page = self._kept.pop(mark, None) or self._parsed(read_page(call, answer))
        self._kept[mark] = page
        while len(self._kept) > KEPT_PAGES:
            self._kept.popitem(last=False)
        return page

    def _parsed(self, page: Page[Body]) -> Page[T]:
        return Page(tuple(map(self._parse, page.items)), page.next_link)
