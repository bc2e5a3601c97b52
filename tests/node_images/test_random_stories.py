"""Random stories of a cluster: faults, blocked drains, people and releases on the way; the rules hold whatever happens."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from clusters import NEW, cluster, cluster_id, pool, window, world
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetwright.azure import budget
from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.domain.errors import FleetwrightError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.records import TriggerKind
from fleetwright.ledger.store import open_ledger
from fleetwright.node_images.ports import NodePorts
from fleetwright.node_images.request import NodeRequest
from fleetwright.node_images.runner import opened, roll_out_nodes
from fleetwright.node_images.validating import validate
from fleetwright.rollout.ports.controls import Control, ControlKind
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright_demo.journeys.in_process import URL, EmulatorInProcess, InProcessClock, InProcessTransport
from fleetwright_demo.journeys.shared_clock import SharedClock

Json: TypeAlias = Any

TOKEN = "header.payload.signature"
NEWER = "AKSUbuntu-2204gen2containerd-202402.26.0"
SUNDAY = datetime.fromisoformat("2024-03-03T00:00:00+00:00")
ABORTED_AT = SUNDAY + timedelta(hours=9)  # when a person ends what has no end
KEY = cluster_id().lower()
MANNERS = Manners(poll=timedelta(minutes=1), spread=timedelta(0))

FAULTS = st.fixed_dictionaries(
    {
        "match": st.sampled_from(
            [
                {"method": "POST", "path": "*/upgradeNodeImageVersion"},
                {"method": "GET", "path": "*/agentPools*"},
                {"method": "POST", "path": "*/runCommand"},
                {"method": "GET", "path": "*/operations/*"},
            ]
        ),
        "effect": st.sampled_from(
            [
                {"status": 429, "retryAfter": 7},
                {"status": 503},
                {"reset": True},
                {"applyThenReset": True},
            ]
        ),
        "times": st.integers(1, 3),
        "after": st.integers(0, 4),
    }
)
OPERATIONS = st.sampled_from([None, None, {"operation": "Failed"}, {"operation": "stuck"}])
PEOPLE = st.lists(st.tuples(st.sampled_from(["hold", "cancel", "publish"]), st.integers(0, 90)), max_size=3)
POOLS = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(["Schedule", "Cordon"]), st.booleans()),
    min_size=1,
    max_size=3,
)


def story_world(
    pools: list[tuple[int, str, bool]], faults: list[Json], operation: Json | None, minute: int
) -> dict[str, Any]:
    """A cluster on a Sunday, so many minutes after its window opened."""
    bodies = [
        pool(f"np{n}", count, mode="User" if n else "System", undrainableNodeBehavior=behaviour)
        for n, (count, behaviour, _) in enumerate(pools)
    ]
    stuck = {f"np{n}": {"undrainable": [f"aks-np{n}-0"]} for n, (*_, blocks) in enumerate(pools) if blocks}
    match = {"method": "POST", "path": "*/upgradeNodeImageVersion"}
    ends = [{"match": match, "effect": operation, "times": 1}] if operation else []
    start = SUNDAY + timedelta(minutes=minute)
    drawn = cluster(*bodies, windows=(window(),), pools=stuck)
    return world(drawn, start=f"{start:%Y-%m-%dT%H:%M:%SZ}", faults=[*faults, *ends])


class Story:
    """One world with whoever acts in it."""

    def __init__(self, document: dict[str, Any], people: list[tuple[str, int]]) -> None:
        budget._budgets.clear()
        self.emulator = EmulatorInProcess(document)
        self.clock = SharedClock(InProcessClock(self.emulator), until=SUNDAY + timedelta(days=16))
        client = connect(
            AzureEndpoint(URL, StaticToken(TOKEN)), self.clock, transport=InProcessTransport(self.emulator)
        )
        self.ports = NodePorts(self.clock, AksDriver(client), open_ledger("sqlite://"))
        begun = self.clock.now()
        for what, minutes in people:
            self.clock.start(self._act(what), at=begun + timedelta(minutes=minutes))
            if what == "hold":
                self.clock.start(self._release, at=begun + timedelta(minutes=minutes + 45))
        for days in (0, 7, 14):
            self.clock.start(self._abort, at=ABORTED_AT + timedelta(days=days))

    def run(self, owner: str) -> None:
        """A run like that of a schedule; one that Azure did not answer for too long is left to the next."""

        def job() -> None:
            with suppress(FleetwrightError):
                validated = validate(
                    self.ports, NodeRequest(cluster_id(), TriggerKind.AUTOMATIC, MANNERS), actor=owner
                )
                if not validated.nothing:
                    terms = LeaseTerms(expiry=timedelta(hours=1))
                    with opened(self.ports, validated, owner=owner, terms=terms) as session:
                        roll_out_nodes(session)

        (ended,) = self.clock.run_all([job])
        ended.result()

    def rollouts(self) -> tuple[NodeRollout, ...]:
        """Every rollout of the cluster, newest first."""
        return self.ports.ledger.list_node_rollouts(KEY)

    def _act(self, what: str) -> Callable[[], object]:
        ledger, now = self.ports.ledger, self.clock.now
        return {
            "hold": lambda: ledger.add_hold(Hold(HoldSubject.FLEET, KEY, "ann", "a trade fair", now())),
            "cancel": lambda: ledger.add_control(KEY, Control(ControlKind.CANCEL, "ben", "not today", now())),
            "publish": lambda: self.emulator.post("images", nodeImage=NEWER),
        }[what]

    def _release(self) -> None:
        self.ports.ledger.release_holds(
            HoldSubject.FLEET, KEY, actor="ann", reason="it is over", at=self.clock.now()
        )

    def _abort(self) -> None:
        pools = self.emulator.get("audit")["nodePools"]
        for path in pools:
            headers = {"host": "localhost", "authorization": f"Bearer {TOKEN}"}
            self.emulator.handle("POST", f"{URL}{path}/abort?api-version=2025-05-01", headers, b"")


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    pools=POOLS,
    faults=st.lists(FAULTS, max_size=3),
    operation=OPERATIONS,
    people=PEOPLE,
    minute=st.sampled_from([0, 5, 180, 225, 239]),
)
def test_the_rules_hold_in_every_story(
    *,
    pools: list[tuple[int, str, bool]],
    faults: list[Json],
    operation: Json | None,
    people: list[tuple[str, int]],
    minute: int,
) -> None:
    """Whatever happens no rule is broken, nothing begins outside the window (R71), no image twice (R70), and every pool's end is told (N33)."""
    logging.disable(logging.CRITICAL)
    try:
        story = Story(story_world(pools, faults, operation, minute), people)
        story.run("first")
        for days in (7, 14):
            story.clock.wait_until(SUNDAY + timedelta(days=days))
            story.run(f"week {days // 7}")
        story.clock.close()
    finally:
        logging.disable(logging.NOTSET)
        budget._budgets.clear()

    audit = story.emulator.get("audit")
    assert audit["violations"] == []
    for path, told in audit["nodePools"].items():
        assert told["outsideWindow"] == 0
        # Three windows are enough for whatever an operation or a person does, if Azure answers.
        if not faults and not pools[int(path[-1])][2]:
            assert set(told["images"]) <= {NEW, NEWER}, (path, told)
    for rollout in story.rollouts():
        assert faults or rollout.is_ended
        assert rollout.reason or not rollout.is_ended
        for one in rollout.pools:
            assert one.is_ended or rollout.state == "Cancelled" or not rollout.is_ended, one
            assert not one.is_ended or one.reason, one
