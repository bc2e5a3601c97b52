"""Rolling upgrades that a person starts and cancels, in any world, and the history of them."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from emulated_worlds import (
    V1,
    V2,
    V3,
    Emulator,
    Json,
    Serve,
    extension,
    scale_set,
    scale_set_id,
    world,
)

IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}


def start(emulator: Emulator) -> int:
    """POST osRollingUpgrade: the status of the answer."""
    return emulator.arm("POST", f"{scale_set_id()}/osRollingUpgrade").status_code


def cancel(emulator: Emulator) -> Json:
    """POST rollingUpgrades/cancel: status and body."""
    answer = emulator.arm("POST", f"{scale_set_id()}/rollingUpgrades/cancel")
    return {"status": answer.status_code, **(answer.json() if answer.text else {})}


def latest(emulator: Emulator) -> Json:
    """``properties`` of ``rollingUpgrades/latest``."""
    return emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").json()["properties"]


def history(emulator: Emulator) -> list[Json]:
    """The entries of ``osUpgradeHistory``."""
    return emulator.arm("GET", f"{scale_set_id()}/osUpgradeHistory").json()["value"]


def counts(properties: Json) -> tuple[int, ...]:
    """Successful, failed, in progress, pending."""
    parts = ("successful", "failed", "inProgress", "pending")
    return tuple(properties["progress"][f"{part}InstanceCount"] for part in parts)


def publish(emulator: Emulator, version: str) -> None:
    """A version appears."""
    emulator.admin("POST", "images", {**IMAGE, "version": version})


def test_a_person_starts_an_upgrade_in_any_world(serve: Serve) -> None:
    """OsRollingUpgrade is 202 with both headers, moves what is behind and leaves the rest alone (R42, R44)."""
    there = {"instances": {"0": {"exactVersion": V2}}}
    emulator = serve(world(scale_set(**there)))
    disk = emulator.instance("0")["properties"]["storageProfile"]["osDisk"]["name"]

    answer = emulator.arm("POST", f"{scale_set_id()}/osRollingUpgrade")
    begun = counts(latest(emulator))
    emulator.advance(3600)

    entry = history(emulator)[0]["properties"]
    assert (answer.status_code, begun) == (202, (0, 0, 3, 11))
    assert {"azure-asyncoperation", "location"} <= set(answer.headers)
    assert emulator.arm("GET", answer.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"
    assert (entry["startedBy"], entry["runningStatus"]["code"], counts(entry)) == (
        "User",
        "Completed",
        (14, 0, 0, 0),
    )
    assert emulator.instance("0")["properties"]["storageProfile"]["osDisk"]["name"] == disk
    assert emulator.broken_rules() == []


def test_an_upgrade_by_a_person_goes_over_an_automatic_set(serve: Serve) -> None:
    """A manual run is allowed where automatic upgrades are on (R42), and 409 while one is under way."""
    automatic = {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True}}
    emulator = serve(world(scale_set(upgrade_policy=automatic)))

    assert (start(emulator), start(emulator)) == (202, 409)


def test_an_upgrade_by_a_person_never_rolls_back(serve: Serve) -> None:
    """An instance that stays unhealthy keeps its new disk, and rollbackInfo is zeros (R43, C12)."""
    emulator = serve(world(imageBehaviours=[{"version": V2, "instances": ["0"], "health": "never"}]))
    start(emulator)

    emulator.advance(3600)

    entry = history(emulator)[0]["properties"]
    assert emulator.instance("0")["properties"]["storageProfile"]["imageReference"]["exactVersion"] == V2
    assert entry["runningStatus"]["code"] == "Faulted"
    assert set(entry["rollbackInfo"].values()) == {0}
    assert emulator.audit()["rollbacks"] == {}


def test_official_client_starts_cancels_and_reads(serve: Serve) -> None:
    """begin_start_os_upgrade, get_latest, begin_cancel and get_os_upgrade_history work unmodified (R40, C6)."""
    emulator = serve()
    client = emulator.compute()
    upgrades = client.virtual_machine_scale_set_rolling_upgrades
    started = upgrades.begin_start_os_upgrade("rg", "web", polling=False)
    running = upgrades.get_latest("rg", "web")
    upgrades.begin_cancel("rg", "web", polling=False)
    emulator.advance(3600)

    (entry,) = client.virtual_machine_scale_sets.get_os_upgrade_history("rg", "web")

    assert started is not None
    assert running.running_status.code == "RollingForward"
    assert upgrades.get_latest("rg", "web").running_status.code == "Cancelled"
    assert entry.properties.started_by == "User"
    assert entry.properties.target_image_reference.exact_version == V2
    assert entry.properties.running_status.end_time > entry.properties.running_status.start_time
    with pytest.raises(HttpResponseError) as refused:
        upgrades.begin_cancel("rg", "web", polling=False)
    assert (refused.value.status_code, refused.value.error.code) == (409, "OperationNotAllowed")


def test_official_client_waits_for_the_end(serve: Serve) -> None:
    """The operation of a start succeeds with the upgrade, here where nothing is behind (R44)."""
    emulator = serve(world(scale_set(imageVersion=V2)))

    emulator.compute().virtual_machine_scale_set_rolling_upgrades.begin_start_os_upgrade("rg", "web").result()

    assert latest(emulator)["runningStatus"]["code"] == "Completed"


def test_cancel_lets_the_batch_in_flight_end(serve: Serve) -> None:
    """A cancel keeps the batch at work, begins no other, and its operation ends with that batch."""
    emulator = serve()
    start(emulator)
    emulator.advance(5)

    answer = emulator.arm("POST", f"{scale_set_id()}/rollingUpgrades/cancel")
    meanwhile = latest(emulator)
    running = emulator.arm("GET", answer.headers["azure-asyncoperation"]).json()["status"]
    emulator.advance(3600)

    found = latest(emulator)
    assert (answer.status_code, running) == (202, "InProgress")
    assert (meanwhile["runningStatus"]["code"], meanwhile["runningStatus"]["lastAction"]) == (
        "RollingForward",
        "Cancel",
    )
    assert (found["runningStatus"]["code"], counts(found)) == ("Cancelled", (3, 0, 0, 12))
    assert emulator.arm("GET", answer.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"
    assert emulator.audit()["imageVersions"] == {V1: 12, V2: 3}


def test_cancel_during_a_bad_batch_is_a_cancel(serve: Serve) -> None:
    """An upgrade that was cancelled ends as Cancelled, also when its last batch goes over a threshold (R12)."""
    emulator = serve(world(scale_set(), imageBehaviours=[{"version": V2, "health": "unhealthy"}]))
    start(emulator)
    emulator.advance(5)

    answer = emulator.arm("POST", f"{scale_set_id()}/rollingUpgrades/cancel")
    emulator.advance(3600)

    assert latest(emulator)["runningStatus"]["code"] == "Cancelled"
    assert counts(latest(emulator)) == (0, 3, 0, 12)
    assert emulator.arm("GET", answer.headers["azure-asyncoperation"]).json()["status"] == "Succeeded"


def test_cancel_without_an_upgrade_is_refused(serve: Serve) -> None:
    """409 OperationNotAllowed in Azure's words, also when one has ended; 404 of latest when there never was one (N9)."""
    emulator = serve()
    never = emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest")

    refused = cancel(emulator)

    assert (never.status_code, refused["status"]) == (404, 409)
    assert refused["error"] == {
        "code": "OperationNotAllowed",
        "message": "There is no ongoing Rolling Upgrade to cancel.",
    }


