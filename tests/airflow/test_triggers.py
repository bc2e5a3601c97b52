"""What Airflow stores of a wait, and what a wait does when it is picked up again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from airflow.sdk._shared.module_loading import import_string
from rollout_steps import OWNER, TERMS, begin, swap_first_batch
from small_worlds import BY_HALVES, NEW, Emulated, world

from fleetwright.airflow.triggers import RolloutWaitTrigger
from fleetwright.rollout.acts import ROLLBACK, SWAP
from fleetwright.rollout.selecting import Wait


def run(trigger: RolloutWaitTrigger) -> dict[str, str]:
    """The one event that the trigger fires."""

    async def first() -> dict[str, str]:
        async for event in trigger.run():
            payload: dict[str, str] = event.payload
            return payload
        raise AssertionError("the trigger fired nothing")

    return asyncio.run(asyncio.wait_for(first(), 30))


def stored(trigger: RolloutWaitTrigger) -> RolloutWaitTrigger:
    """The trigger after a round trip through Airflow's database, where its arguments are plain JSON."""
    path, arguments = trigger.serialize()
    made: RolloutWaitTrigger = import_string(path)(**json.loads(json.dumps(arguments)))
    return made


@pytest.mark.parametrize("wait", [SWAP.name, ROLLBACK.name, *Wait])
def test_a_trigger_comes_back_from_json_as_it_was(wait: str) -> None:
    """Class path and arguments make the same trigger again; everything in them is plain JSON."""
    trigger = RolloutWaitTrigger(
        wait=wait,
        rollout_id="web-20240601T000000Z-abcdef",
        azure_conn_id="azure_rm_default",
        holder=OWNER,
        token=7,
        expiry_seconds=100.0,
        since=datetime(2024, 6, 1, tzinfo=UTC).isoformat(),
    )

    again = stored(trigger)

    assert again.serialize() == trigger.serialize()
    assert json.loads(json.dumps(trigger.serialize()[1])) == trigger.serialize()[1]


def test_a_trigger_of_a_rollout_holds_ids_and_no_secret(emulator: Emulated, ledger_url: str) -> None:
    """What is stored names rollout, connection and lease; neither token nor ledger URL are in it."""
    session = begin(emulator.serve(world()))

    arguments = json.dumps(RolloutWaitTrigger.for_session(session, SWAP.name, "azure_rm_default").serialize())

    assert session.rollout_id in arguments
    assert "a-token-that-nobody-may-read" not in arguments
    assert ledger_url not in arguments


def test_a_wait_goes_on_from_the_ledger(emulator: Emulated, ledger_url: str) -> None:
    """A trigger that was stored and picked up elsewhere finds the open batch and writes its verdicts."""
    session = begin(emulator.serve(world(policy=BY_HALVES)))
    ids = swap_first_batch(session)

    event = run(stored(RolloutWaitTrigger.for_session(session, SWAP.name, "azure_rm_default")))

    view = session.ports.ledger.load(session.rollout_id)
    assert event == {"status": "ok"}
    assert {swap.instance_id: str(swap.state) for swap in view.swaps.values()} == dict.fromkeys(
        ids, "healthy"
    )
    assert emulator.judged()["imageVersions"][NEW] == len(ids)


def test_a_wait_whose_lease_was_taken_says_so_and_writes_nothing(emulator: Emulated, ledger_url: str) -> None:
    """A cleared task's old trigger is fenced: it ends with ``lease_lost`` and leaves the ledger as it is."""
    session = begin(emulator.serve(world(policy=BY_HALVES)))
    swap_first_batch(session)
    old = stored(RolloutWaitTrigger.for_session(session, SWAP.name, "azure_rm_default"))
    session.ports.ledger.retake(session.rollout_id, owner=OWNER, terms=TERMS)
    before = session.ports.ledger.load(session.rollout_id)

    event = run(old)

    assert (event["status"], event["kind"]) == ("error", "lease_lost")
    assert session.ports.ledger.load(session.rollout_id) == before


def test_a_wait_on_a_dead_endpoint_of_a_known_rollout_is_told_in_one_line(
    emulator: Emulated, ledger_url: str, connect: Callable[..., None]
) -> None:
    """A trigger that cannot even read the set fires an error that the task can raise: kind and one line."""
    session = begin(emulator.serve(world(policy=BY_HALVES)))
    swap_first_batch(session)
    connect("http://127.0.0.1:9", extra={"token": "t"})

    event = run(stored(RolloutWaitTrigger.for_session(session, SWAP.name, "azure_rm_default")))

    assert event["kind"] == "endpoint_unreachable"
    assert "http://127.0.0.1:9 does not answer" in event["message"]
    assert "\n" not in event["message"]
