"""Any legal story of a rollout, told in any pieces, reads the same from its events and from its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fleetwright.domain.ailments import Ailment, Sign
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.journal import fold
from fleetwright.domain.records import RolloutSettings, RolloutView, TriggerKind
from fleetwright.domain.states import SWAP_TRANSITIONS, TERMINAL_STATES, SwapState
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.ports.ledger import Acquired

START = datetime(2024, 6, 1, tzinfo=UTC)
TERMS = LeaseTerms(timedelta(seconds=30))
ASKED = RolloutSettings(
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop"
    "/providers/Microsoft.Compute/virtualMachineScaleSets/Web",
    "1.0.1",
    trigger=TriggerKind.AUTOMATIC,
)
WORDS = st.text(max_size=8)


@dataclass
class Story:
    """Makes the next legal event of a rollout."""

    draw: Callable[..., Any]
    clock: int = 0
    next_id: int = 0
    events: list[Event] = field(default_factory=list)

    def next_event(self, view: RolloutView) -> Event:
        """Some event that the tables allow after this view."""
        makers = [self.plan, self.note]
        if view.open_batch is None:
            makers += [self.intend, self.intend, self.finish]
        else:
            flying = any(swap.is_in_flight for swap in view.swaps_of(view.open_batch))
            makers += [self.move, *([self.step] * 6), *([] if flying else [self.settle] * 3)]
        self.clock += self.draw(st.integers(0, 90))
        return self.draw(st.sampled_from(makers))(view)

    def event(self, kind: EventKind, payload: dict[str, Any]) -> Event:
        """An event that happens now."""
        return Event(kind, START + timedelta(seconds=self.clock, microseconds=self.clock), payload)

    def plan(self, _view: RolloutView) -> Event:
        """A plan, whatever is in it."""
        return self.event(EventKind.PLANNED, {"batches": self.draw(st.lists(WORDS, max_size=3))})

    def note(self, _view: RolloutView) -> Event:
        """Something worth noting."""
        return self.event(EventKind.NOTED, {"text": self.draw(WORDS)})

    def intend(self, view: RolloutView) -> Event:
        """A batch of instances not swapped yet; one that was refused may be chosen again."""
        refused = [i for i, swap in view.swaps.items() if swap.state is SwapState.REFUSED]
        fresh = [str(self.next_id + n) for n in range(self.draw(st.integers(1, 4)))]
        self.next_id += len(fresh)
        chosen = [*fresh, *refused[: self.draw(st.integers(0, 1))]]
        swaps = [
            {
                "instance_id": instance_id,
                "old_version": "1.0.0",
                "old_disk_id": f"old-{instance_id}",
                "new_version": "1.0.1",
                "reason": self.draw(WORDS),
                "data_disk_ids": ["a", "b"],
            }
            for instance_id in chosen
        ]
        body = {"index": len(view.batches), "zone": "1", "update_domain": 2, "reason": "r", "swaps": swaps}
        return self.event(EventKind.INTENDED, body)

    def settle(self, view: RolloutView) -> Event:
        """The batch is over, and each of its instances has its verdict."""
        assert view.open_batch is not None
        return self.event(EventKind.SETTLED, {"index": view.open_batch.index})

    def move(self, view: RolloutView) -> Event:
        """An operation is polled elsewhere from now on."""
        assert view.open_batch is not None
        urls = {url: f"{url}/moved" for url in view.open_batch.operation_urls}
        return self.event(EventKind.MOVED, {"urls": urls})

    def finish(self, _view: RolloutView) -> Event:
        """The rollout ends in one of the ways there are."""
        state = self.draw(st.sampled_from(sorted(TERMINAL_STATES)))
        body = {"state": str(state), "code": "c", "message": self.draw(WORDS), "outcome": {"n": self.next_id}}
        return self.event(EventKind.FINISHED, body)

    def step(self, view: RolloutView) -> Event:
        """One instance of the open batch moves on along the table, or tells again what is known."""
        assert view.open_batch is not None
        swap = self.draw(st.sampled_from(view.swaps_of(view.open_batch)))
        # Only a new batch intends a refused instance again; ``intend`` does that.
        onward = SWAP_TRANSITIONS.get(swap.state, frozenset()) - {SwapState.INTENDED}
        allowed = sorted(onward) or [swap.state]
        return self.reach(swap.instance_id, self.draw(st.sampled_from(allowed)))

    def reach(self, instance_id: str, state: SwapState) -> Event:
        """The event that brings an instance to a state."""
        one = {"instances": [instance_id]}
        url = f"https://arm/{self.draw(st.integers(0, 2))}"
        bodies: dict[SwapState, tuple[EventKind, dict[str, Any]]] = {
            SwapState.SENDING: (EventKind.SENDING, one),
            SwapState.ACCEPTED: (EventKind.ACCEPTED, {**one, "operation_url": url, "state": "accepted"}),
            SwapState.ROLLBACK_ACCEPTED: (
                EventKind.ACCEPTED,
                {**one, "operation_url": url, "state": "rollback accepted"},
            ),
            SwapState.SWAPPED: (EventKind.SWAPPED, {"disks": {instance_id: "new"}, "state": "swapped"}),
            SwapState.REFUSED: (EventKind.REFUSED, {**one, "reason": "409"}),
            SwapState.ROLLBACK_INTENDED: (EventKind.ROLLBACK_INTENDED, one),
        }
        seconds = self.draw(st.none() | st.floats(0, 300))
        verdict = {"instance_id": instance_id, "reason": "r", "state": str(state), "ready_seconds": seconds}
        verdict["suffered"] = Ailment(self.draw(st.sampled_from(Sign)), ("App",)).to_dict()
        return self.event(*bodies.get(state, (EventKind.JUDGED, {"verdicts": [verdict]})))


def tell(ledger: SqlLedger, acquired: Acquired, story: Story) -> tuple[Acquired, RolloutView]:
    """Append some events in one piece; now and then another owner goes on."""
    view = acquired.view
    rollout_id = view.rollout.rollout_id
    for piece in range(story.draw(st.integers(0, 12))):
        if story.draw(st.integers(0, 5)) == 0 and view.rollout.state not in TERMINAL_STATES:
            ledger.release(rollout_id, owner=acquired.lease.holder)
            acquired = ledger.begin(ASKED, owner=f"run-{piece}", now=START, terms=TERMS)
            view = acquired.view
        events = []
        for _ in range(story.draw(st.integers(0, 3))):
            ahead = fold(events, view) if events else view
            if ahead.rollout.state not in TERMINAL_STATES:
                events.append(story.next_event(ahead))
        view = ledger.append(rollout_id, events, lease=acquired.lease)
    return acquired, view


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_story_reads_the_same_from_events_and_from_rows(data: st.DataObject) -> None:
    """After any legal events in any pieces, chain, rows, kept view and fresh fold all agree."""
    ledger = open_ledger("sqlite://", wall_clock=lambda: START)
    acquired = ledger.begin(ASKED, owner="run-a", now=START, terms=TERMS)
    acquired, view = tell(ledger, acquired, Story(data.draw))
    fresh = SqlLedger(ledger._database._engine, label="fresh")
    assert acquired.resumed is (acquired.lease.holder != "run-a")
    assert ledger.replay() == ()
    assert ledger.verify_chain() is None
    assert fresh.load(view.rollout.rollout_id) == view == ledger.load(view.rollout.rollout_id)
    assert view.rollout.settings == ASKED
    ledger.close()
