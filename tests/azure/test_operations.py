"""Long-running operations: which URL is looked at, and what an answer means."""

from __future__ import annotations

import asyncio

import pytest
from azure_doubles import Reply, ScriptedServer, VirtualClock, arm_error_body, unguarded

from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import AuthenticationRefusedError, OperationUnreadError, ThrottledError
from fleetwright.rollout.ports.operations import OperationState, OperationStatus
from fleetwright.rollout.provider_errors import is_transient

RUNNING, SUCCEEDED, FAILED = OperationState.RUNNING, OperationState.SUCCEEDED, OperationState.FAILED
LONG = "t=" + "a1_-" * 1100  # over 4 KB, as signed poll URLs are


def begin(client: ArmClient, server: ScriptedServer, headers: dict[str, str]) -> str:
    """Post an action that is answered 202 with the headers."""
    server.script(Reply(202, headers=headers))
    return client.post(f"{server.url}/set/reimage", {"instanceIds": ["1"]}, unguarded)


def test_azure_async_operation_is_preferred_to_location(client: ArmClient, server: ScriptedServer) -> None:
    """Where both headers stand, the status document is looked at."""
    url = begin(
        client,
        server,
        {"Location": f"{server.url}/op?monitor=true", "Azure-AsyncOperation": f"{server.url}/op"},
    )

    assert url == f"{server.url}/op"


def test_poll_url_goes_out_byte_for_byte(client: ArmClient, server: ScriptedServer) -> None:
    """A 4 KB URL with escapes and an api-version of its own is not rewritten."""
    target = f"/subscriptions/S/Operations/1?monitor=true&{LONG}&s=%7e%2fx%3D&api-version=2017-12-01"
    url = begin(client, server, {"Location": f"{server.url}{target}"})
    server.script(Reply(202))

    client.look(url)
    asyncio.run(client.reader.look(url))

    assert [seen.target for seen in server.seen[1:]] == [target, target]


def test_newest_location_is_followed(client: ArmClient, server: ScriptedServer) -> None:
    """Every poll may answer with another Location: the next look goes there, and 200 is the end."""
    url = begin(client, server, {"Location": f"{server.url}/op?c=1"})
    server.script(
        Reply(202, headers={"Location": f"{server.url}/op?c=2", "Retry-After": "7"}),
        Reply(202, headers={"Location": f"{server.url}/op?c=3"}),
        Reply(200),
    )

    first = client.look(url)
    second = client.look(first.status.url)
    third = client.look(second.status.url)

    assert [seen.target for seen in server.seen[1:]] == ["/op?c=1", "/op?c=2", "/op?c=3"]
    assert [look.status.state for look in (first, second, third)] == [RUNNING, RUNNING, SUCCEEDED]
    assert (first.wait, second.wait) == (7, 60)


def test_status_document_is_not_left_for_its_location(client: ArmClient, server: ScriptedServer) -> None:
    """The Location of a status document leads to the final result, not to the next status."""
    server.script(Reply(200, {"status": "InProgress"}, {"Location": f"{server.url}/op?monitor=true"}))

    assert client.look(f"{server.url}/op").status.url == f"{server.url}/op"


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(200, {"status": "InProgress"}), RUNNING),
        (Reply(200, {"status": "Accepted"}), RUNNING),
        (Reply(200, {"status": "somethingNew"}), RUNNING),
        (Reply(200, {"status": "succeeded"}), SUCCEEDED),
        (Reply(200, {"status": "Failed"}), FAILED),
        (Reply(200, {"status": "Canceled"}), FAILED),
        (Reply(200, {"name": "web", "properties": {"provisioningState": "Updating"}}), RUNNING),
        (Reply(200, {"name": "web", "properties": {"provisioningState": "Failed"}}), FAILED),
        (Reply(200, {"name": "web", "properties": {}}), SUCCEEDED),
        (Reply(200), SUCCEEDED),
        (Reply(204), SUCCEEDED),
        (Reply(202), RUNNING),
    ],
)
def test_states_of_an_operation(
    client: ArmClient, server: ScriptedServer, reply: Reply, state: OperationState
) -> None:
    """Terminal words end it in any case, any other word goes on, no provisioning state has succeeded."""
    server.script(reply)

    assert client.look(f"{server.url}/op").status.state is state
    assert asyncio.run(client.reader.look(f"{server.url}/op")).status.state is state


def test_failed_operation_says_why(client: ArmClient, server: ScriptedServer) -> None:
    """Code, message and first detail of a failed operation become one line."""
    error = {
        "code": "VMExtensionProvisioningError",
        "message": "extension\nfailed",
        "details": [{"message": "exit 1"}],
    }
    server.script(Reply(200, {"status": "Failed", "error": error}))

    status = client.look(f"{server.url}/op").status

    assert status.error == "VMExtensionProvisioningError: extension failed (exit 1)"


def test_operation_that_is_not_known_any_more_is_over(client: ArmClient, server: ScriptedServer) -> None:
    """A 404 while polling: Azure has forgotten the operation, and only the instances tell how it ended."""
    server.script(Reply(404, arm_error_body("NotFound")))

    assert client.look(f"{server.url}/op").status == OperationStatus(
        f"{server.url}/op", OperationState.FORGOTTEN
    )
    assert asyncio.run(client.reader.look(f"{server.url}/op")).status.state is OperationState.FORGOTTEN


@pytest.mark.parametrize("status", [400, 409])
def test_refused_poll_has_not_read_and_has_not_failed(
    client: ArmClient, server: ScriptedServer, status: int
) -> None:
    """A 4xx while polling says nothing about the operation: transient, never FAILED."""
    server.script(Reply(status, arm_error_body("Gone")))

    with pytest.raises(OperationUnreadError) as raised:
        client.look(f"{server.url}/op")
    with pytest.raises(OperationUnreadError):
        asyncio.run(client.reader.look(f"{server.url}/op"))

    assert is_transient(raised.value)


def test_poll_with_refused_token_needs_a_person(client: ArmClient, server: ScriptedServer) -> None:
    """A refused identity is no passing trouble."""
    server.script(Reply(401, arm_error_body("ExpiredAuthenticationToken")))

    with pytest.raises(AuthenticationRefusedError):
        client.look(f"{server.url}/op")


def test_link_to_another_host_is_unread(client: ArmClient, server: ScriptedServer) -> None:
    """A poll URL that leads away is not called; the operation may well run on."""
    server.script(Reply(200))

    with pytest.raises(OperationUnreadError):
        client.look("https://elsewhere.example/op")

    assert server.seen == []


def test_operation_that_ended_at_once_needs_no_call(client: ArmClient, server: ScriptedServer) -> None:
    """A 200 to the POST is the end: there is nothing to look at."""
    server.script(Reply(200))
    url = client.post(f"{server.url}/set/reimage", {"instanceIds": ["1"]}, unguarded)

    assert client.look(url).status.state is SUCCEEDED
    assert asyncio.run(client.reader.look(url)).status.state is SUCCEEDED
    assert len(server.seen) == 1


def test_trigger_hands_retry_after_on(client: ArmClient, server: ScriptedServer, clock: VirtualClock) -> None:
    """A poll that is throttled for 30 seconds ends as transient at once and says from when on to look."""
    server.script(Reply(429, headers={"Retry-After": "30"}))

    with pytest.raises(ThrottledError) as raised:
        asyncio.run(client.reader.look(f"{server.url}/op"))

    assert raised.value.retry_after.total_seconds() == 30
    assert (len(server.seen), clock.waits) == (1, [])
