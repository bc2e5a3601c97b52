"""Rollouts of Batch pools: nodes that work, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace

from pool_rehearsals import at
from pool_worlds import FOR_EVER, POOL_ID, USER_SUBSCRIPTION, pool_world, working
from scenarios import Scenario
from worlds import fault, sick

AUTOMATIC = ("--trigger", "automatic")
BUSY = {"tvm-3": FOR_EVER}

_POOLS = {
    "pool": Scenario(
        "10 nodes with deferral, 4 of them working for two minutes: idle ones first, each closed, swapped, opened (R55)",
        pool_world(10, running=working(range(4), 120)),
    ),
    "pool_skips": Scenario(
        "a task on tvm-3 never ends: after ten minutes the node is left as it is, and takes work again (R55)",
        pool_world(10, running=BUSY),
        arguments=(*AUTOMATIC, "--drain-deadline", "10m"),
    ),
    "pool_requeues": Scenario(
        "a task on tvm-3 never ends: after five minutes and two of grace it is queued again, and the node upgraded (R55)",
        pool_world(10, running=BUSY),
        arguments=(
            *AUTOMATIC,
            "--drain-deadline",
            "5m",
            "--when-busy",
            "requeue",
            "--drain-grace",
            "2m",
        ),
    ),
    "pool_without_deferral": Scenario(
        "no deferral: nodes that work are upgraded too, and their tasks queued again (N28)",
        pool_world(10, deferral=False, running=working(range(4), FOR_EVER)),
    ),
    "pool_rollback": Scenario(
        "the start task of tvm-7 fails on the new version: it gets its previous version back, and takes work again (R11)",
        pool_world(
            15,
            behaviours=[
                {
                    "version": "18.04.202402010",
                    "instances": ["7"],
                    "extension": "startTask",
                    "extensionResult": "failed",
                }
            ],
        ),
    ),
    "pool_zonal": Scenario(
        "a zonal pool whose machines are in Batch's own subscription: its zones are hidden, so one node at a time (R48)",
        pool_world(5, zonal=True),
    ),
    "pool_zonal_seen": Scenario(
        "a zonal pool in user subscription mode: the scale set behind tells the zones, one after the other (R48, N29)",
        pool_world(15, zonal=True, mode=USER_SUBSCRIPTION),
    ),
    "pool_closed_by_somebody_else": Scenario(
        "somebody disables the scheduling of tvm-8 during the first batch: it is left alone (R55)",
        pool_world(10),
        (at(15, lambda pool: pool.close("tvm-8")),),
        outside=("15 s: somebody disables the scheduling of tvm-8",),
    ),
    "pool_lost_answers": Scenario(
        "answers to closing, reimaging and opening nodes are lost after Batch carried them out (R54)",
        pool_world(
            5,
            faults=[
                fault({"applyThenReset": True}, path="*/disablescheduling", times=1),
                fault({"applyThenReset": True}, path="*/nodes/*/reimage", after=1, times=1),
                fault({"applyThenReset": True}, path="*/enablescheduling", after=2, times=1),
            ],
        ),
    ),
    "pool_ill": Scenario(
        "two of ten nodes never report on the new version, by hand: stopped, and they take work as they are (R12, R43)",
        pool_world(10, behaviours=[sick("0", "1")]),
        arguments=("--trigger", "manual"),
    ),
}

POOLS = {name: replace(scenario, fleet_id=POOL_ID) for name, scenario in _POOLS.items()}
