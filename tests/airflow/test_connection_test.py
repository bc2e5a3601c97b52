"""The Test button of the connection form: what the hook answers, and that it never raises nor tells a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from small_worlds import Emulated

from fleetwright.airflow.hooks import AzureRmHook

Connect = Callable[..., None]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TOKEN = "a-token-that-nobody-may-read"


def test_a_good_connection_says_what_was_reached(emulator: Emulated, connect: Connect) -> None:
    """Endpoint, kind of identity and subscription stand in the answer (O2)."""
    connect(emulator.url, extra={"token": TOKEN, "subscription_id": SUBSCRIPTION})

    went_well, line = AzureRmHook().test_connection()

    assert went_well, line
    assert line.startswith(f"reached {emulator.url} with a static token: subscription {SUBSCRIPTION}")
    assert line.endswith("is Enabled")


def test_without_a_subscription_they_are_listed(emulator: Emulated, connect: Connect) -> None:
    """Where the connection names no subscription those that can be read are counted (O2)."""
    connect(emulator.url, extra={"token": TOKEN})

    went_well, line = AzureRmHook().test_connection()

    assert went_well, line
    assert f"subscriptions can be read: {SUBSCRIPTION}" in line


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"extra": {"token": TOKEN, "subscription_id": "99999999-0000-0000-0000-000000000009"}}, "404"),
        ({"extra": {"token": f"{TOKEN} {TOKEN}"}}, "the bearer token is empty or holds blanks"),
        ({"password": TOKEN}, "client ID, tenant ID missing"),
        ({"extra": {"credential": "password"}}, "it must be one of default, client_secret"),
        ({"extra": {"token": TOKEN, "require_deferral": "maybe"}}, "require_deferral is 'maybe'"),
        ({"extra": {"token": TOKEN, "ca_bundle": "/nowhere.pem"}}, "/nowhere.pem"),
        ({"extra": {"token": TOKEN, "api_version": "newest"}}, "api_version is 'newest'"),
        ({"host": "nowhere", "extra": {"token": TOKEN}}, "is not a URL such as"),
        ({"host": "http://127.0.0.1:9", "extra": {"token": TOKEN}}, "http://127.0.0.1:9"),
    ],
)
def test_a_bad_connection_says_why(
    emulator: Emulated, connect: Connect, fields: dict[str, Any], said: str
) -> None:
    """Whatever is wrong is one line that names it; nothing is raised and no secret is shown (O2)."""
    connect(fields.pop("host", emulator.url), **fields)

    went_well, line = AzureRmHook().test_connection()

    assert not went_well
    assert said in line
    assert "\n" not in line
    assert TOKEN not in line


def test_a_connection_that_is_not_there_says_so() -> None:
    """Even a connection that does not exist is an answer, not an error (O2)."""
    went_well, line = AzureRmHook("no_such_connection").test_connection()

    assert not went_well
    assert "no_such_connection" in line
