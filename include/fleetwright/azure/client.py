"""The blocking ARM client: one session, one way to send a call, all waiting through the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from fleetwright.azure.async_client import AsyncArmReader
from fleetwright.azure.bodies import Body
from fleetwright.azure.budget import Meter, budget_for, unmetered
from fleetwright.azure.calls import Answer, Call, Outcome
from fleetwright.azure.credentials import TokenSource
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.exchange import Exchange, challenge_of
from fleetwright.azure.hosts import check_link
from fleetwright.azure.operations import (
    Look,
    LookReader,
    forgotten,
    look_without_call,
    operation_url,
    read_look,
    unread,
)
from fleetwright.azure.paging import PageReader, T, next_call, read_object, read_page
from fleetwright.azure.retries import PATIENT, RetryAction, RetryPolicy
from fleetwright.azure.transport import RequestsTransport, Transport
from fleetwright.azure.urls import API_VERSIONS, BATCH_ACCOUNTS, CLUSTERS, SCALE_SETS, arm_url
from fleetwright.domain.batch_pools import NodeUpgradeWay
from fleetwright.domain.errors import ProviderError
from fleetwright.rollout.ports.clock import Clock
from fleetwright.rollout.ports.leases import Guard


class ArmClient:
    """Azure Resource Manager at one endpoint, as one identity.

    Every method raises a leaf of ``ProviderError`` as ``azure.errors`` draws them.

    :param url: scheme and host, no trailing slash
    :param ca_bundle: a PEM file with further authorities
    :param api_version: for calls about fleets, instead of the built-in ones (R17, R57, O5, C9)
    :param node_upgrade_way: by what nodes of Batch pools are upgraded; None goes by the endpoint and the account
    :param transport: another way than connections of its own
    :param meter: the request budget that pays for a call
    """

    def __init__(
        self,
        *,
        url: str,
        tokens: TokenSource,
        clock: Clock,
        ca_bundle: str | None = None,
        policy: RetryPolicy = PATIENT,
        api_version: str = "",
        node_upgrade_way: NodeUpgradeWay | None = None,
        transport: Transport | None = None,
        meter: Meter = budget_for,
    ) -> None:
        self.url = url
        self.given_api_version = api_version
        self.scale_set_api_version = api_version or API_VERSIONS[SCALE_SETS]
        self.pool_api_version = api_version or API_VERSIONS[BATCH_ACCOUNTS]
        self.cluster_api_version = api_version or API_VERSIONS[CLUSTERS]
        self.node_upgrade_way = node_upgrade_way
        self.clock = clock
        self.reader = AsyncArmReader(url=url, tokens=tokens, clock=clock, ca_bundle=ca_bundle, meter=meter)
        self._tokens = tokens
        self._ca_bundle = ca_bundle
        self._policy = policy
        self._given_transport = transport
        self._transport = transport or RequestsTransport(url, ca_bundle)
        self._meter = meter
        self._was_answered = False
        self._beside: dict[str, ArmClient] = {}

    def beside(self, url: str, scope: str) -> ArmClient:
        """The same ways at another service of Azure, as the same identity; one client for each URL.

        :param url: one that may see our tokens
        :param scope: of that service's tokens
        """
        if url not in self._beside:
            is_here = urlsplit(url)[:2] == urlsplit(self.url)[:2]
            own = self._transport if is_here else None
            self._beside[url] = ArmClient(
                url=url,
                tokens=self._tokens.for_scope(scope),
                clock=self.clock,
                ca_bundle=self._ca_bundle,
                policy=self._policy,
                transport=self._given_transport or own,
                meter=unmetered,
            )
        return self._beside[url]

    def scale_set_url(self, path: str, **query: str) -> str:
        """The URL of a call about a scale set or its instances, with the version that such calls carry."""
        return arm_url(self.url, path, SCALE_SETS, api_version=self.scale_set_api_version, **query)

    def pool_url(self, path: str, **query: str) -> str:
        """The URL of a call about a Batch account or its pools, with the version that such calls carry."""
        return arm_url(self.url, path, BATCH_ACCOUNTS, api_version=self.pool_api_version, **query)

    def cluster_url(self, path: str) -> str:
        """The URL of a call about an AKS cluster or its pools, with the version that such calls carry."""
        return arm_url(self.url, path, CLUSTERS, api_version=self.cluster_api_version)

    def get(self, url: str) -> Body:
        """Read one thing."""
        call = Call("GET", url)
        return read_object(call, self.send(call))

    def list_items(self, url: str) -> tuple[Body, ...]:
        """Read a list to its end, page after page."""
        return self.list_pages(url, read_page)

    def list_pages(self, url: str, read: PageReader[T]) -> tuple[T, ...]:
        """The same, with another reader of its pages."""
        items: list[T] = []
        call: Call | None = Call("GET", url)
        while call is not None:
            answer = self.send(call)
            page = read(call, answer)
            items += page.items
            call = next_call(call, answer, page)
        return tuple(items)

    def post(self, url: str, body: Mapping[str, Any], guard: Guard) -> str:
        """Begin an action; return where to look for its end, empty where it has ended already.

        :param guard: called before every attempt, since the waits between them may be long
        :raises CallRefusedError: nothing was changed
        :raises AnswerLostError: something may have been changed
        """
        call = Call("POST", url, body)
        return operation_url(call, self.send(call, guard))

    def change(self, method: str, url: str, body: Mapping[str, Any] | None, guard: Guard) -> str:
        """As ``post`` with any method: sent once, and never again where it may have been carried out.

        :raises CallRefusedError: nothing was changed
        :raises AnswerLostError: something may have been changed
        """
        call = Call(method, url, body, is_sent_once=True)
        return operation_url(call, self.send(call, guard))

    def look(self, url: str, read: LookReader = read_look) -> Look:
        """Look at an operation once.

        :param read: another reader of the answer
        :param url: what ``post`` or the look before this one gave
        :raises TransientError: the status was not read; that says nothing about the operation
        """
        known = look_without_call(url)
        if known is not None:
            return known
        call = Call("GET", url)
        try:
            return read(call, self.send(call))
        except NotFoundError:
            return forgotten(url)
        except ProviderError as error:
            raise unread(error) from error

    def send(self, call: Call, guard: Guard | None = None) -> Answer:
        """Send a call until it is answered well or not worth another attempt."""
        check_link(self.url, call.url)
        exchange = Exchange(call, self._policy, is_first_call=not self._was_answered)
        while True:
            token = self._token(exchange)
            outcome = self._attempt(call, token, guard)
            if isinstance(outcome, Answer) and outcome.is_success:
                return outcome
            decision = exchange.observe(outcome)
            if decision.action is RetryAction.AGAIN:
                self.wait(decision.delay)
            elif not self._is_renewed(exchange, outcome):
                raise exchange.failure(outcome, token=token)

    def wait(self, seconds: float) -> None:
        """Pass time on the clock."""
        if seconds > 0:
            self.clock.wait_until(self.clock.now() + timedelta(seconds=seconds))

    def close(self) -> None:
        """Close the connections that are kept for the next call."""
        for client in self._beside.values():
            client.close()
        self._transport.close()

    def _is_renewed(self, exchange: Exchange, outcome: Outcome) -> bool:
        """Whether a refused token was replaced: what a 401 refused was not done, so it may be sent again."""
        try:
            return exchange.wants_new_token(outcome) and bool(self._tokens.fetch(challenge_of(outcome)))
        except ProviderError as error:
            raise exchange.unrenewed(error) from error

    def _token(self, exchange: Exchange) -> str:
        try:
            return self._tokens.current() or self._tokens.fetch() or ""
        except ProviderError as error:
            raise exchange.unsent(error) from error

    def _attempt(self, call: Call, token: str, guard: Guard | None) -> Outcome:
        budget = self._meter(call)
        if not budget.is_endless:
            self.wait(budget.reserve(call, self.clock.now()))
        if guard is not None:
            guard()
        outcome = self._transport.send(call, token)
        if isinstance(outcome, Answer):
            self._was_answered = True
            budget.heed(outcome.headers)
        return outcome
