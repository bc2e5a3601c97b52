"""The reading half for triggers: the same calls, decisions and budget, without a thread that waits.

It gives up soon, since the poll that asked is repeated anyway; ``TransientError`` says from when on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fleetwright.azure.async_transport import HttpxTransport
from fleetwright.azure.bodies import Body
from fleetwright.azure.budget import Meter, budget_for
from fleetwright.azure.calls import Answer, Call, Outcome
from fleetwright.azure.credentials import TokenSource
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.exchange import Exchange, challenge_of
from fleetwright.azure.hosts import check_link
from fleetwright.azure.operations import Look, LookReader, forgotten, look_without_call, read_look, unread
from fleetwright.azure.paging import PageReader, T, next_call, read_object, read_page
from fleetwright.azure.retries import QUICK, RetryAction, RetryPolicy
from fleetwright.domain.errors import ProviderError
from fleetwright.rollout.ports.clock import Clock

READS_AT_ONCE = 8


class AsyncArmReader:
    """Reads of Azure Resource Manager from an event loop.

    Every method raises a leaf of ``ProviderError`` as ``azure.errors`` draws them.
    """

    def __init__(
        self,
        *,
        url: str,
        tokens: TokenSource,
        clock: Clock,
        ca_bundle: str | None = None,
        policy: RetryPolicy = QUICK,
        meter: Meter = budget_for,
    ) -> None:
        self._url = url
        self._tokens = tokens
        self._clock = clock
        self._policy = policy
        self._ca_bundle = ca_bundle
        self._meter = meter

    async def get(self, url: str) -> Body:
        """Read one thing."""
        call = Call("GET", url)
        async with self._connect() as transport:
            return read_object(call, await self._send(call, transport))

    async def get_each(self, urls: Sequence[str]) -> tuple[Body | None, ...]:
        """Read many things over one connection pool, a few at a time; None for what is not there."""
        turns = asyncio.Semaphore(READS_AT_ONCE)

        async def get_one(url: str, transport: HttpxTransport) -> Body | None:
            call = Call("GET", url)
            try:
                async with turns:
                    return read_object(call, await self._send(call, transport))
            except NotFoundError:
                return None

        async with self._connect() as transport:
            return tuple(await asyncio.gather(*(get_one(url, transport) for url in urls)))

    async def list_items(self, url: str) -> tuple[Body, ...]:
        """Read a list to its end, page after page."""
        return await self.list_pages(url, read_page)

    async def list_pages(self, url: str, read: PageReader[T]) -> tuple[T, ...]:
        """The same, with another reader of its pages."""
        items: list[T] = []
        call: Call | None = Call("GET", url)
        async with self._connect() as transport:
            while call is not None:
                answer = await self._send(call, transport)
                page = read(call, answer)
                items += page.items
                call = next_call(call, answer, page)
        return tuple(items)

    async def look(self, url: str, read: LookReader = read_look) -> Look:
        """Look at an operation once.

        :param read: another reader of the answer
        :raises TransientError: the status was not read; that says nothing about the operation
        """
        known = look_without_call(url)
        if known is not None:
            return known
        call = Call("GET", url)
        try:
            async with self._connect() as transport:
                return read(call, await self._send(call, transport))
        except NotFoundError:
            return forgotten(url)
        except ProviderError as error:
            raise unread(error) from error

    def _connect(self) -> HttpxTransport:
        return HttpxTransport(self._url, self._ca_bundle)

    async def _send(self, call: Call, transport: HttpxTransport) -> Answer:
        """The few attempts of the policy, then a transient error."""
        check_link(self._url, call.url)
        exchange = Exchange(call, self._policy, is_first_call=False)
        while True:
            token = self._tokens.current() or await self._fetch_token()
            outcome = await self._attempt(call, token, transport)
            if isinstance(outcome, Answer) and outcome.is_success:
                return outcome
            decision = exchange.observe(outcome)
            if decision.action is RetryAction.AGAIN:
                await asyncio.sleep(decision.delay)
            elif not (exchange.wants_new_token(outcome) and await self._fetch_token(challenge_of(outcome))):
                raise exchange.failure(outcome, token=token)

    async def _fetch_token(self, challenge: str = "") -> str:
        # azure-identity blocks: once an hour a thread asks, so that the event loop need not.
        return await asyncio.to_thread(self._tokens.fetch, challenge) or ""

    async def _attempt(self, call: Call, token: str, transport: HttpxTransport) -> Outcome:
        budget = self._meter(call)
        delay = budget.reserve(call, self._clock.now())
        if delay:
            await asyncio.sleep(delay)
        outcome = await transport.send(call, token)
        if isinstance(outcome, Answer):
            budget.heed(outcome.headers)
        return outcome
