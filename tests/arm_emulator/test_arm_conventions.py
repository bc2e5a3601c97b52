"""What all ARM routes share: tokens, api-versions, case, headers, errors."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from emulated_worlds import SUBSCRIPTION, Json, Serve, scale_set_id, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg"


def test_call_without_token_is_401(serve: Serve) -> None:
    """No bearer token is 401 with a challenge that says where tokens come from."""
    emulator = serve()

    response = emulator.arm("GET", scale_set_id(), headers={"Authorization": ""})

    assert (response.status_code, response.json()["error"]["code"]) == (401, "AuthenticationFailed")
    assert response.headers["WWW-Authenticate"].startswith("Bearer authorization_uri=")


@pytest.mark.parametrize(
    ("tokens", "token", "code"),
    [
        ({"good": ["demo"]}, "demo", None),
        ({"good": ["demo"]}, "other", "InvalidAuthenticationToken"),
        ({"good": ["demo"], "expired": ["old"]}, "old", "ExpiredAuthenticationToken"),
        ({"expired": ["old"]}, "any", None),
    ],
)
def test_tokens_of_the_world(serve: Serve, tokens: Json, token: str, code: str | None) -> None:
    """Any token is good unless the world lists good ones; expired ones are refused as such."""
    response = serve(world(tokens=tokens)).arm(
        "GET", scale_set_id(), headers={"Authorization": f"Bearer {token}"}
    )

    assert response.status_code == (200 if code is None else 401)
    assert response.json().get("error", {}).get("code") == code


@pytest.mark.parametrize(
    ("version", "code"),
    [
        (None, "MissingApiVersionParameter"),
        ("", "MissingApiVersionParameter"),
        ("latest", "InvalidApiVersionParameter"),
        ("2024-13-01", "InvalidApiVersionParameter"),
        ("2024-07-01 ", "InvalidApiVersionParameter"),
        ("2014-01-01", "NoRegisteredProviderFound"),
        ("2099-01-01", "NoRegisteredProviderFound"),
        ("2015-06-15", None),
        ("2021-07-01", None),
        ("2025-02-01-preview", None),
        ("2026-06-01", None),
    ],
)
def test_api_version_is_a_date_in_a_range(serve: Serve, version: str | None, code: str | None) -> None:
    """A missing, malformed or unknown api-version is 400 with Azure's code; a range of them is served."""
    response = serve().arm("GET", scale_set_id(), api_version=version)

    assert response.status_code == (200 if code is None else 400)
    assert response.json().get("error", {}).get("code") == code


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda path: f"{path}/"])
def test_paths_are_compared_in_any_case(serve: Serve, change: Callable[[str], str]) -> None:
    """Paths match in any case, resource group included; ids come back as the world wrote them."""
    response = serve().arm("GET", change(scale_set_id()))

    assert response.json()["id"] == scale_set_id()


def test_query_names_are_compared_in_any_case(serve: Serve) -> None:
    """``Api-Version`` is ``api-version``."""
    assert (
        serve().arm("GET", scale_set_id(), api_version=None, params={"Api-Version": "2024-07-01"}).is_success
    )


def test_unknown_routes_and_verbs_are_named(serve: Serve) -> None:
    """A route that is not served is 404, a verb that a route does not take is 405; both say what was asked."""
    emulator = serve()

    route = emulator.arm("POST", f"{scale_set_id()}/deallocate")
    verb = emulator.arm("DELETE", scale_set_id())

    assert (route.status_code, route.json()["error"]["code"]) == (404, "InvalidResourceType")
    assert "deallocate" in route.json()["error"]["message"]
    assert (verb.status_code, verb.json()["error"]["code"]) == (405, "MethodNotAllowed")
    assert "GET, PATCH, PUT, not DELETE" in verb.json()["error"]["message"]


@pytest.mark.parametrize(
    "path",
    [
        f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/shop/privateEndpointConnections",
    ],
)
def test_routes_of_aks_that_are_not_served_are_named(serve: Serve, path: str) -> None:
    """What a rollout of AKS node pools has no need of is not served: a clear 404 says which route."""
    answer = serve().arm("GET", path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "InvalidResourceType")
    assert path in answer.json()["error"]["message"]


def test_every_reply_has_ids_and_limits(serve: Serve) -> None:
    """Each reply has ids of its own, the caller's correlation id, and what is left of the throttling buckets."""
    emulator = serve()
    own = {"x-ms-correlation-request-id": "mine", "x-ms-client-request-id": "theirs"}

    first = emulator.arm("GET", scale_set_id(), headers=own)
    second = emulator.reimage("0")

    assert first.headers["x-ms-request-id"] != second.headers["x-ms-request-id"]
    assert first.headers["x-ms-correlation-request-id"] == "mine"
    assert first.headers["x-ms-client-request-id"] == "theirs"
    assert "x-ms-ratelimit-remaining-subscription-reads" in first.headers
    assert "x-ms-ratelimit-remaining-subscription-writes" in second.headers
    assert "Microsoft.Compute/VMScaleSetActions3Min;" in second.headers["x-ms-ratelimit-remaining-resource"]


def test_bodies_are_json_and_errors_have_code_and_message(serve: Serve) -> None:
    """Bodies are application/json; an error is ``{"error": {"code", "message"}}``."""
    response = serve().arm("GET", scale_set_id("nobody"))

    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert set(response.json()["error"]) == {"code", "message"}
