"""``--state`` with Batch pools: a killed emulator goes on as it was, data plane calls included."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest
from emulated_nodes import act, data_plane
from emulated_pools import batch_account, batch_pool, batch_world, machines_id, pool_id, user_account
from emulated_worlds import V2, Emulator
from test_state import everything, running

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = ("requeue", "terminate", "taskcompletion")


def happen(emulator: Emulator, draw: random.Random) -> None:
    """One of many things, to a node of the first pool or to the second pool."""
    number, option = draw.randrange(6), draw.choice(OPTIONS)
    other = pool_id("p2", "own")
    effect = draw.choice(
        [{"status": 503}, {"operation": "stuck"}, {"applyThenReset": True}, {"zoneDown": "2"}]
    )
    touch = {"id": pool_id(), "instances": [f"tvm-{number}"], "running": draw.choice([-1, 0, 30, 200])}
    reimage = {"instanceIds": [str(number)], "exactVersion": V2}
    draw.choice(
        [
            lambda: act(emulator, number, "reimage", option, exactVersion=V2),
            lambda: act(emulator, number, "reboot", option),
            lambda: act(emulator, number, "disablescheduling", option),
            lambda: act(emulator, number, "enablescheduling"),
            lambda: emulator.advance(draw.choice([1, 7.5, 30, 300])),
            lambda: emulator.admin("POST", "instances", touch),
            lambda: emulator.admin("POST", "scale", {"id": pool_id(), "capacity": draw.randrange(5, 8)}),
            lambda: emulator.admin("POST", "faults", {"effect": effect, "times": 2, "seconds": 60}),
            lambda: emulator.arm("POST", f"{machines_id('p2', 'own')}/reimage", reimage),
            lambda: emulator.admin("POST", "instances", {**touch, "id": other}),
            lambda: data_plane(emulator, "GET", "/pools/p1/nodes"),
        ]
    )()


@pytest.mark.parametrize(("seed", "platform"), [(1, False), (2, True)])
def test_pools_are_kept_over_kill(tmp_path: Path, *, seed: int, platform: bool) -> None:
    """R54, R55: after calls of every kind to pools and nodes all is the same after kill -9, and goes on the same."""
    accounts = (
        batch_account(batch_pool(nodes=6, running={"tvm-1": 45, "tvm-2": -1})),
        user_account(
            batch_pool("p2", account="own", nodes=6, zonal=True, running={"tvm-3": 500}), name="own"
        ),
    )
    draw = random.Random(seed)
    with running(tmp_path, batch_world(*accounts, platformUpgrades=platform)) as emulator:
        for _ in range(150):
            with suppress(httpx.RemoteProtocolError):
                happen(emulator, draw)
        emulator.http.delete("/_emulator/faults")
        before = everything(emulator)

    with running(tmp_path) as emulator:
        after = everything(emulator)
        emulator.advance(3600)

    assert after == before
    assert before["requests"]["mutating"] > 20
