"""A world can be written and loaded again, operations in flight included."""

from __future__ import annotations

from typing import Any

from emulated_worlds import (
    HEALTH_EXTENSION,
    V1,
    V2,
    Serve,
    extension,
    scale_set,
    scale_set_id,
    world,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("reimage"), st.sets(st.sampled_from("012345"), min_size=1), st.sampled_from([V1, V2])
        ),
        st.tuples(st.just("advance"), st.integers(1, 90)),
        st.tuples(st.just("scale"), st.integers(4, 8)),
        st.tuples(
            st.just("health"), st.sampled_from("0123"), st.sampled_from(["unhealthy", "never", "flapping"])
        ),
    ),
    max_size=8,
)


def test_settled_world_round_trips(serve: Serve) -> None:
    """After swaps, failures, scaling, protection and model changes the settled world loads again as it was."""
    emulator = serve(
        world(
            scale_set(
                dataDisksPerInstance=2, unhealthyInstances=["4"], updateDomains=2, timings={"boot": [1, 2]}
            ),
            imageBehaviours=[
                {"version": V2, "instances": ["3"], "extension": "Health", "extensionResult": "failed"}
            ],
            faults=[{"match": {"method": "DELETE"}, "effect": {"status": 503}, "times": 3, "seconds": 9000}],
            tokens={"good": ["token"], "expired": ["old"]},
            referee={"healthSeconds": 42},
        )
    )
    protection = {"protectFromScaleIn": True, "protectFromScaleSetActions": True}
    emulator.reimage("0", "3")
    emulator.advance(300)
    emulator.arm(
        "PUT", f"{scale_set_id()}/virtualMachines/14", {"properties": {"protectionPolicy": protection}}
    )
    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 12})
    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 13})
    emulator.arm("PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": {"priority": "Regular"}}})
    emulator.reimage("5", version=V1)
    emulator.admin("POST", "rollingUpgrades", {"id": scale_set_id(), "rollingUpgrade": {"code": "Cancelled"}})
    emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": ["6"], "power": "deallocated"})
    emulator.advance(300)
    before = emulator.admin("GET", "world")
    shown = emulator.arm(
        "GET", f"{scale_set_id()}/virtualMachines", params={"$expand": "instanceView"}
    ).json()

    other = serve(before, seed=99)

    assert other.admin("GET", "world") == before
    assert (
        other.arm("GET", f"{scale_set_id()}/virtualMachines", params={"$expand": "instanceView"}).json()
        == shown
    )
    assert other.admin("GET", "requests")["total"] == 1


def test_operations_in_flight_go_on_after_a_reload(serve: Serve) -> None:
    """A world written in the middle of a swap, a manual upgrade and a hang goes on as if nothing had been."""
    extensions = (extension("Agent"), HEALTH_EXTENSION)
    faults = [{"match": {"instances": ["9"]}, "effect": {"operation": "stuck"}}]
    one, other = (serve(world(scale_set(extensions=extensions), faults=faults)) for _ in range(2))
    polls = []
    for emulator in (one, other):
        emulator.arm(
            "PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": {"priority": "Regular"}}}
        )
        emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["1"]})
        accepted = emulator.reimage("0", "3")
        emulator.reimage("9")
        emulator.advance(31)
        polls.append(accepted.headers["Azure-AsyncOperation"])

    other.admin("POST", "reset", other.admin("GET", "world"))
    for emulator in (one, other):
        emulator.advance(300)

    answers = [emulator.http.get(poll).json() for emulator, poll in zip((one, other), polls, strict=True)]
    assert answers[0] == answers[1]
    assert answers[0]["status"] == "Succeeded"
    assert one.admin("GET", "world")["scaleSets"] == other.admin("GET", "world")["scaleSets"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=steps)
def test_any_world_round_trips(serve: Serve, steps: list[tuple[Any, ...]]) -> None:
    """Whatever happened, in flight or not, the document that is written loads as itself."""
    emulator = serve(world(scale_set(capacity=6)))
    for kind, *arguments in steps:
        if kind == "reimage":
            emulator.reimage(*arguments[0], version=arguments[1])
        elif kind == "advance":
            emulator.advance(arguments[0])
        elif kind == "scale":
            emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": arguments[0]})
        else:
            body = {"id": scale_set_id(), "instances": [arguments[0]], "health": arguments[1]}
            emulator.admin("POST", "instances", body)

    before = emulator.admin("GET", "world")
    emulator.admin("POST", "reset", before)

    assert emulator.admin("GET", "world") == before
