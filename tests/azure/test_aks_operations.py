"""Upgrades of node images over the wire: what is sent, how often, and what its end says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aks_bodies import CLUSTER_ID, OPERATION, POOL_ID, Estate, a_pool, the_cluster
from azure_doubles import DROPPED, Reply, ScriptedServer, arm_error_body, unguarded

from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.client import ArmClient
from fleetwright.domain.errors import LeaseLostError
from fleetwright.rollout.ports.operations import OperationState
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError, TransientError

UPGRADE = f"{POOL_ID}/upgradeNodeImageVersion"
RESULT = f"{CLUSTER_ID}/commandResults/0e9872e6629349dc865e27ee6f8bab2d"
THROTTLED = Reply(429, arm_error_body("TooManyRequests"), {"Retry-After": "7"})


def accepted(server: ScriptedServer, **headers: str) -> Reply:
    """202 with the pool, as only AKS answers it."""
    body = a_pool(provisioningState="UpgradingNodeImageVersion")
    return Reply(202, body, {name.replace("_", "-"): server.url + path for name, path in headers.items()})


def status(word: str, **more: object) -> Reply:
    """A poll of an operation."""
    return Reply(body={"name": "ff19966f-868b-11d0-b42d-00c04fc964ff", "status": word} | more)


def test_an_upgrade_is_begun_once(server: ScriptedServer, client: ArmClient) -> None:
    """One POST without a body; Azure-AsyncOperation is kept byte for byte, its own api-version included."""
    location = OPERATION.replace("operations", "operationresults")
    estate = Estate(server, {UPGRADE: accepted(server, Azure_AsyncOperation=OPERATION, Location=location)})

    url = AksDriver(client).begin_upgrade(the_cluster(), "np1", unguarded)

    assert url == server.url + OPERATION
    assert (estate.targets, estate.bodies) == ([f"{UPGRADE}?api-version=2026-08-01"], [None])


def test_location_is_taken_where_there_is_nothing_better(server: ScriptedServer, client: ArmClient) -> None:
    """Without Azure-AsyncOperation the operation is where Location says."""
    Estate(server, {UPGRADE: accepted(server, Location=OPERATION)})

    assert AksDriver(client).begin_upgrade(the_cluster(), "np1", unguarded) == server.url + OPERATION


def test_a_pool_that_has_its_image_has_no_operation(server: ScriptedServer, client: ArmClient) -> None:
    """200 means that nothing had to be done; looking at that costs no call."""
    estate = Estate(server, {UPGRADE: Reply(200, a_pool())})
    driver = AksDriver(client)

    url = driver.begin_upgrade(the_cluster(), "np1", unguarded)

    assert (url, driver.fetch_operation(url).state) == ("", OperationState.SUCCEEDED)
    assert estate.calls == [f"POST {UPGRADE}"]


def test_the_guard_is_asked_before_every_attempt(server: ScriptedServer, client: ArmClient) -> None:
    """A throttled call is sent again only while the cluster is still ours; a guard that says no sends nothing."""
    asked: list[int] = []

    def guard() -> None:
        asked.append(len(asked))
        if len(asked) > 2:
            raise LeaseLostError("another run has the cluster")

    estate = Estate(server, {UPGRADE: THROTTLED})

    with pytest.raises(LeaseLostError):
        AksDriver(client).begin_upgrade(the_cluster(), "np1", guard)

    assert (len(asked), len(estate.calls)) == (3, 2)


def test_an_operation_in_progress_refuses_another(server: ScriptedServer, client: ArmClient) -> None:
    """409 changed nothing and is never sent again; Azure's words name what is under way."""
    words = "Operation is not allowed: UpgradingNodeImageVersion is in progress on agent pool np1"
    estate = Estate(server, {UPGRADE: Reply(409, arm_error_body("OperationNotAllowed", words))})

    with pytest.raises(CallRefusedError, match="UpgradingNodeImageVersion is in progress") as caught:
        AksDriver(client).begin_upgrade(the_cluster(), "np1", unguarded)

    assert (caught.value.code, caught.value.status, len(estate.calls)) == ("OperationNotAllowed", 409, 1)


@pytest.mark.parametrize("answer", [DROPPED, Reply(500, arm_error_body("InternalServerError")), Reply(202)])
def test_a_lost_answer_is_told_and_never_sent_again(
    server: ScriptedServer, client: ArmClient, answer: Reply
) -> None:
    """A reset, a 5xx or a 202 without an address may have begun the upgrade: the call is not repeated."""
    estate = Estate(server, {UPGRADE: answer})

    with pytest.raises(AnswerLostError):
        AksDriver(client).begin_upgrade(the_cluster(), "np1", unguarded)

    assert len(estate.calls) == 1


