"""Pages of instances that were read before: most pages of a large set are the same at the next look."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import blake2b

from fleetwright.azure.bodies import Body
from fleetwright.azure.calls import Answer, Call
from fleetwright.azure.instance_parsing import parse_instance
from fleetwright.azure.paging import Page, read_page
from fleetwright.domain.instances import Instance

KEPT_PAGES = 64


class KnownPages:
    """A ``PageReader`` that takes apart only what it has not seen: the same bytes are the same instances."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Page[Instance]] = OrderedDict()

    def read(self, call: Call, answer: Answer) -> Page[Instance]:
        """The page's instances.

        :raises UnexpectedAnswerError: when the answer is no list
        """
        mark = blake2b(answer.content, digest_size=32).digest()
        page = self._kept.pop(mark, None) or _parsed(read_page(call, answer))
        self._kept[mark] = page
        while len(self._kept) > KEPT_PAGES:
            self._kept.popitem(last=False)
        return page


def _parsed(page: Page[Body]) -> Page[Instance]:
    return Page(tuple(map(parse_instance, page.items)), page.next_link)
