"""The blocking client over HTTP: attempts, tokens, pages, and what a person reads when it fails."""

from __future__ import annotations

import logging
import socket
import threading
from pathlib import Path

import pytest
from azure_doubles import DROPPED, TOKEN, Reply, ScriptedServer, Seen, VirtualClock, arm_error_body, unguarded

from fleetwright.azure.calls import Call
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.errors import (
    ArmError,
    AuthenticationRefusedError,
    AuthorizationRefusedError,
    BadRequestError,
    ConflictError,
    EndpointUnreachableError,
    ForeignLinkError,
    NotFoundError,
    ServiceFailedError,
    ThrottledError,
    UnexpectedAnswerError,
)
from fleetwright.domain.errors import LeaseLostError
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError, is_transient

BUSY, DOWN = Reply(429, headers={"Retry-After": "3"}), Reply(503, arm_error_body("ServiceUnavailable"))
READ = Reply(200, {"name": "web"})


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("trouble", [DOWN, BUSY, DROPPED, Reply(500)])
def test_read_survives_five_bad_outcomes(
    client: ArmClient, server: ScriptedServer, clock: VirtualClock, trouble: Reply
) -> None:
    """The sixth attempt of a read comes within two minutes of the clock, none of them real."""
    server.script(*[trouble] * 5, READ)

    assert client.get(f"{server.url}/x") == {"name": "web"}
    assert len(server.seen) == 6
    assert clock.passed.total_seconds() < 120


def test_retry_after_is_waited_for_on_the_clock(
    client: ArmClient, server: ScriptedServer, clock: VirtualClock
) -> None:
    """A 429 with 40 seconds is followed by 40 seconds on the clock port."""
    server.script(Reply(429, headers={"Retry-After": "40"}), READ)

    client.get(f"{server.url}/x")

    assert clock.passed.total_seconds() == 40


def test_post_is_sent_again_after_429(client: ArmClient, server: ScriptedServer) -> None:
    """A throttled POST was not carried out: the second attempt is."""
    server.script(BUSY, Reply(202, headers={"Location": "/op"}))

    assert client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, unguarded) == f"{server.url}/op"
    assert [seen.body for seen in server.seen] == [{"instanceIds": ["1"]}] * 2


@pytest.mark.parametrize("trouble", [DROPPED, DOWN, Reply(500), Reply(302, headers={"Location": "/y"})])
def test_post_with_lost_answer_is_sent_once(
    client: ArmClient, server: ScriptedServer, trouble: Reply
) -> None:
    """A POST that may have been carried out is not repeated; the error says to read first."""
    server.script(trouble)

    with pytest.raises(AnswerLostError, match="read the instances first"):
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, unguarded)

    assert len(server.seen) == 1


def test_refused_post_says_that_nothing_changed(client: ArmClient, server: ScriptedServer) -> None:
    """A 409 of a POST carries Azure's code, and the HTTP status."""
    server.script(Reply(409, arm_error_body("OperationNotAllowed", "instance 1 is busy")))

    with pytest.raises(
        CallRefusedError, match=r"OperationNotAllowed: instance 1 is busy.*nothing was changed"
    ) as raised:
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, unguarded)

    assert (raised.value.code, raised.value.status) == ("OperationNotAllowed", 409)


def test_accepted_post_without_operation_is_a_lost_answer(client: ArmClient, server: ScriptedServer) -> None:
    """A 202 that names no operation did change something."""
    server.script(Reply(202))

    with pytest.raises(AnswerLostError, match="no header says where"):
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, unguarded)


def test_endpoint_where_nobody_listens_ends_after_three_attempts(clock: VirtualClock) -> None:
    """The very first call gives up within seconds and names the endpoint."""
    url = f"http://127.0.0.1:{closed_port()}"
    client = connect(AzureEndpoint(url, StaticToken(TOKEN)), clock)

    with pytest.raises(
        EndpointUnreachableError, match=rf"{url} does not answer \(connection refused, 3 attempts\)"
    ):
        client.get(f"{url}/x")

    assert clock.passed.total_seconds() < 5


def test_endpoint_that_went_away_is_waited_for(
    client: ArmClient, server: ScriptedServer, clock: VirtualClock
) -> None:
    """Once it was answered, a client tries a refused connection at least six times; a POST is then refused."""
    server.script(READ)
    client.get(f"{server.url}/x")
    server.stop()
    client.close()

    with pytest.raises(CallRefusedError, match=r"was not sent.*8 attempts"):
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, unguarded)

    assert len(clock.waits) == 7


