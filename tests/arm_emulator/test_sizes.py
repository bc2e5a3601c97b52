"""Sizes: 1,000 scale sets of 100 instances fit, and a list of 1,000 instances is quick."""

from __future__ import annotations

import time

import pytest
from emulated_worlds import SUBSCRIPTION, Serve, scale_set, scale_set_id, world


def test_thousand_scale_sets_of_a_hundred_fit(serve: Serve) -> None:
    """A world of 100,000 instances is loaded, listed in pages of 200 and moved on (R3)."""
    emulator = serve(world(*(scale_set(f"set{number}", capacity=100) for number in range(1000))))

    names = [found.name for found in emulator.compute().virtual_machine_scale_sets.list_all()]
    emulator.reimage("0", name="set999")
    emulator.advance(300)

    assert len(set(names)) == 1000
    assert emulator.codes("0", "set999")[-1] == "HealthState/healthy"


GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"
OF_THE_SET = {"$filter": f"'virtualMachineScaleSet/id' eq '{scale_set_id()}'", "$expand": "instanceView"}


@pytest.mark.parametrize(
    ("mode", "path", "params"),
    [
        ("Uniform", f"{scale_set_id()}/virtualMachines", {"$expand": "instanceView"}),
        ("Flexible", f"{GROUP}/virtualMachines", OF_THE_SET),
    ],
)
def test_list_of_a_thousand_instances_is_quick(
    serve: Serve, mode: str, path: str, params: dict[str, str]
) -> None:
    """1,000 instances or machines with their views come in five pages, in well under a second when none was shown before (R3)."""
    document = scale_set(capacity=1000)
    document["resource"]["properties"]["orchestrationMode"] = mode
    emulator = serve(world(document))
    emulator.arm("GET", scale_set_id())

    started = time.perf_counter()
    answer = emulator.arm("GET", path, params=params).json()
    names, pages = [i["name"] for i in answer["value"]], 1
    while "nextLink" in answer:
        answer = emulator.http.get(answer["nextLink"]).json()
        names, pages = [*names, *(i["name"] for i in answer["value"])], pages + 1
    took = time.perf_counter() - started

    assert names == [f"web_{number}" for number in range(1000)]
    assert pages == 5
    assert took < 1, f"{took:.2f} s"
