"""Health after a boot, as the world's words say it, and health that changes from outside."""

from __future__ import annotations

import pytest
from emulated_worlds import V1, V2, Emulator, Json, Serve, scale_set, scale_set_id, world


def health_over_time(emulator: Emulator, seconds: list[int]) -> list[str]:
    """The health of instance 0 after each step of time."""
    seen = []
    for step in seconds:
        emulator.advance(step)
        seen.append(emulator.codes("0")[2].removeprefix("HealthState/"))
    return seen


@pytest.mark.parametrize(
    ("word", "seen"),
    [
        ("healthy", ["initializing", "initializing", "healthy", "healthy", "healthy"]),
        ("unhealthy", ["unhealthy", "unhealthy", "unhealthy", "unhealthy", "unhealthy"]),
        ("never", ["initializing", "initializing", "initializing", "initializing", "initializing"]),
        ("flapping", ["initializing", "initializing", "healthy", "unhealthy", "healthy"]),
    ],
)
def test_health_follows_the_boot(serve: Serve, word: str, seen: list[str]) -> None:
    """Healthy comes late, unhealthy from boot, never stays initializing, flapping alternates every 30 s."""
    emulator = serve(world(imageBehaviours=[{"version": V2, "health": word}]))
    emulator.reimage("0")
    emulator.advance(30)

    assert health_over_time(emulator, [0, 5, 5, 30, 30]) == seen


def test_first_behaviour_that_matches_wins(serve: Serve) -> None:
    """Lines of imageBehaviours are tried in order, by version and instance."""
    lines = [
        {"version": V1, "health": "unhealthy"},
        {"version": V2, "instances": ["3"], "health": "never"},
        {"version": V2, "instances": ["0", "3"], "health": "unhealthy"},
    ]
    emulator = serve(world(imageBehaviours=lines))

    emulator.reimage("0", "3", "6")
    emulator.advance(300)

    assert [emulator.codes(i)[2].split("/")[1] for i in ("0", "3", "6")] == [
        "unhealthy",
        "initializing",
        "healthy",
    ]


def test_percent_is_drawn_by_the_seed(serve: Serve) -> None:
    """``percent`` hits about that share, the same instances for the same seed, all of them at 100."""
    lines = [{"version": V2, "percent": 30, "health": "never"}]
    hit = {}
    for run, seed in (("a", 1), ("b", 1), ("c", 2)):
        emulator = serve(world(scale_set(capacity=100), imageBehaviours=lines), seed=seed)
        emulator.arm("POST", f"{scale_set_id()}/reimage", {"exactVersion": V2})
        emulator.advance(300)
        listed = emulator.compute().virtual_machine_scale_set_vms.list("rg", "web", expand="instanceView")
        hit[run] = {
            i.instance_id for i in listed if i.instance_view.vm_health.status.code.endswith("initializing")
        }

    assert hit["a"] == hit["b"] != hit["c"]
    assert 15 <= len(hit["a"]) <= 45


def test_behaviour_of_one_scale_set(serve: Serve) -> None:
    """``scaleSet`` limits a line to one set, in any case."""
    line = {"version": V2, "health": "never", "scaleSet": scale_set_id("a").upper()}
    emulator = serve(world(scale_set("a"), scale_set("b"), imageBehaviours=[line]))

    emulator.reimage("0", name="a")
    emulator.reimage("0", name="b")
    emulator.advance(300)

    assert [emulator.codes("0", name)[2].split("/")[1] for name in "ab"] == ["initializing", "healthy"]


def test_unhealthiness_at_load_ends_with_a_swap(serve: Serve) -> None:
    """UnhealthyInstances are unhealthy until they are swapped."""
    emulator = serve(world(scale_set(unhealthyInstances=["0", "3"])))
    at_load = emulator.codes("0")[2]

    emulator.reimage("0")
    emulator.advance(300)

    assert at_load == "HealthState/unhealthy"
    assert [emulator.codes(i)[2] for i in ("0", "3")] == ["HealthState/healthy", "HealthState/unhealthy"]


@pytest.mark.parametrize(
    ("word", "seen"), [("unhealthy", "unhealthy"), ("never", "initializing"), ("flapping", "healthy")]
)
def test_health_changes_from_outside(serve: Serve, word: str, seen: str) -> None:
    """POST /instances changes the health at once; healthy takes it back."""
    emulator = serve()

    emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": ["0"], "health": word})
    changed = emulator.codes("0")[2]
    emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": ["0"], "health": "healthy"})

    assert changed == f"HealthState/{seen}"
    assert health_over_time(emulator, [0, 45]) == ["healthy", "healthy"]


def test_flapping_goes_on_through_a_model_change(serve: Serve) -> None:
    """An operation that does not boot the instance lets it flap on afterwards."""
    emulator = serve()
    emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": ["0"], "health": "flapping"})
    emulator.arm("PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": {"priority": "Regular"}}})

    emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["0"]})

    assert health_over_time(emulator, [1, 30, 30]) == ["healthy", "unhealthy", "healthy"]


def test_power_changes_from_outside(serve: Serve) -> None:
    """POST /instances changes the power at once, and the instance is out of service then."""
    emulator = serve()

    emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": [0], "power": "stopped"})

    assert emulator.codes("0")[1] == "PowerState/stopped"
    assert emulator.audit()["maxOutOfService"] == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"instances": ["0"]}, "one of health and power is needed"),
        ({"instances": [], "health": "healthy"}, "instances"),
        ({"instances": ["0"], "health": "poorly"}, "health: 'poorly'"),
        ({"instances": ["0"], "running": 5}, "only nodes of a Batch pool have work"),
        ({"instances": ["99"], "health": "healthy"}, "instanceId 99"),
        ({"instances": ["0"], "health": "healthy", "id": "/nowhere"}, "no scale set '/nowhere'"),
    ],
)
def test_wrong_touch_is_refused(serve: Serve, body: Json, said: str) -> None:
    """What POST /instances cannot do is refused with what is wrong, and nothing changes."""
    emulator = serve()

    refused = emulator.admin("POST", "instances", {"id": scale_set_id(), **body})

    assert said in refused["error"]["message"]
    assert emulator.audit()["maxOutOfService"] == 0
