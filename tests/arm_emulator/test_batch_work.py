"""Work on Batch nodes: tasks end in their time, wait for a free node, and are queued again when their node goes."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ResourceExistsError
from emulated_nodes import act, batch_client, data_plane, node_of, states
from emulated_pools import batch_account, batch_pool, batch_world, machines_id, pool_id, user_account
from emulated_worlds import V2, Emulator, Json, Serve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


def a_world(nodes: int = 3, *, deferral: bool = True, **running: float) -> Json:
    """One pool; ``tvm_1=60`` gives the node of that name a minute of work."""
    work = {name.replace("_", "-"): seconds for name, seconds in running.items()}
    return batch_world(user_account(batch_pool(nodes=nodes, deferral=deferral, running=work)))


def tasks_on(emulator: Emulator, number: int) -> list[str]:
    """The tasks at work on a node."""
    recent = node_of(emulator, number).recent_tasks or []
    return [str(task.task_id) for task in recent if task.task_state == "running"]


def interrupted(emulator: Emulator) -> int:
    """How many running nodes the referee saw interrupted."""
    return int(emulator.admin("GET", "audit")["batchPools"][pool_id()]["runningNodesInterrupted"])


def test_tasks_end_in_their_time_or_never(serve: Serve) -> None:
    """R55: a task ends at its second, one of -1 never, and its node tells of both."""
    emulator = serve(a_world(tvm_0=60, tvm_1=-1))

    emulator.advance(59)
    before = states(emulator)
    emulator.advance(1)
    after = states(emulator)
    emulator.advance(1_000_000)

    assert (before["tvm-0"], after["tvm-0"]) == ("running", "idle")
    assert states(emulator)["tvm-1"] == "running"
    node = node_of(emulator, 0)
    assert (node.total_tasks_run, node.total_tasks_succeeded, node.running_tasks_count) == (1, 1, 0)
    assert node.recent_tasks is not None
    info = node.recent_tasks[0].execution_info
    assert info is not None
    assert (node.recent_tasks[0].task_state, info.result, info.exit_code) == ("completed", "success", 0)


def test_closed_node_finishes_its_work_and_gets_no_more(serve: Serve) -> None:
    """R55: with ``taskcompletion`` the tasks go on; then the node is idle, and new work goes elsewhere."""
    emulator = serve(a_world(tvm_0=60))

    act(emulator, 0, "disablescheduling", "taskcompletion")
    closed = states(emulator)
    emulator.advance(60)
    emulator.admin("POST", "instances", {"id": pool_id(), "instances": ["tvm-0"], "running": 30})

    assert closed["tvm-0"] == "running"
    assert states(emulator) == {"tvm-0": "idle", "tvm-1": "running", "tvm-2": "idle"}
    assert interrupted(emulator) == 0


def test_requeue_moves_work_to_the_first_idle_node(serve: Serve) -> None:
    """R55: scheduling disabled with ``requeue``: the task starts again, with its full length, on the lowest idle node."""
    emulator = serve(a_world(tvm_1=60))

    emulator.advance(50)
    act(emulator, 1, "disablescheduling", "requeue")
    moved = tasks_on(emulator, 0)
    emulator.advance(59)
    nearly = states(emulator)["tvm-0"]
    emulator.advance(1)

    assert (moved, tasks_on(emulator, 1)) == (["tvm-1-1"], [])
    assert (nearly, states(emulator)["tvm-0"]) == ("running", "idle")
    told = emulator.admin("GET", "audit")["batchPools"][pool_id()]
    assert (told["runningNodesInterrupted"], emulator.broken_rules()) == (0, [])


def test_terminate_ends_work_for_good(serve: Serve) -> None:
    """R55: scheduling disabled with ``terminate``: the task is over, without success, and nothing is queued."""
    emulator = serve(a_world(tvm_1=60))

    act(emulator, 1, "disablescheduling", "terminate")

    node = node_of(emulator, 1)
    assert (node.state, node.total_tasks_run, node.total_tasks_succeeded) == ("idle", 1, 0)
    assert states(emulator)["tvm-0"] == "idle"


def test_work_waits_where_every_node_is_closed_and_starts_when_one_opens(serve: Serve) -> None:
    """R55: queued work starts as soon as scheduling is enabled again, oldest first."""
    emulator = serve(a_world(nodes=2, tvm_0=100, tvm_1=100))
    for number in (0, 1):
        act(emulator, number, "disablescheduling", "requeue")
        emulator.advance(1)

    waiting = data_plane(emulator, "GET", "/jobs/job/tasks", filter="state eq 'active'").json()["value"]
    act(emulator, 1, "enablescheduling")

    assert [task["id"] for task in waiting] == ["tvm-0-1", "tvm-1-1"]
    assert (tasks_on(emulator, 0), tasks_on(emulator, 1)) == ([], ["tvm-0-1"])


@pytest.mark.parametrize(("deferral", "rules"), [(True, ["R55"]), (False, [])])
def test_reimage_of_a_running_node_queues_its_task_again(
    serve: Serve, deferral: bool, rules: list[str]
) -> None:
    """R55, N28: the task starts again elsewhere; the referee counts it, and minds only where the pool defers upgrades."""
    emulator = serve(a_world(deferral=deferral, tvm_1=60))

    accepted = act(emulator, 1, "reimage")

    assert accepted.status_code == 202
    assert states(emulator) == {"tvm-0": "running", "tvm-1": "reimaging", "tvm-2": "idle"}
    assert emulator.broken_rules() == rules
    assert interrupted(emulator) == 1


def test_terminate_of_a_reimage_ends_the_task_and_tells_the_referee(serve: Serve) -> None:
    """R55: a reimage that terminates interrupts a running node as well, and nothing is queued."""
    emulator = serve(a_world(tvm_1=60))

    act(emulator, 1, "reimage", "terminate")

    assert states(emulator) == {"tvm-0": "idle", "tvm-1": "reimaging", "tvm-2": "idle"}
    assert emulator.broken_rules() == ["R55"]


def test_task_waits_for_its_node_where_that_is_the_only_one(serve: Serve) -> None:
    """R55: with no other node the task starts again on the same one, when that is idle again."""
    emulator = serve(a_world(nodes=1, tvm_0=60))

    act(emulator, 0, "reboot")
    emulator.advance(10 + 5 + 5)

    task = data_plane(emulator, "GET", "/jobs/job/tasks/tvm-0-1").json()
    assert (states(emulator)["tvm-0"], task["state"]) == ("running", "running")
    assert task["executionInfo"]["requeueCount"] == 1
    assert task["executionInfo"]["startTime"] == "2024-06-01T00:00:20.0000000Z"


def test_reimage_through_the_scale_set_behind_interrupts_too(serve: Serve) -> None:
    """R55, R56: from outside Batch a running node is ``upgradingos`` and its task is queued again."""
    emulator = serve(a_world(tvm_1=60))

    emulator.arm("POST", f"{machines_id()}/reimage", {"instanceIds": ["1"], "exactVersion": V2})

    assert states(emulator) == {"tvm-0": "running", "tvm-1": "upgradingos", "tvm-2": "idle"}
    assert emulator.broken_rules() == ["R55"]


def test_tasks_are_seen_and_ended_by_the_official_client(serve: Serve) -> None:
    """R55: the client gets a task where it runs, and terminates it once."""
    emulator = serve(batch_world(batch_account(batch_pool(nodes=2, running={"tvm-1": -1}))))
    client = batch_client(emulator)

    running = client.get_task("job", "tvm-1-1")
    client.terminate_task("job", "tvm-1-1")
    with pytest.raises(ResourceExistsError):
        client.terminate_task("job", "tvm-1-1")

    assert running.node_info is not None
    assert (running.state, running.node_info.node_id) == ("running", "tvm-1")
    assert [task.state for task in client.list_tasks("job")] == ["completed"]
    assert states(emulator)["tvm-1"] == "idle"


def test_node_that_falls_ill_by_itself_loses_its_work(serve: Serve) -> None:
    """R55: where a bad image makes its node unusable in the middle of a task, Batch queues that again; nobody is to blame."""
    lines = [{"version": V2, "instances": ["tvm-0"], "health": "flapping"}]
    emulator = serve({**a_world(nodes=2), "imageBehaviours": lines})

    act(emulator, 0, "reimage")
    emulator.advance(41)
    emulator.admin("POST", "instances", {"id": pool_id(), "instances": ["tvm-0"], "running": 600})
    before = states(emulator)
    emulator.advance(30)

    assert before == {"tvm-0": "running", "tvm-1": "idle"}
    assert states(emulator) == {"tvm-0": "unusable", "tvm-1": "running"}
    assert emulator.broken_rules() == []


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("advance"), st.integers(1, 40)),
        st.tuples(
            st.sampled_from(["reimage", "reboot"]),
            st.integers(0, 3),
            st.sampled_from(["requeue", "terminate", "taskcompletion", "retaineddata"]),
        ),
        st.tuples(
            st.just("disablescheduling"),
            st.integers(0, 3),
            st.sampled_from(["requeue", "terminate", "taskcompletion"]),
        ),
        st.tuples(st.just("enablescheduling"), st.integers(0, 3), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(actions=ACTIONS)
def test_no_task_is_lost_or_doubled(serve: Serve, actions: list[tuple[str, int, str | None]]) -> None:
    """R55: whatever is asked of nodes, each task is at work on one open or closed node, waits, or is over, exactly once."""
    emulator = serve(a_world(nodes=4, tvm_0=30, tvm_1=70, tvm_2=-1))

    for action, argument, *option in actions:
        if action == "advance":
            emulator.advance(argument)
        else:
            act(emulator, argument, action, *option)

    tasks = data_plane(emulator, "GET", "/jobs/job/tasks").json()["value"]
    nodes = data_plane(emulator, "GET", "/pools/p1/nodes").json()["value"]
    busy = [task["nodeInfo"]["nodeId"] for task in tasks if task["state"] == "running"]
    free = [n for n in nodes if n["state"] == "idle" and n["schedulingState"] == "enabled"]
    assert sorted(task["id"] for task in tasks) == ["tvm-0-1", "tvm-1-1", "tvm-2-1"]
    assert sorted(busy) == [node["id"] for node in nodes if node["state"] == "running"]
    assert not (free and any(task["state"] == "active" for task in tasks))
