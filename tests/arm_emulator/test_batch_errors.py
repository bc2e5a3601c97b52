"""Batch's own errors: their shape, their codes, and that the gateway speaks so, too."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError, ResourceNotFoundError
from emulated_nodes import batch_client, data_plane
from emulated_pools import ACCOUNT, batch_account, batch_pool, batch_world
from emulated_worlds import Serve

NODES = "/pools/p1/nodes"


def test_error_has_no_wrapper_and_names_its_request(serve: Serve) -> None:
    """C18: code, message with language, the request's id and the world's time; the client reads them."""
    emulator = serve(batch_world())

    refused = data_plane(emulator, "GET", "/pools/gone/nodes")
    with pytest.raises(ResourceNotFoundError) as error:
        batch_client(emulator).get_node("p1", "tvm-99")

    body = refused.json()
    assert (refused.status_code, body["code"], body["message"]["lang"]) == (404, "PoolNotFound", "en-US")
    assert (
        f"RequestId:{refused.headers['request-id']}\nTime:2024-06-01T00:00:00.0000000Z"
        in body["message"]["value"]
    )
    assert body["odata.metadata"].endswith(
        "/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element"
    )
    assert error.value.model is not None
    assert error.value.model.code == "NodeNotFound"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", f"{NODES}/tvm-99", 404, "NodeNotFound"),
        ("GET", f"{NODES}/3", 404, "NodeNotFound"),
        ("GET", "/pools/gone", 404, "PoolNotFound"),
        ("GET", "/jobs/job/tasks/gone", 404, "TaskNotFound"),
        ("GET", "/nowhere", 404, "ResourceNotFound"),
        ("PUT", NODES, 405, "UnsupportedHttpVerb"),
        ("GET", f"{NODES}?maxresults=1001", 400, "InvalidQueryParameterValue"),
        ("GET", f"{NODES}?maxresults=0", 400, "InvalidQueryParameterValue"),
        ("GET", f"{NODES}?$filter=state is idle", 400, "InvalidQueryParameterValue"),
        ("GET", f"{NODES}?$filter=colour eq 'red'", 400, "InvalidQueryParameterValue"),
        ("GET", f"{NODES}?$filter=lastBootTime gt 'noon'", 400, "InvalidQueryParameterValue"),
        ("GET", f"{NODES}?$select=colour", 400, "InvalidQueryParameterValue"),
        ("GET", f"{NODES}?$skiptoken=x", 400, "InvalidQueryParameterValue"),
    ],
)
def test_refusals_have_the_codes_of_batch(
    serve: Serve, method: str, path: str, status: int, code: str
) -> None:
    """C18: each refusal has the status and the code that Batch documents for it."""
    emulator = serve(batch_world())
    path, _, query = path.partition("?")
    name, _, value = query.partition("=")

    refused = emulator.http.request(
        method,
        f"/_batch/{ACCOUNT}{path}",
        params={"api-version": "2025-06-01", **({name: value} if name else {})},
    )

    assert (refused.status_code, refused.json()["code"]) == (status, code)
    assert "error" not in refused.json()


@pytest.mark.parametrize(
    ("version", "code"),
    [
        (None, "MissingRequiredQueryParameter"),
        ("latest", "InvalidQueryParameterValue"),
        ("2024-02-01.19", "InvalidQueryParameterValue"),
        ("2024-13-01.19.0", "InvalidQueryParameterValue"),
        ("2001-01-01", "UnsupportedRequestVersion"),
    ],
)
def test_every_call_says_which_version_it_speaks(serve: Serve, version: str | None, code: str) -> None:
    """R57: a call without an api-version, or with one that there is not, is refused."""
    refused = data_plane(serve(batch_world()), "GET", NODES, api_version=version)

    assert (refused.status_code, refused.json()["code"]) == (400, code)


def test_unknown_account_is_named(serve: Serve) -> None:
    """R60: an account that the world does not have is 404, with those that there are."""
    emulator = serve(batch_world(batch_account(batch_pool(nodes=1))))

    refused = emulator.http.get("/_batch/gone/pools/p1/nodes", params={"api-version": "2025-06-01"})

    assert (refused.status_code, refused.json()["code"]) == (404, "AccountNotFound")
    assert f"gone does not exist; there are: {ACCOUNT}" in refused.json()["message"]["value"]


def test_token_is_needed_and_may_expire(serve: Serve) -> None:
    """C18: without a token, and with one that is not good, a call is 401 in Batch's words."""
    emulator = serve(batch_world(tokens={"good": ["other"]}))

    without = emulator.http.get(f"/_batch/{ACCOUNT}{NODES}", headers={"Authorization": ""})
    with pytest.raises(ClientAuthenticationError) as error:
        list(batch_client(emulator).list_nodes("p1"))

    assert (without.status_code, without.json()["code"]) == (401, "AuthenticationFailed")
    assert without.headers["www-authenticate"].startswith("Bearer ")
    assert error.value.model is not None
    assert error.value.model.code == "AuthenticationFailed"


def test_injected_statuses_speak_as_batch_does(serve: Serve) -> None:
    """C18: a fault's 429 has Batch's body, and says when to come back."""
    emulator = serve(batch_world())
    match = {"path": "/_batch/*"}
    emulator.admin("POST", "faults", {"match": match, "effect": {"status": 429, "retryAfter": 7}, "times": 1})
    emulator.admin("POST", "faults", {"match": match, "effect": {"status": 503}, "times": 2})

    throttled, busy = data_plane(emulator, "GET", NODES), data_plane(emulator, "GET", NODES)

    assert (throttled.status_code, throttled.json()["code"]) == (429, "TooManyRequests")
    assert throttled.headers["retry-after"] == "7"
    assert (busy.status_code, busy.json()["code"]) == (503, "ServerBusy")


def test_body_that_is_no_object_is_refused(serve: Serve) -> None:
    """C18: a body is an object, or nothing."""
    emulator = serve(batch_world())

    refused = data_plane(emulator, "POST", f"{NODES}/tvm-0/reimage", ["requeue"])
    empty = data_plane(emulator, "POST", f"{NODES}/tvm-0/reimage")

    assert (refused.status_code, refused.json()["code"]) == (400, "InvalidRequestBody")
    assert empty.status_code == 202