def test_somebody_elses_upgrade_can_be_cancelled(serve: Serve) -> None:
    """An upgrade that the world merely shows is Cancelled at once."""
    emulator = serve(world(scale_set(rollingUpgrade={"code": "RollingForward"})))

    assert (start(emulator), cancel(emulator)["status"]) == (409, 202)
    assert latest(emulator)["runningStatus"]["code"] == "Cancelled"


def test_instants_have_seven_digits(serve: Serve) -> None:
    """Compute writes seven fractional digits and an offset; a history entry has endTime and no completedTime (R40, C6)."""
    emulator = serve(world(scale_set(imageVersion=V2)))
    start(emulator)

    (entry,) = history(emulator)

    instant = "2024-06-01T00:00:00.0000000+00:00"
    assert entry["type"] == "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades"
    assert entry["properties"]["runningStatus"] == {
        "code": "Completed",
        "startTime": instant,
        "endTime": instant,
    }
    assert set(entry["properties"]) == {
        "runningStatus",
        "progress",
        "startedBy",
        "targetImageReference",
        "rollbackInfo",
    }
    assert latest(emulator)["runningStatus"]["lastActionTime"] == instant


def test_history_keeps_five(serve: Serve) -> None:
    """The sixth oldest attempt is gone, and there is one entry for each publication, newest first (R2, R39)."""
    emulator = serve(world(scale_set(capacity=1)))
    versions = [f"18.04.2024{month:02}010" for month in range(3, 9)]
    for version in versions:
        publish(emulator, version)
        start(emulator)
        emulator.advance(600)

    found = [entry["properties"]["targetImageReference"]["exactVersion"] for entry in history(emulator)]

    assert found == versions[:0:-1]


