"""Health as its source shows it: rich states with a grace period, binary ones, none, and custom metrics."""

from __future__ import annotations

import json

import pytest
from emulated_worlds import V2, Emulator, Json, Serve, extension, scale_set, scale_set_id, world

NEVER = [{"version": V2, "health": "never"}]


def health_extension(version: str | None = "2.0", **settings: object) -> Json:
    """The Application Health extension."""
    properties: Json = {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "settings": {"protocol": "http", "port": 80, **settings},
    }
    return {
        "name": "Health",
        "properties": {**properties, **({"typeHandlerVersion": version} if version else {})},
    }


def health_after(emulator: Emulator, *steps: int) -> list[str]:
    """What instance 0 shows after each step of time, from the reimage on."""
    emulator.reimage("0")
    seen = []
    for step in steps:
        emulator.advance(step)
        seen.append(emulator.codes("0")[2].removeprefix("HealthState/"))
    return seen


@pytest.mark.parametrize(
    ("protocol", "at_the_end"), [("http", "unknown"), ("https", "unknown"), ("tcp", "unhealthy")]
)
def test_grace_period_ends_in_a_verdict(serve: Serve, protocol: str, at_the_end: str) -> None:
    """An explicit gracePeriod without a healthy answer ends in unknown over HTTP, in unhealthy over TCP (N22)."""
    fleet = scale_set(extensions=(health_extension(protocol=protocol, gracePeriod=60),))

    seen = health_after(serve(world(fleet, imageBehaviours=NEVER)), 35, 59, 1, 9999)

    assert seen == ["initializing", "initializing", at_the_end, at_the_end]


def test_without_a_grace_period_nothing_is_decided(serve: Serve) -> None:
    """An application that never answers stays initializing where settings state no gracePeriod (N21, N22)."""
    fleet = scale_set(extensions=(health_extension(),))

    assert health_after(serve(world(fleet, imageBehaviours=NEVER)), 35, 99999) == ["initializing"] * 2


def test_late_answer_heals_what_the_grace_period_gave_up(serve: Serve) -> None:
    """An application that answers after its gracePeriod is unknown in between and healthy in the end (N22)."""
    fleet = scale_set(extensions=(health_extension(gracePeriod=10),), timings={"health": 30})

    assert health_after(serve(world(fleet)), 35, 10, 19, 1) == [
        "initializing",
        "unknown",
        "unknown",
        "healthy",
    ]


def test_grace_period_survives_a_restart_of_the_world(serve: Serve) -> None:
    """A world written within a gracePeriod and loaded again ends it at the same instant (N22)."""
    fleet = scale_set(extensions=(health_extension(gracePeriod=60),))
    first = serve(world(fleet, imageBehaviours=NEVER))
    health_after(first, 65)

    second = serve(first.admin("GET", "world"))
    second.advance(29)
    before = second.codes("0")[2]
    second.advance(1)

    assert (before, second.codes("0")[2]) == ("HealthState/initializing", "HealthState/unknown")


def test_binary_health_knows_two_states(serve: Serve) -> None:
    """Extension 1.0 shows a starting application as unhealthy, then as healthy, and nothing else (N22)."""
    fleet = scale_set(extensions=(health_extension("1.0"),))

    assert health_after(serve(world(fleet)), 20, 10, 5, 5) == ["unhealthy"] * 3 + ["healthy"]
    assert health_after(serve(world(fleet, imageBehaviours=NEVER)), 35, 9999) == ["unhealthy"] * 2


def test_health_without_a_source_is_power_and_extensions(serve: Serve) -> None:
    """Without a source no vmHealth is shown; a failed extension makes the instance not ready (R32, R38)."""
    lines = [{"version": V2, "instances": ["0"], "extension": "Setup", "extensionResult": "failed"}]
    emulator = serve(world(scale_set(extensions=(extension("Setup"),)), imageBehaviours=lines))

    emulator.reimage("0", "3")
    emulator.advance(300)

    assert "vmHealth" not in emulator.instance("0")["properties"]["instanceView"]
    assert emulator.codes("0")[0].startswith("ProvisioningState/failed")
    assert emulator.codes("3") == ["ProvisioningState/succeeded", "PowerState/running"]


def substatuses(emulator: Emulator, instance: str) -> list[Json]:
    """The substatuses of an instance's only extension."""
    (shown,) = emulator.instance(instance)["properties"]["instanceView"]["extensions"]
    found: list[Json] = shown.get("substatuses", [])
    return found


def test_custom_metrics_are_json_within_json(serve: Serve) -> None:
    """Custom metrics are a substatus whose message is JSON text, values as the application wrote them (N18, N19)."""
    said: Json = {"3": {"customMetrics": {"PhaseOrderingNumber": 2, "SkipUpgrade": "false"}}}
    emulator = serve(world(scale_set(instances=said)))

    (substatus,) = substatuses(emulator, "3")

    assert substatus["code"] == "ComponentStatus/CustomMetrics/succeeded"
    assert substatus["message"] == '{"rollingUpgrade":{"PhaseOrderingNumber":2,"SkipUpgrade":"false"}}'
    assert substatuses(emulator, "0") == []


def test_custom_metrics_change_from_outside_and_are_kept(serve: Serve) -> None:
    """POST /instances sets and removes custom metrics; the world keeps them when it is written (N19)."""
    emulator = serve()
    touch: Json = {"id": scale_set_id(), "instances": ["0"], "customMetrics": {"SkipUpgrade": True}}
    emulator.admin("POST", "instances", touch)

    again = serve(emulator.admin("GET", "world"))
    emulator.admin("POST", "instances", {**touch, "customMetrics": None})

    (substatus,) = substatuses(again, "0")
    assert json.loads(substatus["message"]) == {"rollingUpgrade": {"SkipUpgrade": True}}
    assert substatuses(emulator, "0") == []


@pytest.mark.parametrize("source", [health_extension("1.0"), health_extension(protocol="tcp")])
def test_custom_metrics_need_rich_health_over_http(serve: Serve, source: Json) -> None:
    """Binary health and TCP carry no custom metrics (N20)."""
    said: Json = {"0": {"customMetrics": {"SkipUpgrade": True}}}

    assert substatuses(serve(world(scale_set(extensions=(source,), instances=said))), "0") == []
