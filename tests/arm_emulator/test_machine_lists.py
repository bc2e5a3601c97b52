"""Lists of virtual machines: with ``$filter`` those of one Flexible set, and then with their views."""

from __future__ import annotations

from typing import Any

import pytest
from emulated_worlds import SUBSCRIPTION, Serve, scale_set, scale_set_id, world

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"


def flexible(capacity: int, zones: tuple[str, ...] = (), **extras: Any) -> dict[str, Any]:  # noqa: ANN401 - of a world
    """A Flexible scale set of a world document."""
    document = scale_set(capacity=capacity, zones=zones, **extras)
    document["resource"]["properties"]["orchestrationMode"] = "Flexible"
    return document


def in_set(name: str = "web") -> str:
    """The ``$filter`` that names a scale set."""
    return f"'virtualMachineScaleSet/id' eq '{scale_set_id(name)}'"


def test_one_set_is_listed_with_views_through_the_official_client(serve: Serve) -> None:
    """O7: ``$filter`` and ``$expand`` list a set's members with their views, by group and by subscription, as each shows itself."""
    emulator = serve(world(flexible(2, zones=("1", "2")), flexible(3, name="other")))
    machines = emulator.compute().virtual_machines

    by_group = list(machines.list("rg", filter=in_set(), expand="instanceView"))
    by_subscription = list(machines.list_all(filter=in_set("OTHER"), expand="instanceView"))

    assert [m.name for m in by_group] == ["web_0", "web_1"]
    assert [m.zones for m in by_group] == [["1"], ["2"]]
    assert [m.name for m in by_subscription] == ["other_0", "other_1", "other_2"]
    assert by_group[0].instance_view.vm_health.status.code == "HealthState/healthy"
    assert by_group[0].virtual_machine_scale_set.id == scale_set_id()
    listed = emulator.arm(
        "GET", f"{GROUP}/virtualMachines", params={"$filter": in_set(), "$expand": "instanceView"}
    )
    alone = emulator.arm("GET", f"{GROUP}/virtualMachines/web_1", params={"$expand": "instanceView"})
    assert listed.json()["value"][1] == alone.json()


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (f"'VIRTUALMACHINESCALESET/ID' EQ '{scale_set_id().upper()}'", ["web_0"]),
        (f"virtualMachineScaleSet/id eq '{scale_set_id()}'", ["web_0"]),
        (f"'virtualMachineScaleSet/id' eq {scale_set_id()}'", ["web_0"]),
        (in_set("uniform"), []),
        (in_set("nowhere"), []),
    ],
)
def test_filter_minds_neither_case_nor_quotes(serve: Serve, given: str, names: list[str]) -> None:
    """The id in any case, quoted as the reference has it or not; a set without virtual machines has none."""
    emulator = serve(world(flexible(1), scale_set("uniform", capacity=1)))

    listed = emulator.arm("GET", f"{GROUP}/virtualMachines", params={"$filter": given}).json()["value"]

    assert [m["name"] for m in listed] == names
    assert all("instanceView" not in m["properties"] for m in listed)


@pytest.mark.parametrize(
    ("params", "target"),
    [
        ({"$filter": "name eq 'web_0'"}, "$filter"),
        ({"$filter": "'virtualMachineScaleSet/id' eq 'web'"}, "$filter"),
        ({"$filter": f"'virtualMachineScaleSet/id' ne '{scale_set_id()}'"}, "$filter"),
        ({"$filter": ""}, "$filter"),
        ({"$expand": "instanceView"}, "$expand"),
        ({"$filter": in_set(), "$expand": "userData"}, "$expand"),
    ],
)
@pytest.mark.parametrize("below", [GROUP, f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute"])
def test_other_filters_and_views_of_everybody_are_refused(
    serve: Serve, below: str, params: dict[str, str], target: str
) -> None:
    """Only the one ``$filter`` is taken, and ``$expand`` only with it; the refusal says what is allowed."""
    emulator = serve(world(flexible(1)))

    error = emulator.arm("GET", f"{below}/virtualMachines", params=params)

    assert error.status_code == 400
    assert (error.json()["error"]["code"], error.json()["error"]["target"]) == ("InvalidParameter", target)
    if params != {"$filter": in_set(), "$expand": "userData"}:
        assert "'virtualMachineScaleSet/id' eq '/subscriptions/{subscription}/" in error.text


def test_lists_of_machines_lag_as_those_of_the_set_do(serve: Serve) -> None:
    """``listLag`` holds for the list of a set's machines; a machine itself is never behind."""
    emulator = serve(world(flexible(1, timings={"listLag": 20})))
    assert emulator.arm("POST", f"{GROUP}/virtualMachines/web_0/deallocate").status_code == 202
    emulator.advance(12)

    def shown() -> str:
        params = {"$filter": in_set(), "$expand": "instanceView"}
        (found,) = emulator.arm("GET", f"{GROUP}/virtualMachines", params=params).json()["value"]
        return found["properties"]["instanceView"]["statuses"][-1]["code"]

    before = shown()
    emulator.advance(20)

    assert (before, shown()) == ("PowerState/running", "PowerState/deallocated")
