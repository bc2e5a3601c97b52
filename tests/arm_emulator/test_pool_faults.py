"""Faults on the data plane's paths and on nodes."""

from __future__ import annotations

import httpx
import pytest
from emulated_nodes import act, data_plane, states
from emulated_pools import account_id, batch_account, batch_pool, batch_world, pool_id
from emulated_worlds import V1, V2, Emulator, Json, Serve


def broken(serve: Serve, effect: Json, *, nodes: list[str] | None = None, **options: object) -> Emulator:
    """A pool of which reimages go wrong."""
    match: Json = {"method": "POST", "path": "/_batch/*/reimage"}
    match |= {} if nodes is None else {"instances": nodes}
    pool = batch_pool(**options)  # type: ignore[arg-type] # plain options
    return serve(batch_world(batch_account(pool), faults=[{"match": match, "effect": effect}]))


def versions(emulator: Emulator) -> Json:
    """How many nodes run which version."""
    told: Json = emulator.admin("GET", "audit")["batchPools"][pool_id()]["imageVersions"]
    return told


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "TooManyRequests"), (503, "ServerBusy"), (409, "OperationInvalidForCurrentState")],
)
def test_injected_status_is_in_batchs_words(serve: Serve, status: int, code: str) -> None:
    """R54: a status on a node's path is answered in Batch's own error body, and the node is as it was."""
    emulator = broken(serve, {"status": status, "retryAfter": 3}, nodes=["tvm-4"])

    refused, accepted = act(emulator, 4, "reimage"), act(emulator, 5, "reimage")

    assert (refused.status_code, refused.json()["code"], accepted.status_code) == (status, code, 202)
    assert refused.headers["Retry-After"] == "3"
    assert states(emulator)["tvm-4"] == "idle"


@pytest.mark.parametrize("named", ["tvm-4", "4", "TVM-4"])
def test_nodes_are_named_by_id_or_number(serve: Serve, named: str) -> None:
    """R54: a fault's ``instances`` names a node by its id or by its number."""
    emulator = broken(serve, {"status": 503}, nodes=[named])

    assert [act(emulator, number, "reimage").status_code for number in (3, 4)] == [202, 503]


def test_reimage_that_fails_keeps_the_old_disk(serve: Serve) -> None:
    """R54: an accepted reimage whose operation fails leaves the node on its version, unusable."""
    emulator = broken(serve, {"operation": "Failed"}, nodes=["tvm-4"])

    accepted = act(emulator, 4, "reimage", exactVersion=V2)
    emulator.advance(300)

    assert (accepted.status_code, states(emulator)["tvm-4"]) == (202, "unusable")
    assert versions(emulator) == {V1: 10}


def test_reimage_that_is_stuck_has_no_end(serve: Serve) -> None:
    """R54: a stuck reimage leaves its node reimaging for ever."""
    emulator = broken(serve, {"operation": "stuck"})

    act(emulator, 4, "reimage", exactVersion=V2)
    emulator.advance(100_000)

    assert states(emulator)["tvm-4"] == "reimaging"


def test_partial_failure_names_nodes(serve: Serve) -> None:
    """R54: ``partial`` hits the nodes that it names, and no other."""
    emulator = broken(serve, {"partial": ["tvm-4"]})

    act(emulator, 4, "reimage", exactVersion=V2)
    act(emulator, 5, "reimage", exactVersion=V2)
    emulator.advance(300)

    assert versions(emulator) == {V1: 9, V2: 1}
    assert (states(emulator)["tvm-4"], states(emulator)["tvm-5"]) == ("unusable", "idle")


@pytest.mark.parametrize(("effect", "version"), [("reset", V1), ("applyThenReset", V2)])
def test_lost_answer_of_a_reimage(serve: Serve, effect: str, version: str) -> None:
    """R54: a connection that is reset before the answer leaves the node reimaged or not, as the fault says."""
    emulator = broken(serve, {effect: True})

    with pytest.raises(httpx.RemoteProtocolError):
        act(emulator, 0, "reimage", exactVersion=V2)
    emulator.advance(300)

    assert versions(emulator).get(version, 0) == (1 if version == V2 else 10)


def test_token_that_expires_is_refused_in_batchs_words(serve: Serve) -> None:
    """R54: a token that a fault lets expire is refused on the data plane from then on."""
    emulator = broken(serve, {"tokenExpires": True})

    refused = act(emulator, 4, "reimage")

    assert (refused.status_code, refused.json()["code"]) == (401, "AuthenticationFailed")
    assert data_plane(emulator, "GET", "/pools/p1/nodes").status_code == 401


def test_latency_only_delays(serve: Serve) -> None:
    """R54: a call that is late is carried out."""
    emulator = broken(serve, {"latency": 0.01})

    assert act(emulator, 4, "reimage").status_code == 202
    assert states(emulator)["tvm-4"] == "reimaging"


def test_management_plane_faults_do_not_touch_nodes(serve: Serve) -> None:
    """R54: a fault on the pool's ARM path hits that path alone."""
    match = {"path": f"{account_id()}/pools/*"}
    emulator = serve(batch_world(faults=[{"match": match, "effect": {"status": 503}}]))

    arm = emulator.arm("GET", pool_id(), api_version="2024-02-01").status_code

    assert (arm, data_plane(emulator, "GET", "/pools/p1/nodes").status_code) == (503, 200)


def test_nodes_of_a_zone_that_is_down_are_unknown(serve: Serve) -> None:
    """R48: nodes of a zone that is down are ``unknown`` and come back idle; their work began anew elsewhere."""
    pool = batch_pool(nodes=6, zonal=True, running={"tvm-1": 60})
    emulator = serve(batch_world(batch_account(pool)))

    emulator.admin("POST", "faults", {"effect": {"zoneDown": "2"}, "seconds": 30})
    emulator.advance(1)
    down = states(emulator)
    emulator.advance(58)

    expected = dict.fromkeys((f"tvm-{number}" for number in range(6)), "idle")
    assert down == {**expected, "tvm-0": "running", "tvm-1": "unknown", "tvm-4": "unknown"}
    assert states(emulator) == {**expected, "tvm-0": "running"}


def test_lists_lag_and_get_does_not(serve: Serve) -> None:
    """R55: with ``listLag`` a list shows nodes and their work as they were; GET of one node does not."""
    timings = {"listLag": 20, "swap": 20, "boot": 10, "extension": 5, "health": 5}
    pool = batch_pool(nodes=3, running={"tvm-1": 30}, timings=timings)
    emulator = serve(batch_world(batch_account(pool)))

    act(emulator, 0, "disablescheduling", "taskcompletion")
    act(emulator, 2, "reimage", exactVersion=V2)
    emulator.advance(10)
    early = data_plane(emulator, "GET", "/pools/p1/nodes").json()["value"]
    emulator.advance(25)
    late = data_plane(emulator, "GET", "/pools/p1/nodes").json()["value"]

    now = [data_plane(emulator, "GET", f"/pools/p1/nodes/tvm-{n}").json() for n in range(3)]
    assert [(n["state"], n["schedulingState"]) for n in early] == [
        ("idle", "enabled"),
        ("running", "enabled"),
        ("idle", "enabled"),
    ]
    assert [n["schedulingState"] for n in late] == ["disabled", "enabled", "enabled"]
    assert [n["state"] for n in late] == ["idle", "running", "reimaging"]
    assert [n["state"] for n in now] == ["idle", "idle", "waitingforstarttask"]
