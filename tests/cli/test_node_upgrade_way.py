"""Azure's own way to upgrade nodes, rehearsed elsewhere: ``--node-upgrade-way``."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from commands import Fleetwright
from pool_rehearsals import pool_of
from pool_worlds import POOL_ID, USER_SUBSCRIPTION, pool_world, working
from rehearsals import Rehearsal

Rehearse = Callable[..., Rehearsal]


@pytest.mark.parametrize("way", ["scale-set", "data-plane"])
def test_a_users_pool_is_upgraded_in_either_way(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str], way: str
) -> None:
    """R54, R55, O5: both ways end with every node on the version and no task interrupted; the calls are that way's."""
    command = Fleetwright(
        rehearse(pool_world(10, mode=USER_SUBSCRIPTION, zonal=True, running=working(range(3), 120))), capsys
    )

    ended = command("run", "--json", "--node-upgrade-way", way, fleet=POOL_ID)

    assert ended.code == 0, ended.err
    assert ended.body["progress"]["successfulInstanceCount"] == 10
    audit = pool_of(command.rehearsal).audit()
    assert (audit["runningNodesInterrupted"], command.rehearsal.admin.violations()) == (0, [])
    log = command.rehearsal.admin.get("requests")["log"]
    paths = {call["path"] for call in log if call["path"].endswith("/reimage")}
    assert all(("/virtualMachineScaleSets/" in path) is (way == "scale-set") for path in paths)
    assert paths


def test_a_way_that_is_none_is_refused(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """R54: the flag names what it takes, exit 2, and nothing is asked of Azure."""
    command = Fleetwright(rehearse(pool_world(3)), capsys)

    ended = command("run", "--node-upgrade-way", "reboot", fleet=POOL_ID)

    assert ended.code == 2
    assert "'reboot' is not one of 'auto', 'data-plane', 'scale-set'" in ended.err
    assert command.rehearsal.admin.get("requests")["total"] == 0
