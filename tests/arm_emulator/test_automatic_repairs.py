"""Automatic repairs: what the platform does by itself, and how they are suspended (O8, O9)."""

from __future__ import annotations

import pytest
from azure.mgmt.compute.models import OrchestrationServiceStateInput
from emulated_worlds import V1, V2, Emulator, Json, Serve, scale_set, scale_set_id, world

REPAIRS = {"enabled": True, "gracePeriod": "PT10M", "repairAction": "Replace"}


def repaired_world(*, platform: bool = True, **policy: object) -> Json:
    """A set of 15 with automatic repairs, in which instance 4 is unhealthy."""
    document = world(scale_set(unhealthyInstances=["4"]), platformUpgrades=platform)
    document["scaleSets"][0]["resource"]["properties"]["automaticRepairsPolicy"] = {**REPAIRS, **policy}
    return document


def tell(emulator: Emulator, action: str, service: str = "AutomaticRepairs") -> int:
    """POST setOrchestrationServiceState: the status of the answer."""
    body = {"serviceName": service, "action": action}
    return emulator.arm("POST", f"{scale_set_id()}/setOrchestrationServiceState", body).status_code


def state(emulator: Emulator) -> str:
    """``serviceState`` as the set's instance view shows it."""
    (service,) = emulator.arm("GET", f"{scale_set_id()}/instanceView").json()["orchestrationServices"]
    assert service["serviceName"] == "AutomaticRepairs"
    return str(service["serviceState"])


def ids(emulator: Emulator) -> set[str]:
    """The instances that there are."""
    listed = emulator.arm("GET", f"{scale_set_id()}/virtualMachines").json()["value"]
    return {found["instanceId"] for found in listed}


def test_unhealthy_is_replaced_after_the_grace_period(serve: Serve) -> None:
    """Replace gives the set another instance on the newest version, ten minutes after the last change of state (O9)."""
    emulator = serve(repaired_world())
    emulator.advance(599)
    before = ids(emulator)

    emulator.advance(61)

    assert "4" in before
    assert ids(emulator) == (before - {"4"}) | {"15"}
    assert emulator.instance("15")["properties"]["storageProfile"]["imageReference"]["exactVersion"] == V2


@pytest.mark.parametrize("action", ["Reimage", "Restart"])
def test_other_actions_keep_the_instance(serve: Serve, action: str) -> None:
    """Reimage and Restart bring it back on the version that it had."""
    emulator = serve(repaired_world(repairAction=action))
    disk = emulator.instance("4")["properties"]["storageProfile"]["osDisk"]["name"]

    emulator.advance(700)

    now = emulator.instance("4")["properties"]["storageProfile"]
    assert (now["osDisk"]["name"] == disk) == (action == "Restart")
    assert now["imageReference"]["exactVersion"] == V1
    assert "HealthState/healthy" in emulator.codes("4")


def test_nothing_is_repaired_where_the_platform_does_nothing(serve: Serve) -> None:
    """Without platformUpgrades nothing happens by itself, although the service is Running."""
    emulator = serve(repaired_world(platform=False))

    emulator.advance(7200)

    assert (state(emulator), ids(emulator)) == ("Running", {str(i) for i in range(15)})


def test_suspended_repairs_wait(serve: Serve) -> None:
    """Suspended, nothing is repaired; resumed, what is due is repaired at once (O8)."""
    emulator = serve(repaired_world())

    answers = [tell(emulator, "Suspend"), tell(emulator, "suspend")]
    suspended = state(emulator)
    emulator.advance(7200)
    meanwhile = ids(emulator)
    answers.append(tell(emulator, "Resume"))
    emulator.advance(60)

    assert (answers, suspended) == ([202, 202, 202], "Suspended")
    assert "4" in meanwhile
    assert (state(emulator), "4" in ids(emulator)) == ("Running", False)


def test_suspending_works_always(serve: Serve) -> None:
    """A set without repairs is NotRunning, and can be suspended all the same."""
    emulator = serve()

    states = [state(emulator)]
    for action in ("Suspend", "Resume"):
        tell(emulator, action)
        states.append(state(emulator))

    assert states == ["NotRunning", "Suspended", "NotRunning"]


def test_official_client_suspends(serve: Serve) -> None:
    """begin_set_orchestration_service_state works unmodified (O8)."""
    emulator = serve(repaired_world())
    asked = OrchestrationServiceStateInput(service_name="AutomaticRepairs", action="Suspend")

    emulator.compute().virtual_machine_scale_sets.begin_set_orchestration_service_state(
        "rg", "web", asked
    ).result()

    assert state(emulator) == "Suspended"


@pytest.mark.parametrize(
    ("service", "action"), [("AutomaticZoneRebalancing", "Suspend"), ("AutomaticRepairs", "Stop")]
)
def test_wrong_words_are_refused(serve: Serve, service: str, action: str) -> None:
    """An unknown service or action is 400, and changes nothing."""
    emulator = serve(repaired_world())

    assert (tell(emulator, action, service), state(emulator)) == (400, "Running")


def test_repairs_round_trip(serve: Serve) -> None:
    """A world written in mid-restart, or suspended, loads again as it was."""
    emulator = serve(repaired_world(repairAction="Restart"))
    emulator.advance(605)
    restarting = emulator.admin("GET", "world")
    emulator.admin("POST", "reset", restarting)
    again = emulator.admin("GET", "world")
    tell(emulator, "Suspend")
    suspended = emulator.admin("GET", "world")
    emulator.admin("POST", "reset", suspended)
    emulator.advance(60)

    assert again == restarting
    assert (state(emulator), "HealthState/healthy" in emulator.codes("4")) == ("Suspended", True)


def test_one_in_twenty_at_a_time(serve: Serve) -> None:
    """Of several unhealthy instances of a small set one is repaired after the other."""
    document = repaired_world(repairAction="Restart")
    document["scaleSets"][0]["x-emulator"]["unhealthyInstances"] = ["4", "5", "6"]
    emulator = serve(document)

    emulator.advance(605)
    listed = emulator.arm("GET", f"{scale_set_id()}/virtualMachines").json()["value"]

    assert [i["instanceId"] for i in listed if i["properties"]["provisioningState"] == "Updating"] == ["4"]
