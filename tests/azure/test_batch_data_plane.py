"""The data plane of Batch: who sees the token, how calls are sent again, how errors and pages are read."""

from __future__ import annotations

import asyncio
import time

import pytest
from azure.core.credentials import AccessToken
from azure_doubles import DROPPED, TOKEN, Reply, ScriptedServer, Seen, VirtualClock, unguarded
from batch_bodies import POOL_ID, account, node, pool

from fleetwright.azure.batch.data_plane import account_url
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import CredentialTokens, StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.errors import EndpointUnreachableError, ForeignLinkError
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.hosts import batch_scope
from fleetwright.domain.errors import ProviderError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

PUBLIC = "https://management.azure.com"


def refusal(code: str, message: str, *values: tuple[str, str]) -> dict[str, object]:
    """An error as Batch writes it."""
    words = f"{message}\nRequestId:0f0f\nTime:2024-06-01T00:00:00.0000000Z"
    found: dict[str, object] = {
        "odata.metadata": "x",
        "code": code,
        "message": {"lang": "en-US", "value": words},
    }
    return found | {"values": [{"key": key, "value": value} for key, value in values]} if values else found


def fleet_at(client: ArmClient, server: ScriptedServer, endpoint: str = "") -> Fleet:
    """The pool, with its account's data plane on the server."""
    where = endpoint or f"{server.url}/_batch/renders"
    server.script(Reply(body=account(accountEndpoint=where)), Reply(body=pool()))
    return FleetDrivers(client).fetch_fleet(parse_fleet_id(POOL_ID))


@pytest.fixture
def fleet(client: ArmClient, server: ScriptedServer) -> Fleet:
    """The pool; the server has seen nothing so far."""
    found = fleet_at(client, server)
    server.seen.clear()
    return found


@pytest.mark.parametrize(
    ("arm", "endpoint", "url"),
    [
        (PUBLIC, "a.westeurope.batch.azure.com", "https://a.westeurope.batch.azure.com"),
        (PUBLIC, "https://a.westeurope.batch.azure.com/", "https://a.westeurope.batch.azure.com"),
        (
            "https://management.usgovcloudapi.net",
            "a.batch.usgovcloudapi.net",
            "https://a.batch.usgovcloudapi.net",
        ),
        (
            "https://management.chinacloudapi.cn",
            "a.batch.chinacloudapi.cn",
            "https://a.batch.chinacloudapi.cn",
        ),
        ("http://127.0.0.1:1", "http://localhost:2/_batch/a", "http://localhost:2/_batch/a"),
        ("https://arm.example", "https://arm.example/_batch/a", "https://arm.example/_batch/a"),
    ],
)
def test_a_trusted_endpoint_is_called(arm: str, endpoint: str, url: str) -> None:
    """R54: Batch hosts of the same cloud, and the ARM endpoint's own host; a bare host name is https."""
    assert account_url(arm, endpoint) == url


@pytest.mark.parametrize(
    ("arm", "endpoint"),
    [
        (PUBLIC, "a.batch.azure.com.evil.example"),
        (PUBLIC, "evilbatch.azure.com"),
        (PUBLIC, "http://a.batch.azure.com"),
        (PUBLIC, "a.batch.chinacloudapi.cn"),
        (PUBLIC, "https://"),
        (PUBLIC, "https://a.batch.azure.com@evil.example"),
        ("http://127.0.0.1:1", "a.westeurope.batch.azure.com"),
        ("https://arm.example", "http://arm.example/_batch/a"),
    ],
)
def test_no_other_endpoint_sees_the_token(arm: str, endpoint: str) -> None:
    """R54: whoever writes an accountEndpoint cannot have the token sent elsewhere; the error names both hosts."""
    with pytest.raises(ForeignLinkError, match="must not see the token: not called") as caught:
        account_url(arm, endpoint)

    assert endpoint in str(caught.value)
    assert arm in str(caught.value)


def test_a_foreign_endpoint_is_not_called(client: ArmClient, server: ScriptedServer) -> None:
    """R54: the pool is read, its nodes are not, and nothing is sent."""
    fleet = fleet_at(client, server, "https://evil.example")
    before = len(server.seen)

    with pytest.raises(ForeignLinkError):
        FleetDrivers(client).list_instances(fleet)

    assert len(server.seen) == before


@pytest.mark.parametrize(
    ("url", "scope"),
    [
        (PUBLIC, "https://batch.core.windows.net/.default"),
        ("http://127.0.0.1:8100", "https://batch.core.windows.net/.default"),
        ("https://management.usgovcloudapi.net", "https://batch.core.usgovcloudapi.net/.default"),
        ("https://management.chinacloudapi.cn", "https://batch.chinacloudapi.cn/.default"),
    ],
)
def test_each_cloud_has_its_audience(url: str, scope: str) -> None:
    """R54: the data plane takes tokens for Batch, not for Azure Resource Manager."""
    assert batch_scope(url) == scope


