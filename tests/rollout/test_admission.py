"""Between the choice of a batch and its call time may pass: what was right then is asked again before anything is sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from crashes import Answer, Death, Killed, Moment, Mortal
from rehearsals import Admin, Rehearsal, eventful, told
from worlds import FLEET_ID, NEW, fault, sick, world

from fleetwright.domain.fleets import parse_fleet_id

Rehearse = Callable[..., Rehearsal]


def outage(admin: Admin) -> None:
    """Three of five instances go down, for a reason of their own."""
    admin.touch("1", "2", "3", power="stopped")


def opt_out(admin: Admin) -> None:
    """The owner takes the set back."""
    admin.patch({"tags": {"fleetwright": "off"}})


def protect(admin: Admin) -> None:
    """The owner protects the first instance."""
    admin.protect("0")


@pytest.mark.parametrize(
    "effect", [{"status": 503}, {"reset": True}, {"status": 429, "retryAfter": 30}], ids=str
)
def test_call_that_is_sent_again_is_admitted_again(rehearse: Rehearse, effect: dict[str, Answer]) -> None:
    """Too many instances go down while a swap waits to be sent again: it is not sent (R14)."""
    rehearsal = rehearse(world(5, 0, faults=[fault(effect, times=1)]), clock=eventful((0.5, outage)))

    view = rehearsal.run()

    assert rehearsal.admin.violations() == []
    assert rehearsal.state()["swaps"] == {}
    assert told(view)["status"] == "Faulted"


@pytest.mark.parametrize(
    ("happened", "status"), [(outage, "Faulted"), (opt_out, "Cancelled"), (protect, "Completed")]
)
def test_batch_of_the_dead_is_admitted_again(
    rehearse: Rehearse, happened: Callable[[Admin], None], status: str
) -> None:
    """An outage, an opt-out, a protection after a process died before its call: whoever goes on does not send it (R14, O3, N23)."""
    rehearsal = rehearse(world(5, 0))
    number = _number_of_first_swap(rehearsal)
    rehearsal.admin.post("reset", **world(5, 0))
    rehearsal.ledger_url = rehearsal.ledger_url.replace("ledger.db", "second.db")
    mortal = Mortal(Death(number, Moment.BEFORE))
    with pytest.raises(Killed):
        rehearsal.run(mortal.ports(rehearsal.ports()), owner="first")
    happened(rehearsal.admin)
    rehearsal.wall.advance(31)

    view = rehearsal.run(owner="second")

    assert rehearsal.admin.violations() == []
    assert "0" not in rehearsal.state()["swaps"]
    assert told(view)["status"] in {status, "Held"}


def test_batch_is_admitted_right_before_the_call(rehearse: Rehearse) -> None:
    """Too many instances go down between the choice and the call: nothing is sent (R14)."""
    rehearsal = rehearse(world(5, 0, behaviours=[sick("0")]))

    class Watching(Mortal):
        def call(self, name: str, act: Callable[[], Answer]) -> Answer:
            if self.calls.count("list_instances") == 4 and name == "list_instances":
                outage(rehearsal.admin)
            return super().call(name, act)

    view = rehearsal.run(Watching().ports(rehearsal.ports()))

    assert rehearsal.state()["swaps"] == {}
    assert told(view)["status"] == "Faulted"
    assert rehearsal.admin.violations() == []


def test_opted_out_during_the_wait_for_budget_swaps_nothing(rehearse: Rehearse) -> None:
    """The owner takes the set back while nothing fits the budget; when it fits again, nothing is sent (O3)."""

    def heal(admin: Admin) -> None:
        admin.touch("8", "9", health="healthy")

    rehearsal = rehearse(world(10, 0), clock=eventful((20, opt_out), (40, heal)))
    rehearsal.admin.touch("8", "9", health="unhealthy")
    rehearsal.admin.protect("8")
    rehearsal.admin.protect("9")

    view = rehearsal.run()

    assert rehearsal.state()["swaps"] == {}
    assert told(view)["status"] == "Held"


def test_call_of_the_dead_that_shows_on_one_instance_first(rehearse: Rehearse) -> None:
    """The dead process's call arrives while its instances are being read: all of them are adopted, none is refused (R11, R44)."""
    document = world(15, 3, behaviours=[sick("0")])
    rehearsal = rehearse(document)
    number = _number_of_first_swap(rehearsal)
    rehearsal.admin.post("reset", **document)
    rehearsal.ledger_url = rehearsal.ledger_url.replace("ledger.db", "second.db")
    with pytest.raises(Killed):
        rehearsal.run(Mortal(Death(number, Moment.BEFORE)).ports(rehearsal.ports()), owner="first")
    rehearsal.wall.advance(31)
    ports = rehearsal.ports()

    class Late(Mortal):
        def call(self, name: str, act: Callable[[], Answer]) -> Answer:
            answer = super().call(name, act)
            if name == "fetch_instance" and self.calls.count(name) == 1:
                fleet = ports.driver.fetch_fleet(parse_fleet_id(FLEET_ID))
                ports.driver.begin_swap(fleet, ("0", "3", "6"), NEW, lambda: None)
            return answer

    view = rehearsal.run(Late().ports(ports), owner="second")

    assert {i: rehearsal.state()["swaps"][i] for i in ("0", "3", "6")} == {"0": 1, "3": 1, "6": 1}
    assert rehearsal.state()["rollbacks"] == {"0": 1}
    assert rehearsal.admin.violations() == []
    assert view.swaps["0"].state == "rolled back"


def _number_of_first_swap(rehearsal: Rehearsal) -> int:
    mortal = Mortal()
    rehearsal.run(mortal.ports(rehearsal.ports()))
    return mortal.calls.index("begin_swap")