@pytest.mark.parametrize(
    ("status", "leaf", "kind"),
    [
        (400, BadRequestError, "bad_request"),
        (403, AuthorizationRefusedError, "authorization_refused"),
        (404, NotFoundError, "not_found"),
        (409, ConflictError, "conflict"),
        (412, ConflictError, "conflict"),
        (429, ThrottledError, "throttled"),
        (500, ServiceFailedError, "service_failed"),
    ],
)
def test_error_tree_has_a_leaf_for_each_status(
    client: ArmClient, server: ScriptedServer, status: int, leaf: type[ArmError], kind: str
) -> None:
    """Each status becomes one leaf with its kind, and one line with code, message, path and request id."""
    server.script(Reply(status, arm_error_body("Code", "two\nlines"), {"x-ms-request-id": "r-1"}))

    with pytest.raises(leaf) as raised:
        client.get(f"{server.url}/subscriptions/s/x?api-version=1&s=signature")

    assert raised.value.kind == kind
    assert f"GET /subscriptions/s/x: {status} Code: two lines (request id r-1)" in str(raised.value)
    assert "signature" not in str(raised.value)


def test_long_retry_after_is_handed_on(
    client: ArmClient, server: ScriptedServer, clock: VirtualClock
) -> None:
    """Twenty minutes are not waited for inside a call: the error is transient and says how long."""
    server.script(Reply(429, headers={"Retry-After": "1200"}))

    with pytest.raises(ThrottledError) as raised:
        client.get(f"{server.url}/x")

    assert is_transient(raised.value)
    assert raised.value.retry_after.total_seconds() == 1200
    assert clock.waits == []


def test_refused_token_names_the_endpoint_and_what_would_be_right(
    client: ArmClient, server: ScriptedServer
) -> None:
    """A 401 says who refused and what to give instead, and never repeats the token."""
    server.script(Reply(401, arm_error_body("InvalidAuthenticationToken", f"bad token {TOKEN}")))

    with pytest.raises(AuthenticationRefusedError) as raised:
        client.get(f"{server.url}/x")

    assert str(raised.value).startswith(f"{server.url} refused the token")
    assert "az login" in str(raised.value)
    assert TOKEN not in str(raised.value)
    assert "InvalidAuthenticationToken: bad token ***" in str(raised.value)
    assert len(server.seen) == 1


def test_every_attempt_carries_token_and_one_request_id(client: ArmClient, server: ScriptedServer) -> None:
    """Attempts of one call share ``x-ms-client-request-id``; the next call has its own."""
    server.script(DOWN, READ)

    client.get(f"{server.url}/x")
    client.get(f"{server.url}/x")

    first, second, third = (seen.headers for seen in server.seen)
    assert first["authorization"] == f"Bearer {TOKEN}"
    assert first["x-ms-client-request-id"] == second["x-ms-client-request-id"]
    assert second["x-ms-client-request-id"] != third["x-ms-client-request-id"]