def test_each_plane_gets_a_token_of_its_own(server: ScriptedServer, clock: VirtualClock) -> None:
    """R54: one identity, two audiences."""

    class Credential:
        def get_token(self, *scopes: str, **_options: object) -> AccessToken:
            return AccessToken(scopes[0].split("/")[2], int(time.time()) + 3600)

    tokens = CredentialTokens(Credential, "https://management.azure.com/.default")
    client = connect(AzureEndpoint(server.url, tokens), clock)
    fleet = fleet_at(client, server)
    server.script(Reply(body={"value": [node()]}))
    FleetDrivers(client).list_instances(fleet)
    asyncio.run(FleetDrivers(client).list_instances_async(fleet))

    bearers = [seen.headers["authorization"].removeprefix("Bearer ") for seen in server.seen]
    assert bearers == ["management.azure.com"] * 2 + ["batch.core.windows.net"] * 2
    client.close()


def test_a_given_token_serves_both_planes(client: ArmClient, server: ScriptedServer, fleet: Fleet) -> None:
    """R54: the word that was given is what the data plane gets, too."""
    server.script(Reply(body={"value": []}))

    FleetDrivers(client).list_instances(fleet)

    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("half", ["blocking", "async"])
def test_pages_of_nodes_are_followed_to_the_end(
    client: ArmClient, server: ScriptedServer, fleet: Fleet, half: str
) -> None:
    """C18: ``odata.nextLink`` is followed byte for byte, and a page that comes twice is one; ids stand in order."""
    target = "/_batch/renders/pools/frames/nodes?$skiptoken=a%2fb&api-version=1"
    server.script(
        Reply(body={"value": [node("tvm-10")], "odata.nextLink": f"{server.url}{target}"}),
        Reply(body={"value": [node("tvm-2"), node("tvm-10")]}),
    )
    driver = FleetDrivers(client)

    read = (
        driver.list_instances(fleet)
        if half == "blocking"
        else asyncio.run(driver.list_instances_async(fleet))
    )

    assert [instance.instance_id for instance in read] == ["tvm-2", "tvm-10"]
    assert server.seen[1].target == target
    assert server.seen[0].target == "/_batch/renders/pools/frames/nodes?api-version=2024-07-01.20.0"


def test_an_error_of_batch_is_one_clean_line(client: ArmClient, server: ScriptedServer, fleet: Fleet) -> None:
    """R54: Batch's error has no field around it; what repeats the headers is left out, what was wrong is kept."""
    body = refusal("InvalidPropertyValue", "The value is invalid.", ("PropertyName", "exactVersion"))
    server.script(Reply(400, body, {"request-id": "abc-123"}))

    with pytest.raises(CallRefusedError) as caught:
        FleetDrivers(client).begin_swap(fleet, ["tvm-1"], "1.2.3", unguarded)

    assert str(caught.value) == (
        "POST /_batch/renders/pools/frames/nodes/tvm-1/reimage: 400 InvalidPropertyValue: The value is invalid."
        " (PropertyName: exactVersion) (request id abc-123) (nothing was changed)"
    )
    assert (caught.value.code, caught.value.status) == ("InvalidPropertyValue", 400)


def test_a_node_is_reimaged_by_one_call(client: ArmClient, server: ScriptedServer, fleet: Fleet) -> None:
    """O5, R55: the exact version, after tasks that slipped in; Batch names no operation to look at."""
    server.script(Reply(202))

    url = FleetDrivers(client).begin_swap(fleet, ["tvm-1"], "1.2.3", unguarded)

    (seen,) = server.seen
    assert (url, seen.method) == ("", "POST")
    assert seen.body == {"nodeReimageOption": "taskcompletion", "exactVersion": "1.2.3"}
    assert seen.headers["content-type"] == "application/json; odata=minimalmetadata"


@pytest.mark.parametrize("trouble", [DROPPED, Reply(503, refusal("ServerBusy", "Try later"))])
def test_a_call_whose_answer_was_lost_is_not_sent_again(
    client: ArmClient, server: ScriptedServer, fleet: Fleet, trouble: Reply
) -> None:
    """R54: a reimage, a closing and an opening may have been carried out; the caller reads the node first."""
    driver = FleetDrivers(client)
    for call in (
        lambda: driver.begin_swap(fleet, ["tvm-1"], "1.2.3", unguarded),
        lambda: driver.disable_scheduling(fleet, "tvm-1", unguarded),
        lambda: driver.enable_scheduling(fleet, "tvm-1", unguarded),
    ):
        server.seen.clear()
        server.script(trouble)
        with pytest.raises(AnswerLostError):
            call()
        assert len(server.seen) == 1


