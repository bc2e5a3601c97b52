"""One instance as its provider shows it."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from fleet_builders import an_instance

from fleetwright.domain.instances import Instance


def test_instances_are_ordered_by_number_then_by_name() -> None:
    """R49: 2 before 10, numbers before names, names by letter."""
    ids = ["web_b", "10", "2", "web_a", "0"]

    assert sorted(ids, key=lambda i: an_instance(i).order) == ["0", "2", "10", "web_a", "web_b"]


@pytest.mark.parametrize(
    ("state", "settled", "provisioned"),
    [
        ("Succeeded", True, True),
        ("succeeded", True, True),
        ("Failed", True, False),
        ("Updating", False, False),
        ("Creating", False, False),
        ("Deleting", False, False),
        ("", False, False),
    ],
)
def test_provisioning_says_whether_somebody_is_at_work(state: str, settled: bool, provisioned: bool) -> None:
    """N21, R14: succeeded and failed are ends, in any case of letters; everything else is work under way."""
    instance = an_instance(provisioning_state=state)

    assert (instance.is_settled, instance.is_provisioned) == (settled, provisioned)


def test_the_domain_is_zone_and_update_domain() -> None:
    """R49: update domain 2 of zone 1 and update domain 2 of zone 3 are two domains."""
    assert an_instance(zone="1", update_domain=2).domain == ("1", 2)
    assert an_instance(zone="1", update_domain=2).domain != an_instance(zone="3", update_domain=2).domain


def test_an_instance_is_a_value() -> None:
    """A reading never changes after it was taken, and equal readings are equal."""
    with pytest.raises(FrozenInstanceError):
        an_instance(0).version = "1.0.0"
    assert an_instance(0) == an_instance(0)
    assert not hasattr(Instance("0"), "__dict__")
