"""Reimage and reboot of Batch nodes: all options, versions, faults, and what images do at their boot."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from azure.batch.models import BatchNodeDisableSchedulingOptions
from azure.core.exceptions import ResourceExistsError
from emulated_nodes import act, batch_client, data_plane, node_of, states
from emulated_pools import batch_account, batch_pool, batch_world, pool_id
from emulated_worlds import V1, V2, Emulator, Json, Serve

SOON: Any = {"polling_interval": 0.01}
"""How often the client's pollers look, in seconds; the clock stands still meanwhile."""
START_TASK = {"commandLine": "/bin/true", "waitForSuccess": True}


def a_world(nodes: int = 3, **sections: Any) -> Json:  # noqa: ANN401 - whatever a world document has
    """One pool whose node 1 works for a minute; with a start task where one is given."""
    start_task = sections.pop("start_task", None)
    pool = batch_pool(nodes=nodes, running={"tvm-1": 60})
    if start_task:
        pool["resource"]["properties"]["startTask"] = start_task
    return batch_world(batch_account(pool), **sections)


def version_of(emulator: Emulator, number: int) -> str | None:
    """The image version that a node runs."""
    reference = node_of(emulator, number).virtual_machine_info.image_reference
    return None if reference is None else reference.exact_version


def walk(emulator: Emulator, number: int, *seconds: float) -> list[str]:
    """A node's state after each of these times."""
    seen = [states(emulator)[f"tvm-{number}"]]
    for more in seconds:
        emulator.advance(more)
        seen.append(states(emulator)[f"tvm-{number}"])
    return seen


def test_reimage_brings_the_newest_version_through_its_states(serve: Serve) -> None:
    """R54, R1: without ``exactVersion`` the node gets the newest version, and a new boot time; the client sends it."""
    emulator = serve(a_world())
    client, before = batch_client(emulator), node_of(emulator, 0)

    options: Any = {"nodeReimageOption": "taskcompletion"}
    poller = client.begin_reimage_node("p1", "tvm-0", options, **SOON)
    seen = walk(emulator, 0, 19, 1, 10, 5, 5)
    poller.result()

    after = node_of(emulator, 0)
    assert seen == [
        "reimaging",
        "reimaging",
        "starting",
        "waitingforstarttask",
        "waitingforstarttask",
        "idle",
    ]
    assert (version_of(emulator, 0), after.scheduling_state) == (V2, "enabled")
    assert after.last_boot_time > before.last_boot_time
    report = emulator.admin("GET", "audit")["batchPools"][pool_id()]
    assert (report["swaps"], report["imageVersions"]) == ({"tvm-0": 1}, {V1: 2, V2: 1})


def test_exact_version_goes_back(serve: Serve) -> None:
    """R11, O7: ``exactVersion`` brings back the version before, which the referee counts as a rollback."""
    emulator = serve(a_world())

    act(emulator, 0, "reimage", exactVersion=V2)
    emulator.advance(60)
    act(emulator, 0, "reimage", exactVersion=V1)
    emulator.advance(60)

    report = emulator.admin("GET", "audit")["batchPools"][pool_id()]
    assert (version_of(emulator, 0), states(emulator)["tvm-0"]) == (V1, "idle")
    assert (report["swaps"], report["rollbacks"]) == ({"tvm-0": 1}, {"tvm-0": 1})


@pytest.mark.parametrize("option", ["taskcompletion", "retaineddata"])
def test_reimage_waits_for_the_last_task(serve: Serve, option: str) -> None:
    """R55: the node works on, takes nothing new, and is reimaged in the moment its last task ends."""
    emulator = serve(a_world())

    accepted = act(emulator, 1, "reimage", option, exactVersion=V2)
    kept = emulator.admin("GET", "world")
    emulator.admin("POST", "reset", kept)
    seen = walk(emulator, 1, 59, 1, 60)

    assert (accepted.status_code, accepted.headers["retry-after"]) == (202, "0")
    assert seen == ["running", "running", "reimaging", "idle"]
    assert version_of(emulator, 1) == V2
    assert emulator.broken_rules() == []


def test_reboot_restarts_and_keeps_version_and_scheduling(serve: Serve) -> None:
    """R56: a reboot shows ``rebooting``; what was closed stays closed, on the same version, with a new boot time."""
    emulator = serve(a_world())
    client = batch_client(emulator)
    closing = BatchNodeDisableSchedulingOptions(node_disable_scheduling_option="taskcompletion")
    client.disable_node_scheduling("p1", "tvm-0", closing)
    before = node_of(emulator, 0)
    emulator.advance(1)

    options: Any = {"nodeRebootOption": "requeue"}
    poller = client.begin_reboot_node("p1", "tvm-0", options, **SOON)
    seen = walk(emulator, 0, 10, 10)
    poller.result()

    after = node_of(emulator, 0)
    assert seen == ["rebooting", "waitingforstarttask", "idle"]
    assert (after.scheduling_state, version_of(emulator, 0)) == ("disabled", V1)
    assert after.last_boot_time > before.last_boot_time


def test_closed_node_stays_closed_through_a_reimage(serve: Serve) -> None:
    """R55: scheduling disabled survives the new disk."""
    emulator = serve(a_world())

    act(emulator, 0, "disablescheduling", "taskcompletion")
    act(emulator, 0, "reimage", exactVersion=V2)
    emulator.advance(60)

    node = node_of(emulator, 0)
    assert (node.state, node.scheduling_state, version_of(emulator, 0)) == ("idle", "disabled", V2)