def test_netrc_and_proxy_of_the_environment_stay_out(
    client: ArmClient, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A ``.netrc`` never replaces the token, and this machine is never asked for through a proxy."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    server.script(READ)

    client.get(f"{server.url}/x")

    assert server.seen[0].headers["authorization"] == f"Bearer {TOKEN}"


def test_session_is_reused(client: ArmClient, server: ScriptedServer) -> None:
    """Ten calls share one connection."""
    ports: set[int] = set()
    server.on_connection = ports.add
    server.script(READ)

    for _ in range(10):
        client.get(f"{server.url}/x")

    assert len(ports) == 1


def test_next_link_is_followed_byte_for_byte(client: ArmClient, server: ScriptedServer) -> None:
    """Pages are read to the end; escapes, order and api-version of the link stay as they were given."""
    target = "/Next%2fpage?$skiptoken=a%7Eb%2b&api-version=2019-03-01&z=['x']"
    server.script(
        Reply(200, {"value": [{"id": 1}], "nextLink": f"{server.url}{target}"}),
        Reply(200, {"value": [{"id": 2}], "nextLink": None}),
    )

    items = client.list_items(f"{server.url}/x")

    assert [item["id"] for item in items] == [1, 2]
    assert server.seen[1].target == target


def test_empty_next_link_is_the_last_page(client: ArmClient, server: ScriptedServer) -> None:
    """An empty ``nextLink`` ends the list as a missing one does."""
    server.script(Reply(200, {"value": [{"id": 1}], "nextLink": ""}))

    assert len(client.list_items(f"{server.url}/x")) == 1


def test_page_in_the_middle_is_retried_alone(client: ArmClient, server: ScriptedServer) -> None:
    """Trouble on page two does not read page one again."""
    server.script(
        Reply(200, {"value": [{"id": 1}], "nextLink": f"{server.url}/2"}),
        DOWN,
        Reply(200, {"value": [{"id": 2}]}),
    )

    assert len(client.list_items(f"{server.url}/1")) == 2
    assert [seen.target for seen in server.seen] == ["/1", "/2", "/2"]


def test_token_is_not_carried_to_another_host(client: ArmClient, server: ScriptedServer) -> None:
    """A ``nextLink`` to a foreign host is not followed."""
    server.script(Reply(200, {"value": [], "nextLink": "http://elsewhere.example/2"}))

    with pytest.raises(ForeignLinkError, match=r"elsewhere\.example"):
        client.list_items(f"{server.url}/x")


@pytest.mark.parametrize(
    ("body", "what"),
    [(b"<html>", "no JSON"), ([], "no JSON object"), (b"", "no JSON object")],
)
def test_answer_that_is_no_arm_is_named(
    client: ArmClient, server: ScriptedServer, body: object, what: str
) -> None:
    """A web page in the place of ARM ends in one line that doubts the endpoint."""
    server.script(Reply(200, body))

    with pytest.raises(
        UnexpectedAnswerError, match=f"{what}; is {server.url} an Azure Resource Manager endpoint"
    ):
        client.get(f"{server.url}/x")


def test_page_that_names_itself_ends_the_list(client: ArmClient, server: ScriptedServer) -> None:
    """A list never runs in circles."""
    server.script(Reply(200, {"value": [], "nextLink": f"{server.url}/x"}))

    with pytest.raises(UnexpectedAnswerError, match="names itself"):
        client.list_items(f"{server.url}/x")


def test_retries_are_logged_without_query_or_token(
    client: ArmClient, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A person sees what is waited for and why; a signed query and the token stay out of the log."""
    server.script(DOWN, READ)

    with caplog.at_level(logging.WARNING):
        client.get(f"{server.url}/x?s=signature")

    assert "GET /x: status 503; again in" in caplog.text
    assert "signature" not in caplog.text
    assert TOKEN not in caplog.text


def test_put_that_was_lost_and_then_refused_may_have_been_carried_out(
    client: ArmClient, server: ScriptedServer
) -> None:
    """A write whose first attempt was lost is not called refused because the second one was."""
    server.script(DROPPED, Reply(412, arm_error_body("PreconditionFailed")))

    with pytest.raises(AnswerLostError):
        client.send(Call("PUT", f"{server.url}/x", {"properties": {}}))


def test_slow_answer_is_lost(
    client: ArmClient, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call has a timeout; a POST that ran into it counts as lost."""
    monkeypatch.setattr("fleetwright.azure.transport.READ_SECONDS", 0.05)
    release = threading.Event()

    def late(_seen: Seen) -> Reply:
        release.wait(5)
        return Reply(202)

    server.script(late)

    with pytest.raises(AnswerLostError, match=r"no answer within 0\.05 s"):
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, unguarded)
    release.set()


def test_stand_in_token_leaves_messages_readable(server: ScriptedServer, clock: VirtualClock) -> None:
    """A token of one letter, as an emulator takes it, is not blotted out of every word."""
    server.script(Reply(404, arm_error_body("ResourceGroupNotFound", "group 'g' is not there")))

    with pytest.raises(NotFoundError, match="group 'g' is not there"):
        connect(AzureEndpoint(server.url, StaticToken("g")), clock).get(f"{server.url}/x")


def test_post_guard_is_asked_before_every_attempt(server: ScriptedServer, client: ArmClient) -> None:
    """A POST that waits out a 429 asks the guard again before its second attempt: a lost lease sends nothing more."""
    server.script(Reply(429, headers={"Retry-After": "60"}), Reply(202))
    asked: list[str] = []

    def lost_meanwhile() -> None:
        asked.append("guard")
        if len(asked) > 1:
            raise LeaseLostError("the fleet is somebody else's by now")

    with pytest.raises(LeaseLostError):
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, lost_meanwhile)

    assert len(server.seen) == 1
