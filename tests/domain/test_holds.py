"""Which hold concerns which rollout, and what is told of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fleetwright.domain.holds import Hold, Holdable, HoldSubject, find_holds, hold_text, holdable
from fleetwright.domain.records import RolloutSettings

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
FLEET = "/subscriptions/s/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/Web"
IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
ROLLOUT = holdable(RolloutSettings(FLEET, "1.0.1", image=IMAGE, phase="phase_1_europe"))


def a_hold(subject: HoldSubject, name: str, *, released: bool = False) -> Hold:
    """A person's word."""
    return Hold(subject, name, "ann", "a fair", NOW, released_at=NOW if released else None)


@pytest.mark.parametrize(
    ("subject", "name", "is_held"),
    [
        (HoldSubject.FLEET, FLEET.lower(), True),
        (HoldSubject.FLEET, FLEET.lower() + "2", False),
        (HoldSubject.VERSION, "1.0.1", True),
        (HoldSubject.VERSION, "1.0.10", False),
        (HoldSubject.VERSION, "canonical:ubuntuserver:18.04-lts|1.0.1", True),
        (HoldSubject.VERSION, "canonical:ubuntuserver:20.04-lts|1.0.1", False),
        (HoldSubject.PHASE, "phase_1_europe", True),
        (HoldSubject.PHASE, "europe", True),
        (HoldSubject.PHASE, "phase_0_canary", False),
        (HoldSubject.PHASE, "1.0.1", False),
    ],
)
def test_a_hold_is_for_what_it_names(subject: HoldSubject, name: str, *, is_held: bool) -> None:
    """A fleet is held by its id, a version with or without its image, a phase by label or name (R45)."""
    assert bool(find_holds([a_hold(subject, name)], ROLLOUT)) is is_held


def test_a_released_hold_holds_nothing() -> None:
    """Once it is released a hold concerns nobody."""
    assert find_holds([a_hold(HoldSubject.VERSION, "1.0.1", released=True)], ROLLOUT) == ()


def test_what_is_not_known_is_not_held() -> None:
    """A rollout that no phase started is held by no phase, and what has no version by no version."""
    holds = [a_hold(HoldSubject.PHASE, "phase_1_europe"), a_hold(HoldSubject.VERSION, "1.0.1")]

    assert find_holds(holds, Holdable(fleet=FLEET)) == ()


def test_a_gallerys_version_is_held_by_its_image() -> None:
    """A gallery's image is named by its id, in whatever case the rollout's settings write it."""
    image = {"id": "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/galleries/G/images/Web"}
    about = holdable(RolloutSettings(FLEET, "1.0.1", image=image))

    assert find_holds([a_hold(HoldSubject.VERSION, f"{image['id'].lower()}|1.0.1")], about)


def test_a_hold_says_who_why_since_when_and_what_releases_it() -> None:
    """One line tells a person everything, the command that ends the hold included."""
    assert hold_text(a_hold(HoldSubject.VERSION, "a:b:c|1.0.1")) == (
        "version a:b:c|1.0.1 is held by ann since 2026-11-20 09:30 UTC: a fair; "
        "once it may go on: fleetwright release 'a:b:c|1.0.1' --reason TEXT"
    )
