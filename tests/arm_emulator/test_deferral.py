"""Deferred upgrades: the platform begins, and swaps what is approved (N24, O1)."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute.models import VirtualMachineScaleSetVMInstanceIDs
from emulated_worlds import V1, V2, V3, Emulator, Json, Serve, scale_set, scale_set_id, world

IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
DEFERRED = {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True, "osRollingUpgradeDeferral": True}}
TAG = "Platform.PendingOSUpgrade"


def deferral_world(*, capacity: int = 15, platform: bool = True, **sections: object) -> Json:
    """A world in which Azure's upgrade of one set waits for approvals."""
    return world(scale_set(capacity=capacity, upgrade_policy=DEFERRED), platformUpgrades=platform, **sections)


def approve(emulator: Emulator, *instances: str) -> Json:
    """POST approveRollingUpgrade: its status, code and poll address."""
    body = {"instanceIds": list(instances)} if instances else None
    answer = emulator.arm("POST", f"{scale_set_id()}/approveRollingUpgrade", body)
    error = answer.json()["error"]["code"] if answer.text else ""
    return {"status": answer.status_code, "code": error, "location": answer.headers.get("location", "")}


def latest(emulator: Emulator) -> tuple[str, tuple[int, ...]]:
    """The code of the latest upgrade, and its counts: successful, failed, in progress, pending."""
    found = emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").json()["properties"]
    parts = ("successful", "failed", "inProgress", "pending")
    return found["runningStatus"]["code"], tuple(found["progress"][f"{part}InstanceCount"] for part in parts)


def tagged(emulator: Emulator) -> list[str]:
    """The instances whose resource has the tag."""
    listed = emulator.arm("GET", f"{scale_set_id()}/virtualMachines").json()["value"]
    return [found["instanceId"] for found in listed if TAG in found.get("tags", {})]


def test_nothing_is_swapped_before_its_approval(serve: Serve) -> None:
    """Azure begins, shows RollingForward, tags every pending instance, and swaps nothing (N24, O1)."""
    emulator = serve(deferral_world())

    emulator.advance(7200)

    assert latest(emulator) == ("RollingForward", (0, 0, 0, 15))
    assert tagged(emulator) == [str(i) for i in range(15)]
    assert emulator.instance("4")["tags"] == {TAG: "true"}
    assert emulator.audit()["swaps"] == {}


def test_exactly_the_approved_are_swapped(serve: Serve) -> None:
    """The approved get the newest version, lose the tag at once, and their operation ends when they have settled (N24)."""
    emulator = serve(deferral_world())

    answer = approve(emulator, "0", "3")
    begun, waiting = latest(emulator), tagged(emulator)
    polls = [emulator.http.get(answer["location"]).status_code]
    emulator.advance(35)
    polls.append(emulator.http.get(answer["location"]).status_code)
    emulator.advance(3600)

    assert (answer["status"], begun) == (202, ("RollingForward", (0, 0, 2, 13)))
    assert len(waiting) == 13
    assert polls == [202, 200]
    assert latest(emulator) == ("RollingForward", (2, 0, 0, 13))
    assert emulator.audit()["swaps"] == {"0": 1, "3": 1}


def test_completed_when_nothing_is_pending(serve: Serve) -> None:
    """Without a body everything is approved; the upgrade is Completed once nothing is pending."""
    emulator = serve(deferral_world(capacity=3))

    first = approve(emulator)
    emulator.advance(600)

    assert (first["status"], latest(emulator)) == (202, ("Completed", (3, 0, 0, 0)))
    assert tagged(emulator) == []
    assert approve(emulator)["status"] == 409


def test_what_waits_for_nothing_is_refused(serve: Serve) -> None:
    """Approving an instance twice, or where nothing is pending, is 409 OperationNotAllowed; an unknown id is 400, 404 in a path."""
    emulator = serve(deferral_world())
    approve(emulator, "0")

    again, unknown = approve(emulator, "0", "1"), approve(emulator, "77")
    in_path = emulator.arm("POST", f"{scale_set_id()}/virtualMachines/77/approveRollingUpgrade")

    assert (again["status"], again["code"]) == (409, "OperationNotAllowed")
    assert (unknown["status"], in_path.status_code) == (400, 404)
    assert emulator.audit()["swaps"] == {"0": 1}


def test_nothing_is_pending_where_the_platform_upgrades_nothing(serve: Serve) -> None:
    """Without platformUpgrades an approval is 409, and latest 404."""
    emulator = serve(deferral_world(platform=False))

    refused = approve(emulator, "0")

    assert (refused["status"], refused["code"]) == (409, "OperationNotAllowed")
    assert emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").status_code == 404