@pytest.mark.parametrize("named", ["tvm-0", "0"])
@pytest.mark.parametrize(
    ("behaviour", "state"),
    [
        ({"health": "unhealthy"}, "unusable"),
        ({"health": "never"}, "waitingforstarttask"),
        ({"extension": "startTask", "extensionResult": "failed"}, "starttaskfailed"),
    ],
)
def test_images_behave_by_node(serve: Serve, named: str, behaviour: Json, state: str) -> None:
    """R32, R10: a bad image leaves its node unusable, waiting for ever, or with a failed start task; the way back is open."""
    lines = [{"version": V2, "instances": [named], **behaviour}]
    emulator = serve(a_world(start_task=START_TASK, imageBehaviours=lines))

    for number in (0, 2):
        act(emulator, number, "reimage", exactVersion=V2)
    emulator.advance(3600)
    bad = node_of(emulator, 0)
    refused = act(emulator, 0, "reimage")
    act(emulator, 0, "reimage", exactVersion=V1)
    emulator.advance(60)

    assert (bad.state, states(emulator)["tvm-2"]) == (state, "idle")
    assert refused.status_code == 409
    assert (states(emulator)["tvm-0"], version_of(emulator, 0)) == ("idle", V1)


def test_start_task_is_told_with_its_end(serve: Serve) -> None:
    """R47: ``startTaskInfo`` says that the start task runs, and then how it ended."""
    lines = [{"version": V2, "instances": ["tvm-0"], "extension": "startTask", "extensionResult": "failed"}]
    emulator = serve(a_world(start_task=START_TASK, imageBehaviours=lines))

    act(emulator, 0, "reimage")
    emulator.advance(30)
    runs = node_of(emulator, 0).start_task_info
    emulator.advance(60)
    node = node_of(emulator, 0)
    well = node_of(emulator, 2).start_task_info

    assert runs is not None
    assert well is not None
    assert node.start_task_info is not None
    assert node.start_task_info.failure_info is not None
    assert (runs.state, runs.exit_code) == ("running", None)
    assert (well.state, well.result, well.exit_code) == ("completed", "success", 0)
    assert (node.start_task_info.result, node.start_task_info.exit_code) == ("failure", 1)
    assert node.errors is not None
    assert node.errors[0].code == "StartTaskFailed"


@pytest.mark.parametrize(
    ("effect", "state", "version"),
    [
        ({"operation": "Failed", "code": "Broken"}, "unusable", V1),
        ({"partial": ["tvm-0"]}, "unusable", V1),
        ({"operation": "stuck"}, "reimaging", V1),
        ({"applyThenReset": True}, "idle", V2),
        ({"reset": True}, "idle", V1),
        ({"status": 503}, "idle", V1),
    ],
)
@pytest.mark.parametrize("named", ["tvm-0", "0"])
def test_faults_hit_calls_on_a_node(serve: Serve, named: str, effect: Json, state: str, version: str) -> None:
    """O5: a fault that names a node hits calls on that one only, and does to it what it does to instances."""
    emulator = serve(a_world())
    emulator.admin("POST", "faults", {"match": {"method": "POST", "instances": [named]}, "effect": effect})

    try:
        answer = act(emulator, 0, "reimage").status_code
    except httpx.TransportError:
        answer = 0
    act(emulator, 2, "reimage")
    emulator.advance(600)

    answers = {"applyThenReset": 0, "reset": 0, "status": 503}
    assert answer == next((answers[kind] for kind in effect if kind in answers), 202)
    assert (states(emulator)["tvm-0"], version_of(emulator, 0)) == (state, version)
    assert (states(emulator)["tvm-2"], version_of(emulator, 2)) == ("idle", V2)


@pytest.mark.parametrize("action", ["reimage", "reboot"])
def test_busy_node_refuses(serve: Serve, action: str) -> None:
    """R54: only what is idle or running is reimaged or rebooted; the code says what it is instead."""
    emulator = serve(a_world())
    act(emulator, 0, "reimage")

    refused = act(emulator, 0, action)

    assert (refused.status_code, refused.json()["code"]) == (409, "NodeBeingReimaged")
    assert "tvm-0 is reimaging; it has to be idle or running" in refused.json()["message"]["value"]


def test_unknown_version_and_option_change_nothing(serve: Serve) -> None:
    """R52: a version that the region does not have, or an option that there is not, is refused with its name."""
    emulator = serve(a_world())

    version = act(emulator, 0, "reimage", exactVersion="9.9.9")
    option = act(emulator, 0, "reimage", "someday")
    scheduling = act(emulator, 0, "disablescheduling", "retaineddata")

    assert [r.status_code for r in (version, option, scheduling)] == [400, 400, 400]
    assert {r.json()["code"] for r in (version, option, scheduling)} == {"InvalidPropertyValue"}
    assert {"key": "PropertyValue", "value": "9.9.9"} in version.json()["values"]
    assert {"key": "PropertyName", "value": "nodeReimageOption"} in option.json()["values"]
    assert states(emulator)["tvm-0"] == "idle"


def test_nodes_are_deallocated_and_started_from_2025_on(serve: Serve) -> None:
    """C4: start and deallocate exist from 2025-06-01 on."""
    emulator = serve(a_world())
    client = batch_client(emulator)

    early = data_plane(
        emulator, "POST", "/pools/p1/nodes/tvm-0/deallocate", {}, api_version="2024-02-01.19.0"
    )
    options: Any = {"nodeDeallocateOption": "requeue"}
    poller = client.begin_deallocate_node("p1", "tvm-0", options, **SOON)
    down = walk(emulator, 0, 10)
    poller.result()
    poller = client.begin_start_node("p1", "tvm-0", **SOON)
    up = walk(emulator, 0, 60)
    poller.result()
    with pytest.raises(ResourceExistsError) as refused:
        client.begin_start_node("p1", "tvm-0", **SOON)

    assert early.status_code == 400
    assert (down, up) == (["deallocating", "deallocated"], ["starting", "idle"])
    assert refused.value.status_code == 409
