"""The reading half for triggers: the same answers, without a thread that waits."""

from __future__ import annotations

import asyncio
import threading

import pytest
from azure_doubles import DROPPED, TOKEN, Reply, ScriptedServer, Seen, VirtualClock, arm_error_body

from fleetwright.azure.async_client import AsyncArmReader
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.errors import AuthenticationRefusedError, EndpointUnreachableError, ServiceFailedError
from fleetwright.azure.retries import RetryPolicy
from fleetwright.rollout.provider_errors import is_transient

AT_ONCE = RetryPolicy(attempts=2, first_delay=0.0, longest_delay=0.0, longest_retry_after=2.0)


@pytest.fixture
def reader(server: ScriptedServer, clock: VirtualClock) -> AsyncArmReader:
    """A reader whose second attempt follows at once."""
    return AsyncArmReader(url=server.url, tokens=StaticToken(TOKEN), clock=clock, policy=AT_ONCE)


def test_list_is_read_to_its_end(reader: AsyncArmReader, server: ScriptedServer) -> None:
    """Pages are followed byte for byte, as the blocking half does."""
    target = "/next?%24skiptoken=a%2fb&api-version=1"
    server.script(
        Reply(200, {"value": [{"id": 1}], "nextLink": f"{server.url}{target}"}),
        Reply(200, {"value": [{"id": 2}]}),
    )

    items = asyncio.run(reader.list_items(f"{server.url}/x"))

    assert [item["id"] for item in items] == [1, 2]
    assert server.seen[1].target == target
    assert server.seen[1].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize(
    ("trouble", "leaf"), [(Reply(503), ServiceFailedError), (DROPPED, EndpointUnreachableError)]
)
def test_trouble_is_transient_after_two_attempts(
    reader: AsyncArmReader, server: ScriptedServer, trouble: Reply, leaf: type[Exception]
) -> None:
    """A trigger hears of passing trouble quickly; its wait looks again at the next poll."""
    server.script(trouble)

    with pytest.raises(leaf) as raised:
        asyncio.run(reader.get(f"{server.url}/x"))

    assert is_transient(raised.value)
    assert len(server.seen) == 2


def test_nobody_listening_is_transient(reader: AsyncArmReader, server: ScriptedServer) -> None:
    """A refused connection in a trigger does not end its wait."""
    server.stop()

    with pytest.raises(EndpointUnreachableError, match="connection refused") as raised:
        asyncio.run(reader.get(f"{server.url}/x"))

    assert is_transient(raised.value)


def test_refused_token_is_final(reader: AsyncArmReader, server: ScriptedServer) -> None:
    """A refused token ends the wait, and the error names the endpoint."""
    server.script(Reply(401, arm_error_body("InvalidAuthenticationToken")))

    with pytest.raises(AuthenticationRefusedError, match=f"{server.url} refused the token"):
        asyncio.run(reader.get(f"{server.url}/x"))


def test_reader_outlives_its_event_loop(reader: AsyncArmReader, server: ScriptedServer) -> None:
    """The same reader works in one event loop after the other."""
    server.script(Reply(200, {"name": "web"}))

    answers = [asyncio.run(reader.get(f"{server.url}/x")) for _ in range(2)]

    assert answers == [{"name": "web"}] * 2


def test_many_waits_need_no_threads(client: ArmClient, server: ScriptedServer) -> None:
    """Twenty reads wait for the server at once on the event loop's own thread."""
    server.script(Reply(200, {"name": "web"}))
    release = threading.Event()

    def hold(_seen: Seen) -> Reply:
        release.wait(10)
        return Reply(200, {"name": "web"})

    async def read_all() -> tuple[int, int]:
        await client.reader.get(f"{server.url}/x")
        server.script(hold)
        before = _own_threads()
        reads = [asyncio.create_task(client.reader.get(f"{server.url}/{index}")) for index in range(20)]
        while len(server.seen) < 21:  # noqa: ASYNC110 - the server lives in another thread
            await asyncio.sleep(0.01)
        waiting = _own_threads()
        release.set()
        await asyncio.gather(*reads)
        return before, waiting

    before, waiting = asyncio.run(read_all())

    assert waiting == before


def test_event_loop_runs_on_while_a_token_is_fetched(server: ScriptedServer, clock: VirtualClock) -> None:
    """azure-identity blocks; other triggers do not notice."""
    was_beating = threading.Event()

    class SlowTokens:
        held: str | None = None

        def current(self) -> str | None:
            return self.held

        def fetch(self, challenge: str = "") -> str:
            del challenge
            self.held = TOKEN if was_beating.wait(10) else None
            return self.held or "the event loop stood still"

    server.script(Reply(200, {"name": "web"}))
    reader = AsyncArmReader(url=server.url, tokens=SlowTokens(), clock=clock)

    async def beat_and_read() -> None:
        read = asyncio.create_task(reader.get(f"{server.url}/x"))
        for _ in range(10):
            await asyncio.sleep(0.001)
        was_beating.set()
        await read

    asyncio.run(beat_and_read())

    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


def _own_threads() -> int:
    """The threads of this process but for the test server's own."""
    return sum("process_request_thread" not in thread.name for thread in threading.enumerate())
