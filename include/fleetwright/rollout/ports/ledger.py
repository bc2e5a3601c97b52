"""The memory of a rollout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fleetwright.domain.events import Event
from fleetwright.domain.quarantine import Quarantined
from fleetwright.domain.records import RolloutSettings, RolloutView
from fleetwright.rollout.ports.controls import Control
from fleetwright.rollout.ports.holds import Hold, Holds
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.ports.turns import Turns


@dataclass(frozen=True, slots=True)
class Acquired:
    """A rollout and the right to carry it out.

    :param resumed: an earlier holder's rollout goes on: same id, version and counts
    """

    view: RolloutView
    lease: Lease
    resumed: bool


class Ledger(Holds, Turns, Protocol):
    """The memory of intent, of what people said, and of whose turn it is.

    Every method raises ``LedgerError`` when it cannot be read or written.
    """

    def begin(self, settings: RolloutSettings, *, owner: str, now: datetime, terms: LeaseTerms) -> Acquired:
        """Take the fleet and start a rollout, or resume the fleet's unfinished one, in one transaction.

        :param owner: unique to the run; the same owner takes its own lease back with a new token
        :raises HeldError: at once, naming the holder, while another owner's lease is alive
        """
        ...

    def retake(self, rollout_id: str, *, owner: str, terms: LeaseTerms, is_teardown: bool = False) -> Lease:
        """Take the rollout's own lease back with a new token: every earlier token is dead from here on.

        :param is_teardown: what is left to do comes after the rollout's end
        :raises GivenBackError: when the owner gave the fleet back, and this is no teardown
        :raises LeaseLostError: when another owner has the fleet, or the rollout is finished and this is no teardown
        """
        ...

    def check(self, lease: Lease) -> None:
        """Renew the heartbeat; call it before every mutating call.

        :raises LeaseLostError: when the token is not the newest any more
        """
        ...

    def release(self, rollout_id: str, *, owner: str) -> None:
        """Give the fleet back, whatever happened; harmless when it is not held by the owner."""
        ...

    def append(self, rollout_id: str, events: Sequence[Event], *, lease: Lease) -> RolloutView:
        """Write events and return the rollout as they leave it; one transaction, token checked inside.

        :raises LeaseLostError: nothing was written: the token is not the newest
        """
        ...

    def load(self, rollout_id: str) -> RolloutView:
        """The rollout as its events tell it."""
        ...

    def record_held(self, fleet_key: str, reasons: Sequence[str], *, actor: str, now: datetime) -> None:
        """Write down an evaluation that changed nothing."""
        ...

    def list_rollouts(self, fleet_key: str) -> tuple[RolloutView, ...]:
        """Every rollout of the fleet, newest first."""
        ...

    def add_control(self, fleet_key: str, control: Control) -> None:
        """Write down what a person said."""
        ...

    def list_controls(self, fleet_key: str, *, since: datetime) -> tuple[Control, ...]:
        """What was said about the fleet since an instant, oldest first."""
        ...

    def read_words(self, fleet_key: str, *, since: datetime) -> tuple[tuple[Control, ...], tuple[Hold, ...]]:
        """All that people said: about the fleet since an instant, and every hold in force; oldest first, in one read."""
        ...

    def list_quarantined(self) -> tuple[Quarantined, ...]:
        """Every image version that was ever put away, oldest first, released ones included."""
        ...
