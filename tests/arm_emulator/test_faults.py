"""Faults: which calls they hit, and what they make of them."""

from __future__ import annotations

import time

import httpx
import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute.models import VirtualMachineScaleSetReimageParameters
from emulated_worlds import V1, V2, Emulator, Json, Serve, scale_set, scale_set_id, world

REIMAGE = {"method": "post", "path": "*/REIMAGE"}
BUSY = {"status": 503}


def statuses(emulator: Emulator, calls: int) -> list[int]:
    """The statuses of so many GETs of the set."""
    return [emulator.arm("GET", scale_set_id()).status_code for _ in range(calls)]


def version(emulator: Emulator, instance: str) -> str:
    """The image version that an instance runs."""
    return emulator.instance(instance)["properties"]["storageProfile"]["imageReference"]["exactVersion"]


def test_status_with_retry_after(serve: Serve) -> None:
    """A status effect answers with Azure's code and Retry-After, and the call does nothing."""
    emulator = serve(
        world(faults=[{"match": REIMAGE, "effect": {"status": 429, "retryAfter": 3}, "times": 1}])
    )

    refused = emulator.reimage("0")
    accepted = emulator.reimage("0")

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    assert refused.json()["error"]["code"] == "TooManyRequests"
    assert accepted.status_code == 202


def test_status_may_have_its_own_words(serve: Serve) -> None:
    """Code and message of a status effect are the world's where it gives them."""
    effect = {"status": 409, "code": "RetryableErrorDueToAnotherOperation", "message": "Wait."}
    emulator = serve(world(faults=[{"effect": effect}]))

    assert emulator.arm("GET", scale_set_id()).json()["error"] == {"code": effect["code"], "message": "Wait."}


@pytest.mark.parametrize(
    ("bounds", "seen"),
    [
        ({}, [503, 503, 503, 503]),
        ({"after": 2}, [200, 200, 503, 503]),
        ({"times": 1}, [503, 200, 200, 200]),
        ({"after": 1, "times": 2}, [200, 503, 503, 200]),
        ({"times": 0}, [200, 200, 200, 200]),
    ],
)
def test_after_and_times(serve: Serve, bounds: Json, seen: list[int]) -> None:
    """``after`` lets the first matching calls through, ``times`` hits the next ones."""
    assert statuses(serve(world(faults=[{"effect": BUSY, **bounds}])), 4) == seen


def test_seconds_end_a_fault(serve: Serve) -> None:
    """``seconds`` ends a fault that many world seconds after it was added."""
    emulator = serve()
    emulator.advance(100)
    emulator.admin("POST", "faults", {"effect": BUSY, "seconds": 60})

    seen = statuses(emulator, 1)
    emulator.advance(59)
    seen += statuses(emulator, 1)
    emulator.advance(1)

    assert seen + statuses(emulator, 1) == [503, 503, 200]


def test_call_that_one_fault_hit_counts_for_the_next(serve: Serve) -> None:
    """A call that one fault hit is a match of later ones, so they take turns."""
    faults = [{"effect": {"status": 429}, "times": 2}, {"effect": BUSY, "after": 2, "times": 1}]

    assert statuses(serve(world(faults=faults)), 4) == [429, 429, 503, 200]


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ({"method": "get"}, [True, False, False]),
        ({"path": "*/virtualmachinescalesets/WEB"}, [True, False, False]),
        ({"path": "*reimage"}, [False, True, True]),
        ({"path": "*", "instances": ["4"]}, [False, True, False]),
        ({"instances": ["9"]}, [False, False, False]),
    ],
)
def test_match_by_method_path_and_instances(serve: Serve, match: Json, hits: list[bool]) -> None:
    """Methods and paths match in any case; ``instances`` only calls that act on one of them."""
    emulator = serve(world(faults=[{"match": match, "effect": BUSY}]))

    answers = [
        emulator.arm("GET", scale_set_id()),
        emulator.reimage("3", "4"),
        emulator.arm("POST", f"{scale_set_id()}/virtualMachines/5/reimage"),
    ]

    assert [answer.status_code == 503 for answer in answers] == hits


def test_action_on_the_whole_set_is_about_every_instance(serve: Serve) -> None:
    """A reimage without instanceIds matches a fault about any instance."""
    emulator = serve(world(faults=[{"match": {"instances": ["4"]}, "effect": BUSY}]))

    assert emulator.arm("POST", f"{scale_set_id()}/reimage").status_code == 503


def test_latency_is_real_time(serve: Serve) -> None:
    """A latency effect holds the answer back; the call is done as ever."""
    emulator = serve(world(faults=[{"match": REIMAGE, "effect": {"latency": 0.2}}]))
    started = time.monotonic()

    accepted = emulator.reimage("0")

    assert accepted.status_code == 202
    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize(("effect", "happened"), [("reset", False), ("applyThenReset", True)])
def test_connection_is_closed_without_an_answer(serve: Serve, effect: str, happened: bool) -> None:
    """``reset`` closes the connection and nothing happens; after ``applyThenReset`` it has happened."""
    emulator = serve(world(faults=[{"match": REIMAGE, "effect": {effect: True}, "times": 1}]))

    with pytest.raises(httpx.TransportError):
        emulator.reimage("0")

    assert emulator.audit()["swaps"] == ({"0": 1} if happened else {})
    assert emulator.admin("GET", "requests")["log"][0]["status"] is None
    assert emulator.reimage("3").status_code == 202


