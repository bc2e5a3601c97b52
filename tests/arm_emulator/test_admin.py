"""The emulator's own routes that have no file of their own: scale, requests, openapi; and lists that lag."""

from __future__ import annotations

import gc
import time
from collections import Counter

import pytest
import requests
from emulated_worlds import STEADY, V1, V2, Emulator, Json, Serve, scale_set, scale_set_id, world

INSTANCES = f"{scale_set_id()}/virtualMachines"


def listed(emulator: Emulator) -> list[str]:
    """The ids that a list shows."""
    return [i["instanceId"] for i in emulator.arm("GET", INSTANCES).json()["value"]]


def provisioning(emulator: Emulator) -> dict[str, str]:
    """The provisioning state of each instance, as a list shows it."""
    return {
        i["instanceId"]: i["properties"]["provisioningState"]
        for i in emulator.arm("GET", INSTANCES).json()["value"]
    }


def test_scale_out_and_in(serve: Serve) -> None:
    """Scaled-out instances have new numbers, never used before; the highest go first."""
    emulator = serve(world(scale_set(capacity=3)))

    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 2})
    answer = emulator.admin("POST", "scale", {"id": scale_set_id().lower(), "capacity": 4})

    assert answer == {"id": scale_set_id(), "capacity": 4, "instances": ["0", "1", "3", "4"]}
    assert listed(emulator) == ["0", "1", "3", "4"]
    assert emulator.arm("GET", scale_set_id()).json()["sku"]["capacity"] == 4


def test_scale_in_leaves_protected_instances(serve: Serve) -> None:
    """Instances protected from scale-in stay."""
    emulator = serve(world(scale_set(capacity=3)))
    body = {"properties": {"protectionPolicy": {"protectFromScaleIn": True}}}
    emulator.arm("PUT", f"{INSTANCES}/2", body)

    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 1})

    assert listed(emulator) == ["2"]


def test_scale_in_ends_the_wait_for_a_busy_instance(serve: Serve) -> None:
    """An operation does not wait for an instance that is gone."""
    emulator = serve()
    poll = emulator.reimage("14").headers["Azure-AsyncOperation"]

    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 14})
    emulator.advance(300)

    assert emulator.http.get(poll).json()["status"] == "Succeeded"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"id": scale_set_id(), "capacity": 1001}, "capacity: 1001"),
        ({"id": scale_set_id(), "capacity": "3"}, "capacity: '3'"),
        ({"id": "/nowhere", "capacity": 3}, "no scale set '/nowhere'"),
        ({"id": scale_set_id()}, "capacity: is missing"),
    ],
)
def test_wrong_scale_is_refused(serve: Serve, body: Json, said: str) -> None:
    """What cannot be scaled is refused with what is wrong."""
    assert said in serve().admin("POST", "scale", body)["error"]["message"]


def test_requests_are_counted_by_route(serve: Serve) -> None:
    """ARM calls are counted in all and by route, mutating ones apart; the emulator's own routes are not."""
    emulator = serve()
    emulator.arm("GET", INSTANCES)
    emulator.arm("GET", INSTANCES.upper())
    emulator.arm("GET", f"{INSTANCES}/0")
    emulator.reimage("0")
    emulator.arm("POST", f"{INSTANCES}/3/reimage")
    emulator.arm("GET", "/nothing")

    report = emulator.admin("GET", "requests")

    assert (report["total"], report["mutating"]) == (6, 2)
    assert report["byRoute"] == {
        "GET …virtualMachines": 2,
        "GET …virtualMachines/{instanceId}": 1,
        "POST …reimage": 1,
        "POST …virtualMachines/{instanceId}/reimage": 1,
        "GET (no such route)": 1,
    }
    assert report["log"][3] == {
        "at": "2024-06-01T00:00:00Z",
        "method": "POST",
        "path": f"{scale_set_id()}/reimage",
        "apiVersion": "2024-07-01",
        "status": 202,
        "body": f'{{"instanceIds":["0"],"exactVersion":"{V2}"}}',
    }


def test_request_log_keeps_the_last_1000(serve: Serve) -> None:
    """The log ends with the latest call and holds no more than a thousand."""
    emulator = serve()
    for _ in range(1001):
        emulator.arm("GET", "/subscriptions")
    emulator.arm("GET", scale_set_id())

    report = emulator.admin("GET", "requests")

    assert (report["total"], len(report["log"])) == (1002, 1000)
    assert report["log"][-1]["path"] == scale_set_id()


def test_openapi_describes_the_emulators_own_routes(serve: Serve) -> None:
    """GET /openapi.json lists every admin route, and no ARM route."""
    paths = serve().admin("GET", "openapi.json")["paths"]

    assert set(paths) == {
        "/health", "/world", "/reset", "/images", "/images/replicate", "/images/withdraw", "/scale", "/instances", "/rollingUpgrades", "/clock", "/faults",
        "/requests", "/audit",
    }  # fmt: skip