def test_the_guard_is_asked_before_every_attempt(
    client: ArmClient, server: ScriptedServer, fleet: Fleet
) -> None:
    """R54: throttled calls wait, and who lost the lease meanwhile sends nothing more."""
    asked: list[int] = []

    def guard() -> None:
        asked.append(len(server.seen))
        if len(asked) > 2:
            raise ProviderError("the lease is somebody else's")

    server.script(Reply(429, refusal("TooManyRequests", "Slow down"), {"Retry-After": "3"}))

    with pytest.raises(ProviderError, match="somebody else's"):
        FleetDrivers(client).disable_scheduling(fleet, "tvm-1", guard)

    assert asked == [0, 1, 2]
    assert len(server.seen) == 2


def test_a_data_plane_that_does_not_answer_is_one_line(
    client: ArmClient, server: ScriptedServer, clock: VirtualClock
) -> None:
    """R54: it names the host, and nothing was changed."""
    silent = ScriptedServer()
    fleet = fleet_at(client, server, f"{silent.url}/_batch/renders")
    silent.stop()

    with pytest.raises(EndpointUnreachableError) as read:
        FleetDrivers(client).list_instances(fleet)
    with pytest.raises(CallRefusedError, match="was not sent") as written:
        FleetDrivers(client).disable_scheduling(fleet, "tvm-1", unguarded)

    for error in (read.value, written.value):
        assert f"{silent.url} does not answer (connection refused" in str(error)
        assert "\n" not in str(error)
    assert clock.passed.total_seconds() < 30


def test_calls_to_the_data_plane_cost_no_budget_of_arm(
    client: ArmClient, server: ScriptedServer, fleet: Fleet, clock: VirtualClock
) -> None:
    """R54: 300 closings wait for nothing, as Azure Resource Manager does not meter them."""
    server.script(Reply(200))
    driver = FleetDrivers(client)

    for number in range(300):
        driver.disable_scheduling(fleet, f"tvm-{number}", unguarded)

    assert clock.passed.total_seconds() == 0


def test_already_open_is_fine_and_so_is_gone(client: ArmClient, server: ScriptedServer, fleet: Fleet) -> None:
    """R55: opening is the last thing that happens to a node, whatever happened before it."""
    driver = FleetDrivers(client)
    for status, code in ((409, "NodeAlreadyInTargetSchedulingState"), (404, "NodeNotFound")):
        server.script(Reply(status, refusal(code, "as it is")))
        driver.enable_scheduling(fleet, "tvm-1", unguarded)

    server.script(Reply(409, refusal("NodeBeingReimaged", "not now")))
    with pytest.raises(CallRefusedError, match="NodeBeingReimaged"):
        driver.enable_scheduling(fleet, "tvm-1", unguarded)


def test_work_of_a_closed_node_is_queued_again(
    client: ArmClient, server: ScriptedServer, fleet: Fleet
) -> None:
    """R55: Batch does not disable twice, so the node is opened and closed at once with the other option."""
    open_nodes = iter([False, True])

    def answer(seen: Seen) -> Reply:
        if "disable" in seen.target and not next(open_nodes):
            return Reply(409, refusal("NodeAlreadyInTargetSchedulingState", "it is disabled"))
        return Reply(200)

    server.script(answer)
    FleetDrivers(client).disable_scheduling(fleet, "tvm-1", unguarded, requeue=True)

    words = [seen.target.partition("?")[0].rpartition("/")[2] for seen in server.seen]
    assert words == ["disablescheduling", "enablescheduling", "disablescheduling"]
    assert server.seen[-1].body == {"nodeDisableSchedulingOption": "requeue"}


def test_a_closed_node_is_not_closed_again(client: ArmClient, server: ScriptedServer, fleet: Fleet) -> None:
    """R55: whose it is only the ledger knows, so the refusal is told."""
    server.script(Reply(409, refusal("NodeAlreadyInTargetSchedulingState", "it is disabled")))

    with pytest.raises(CallRefusedError, match="NodeAlreadyInTargetSchedulingState"):
        FleetDrivers(client).disable_scheduling(fleet, "tvm-1", unguarded)


def test_static_tokens_are_their_own_for_every_scope() -> None:
    """R54: there is no other to ask for."""
    token = StaticToken(TOKEN)

    assert token.for_scope("https://batch.core.windows.net/.default") is token
