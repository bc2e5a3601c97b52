"""Tokens that expire in the middle of a rollout: renewed and sent again, wherever it happens."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsals import Rehearsal, eventful, swap_states
from worlds import NEW, fault, sick, world

from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.errors import AuthenticationRefusedError
from fleetwright.azure.scale_sets import ScaleSetDriver
from fleetwright.rollout.session import Ports

Rehearse = Callable[..., Rehearsal]

EXPIRES = {"tokenExpires": True}


class RenewingTokens:
    """A numbered token for each time that one is asked for."""

    def __init__(self) -> None:
        self.fetched = 0

    def current(self) -> str | None:
        """The newest one; nobody knows that it has expired before it is refused."""
        return f"token-number-{self.fetched}" if self.fetched else None

    def fetch(self, challenge: str = "") -> str:
        """The next one."""
        del challenge
        self.fetched += 1
        return f"token-number-{self.fetched}"


def ports(rehearsal: Rehearsal, tokens: RenewingTokens) -> Ports:
    """The ports of a process that signs in with these tokens."""
    usual = rehearsal.ports()
    client = connect(AzureEndpoint(rehearsal.url, tokens), rehearsal.clock)
    driver, catalogue = ScaleSetDriver(client), AzureImageCatalogue(client)
    return Ports(usual.clock, driver, catalogue, usual.ledger, usual.regions)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "*/web"),
        ("GET", "*/virtualMachines*"),
        ("POST", "*/reimage"),
        ("GET", "*/rollingUpgrades/latest"),
    ],
)
def test_a_rollout_outlives_its_tokens(rehearse: Rehearse, method: str, path: str) -> None:
    """A token that expires at any call is renewed, the call sent again, and the rollout completes (R13, C11)."""
    expiring = [fault(EXPIRES, method, path, after=after, times=1) for after in (1, 3, 6)]
    rehearsal = rehearse(world(faults=expiring, behaviours=[sick("7")]))
    tokens = RenewingTokens()

    view = rehearsal.run(ports(rehearsal, tokens))

    assert view.rollout.state == "Completed"
    assert swap_states(view) == {"healthy": 14, "rolled back": 1}
    assert tokens.fetched >= 2
    assert rehearsal.admin.violations() == []
    assert max(rehearsal.admin.audit()["swaps"].values()) == 1


def test_a_token_that_expires_every_minute(rehearse: Rehearse) -> None:
    """Tokens that live for a minute each make a rollout no longer and no different (R13)."""

    def expire(admin: object) -> None:
        rehearsal.admin.post("faults", match={"path": "*"}, effect=EXPIRES, times=1)

    clock = eventful(*((60.0 * minute, expire) for minute in range(1, 5)))
    rehearsal = rehearse(world(), clock=clock)
    tokens = RenewingTokens()

    view = rehearsal.run(ports(rehearsal, tokens))

    assert view.rollout.state == "Completed"
    assert tokens.fetched >= 3
    assert rehearsal.admin.audit()["imageVersions"] == {NEW: 15}
    assert rehearsal.admin.violations() == []


def test_a_static_token_that_expires_stops_the_process_and_not_the_rollout(rehearse: Rehearse) -> None:
    """A static token cannot be renewed: one clear line; the next run, with a good one, goes on (R13)."""
    rehearsal = rehearse(world(2, 0, faults=[fault(EXPIRES, "GET", "*/virtualMachines*", after=4, times=1)]))
    with pytest.raises(AuthenticationRefusedError, match="a static one is never renewed"):
        rehearsal.run()
    rehearsal.wall.advance(60)

    view = rehearsal.run(ports(rehearsal, RenewingTokens()), owner="second")

    assert view.rollout.state == "Completed"
    assert rehearsal.admin.audit()["swaps"] == {"0": 1, "1": 1}
    assert rehearsal.admin.violations() == []
