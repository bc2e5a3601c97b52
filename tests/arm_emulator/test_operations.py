"""Long-running operations: the two headers, and what their polls answer."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from emulated_worlds import STEADY, Serve, scale_set, scale_set_id, world


def test_202_carries_both_headers(serve: Serve) -> None:
    """An accepted action has Azure-AsyncOperation, Location with monitor=true first, Retry-After, and no body."""
    accepted = serve(world(timings={**STEADY, "retryAfter": 7})).reimage("0")

    assert (accepted.status_code, accepted.content) == (202, b"")
    assert accepted.headers["Retry-After"] == "7"
    assert urlsplit(accepted.headers["Location"]).query.startswith("monitor=true&")
    assert "monitor" not in accepted.headers["Azure-AsyncOperation"]


def test_poll_addresses_have_an_api_version_of_their_own(serve: Serve) -> None:
    """A poll carries an api-version that is not the call's."""
    accepted = serve().reimage("0", api_version="2024-07-01")

    for header in ("Azure-AsyncOperation", "Location"):
        assert parse_qs(urlsplit(accepted.headers[header]).query)["api-version"] == ["2022-08-01"]


def test_location_is_long_and_new_with_every_poll(serve: Serve) -> None:
    """Each poll of Location gives another address of more than 2,000 characters; all of them work."""
    emulator = serve()
    seen = [emulator.reimage("0").headers["Location"]]
    for _ in range(3):
        answer = emulator.http.get(seen[-1])
        assert answer.status_code == 202
        seen.append(answer.headers["Location"])
    emulator.advance(300)

    assert len(set(seen)) == 4
    assert all(2000 < len(address) < 4096 for address in seen)
    assert {emulator.http.get(address).status_code for address in seen} == {200}


def test_async_operation_is_always_200(serve: Serve) -> None:
    """Azure-AsyncOperation answers 200 with the status and Retry-After, and endTime when it has ended."""
    emulator = serve(world(timings={**STEADY, "retryAfter": 2}))
    address = emulator.reimage("0").headers["Azure-AsyncOperation"]

    running = emulator.http.get(address)
    emulator.advance(300)
    ended = emulator.http.get(address)

    assert (running.status_code, running.json()["status"]) == (200, "InProgress")
    assert running.headers["Retry-After"] == "2"
    assert (ended.status_code, ended.json()["status"]) == (200, "Succeeded")
    assert ended.json()["endTime"] == "2024-06-01T00:00:35.0000000+00:00"
    assert ended.headers["Retry-After"] == "2"


def test_operation_ends_when_power_and_extensions_are_settled(serve: Serve) -> None:
    """The operation ends with the last of its instances, before their health is known."""
    emulator = serve(world(timings={**STEADY, "swap": [20, 60]}))
    address = emulator.reimage("0", "3", "6").headers["Azure-AsyncOperation"]
    codes: list[list[str]] = []

    while emulator.http.get(address).json()["status"] == "InProgress":
        emulator.advance(0.5)
        codes = [emulator.codes(instance) for instance in ("0", "3", "6")]

    assert {code[0] for code in codes} == {"ProvisioningState/succeeded"}
    assert "HealthState/initializing" in {code[2] for code in codes}


def test_put_operation_leads_to_the_resource(serve: Serve) -> None:
    """A finished operation on a resource gives the resource by its Location."""
    emulator = serve()
    patched = emulator.arm("PATCH", scale_set_id(), {"tags": {"a": "b"}})
    poll = patched.headers["Azure-AsyncOperation"]

    monitored = emulator.http.get(f"{poll}&monitor=true")

    assert emulator.http.get(poll).json()["status"] == "Succeeded"
    assert monitored.json()["tags"] == {"a": "b"}


def test_failed_operation_fails_its_location_too(serve: Serve) -> None:
    """Location of a failed operation answers with the error that the call itself would have given."""
    fault = {
        "match": {"path": "*/reimage"},
        "effect": {"operation": "Failed", "code": "Boom", "message": "It broke."},
    }
    emulator = serve(world(faults=[fault]))
    accepted = emulator.reimage("0")
    emulator.advance(300)

    answer = emulator.http.get(accepted.headers["Location"])

    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "Boom"


def test_unknown_operation_is_404(serve: Serve) -> None:
    """An operation that never was is not found, nor is one of another subscription."""
    emulator = serve()
    address = emulator.reimage("0").headers["Azure-AsyncOperation"]

    answers = [
        emulator.http.get(address.replace("/operations/", "/operations/0")),
        emulator.http.get(address.replace("000000000001/", "000000000002/")),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]


@pytest.mark.parametrize(("given", "header"), [(0, "0"), (0.2, "1"), (3, "3")])
def test_retry_after_is_whole_seconds(serve: Serve, given: float, header: str) -> None:
    """Retry-After knows whole seconds only; a scale set's own timings count before the world's."""
    emulator = serve(world(scale_set(timings={"retryAfter": given}), timings={**STEADY, "retryAfter": 9}))

    assert emulator.reimage("0").headers["Retry-After"] == header