def test_official_client_approves(serve: Serve) -> None:
    """begin_approve_rolling_upgrade of set and instance works unmodified (N24)."""
    emulator = serve(deferral_world())
    client = emulator.compute()
    named = VirtualMachineScaleSetVMInstanceIDs(instance_ids=["0"])
    client.virtual_machine_scale_sets.begin_approve_rolling_upgrade("rg", "web", named, polling=False)
    client.virtual_machine_scale_set_vms.begin_approve_rolling_upgrade("rg", "web", "3", polling=False)
    emulator.advance(600)

    with pytest.raises(HttpResponseError) as refused:
        client.virtual_machine_scale_set_vms.begin_approve_rolling_upgrade("rg", "web", "3")

    assert emulator.audit()["swaps"] == {"0": 1, "3": 1}
    assert refused.value.status_code == 409


def test_a_deferred_upgrade_judges_nothing(serve: Serve) -> None:
    """Whoever approves judges: an unhealthy instance stays as it is, and nothing stops."""
    sick = [{"version": V2, "instances": ["0"], "health": "never"}]
    emulator = serve(deferral_world(imageBehaviours=sick))
    approve(emulator, "0")

    emulator.advance(7200)

    assert latest(emulator) == ("RollingForward", (0, 1, 0, 14))
    assert (emulator.audit()["rollbacks"], approve(emulator, "3")["status"]) == ({}, 202)


@pytest.mark.parametrize(
    ("effect", "shown"),
    [
        ({"operation": "Failed", "code": "Oops", "message": "no room"}, (0, 0, 0, 15)),
        ({"partial": ["3"]}, (2, 0, 0, 13)),
        ({"operation": "stuck"}, (0, 0, 3, 12)),
        ({"status": 503}, (0, 0, 0, 15)),
    ],
)
def test_faults_apply_to_approvals(serve: Serve, effect: Json, shown: tuple[int, ...]) -> None:
    """What fails keeps its disk and waits for an approval again; what is stuck stays in progress."""
    fault = {"match": {"path": "*/approveRollingUpgrade"}, "effect": effect}
    emulator = serve(deferral_world(faults=[fault]))

    approve(emulator, "0", "3", "6")
    emulator.advance(3600)

    assert latest(emulator) == ("RollingForward", shown)


def test_a_lost_answer_has_its_effect(serve: Serve) -> None:
    """With applyThenReset the approved are swapped although nobody was told."""
    fault = {"match": {"path": "*/approveRollingUpgrade"}, "effect": {"applyThenReset": True}}
    emulator = serve(deferral_world(faults=[fault]))

    with pytest.raises(Exception, match="disconnected"):
        approve(emulator, "0")
    emulator.advance(600)

    assert latest(emulator) == ("RollingForward", (1, 0, 0, 14))


def test_cancel_ends_the_waiting(serve: Serve) -> None:
    """A cancelled deferred upgrade waits for nothing any more: no tag, and an approval is 409."""
    emulator = serve(deferral_world())
    approve(emulator, "0")

    emulator.arm("POST", f"{scale_set_id()}/rollingUpgrades/cancel")
    tags, refused = tagged(emulator), approve(emulator, "3")
    emulator.advance(600)

    assert (tags, refused["status"]) == ([], 409)
    assert latest(emulator) == ("Cancelled", (1, 0, 0, 14))


def test_opting_out_ends_the_waiting(serve: Serve) -> None:
    """The flag taken away cancels the deferred upgrade (O3, R4)."""
    emulator = serve(deferral_world())
    off = {"properties": {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False}}}}

    emulator.arm("PATCH", scale_set_id(), off)
    emulator.advance(60)

    assert (latest(emulator)[0], tagged(emulator)) == ("Cancelled", [])


def test_a_newer_version_takes_over_what_nobody_touched(serve: Serve) -> None:
    """Before the first approval the newest version is the one that waits; after it the upgrade stays with its own (R2)."""
    untouched, begun = serve(deferral_world()), serve(deferral_world())
    approve(begun, "0")
    for emulator in (untouched, begun):
        emulator.admin("POST", "images", {**IMAGE, "version": V3})
        emulator.advance(600)
        approve(emulator, "3")
        emulator.advance(600)

    assert untouched.audit()["imageVersions"] == {V1: 14, V3: 1}
    assert begun.audit()["imageVersions"] == {V1: 13, V2: 2}


def test_a_deferral_world_round_trips(serve: Serve) -> None:
    """A world written while an approved swap is in flight loads again with swap, tags and operation."""
    emulator = serve(deferral_world())
    location = approve(emulator, "0", "3")["location"]
    emulator.advance(10)
    written = emulator.admin("GET", "world")

    emulator.admin("POST", "reset", written)
    again = emulator.admin("GET", "world")
    waiting = tagged(emulator)
    emulator.advance(600)

    assert (again == written, len(waiting)) == (True, 13)
    assert emulator.http.get(location).status_code == 200
    assert latest(emulator) == ("RollingForward", (2, 0, 0, 13))
