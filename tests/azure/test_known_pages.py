"""Pages of instances that were read before are not taken apart again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from arm_bodies import instance

from fleetwright.azure.bodies import Body
from fleetwright.azure.calls import Answer, Call
from fleetwright.azure.instance_parsing import parse_instance
from fleetwright.azure.known_pages import KEPT_PAGES, KnownPages
from fleetwright.domain.instances import Instance

CALL = Call("GET", "https://management.azure.com/page")


def page(*instances: dict[str, Any], next_link: str = "") -> Answer:
    """A page as it comes in."""
    return Answer(200, {}, json.dumps({"value": instances, "nextLink": next_link}).encode())


@pytest.fixture
def parsed() -> list[str]:
    """The instances that were parsed, in order."""
    return []


def pages_telling(parsed: list[str]) -> KnownPages[Instance]:
    """Pages that say which instances they take apart."""

    def parse(body: Body) -> Instance:
        parsed.append(body["instanceId"])
        return parse_instance(body)

    return KnownPages(parse)


def test_same_page_is_parsed_once(parsed: list[str]) -> None:
    """The same bytes are the same instances and lead to the same next page; one other byte is another page."""
    pages = pages_telling(parsed)
    first = pages.read(CALL, page(instance("0"), instance("1"), next_link="https://x/2"))

    again = pages.read(CALL, page(instance("0"), instance("1"), next_link="https://x/2"))
    other = pages.read(CALL, page(instance("0"), instance("1", latestModelApplied=False)))

    assert again == first
    assert [i.latest_model_applied for i in other.items] == [True, False]
    assert (first.next_link, other.next_link) == ("https://x/2", "")
    assert parsed == ["0", "1", "0", "1"]


def test_pages_not_met_for_long_are_forgotten(parsed: list[str]) -> None:
    """Only so many pages are kept, those met last: memory does not grow with the rollout."""
    pages = pages_telling(parsed)
    for n in range(KEPT_PAGES + 1):
        pages.read(CALL, page(instance(str(n))))
    del parsed[:]

    pages.read(CALL, page(instance(str(KEPT_PAGES))))
    pages.read(CALL, page(instance("0")))

    assert parsed == ["0"]