@pytest.mark.parametrize(
    ("reply", "state", "error"),
    [
        (status("InProgress"), OperationState.RUNNING, ""),
        (status("Succeeded"), OperationState.SUCCEEDED, ""),
        (
            status(
                "Failed", error={"code": "PodDrainFailure", "message": "Drain of aks-np1-2: pod shop/web-1"}
            ),
            OperationState.FAILED,
            "PodDrainFailure: Drain of aks-np1-2: pod shop/web-1",
        ),
        (status("Canceled"), OperationState.FAILED, "canceled: Azure gave no reason"),
        (
            status("Canceled", error={"code": "OperationAborted", "message": "by a user"}),
            OperationState.FAILED,
            "Canceled: OperationAborted: by a user",
        ),
    ],
)
def test_a_poll_says_how_an_upgrade_ends(
    server: ScriptedServer, client: ArmClient, reply: Reply, state: OperationState, error: str
) -> None:
    """N32: a failed drain names node and pod in Azure's words, a canceled operation says so; a trigger reads the same."""
    estate = Estate(server, {OPERATION.partition("?")[0]: reply})
    driver, url = AksDriver(client), server.url + OPERATION

    seen = driver.fetch_operation(url)

    assert (seen.state, seen.error, seen.url) == (state, error, url)
    assert asyncio.run(driver.fetch_operation_async(url)) == seen
    assert estate.targets == [OPERATION] * 2


def test_a_poll_that_fails_says_nothing_about_the_upgrade(server: ScriptedServer, client: ArmClient) -> None:
    """A status that was not read is transient; an operation that is not known any more is told as that."""
    estate: dict[str, Reply | list[Reply]] = {
        OPERATION.partition("?")[0]: Reply(400, arm_error_body("Strange"))
    }
    Estate(server, estate)
    driver = AksDriver(client)

    with pytest.raises(TransientError, match="Strange"):
        driver.fetch_operation(server.url + OPERATION)
    Estate(server, {})
    assert driver.fetch_operation(server.url + OPERATION).state is OperationState.FORGOTTEN


@pytest.mark.parametrize(("answer", "has_operation"), [(204, False), (202, True)])
def test_an_abort_may_have_nothing_to_stop(
    server: ScriptedServer, client: ArmClient, answer: int, has_operation: bool
) -> None:
    """Abort answers 202 with an operation, or 204 where there was none."""
    reply = accepted(server, Azure_AsyncOperation=OPERATION) if has_operation else Reply(answer)
    estate = Estate(server, {f"{POOL_ID}/abort": reply})

    url = AksDriver(client).abort(the_cluster(), "np1", unguarded)

    assert url == (server.url + OPERATION if has_operation else "")
    assert estate.calls == [f"POST {POOL_ID}/abort"]


def result(exit_code: int = 0, logs: str = "", state: str = "succeeded", **more: object) -> Reply:
    """A command's result."""
    said: dict[str, Any] = {"provisioningState": state, "exitCode": exit_code, "logs": logs} | more
    return Reply(body={"id": "0e9872e6629349dc865e27ee6f8bab2d", "properties": said})


@pytest.mark.parametrize(
    ("reply", "state", "error"),
    [
        (Reply(202), OperationState.RUNNING, ""),
        (result(state="running"), OperationState.RUNNING, ""),
        (result(logs="node/aks-np1-0 annotated"), OperationState.SUCCEEDED, ""),
        (
            result(1, "a\nb\nc\nError from server (NotFound): nodes aks-np1-9 not found\n"),
            OperationState.FAILED,
            "command ended with exit code 1: b / c / Error from server (NotFound): nodes aks-np1-9 not found",
        ),
        (
            result(0, "", "failed", reason="the command's pod could not be scheduled"),
            OperationState.FAILED,
            "command ended with exit code 0: the command's pod could not be scheduled",
        ),
    ],
)
def test_a_commands_result_is_an_operation(
    server: ScriptedServer, client: ArmClient, reply: Reply, state: OperationState, error: str
) -> None:
    """R69: a live patch's command has failed when it ended with an error, and its last lines say why."""
    Estate(server, {RESULT: reply})
    driver, url = AksDriver(client), f"{server.url}{RESULT}?api-version=2026-08-01"

    seen = driver.fetch_operation(url)

    assert (seen.state, seen.error, seen.url) == (state, error, url)
    assert asyncio.run(driver.fetch_operation_async(url)) == seen