def test_same_seed_and_calls_give_the_same_world(serve: Serve) -> None:
    """Ranges of timings are drawn by the seed: the same one gives the same world, another one another."""
    timings = {**STEADY, "swap": [20, 40], "boot": [10, 20]}
    worlds = []
    for seed in (7, 7, 8):
        emulator = serve(world(timings=timings), seed=seed)
        emulator.reimage("0", "3", "6")
        emulator.advance(300)
        worlds.append(emulator.admin("GET", "world")["scaleSets"])

    assert worlds[0] == worlds[1]
    assert worlds[0] != worlds[2]


def test_each_instance_has_a_draw_of_its_own(serve: Serve) -> None:
    """Instances of one call take different times out of a range, and so does the next swap of the same one."""
    emulator = serve(world(timings={**STEADY, "swap": [20, 40]}))
    seconds = []
    for version in (V2, V1):
        started = emulator.audit()["busySeconds"]
        emulator.reimage("0", "3", "6", version=version)
        emulator.advance(300)
        shown = [emulator.instance(i)["properties"]["instanceView"]["statuses"][0]["time"] for i in "036"]
        seconds += [*(time[17:] for time in shown), emulator.audit()["busySeconds"] - started]

    assert len(set(seconds)) == 8


def test_numbers_are_not_used_again_after_a_reload(serve: Serve) -> None:
    """A world that was scaled in and written gives new instances new numbers after it is loaded."""
    emulator = serve(world(scale_set(capacity=3)))
    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 2})

    emulator.admin("POST", "reset", emulator.admin("GET", "world"))
    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 3})

    assert listed(emulator) == ["0", "1", "3"]


def test_lists_lag_behind_instances(serve: Serve) -> None:
    """With listLag lists show the past, and GET of one instance does not."""
    emulator = serve(world(timings={**STEADY, "listLag": 10}))
    emulator.advance(60)

    emulator.reimage("0")
    at_once = (provisioning(emulator)["0"], emulator.instance("0")["properties"]["provisioningState"])
    emulator.advance(9.5)
    still = provisioning(emulator)["0"]
    emulator.advance(0.5)
    seen = provisioning(emulator)["0"]
    emulator.advance(300)

    assert (at_once, still, seen) == (("Succeeded", "Updating"), "Succeeded", "Updating")
    assert provisioning(emulator)["0"] == "Succeeded"


def test_lists_lag_behind_scaling(serve: Serve) -> None:
    """New instances appear late in a list, removed ones stay a while, and the order is kept."""
    emulator = serve(world(scale_set(capacity=3, timings={"listLag": 10})))

    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 2})
    emulator.admin("POST", "scale", {"id": scale_set_id(), "capacity": 3})
    before = listed(emulator)
    emulator.advance(10)

    assert (before, listed(emulator)) == (["0", "1", "2"], ["0", "1", "3"])


def test_lagging_list_forgets_what_it_will_not_show(serve: Serve) -> None:
    """A list stays right over many changes of which it shows none any more."""
    emulator = serve(world(scale_set(capacity=2), timings={**STEADY, "listLag": 3}))
    for _ in range(100):
        for health in ("unhealthy", "healthy"):
            emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": ["0"], "health": health})
            emulator.advance(2)

    shown = emulator.arm("GET", INSTANCES, params={"$expand": "instanceView"}).json()["value"]

    codes = Counter(i["properties"]["instanceView"]["vmHealth"]["status"]["code"] for i in shown)
    assert codes == {"HealthState/healthy": 1, "HealthState/unhealthy": 1}


def test_lists_of_1000_are_quick(serve: Serve) -> None:
    """A full list of 1,000 instances with views takes well under a second, changed instances or not."""
    emulator = serve(world(scale_set(capacity=1000)))
    vms = emulator.compute().virtual_machine_scale_set_vms
    emulator.arm("POST", f"{scale_set_id()}/reimage", {"exactVersion": V2})
    emulator.advance(300)
    gc.collect()  # what other tests left behind is swept now, not while the list is timed
    started = time.process_time()

    address = f"{INSTANCES}?api-version=2024-07-01&$expand=instanceView"
    count = 0
    while address:
        page = emulator.http.get(address).json()
        address, count = page.get("nextLink"), count + len(page["value"])
    spent = time.process_time() - started

    assert count == 1000 == len(list(vms.list("rg", "web")))
    assert spent < 0.5


def test_world_of_1000_scale_sets_loads(serve: Serve) -> None:
    """1,000 scale sets of 100 instances load, list and are judged in seconds."""
    emulator = serve(world(*(scale_set(f"set{k}", capacity=100) for k in range(1000))))

    report = emulator.admin("GET", "audit")

    assert sum(record["instances"] for record in report["scaleSets"].values()) == 100_000
    assert len(emulator.arm("GET", f"{scale_set_id('set999')}/virtualMachines").json()["value"]) == 100


def test_a_body_that_does_not_say_json_is_told_how(serve: Serve) -> None:
    """What ``curl -d`` sends, JSON that calls itself a form, is refused with the header to add."""
    emulator = serve(world(scale_set()))
    form = {"content-type": "application/x-www-form-urlencoded"}

    answer = requests.post(
        f"{emulator.url}/_emulator/clock", data='{"advance": 60}', headers=form, timeout=10
    )

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].endswith("add the header content-type: application/json")