def test_failed_operation_keeps_the_old_disks(serve: Serve) -> None:
    """``operation: Failed`` is 202, then the operation fails; disk and version stay, provisioning is Failed."""
    effect = {"operation": "Failed", "code": "AllocationFailed", "message": "No room."}
    emulator = serve(world(faults=[{"match": REIMAGE, "effect": effect, "times": 1}]))
    before = emulator.instance("0")["properties"]["storageProfile"]
    sets = emulator.compute().virtual_machine_scale_sets

    poller = sets.begin_reimage(
        "rg", "web", VirtualMachineScaleSetReimageParameters(instance_ids=["0"], exact_version=V2)
    )
    emulator.advance(300)
    with pytest.raises(HttpResponseError) as failed:
        poller.result(30)

    assert (failed.value.error.code, failed.value.error.message) == ("AllocationFailed", "No room.")
    assert emulator.instance("0")["properties"]["storageProfile"] == before
    assert emulator.codes("0") == [
        "ProvisioningState/failed/AllocationFailed",
        "PowerState/running",
        "HealthState/healthy",
    ]


def test_instance_recovers_from_a_failed_operation(serve: Serve) -> None:
    """The next reimage of an instance whose operation failed is an ordinary one; the referee sees a rollback."""
    emulator = serve(world(faults=[{"match": REIMAGE, "effect": {"operation": "Failed"}, "times": 1}]))
    emulator.reimage("0")
    emulator.advance(300)

    emulator.reimage("0", version=V1)
    emulator.advance(300)

    assert emulator.codes("0")[0] == "ProvisioningState/succeeded"
    assert (emulator.audit()["swaps"], emulator.audit()["rollbacks"]) == ({"0": 1}, {"0": 1})


def test_stuck_operation_has_no_end(serve: Serve) -> None:
    """``operation: stuck`` leaves instances Updating on the old disk for ever, and busy."""
    emulator = serve(world(faults=[{"match": REIMAGE, "effect": {"operation": "stuck"}, "times": 1}]))
    accepted = emulator.reimage("0")

    emulator.advance(86400)

    assert emulator.http.get(accepted.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress"
    assert (version(emulator, "0"), emulator.codes("0")[0]) == (V1, "ProvisioningState/updating")
    assert emulator.reimage("0").status_code == 409


def test_partial_operation_spares_the_others(serve: Serve) -> None:
    """``partial``: those named keep disk and version, Failed, health as before; the rest succeeds."""
    emulator = serve(
        world(
            scale_set(unhealthyInstances=["6"]),
            faults=[{"match": REIMAGE, "effect": {"partial": ["3", "6"]}, "times": 1}],
        )
    )
    accepted = emulator.reimage("0", "3", "6")

    emulator.advance(300)

    operation = emulator.http.get(accepted.headers["Azure-AsyncOperation"]).json()
    assert [detail["target"] for detail in operation["error"]["details"]] == ["3", "6"]
    assert [version(emulator, i) for i in ("0", "3", "6")] == [V2, V1, V1]
    assert [emulator.codes(i)[0].split("/")[1] for i in ("0", "3", "6")] == ["succeeded", "failed", "failed"]
    assert [emulator.codes(i)[2] for i in ("3", "6")] == ["HealthState/healthy", "HealthState/unhealthy"]


def test_failing_change_of_the_set_changes_nothing(serve: Serve) -> None:
    """``operation: Failed`` on a PATCH is accepted, fails, and leaves the set as it was."""
    emulator = serve(world(faults=[{"match": {"method": "PATCH"}, "effect": {"operation": "Failed"}}]))

    patched = emulator.arm("PATCH", scale_set_id(), {"tags": {"a": "b"}})

    assert emulator.http.get(patched.headers["Azure-AsyncOperation"]).json()["status"] == "Failed"
    assert "tags" not in emulator.arm("GET", scale_set_id()).json()


def test_faults_are_listed_and_cleared(serve: Serve) -> None:
    """GET /faults tells how often each matched and hit; DELETE removes all."""
    emulator = serve()
    emulator.admin("POST", "faults", {"effect": BUSY, "after": 1, "times": 1})
    seen = statuses(emulator, 3)

    (listed,) = emulator.admin("GET", "faults")["faults"]
    emulator.admin("DELETE", "faults")

    assert seen == [200, 503, 200]
    assert (listed["matches"], listed["hits"], listed["over"]) == (2, 1, True)
    assert emulator.admin("GET", "faults") == {"faults": []}


def test_faults_do_not_touch_the_emulators_own_routes(serve: Serve) -> None:
    """A fault that matches everything leaves /_emulator alone."""
    emulator = serve(world(faults=[{"effect": BUSY}]))

    assert emulator.admin("GET", "health") == {"status": "ok"}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({}, "effect: is missing"),
        ({"effect": {}}, "exactly one of status, latency"),
        ({"effect": {"status": 503, "latency": 1}}, "there is status and latency"),
        ({"effect": {"status": 200}}, "effect.status: 200"),
        ({"effect": {"reset": False}}, "effect.reset: False"),
        ({"effect": {"operation": "failed"}}, "effect.operation: 'failed'"),
        ({"effect": {"zoneDown": ["2"]}}, "zoneDown"),
        ({"effect": {"tokenExpires": False}}, "tokenExpires"),
        ({"effect": {"reset": True, "location": "westeurope"}}, "location belongs to zoneDown"),
        ({"effect": BUSY, "after": -1}, "after: -1"),
        ({"effect": BUSY, "match": {"verb": "GET"}}, "match.verb: unknown key"),
    ],
)
def test_wrong_fault_is_refused(serve: Serve, fault: Json, said: str) -> None:
    """A fault that makes no sense, or that this version does not serve, is refused with what is wrong."""
    emulator = serve()

    assert said in emulator.admin("POST", "faults", fault)["error"]["message"]
    assert emulator.admin("GET", "faults") == {"faults": []}
