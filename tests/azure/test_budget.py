"""One request budget per subscription, spent by everything in the process."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from azure_doubles import SUBSCRIPTION, TOKEN, Reply, ScriptedServer, VirtualClock
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.azure.budget import READS, WRITES, Budget
from fleetwright.azure.calls import Call
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect

NOW = datetime(2024, 6, 1, tzinfo=UTC)
READ, WRITE = Call("GET", "https://a/x"), Call("POST", "https://a/x")


def test_limits_are_arms_own() -> None:
    """Reads: 250, refilled by 25 a second; writes: 200, refilled by 10 a second."""
    assert (READS.capacity, READS.per_second) == (250, 25)
    assert (WRITES.capacity, WRITES.per_second) == (200, 10)


def test_full_bucket_is_free_and_an_empty_one_has_a_price() -> None:
    """The 251st read of an instant waits a 25th of a second, the 252nd two of them."""
    budget = Budget()

    delays = [budget.reserve(READ, NOW) for _ in range(252)]

    assert delays[:250] == [0] * 250
    assert delays[250:] == [1 / 25, 2 / 25]


def test_writes_have_a_bucket_of_their_own() -> None:
    """Spent reads do not hold up a write, nor the other way round."""
    budget = Budget()
    for _ in range(300):
        budget.reserve(READ, NOW)

    assert budget.reserve(WRITE, NOW) == 0


@given(st.lists(st.floats(0, 5), min_size=1, max_size=400))
def test_no_second_sees_more_than_capacity_and_refill(gaps: list[float]) -> None:
    """Whatever the pace of asking, within any span no more is sent than was held and has flowed in."""
    budget, now, sent = Budget(), NOW, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        sent.append(now + timedelta(seconds=budget.reserve(WRITE, now)))

    sent.sort()
    for first in range(0, len(sent), 20):
        span = (sent[-1] - sent[first]).total_seconds()
        assert len(sent) - first <= WRITES.capacity + WRITES.per_second * span + 1


def test_clock_that_was_set_back_gives_nothing() -> None:
    """A world that was reset to an earlier time neither fills nor empties the bucket."""
    budget = Budget()
    for _ in range(250):
        budget.reserve(READ, NOW)

    assert budget.reserve(READ, NOW - timedelta(days=1)) > 0


def test_azure_may_lower_the_budget(client: ArmClient, server: ScriptedServer, clock: VirtualClock) -> None:
    """``x-ms-ratelimit-remaining-subscription-reads: 0`` makes the next read wait on the clock."""
    url = f"{server.url}/subscriptions/{SUBSCRIPTION}/x"
    server.script(Reply(200, {}, {"x-ms-ratelimit-remaining-subscription-reads": "0"}))

    client.get(url)
    client.get(url)

    assert clock.waits == [1 / 25]


def test_clients_of_a_process_share_it(server: ScriptedServer, clock: VirtualClock) -> None:
    """Two clients, and the reading half of one, spend one subscription's budget; another one's is untouched."""
    clients = [connect(AzureEndpoint(server.url, StaticToken(TOKEN)), clock) for _ in range(2)]
    mine, other = (f"{server.url}/subscriptions/{name}/x" for name in (SUBSCRIPTION.upper(), "other"))
    server.script(Reply(200, {}, {"x-ms-ratelimit-remaining-subscription-reads": "0"}), Reply(200, {}))
    asyncio.run(clients[0].reader.get(mine))

    clients[1].get(other)
    assert clock.waits == []
    clients[1].get(mine)

    assert clock.waits == [1 / 25]
