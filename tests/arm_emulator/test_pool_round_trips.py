"""A world with Batch pools can be written and loaded again, and outlives its process."""

from __future__ import annotations

import json
from typing import Any

import pytest
from emulated_nodes import act, data_plane
from emulated_pools import batch_account, batch_pool, batch_world, machines_id, pool_id, user_account
from emulated_worlds import V1, V2, Emulator, Json, Serve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NODES = st.sampled_from(["tvm-0", "tvm-1", "tvm-2", "tvm-5"])
OPTIONS = st.sampled_from(["requeue", "terminate", "taskcompletion"])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("reimage"), st.sampled_from("012345"), st.sampled_from([V1, V2])),
        st.tuples(st.just("advance"), st.integers(1, 90)),
        st.tuples(st.just("scale"), st.integers(4, 8)),
        st.tuples(st.just("running"), NODES, st.sampled_from([-1, 0, 20, 60])),
        st.tuples(st.just("health"), NODES, st.sampled_from(["unhealthy", "never", "healthy"])),
        st.tuples(st.just("power"), NODES, st.sampled_from(["stopped", "running"])),
        st.tuples(st.just("disablescheduling"), NODES, OPTIONS),
        st.tuples(st.just("enablescheduling"), NODES, st.none()),
        st.tuples(st.just("reimage node"), NODES, OPTIONS),
        st.tuples(st.just("reboot"), NODES, OPTIONS),
    ),
    max_size=12,
)


NODE_OPTIONS = {
    "disablescheduling": "nodeDisableSchedulingOption",
    "reimage node": "nodeReimageOption",
    "reboot": "nodeRebootOption",
}


def shown(emulator: Emulator) -> list[Json]:
    """The nodes as the data plane lists them, without where its emulator stands."""
    answer = data_plane(emulator, "GET", "/pools/p1/nodes").text.replace(emulator.url, "")
    return json.loads(answer)["value"]  # type: ignore[no-any-return] # JSON


def six_nodes(**extras: object) -> Json:
    """A world of one pool of six nodes, two of which work."""
    return batch_world(user_account(batch_pool(nodes=6, running={"tvm-1": 45, "tvm-2": -1}, **extras)))  # type: ignore[arg-type] # plain options


def happen(emulator: Emulator, kind: str, *arguments: Any) -> None:  # noqa: ANN401 - as drawn
    """One of the steps."""
    if kind == "reimage":
        body = {"instanceIds": [arguments[0]], "exactVersion": arguments[1]}
        emulator.arm("POST", f"{machines_id()}/reimage", body)
    elif kind == "advance":
        emulator.advance(arguments[0])
    elif kind == "scale":
        emulator.admin("POST", "scale", {"id": pool_id(), "capacity": arguments[0]})
    elif kind in NODE_OPTIONS:
        act(emulator, int(arguments[0][4:]), kind.split(maxsplit=1)[0], **{NODE_OPTIONS[kind]: arguments[1]})
    elif kind == "enablescheduling":
        act(emulator, int(arguments[0][4:]), kind)
    else:
        body = {"id": pool_id(), "instances": [arguments[0]], kind: arguments[1]}
        emulator.admin("POST", "instances", body)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_any_world_of_pools_round_trips(serve: Serve, steps: list[tuple[Any, ...]]) -> None:
    """R54, R55: whatever happened to nodes and their work, the document that is written loads as itself."""
    emulator = serve(six_nodes())
    for kind, *arguments in steps:
        happen(emulator, kind, *arguments)

    before, nodes = emulator.admin("GET", "world"), shown(emulator)
    emulator.admin("POST", "reset", before)

    assert emulator.admin("GET", "world") == before
    assert shown(emulator) == nodes


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps, then=st.integers(1, 300))
def test_any_world_of_pools_goes_on_after_a_reload(
    serve: Serve, steps: list[tuple[Any, ...]], then: int
) -> None:
    """R55: tasks end, queues empty and nodes boot after a reload as if nothing had been."""
    one, other = serve(six_nodes()), serve(six_nodes())
    for emulator in (one, other):
        for kind, *arguments in steps:
            happen(emulator, kind, *arguments)

    other.admin("POST", "reset", other.admin("GET", "world"))
    for emulator in (one, other):
        emulator.advance(then)

    assert one.admin("GET", "world")["batchAccounts"] == other.admin("GET", "world")["batchAccounts"]
    assert shown(one) == shown(other)


@pytest.mark.parametrize("word", ["unhealthyNodes", "unhealthyInstances"])
def test_pool_keeps_its_timings_and_its_failed_nodes(serve: Serve, word: str) -> None:
    """R54: what a document says of a pool beside its nodes is written again in one form, and loads as itself."""
    pool = batch_pool(timings={"boot": [1, 2]}, zonal=True, **{word: ["tvm-3"]})
    emulator = serve(batch_world(batch_account(pool), batch_account(name="empty")))

    before = emulator.admin("GET", "world")
    other = serve(before, seed=99)

    extras = before["batchAccounts"][0]["pools"][0]["x-emulator"]
    assert extras["machines"]["timings"] == {"boot": [1.0, 2.0]}
    assert extras["machines"]["unhealthyInstances"] == ["3"]
    assert other.admin("GET", "world") == before