def test_history_goes_back_two_months(serve: Serve) -> None:
    """An attempt of more than two calendar months ago is gone; one of a day less is there (R39)."""
    emulator = serve(world(scale_set(capacity=1)))
    start(emulator)

    emulator.admin("POST", "clock", {"to": "2024-07-31T00:00:00Z"})
    before = len(history(emulator))
    emulator.admin("POST", "clock", {"to": "2024-08-01T00:00:01Z"})

    assert (before, history(emulator)) == (1, [])


def test_a_fault_hits_the_start(serve: Serve) -> None:
    """A start whose operation fails changes nothing; one whose answer is lost runs all the same."""
    path = "*/osRollingUpgrade"
    failed = serve(
        world(
            faults=[
                {"match": {"path": path}, "effect": {"operation": "Failed", "code": "Oops", "message": "no"}}
            ]
        )
    )
    answer = failed.arm("POST", f"{scale_set_id()}/osRollingUpgrade")
    lost = serve(world(faults=[{"match": {"path": path}, "effect": {"applyThenReset": True}}]))
    with pytest.raises(Exception, match="disconnected"):
        start(lost)

    operation = failed.arm("GET", answer.headers["azure-asyncoperation"]).json()
    assert (operation["status"], operation["error"]["code"]) == ("Failed", "Oops")
    assert failed.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").status_code == 404
    assert latest(lost)["runningStatus"]["code"] == "RollingForward"


def test_a_persons_upgrade_goes_on_after_a_reload(serve: Serve) -> None:
    """A world written in mid-upgrade loads again with its operation, and the upgrade goes on."""
    emulator = serve(world(scale_set(extensions=(extension("App"),))))
    poll = emulator.arm("POST", f"{scale_set_id()}/osRollingUpgrade").headers["azure-asyncoperation"]
    emulator.advance(50)
    written = emulator.admin("GET", "world")

    emulator.admin("POST", "reset", written)
    again = emulator.admin("GET", "world")
    emulator.advance(3600)

    assert again == written
    assert emulator.arm("GET", poll).json()["status"] == "Succeeded"
    assert emulator.audit()["imageVersions"] == {V2: 15}
    assert V3 not in str(written)


@pytest.mark.parametrize("health", ["healthy", "never"])
def test_an_upgrade_waits_for_swaps_that_somebody_else_began(serve: Serve, health: str) -> None:
    """O4, R49: a person's upgrade begins beside a swap in flight, and its first batch when that has its verdict."""
    behaviour = {"version": V2, "instances": ["3"], "health": health}
    emulator = serve(world(scale_set(zones=(), capacity=10), imageBehaviours=[behaviour]))
    emulator.arm("POST", f"{scale_set_id()}/reimage", {"instanceIds": ["3"], "exactVersion": V2})
    emulator.advance(1)

    assert start(emulator) == 202
    begun = latest(emulator)
    emulator.advance(7200)

    assert (begun["runningStatus"]["code"], counts(begun)) == ("RollingForward", (0, 0, 0, 10))
    assert latest(emulator)["runningStatus"]["code"] == "Completed"
    assert emulator.broken_rules() == []
