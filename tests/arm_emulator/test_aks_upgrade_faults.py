"""Faults on ``upgradeNodeImageVersion``."""

from __future__ import annotations

import httpx
import pytest
from emulated_node_pools import NEW, OLD, NodePoolUnderTest, cluster_world
from emulated_worlds import Json, Serve

NODES = ("aks-np1-0", "aks-np1-1", "aks-np1-2")


def fault(effect: Json, *, times: int = 1) -> Json:
    """A world of one cluster whose next upgrades a fault hits."""
    match = {"method": "POST", "path": "*/upgradeNodeImageVersion"}
    return {**cluster_world(), "faults": [{"match": match, "effect": effect, "times": times}]}


def test_an_operation_that_fails_leaves_every_node_as_it_is(serve: Serve) -> None:
    """202, then Failed with the fault's words, and the pool Failed; the next call upgrades it."""
    effect = {"operation": "Failed", "code": "VMExtensionProvisioningError", "message": "boom"}
    pool = NodePoolUnderTest(serve(fault(effect)))

    accepted = pool.upgrade()
    assert accepted.status_code == 202
    assert pool.status(accepted)["status"] == "InProgress"
    pool.wait(60)
    error = pool.status(accepted)["error"]
    assert (error["code"], error["message"]) == ("VMExtensionProvisioningError", "boom")
    assert pool.machines() == dict.fromkeys(NODES, OLD)
    again = pool.upgrade()
    pool.wait(3600)

    assert pool.status(again)["status"] == "Succeeded"
    assert pool.machines() == dict.fromkeys(NODES, NEW)


def test_an_operation_that_is_stuck_ends_by_abort_only(serve: Serve) -> None:
    """It stays in progress for good; abort cancels it, and the next call upgrades the pool."""
    pool = NodePoolUnderTest(serve(fault({"operation": "stuck"})))

    accepted = pool.upgrade()
    pool.wait(86_400)
    assert pool.status(accepted)["status"] == "InProgress"
    assert pool.upgrade().status_code == 409
    pool.post("abort")

    assert pool.status(accepted)["status"] == "Canceled"
    assert pool.upgrade().status_code == 202


@pytest.mark.parametrize(("effect", "happens"), [({"reset": True}, False), ({"applyThenReset": True}, True)])
def test_a_lost_answer_may_have_begun_the_upgrade(serve: Serve, effect: Json, *, happens: bool) -> None:
    """The connection ends without an answer, before or after the upgrade began."""
    pool = NodePoolUnderTest(serve(fault(effect)))

    with pytest.raises(httpx.RemoteProtocolError):
        pool.upgrade()
    pool.wait(3600)

    assert set(pool.machines().values()) == {NEW if happens else OLD}


def test_a_status_is_answered_in_its_place(serve: Serve) -> None:
    """A throttled call changes nothing."""
    pool = NodePoolUnderTest(serve(fault({"status": 429, "retryAfter": 7})))

    answer = pool.upgrade()

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert len(pool.machines()) == 3
