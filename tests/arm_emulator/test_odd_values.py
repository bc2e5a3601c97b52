"""Whatever stands in any place of a world or of a body: it is taken, or refused in one line, and never an accident."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from emulated_galleries import gallery, version
from emulated_worlds import SUBSCRIPTION, V2, Emulator, Json, Serve, scale_set, scale_set_id, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
ODD: tuple[Any, ...] = (None, "", "x", -1, 1e308, True, [], {}, [None], {"a": 1})
ABSENT = object()
Path = tuple[str | int, ...]


def everything() -> Json:
    """A world with something in each of its sections."""
    policy = {
        "mode": "Rolling",
        "rollingUpgradePolicy": {"maxBatchInstancePercent": 50, "pauseTimeBetweenBatches": "PT1S"},
        "automaticOSUpgradePolicy": {
            "enableAutomaticOSUpgrade": False,
            "useRollingUpgradePolicy": True,
            "disableAutomaticRollback": False,
        },
    }
    probe = {"name": "p", "properties": {"protocol": "Http", "port": 80, "requestPath": "/"}}
    node_type = {"name": "front", "durabilityLevel": "Silver", "vmInstanceCount": 5}
    metrics = {"PhaseOrderingNumber": 1, "SkipUpgrade": False}
    return world(
        scale_set(
            capacity=4,
            zones=("1", "2"),
            upgrade_policy=policy,
            unhealthyInstances=["2"],
            instances={
                "1": {"customMetrics": metrics, "protectionPolicy": {"protectFromScaleIn": True}},
            },
        ),
        subscriptions=[{"id": SUBSCRIPTION, "features": {}, "quotas": {"westeurope": {"cores": 100}}}],
        galleries=[gallery(version("1.0.0"), version("1.0.1"))],
        loadBalancers=[
            {
                "resource": {
                    "id": f"{GROUP}/Microsoft.Network/loadBalancers/lb",
                    "location": "westeurope",
                    "sku": {"name": "Standard"},
                    "properties": {"probes": [probe]},
                }
            }
        ],
        serviceFabricClusters=[
            {
                "resource": {
                    "id": f"{GROUP}/Microsoft.ServiceFabric/clusters/sf",
                    "location": "westeurope",
                    "properties": {"clusterEndpoint": "https://sf.example", "nodeTypes": [node_type]},
                }
            }
        ],
        imageBehaviours=[{"version": V2, "instances": ["1"], "health": "never"}],
        faults=[{"match": {"method": "POST"}, "effect": {"status": 429, "retryAfter": 1}, "times": 1}],
        tokens={"good": ["token"], "expired": ["old"]},
    )


def places(document: object, path: Path = ()) -> Iterator[Path]:
    """Every place of a document but the document itself."""
    if isinstance(document, dict | list):
        items = document.items() if isinstance(document, dict) else enumerate(document)
        for key, value in items:
            yield (*path, key)
            yield from places(value, (*path, key))


def changed(document: Json, path: Path, value: object) -> Json:
    """The document with something else in one place, or with nothing there."""
    result = copy.deepcopy(document)
    place: Any = result
    for key in path[:-1]:
        place = place[key]
    if value is ABSENT:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return result


def is_one_line(body: Json) -> bool:
    """Whether an answer is an error with a code and one line."""
    error = body["error"]
    return bool(error["code"]) and bool(error["message"]) and len(error["message"].splitlines()) == 1


def still_answers(emulator: Emulator) -> bool:
    """Whether the set, its instances, the referee and the world document can be read."""
    path = scale_set_id()
    views = {"$expand": "instanceView"}
    reads = [emulator.arm("GET", path), emulator.arm("GET", f"{path}/virtualMachines", params=views)]
    return all(read.status_code < 500 for read in reads) and bool(emulator.admin("GET", "world"))


SECTIONS = sorted(everything())


@pytest.mark.parametrize("section", SECTIONS)
def test_odd_values_of_a_world_are_taken_or_refused_in_one_line(serve: Serve, section: str) -> None:
    """In every place of every section: the world loads and answers, or it is refused with place and reason and the old one stays."""
    emulator = serve(everything())
    whole = {section: everything()[section]}
    accidents = []
    for path in places(whole):
        for value in (*ODD, ABSENT):
            answer = emulator.http.post(
                "/_emulator/reset", json={**everything(), **changed(whole, path, value)}
            )
            is_fine = (
                still_answers(emulator)
                if answer.status_code == 200
                else answer.status_code == 400 and is_one_line(answer.json())
            )
            if not is_fine:
                accidents.append(f"{path} = {value!r}: {answer.status_code} {answer.text[:200]}")

    assert accidents == []


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_odd_values_of_a_scale_set_are_taken_or_refused_in_one_line(serve: Serve, method: str) -> None:
    """In every place of a body: a 2xx, or a 4xx with code and one line after which the set is as it was."""
    emulator = serve(everything())
    resource = everything()["scaleSets"][0]["resource"]
    accidents = []
    for path in places(resource):
        for value in (*ODD, ABSENT):
            before = emulator.arm("GET", scale_set_id()).json()
            answer = emulator.arm(method, scale_set_id(), changed(resource, path, value))
            if answer.is_success:
                emulator.http.post("/_emulator/reset", json=everything())
                continue
            is_fine = answer.status_code < 500 and is_one_line(answer.json())
            if not is_fine or emulator.arm("GET", scale_set_id()).json() != before:
                accidents.append(f"{path} = {value!r}: {answer.status_code} {answer.text[:200]}")

    assert accidents == []
