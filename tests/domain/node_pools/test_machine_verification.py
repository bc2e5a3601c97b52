"""Whether every machine of a pool has what was asked for."""

from __future__ import annotations

from dataclasses import replace

from cluster_builders import NEW, OLD, machines
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.node_pools.clusters import Machine
from fleetwright.domain.node_pools.verification import judge_machines

GOOD = Machine("aks-np1-0", NEW, kubernetes_version="1.29.2")


def test_every_machine_on_the_image_is_a_whole_pool() -> None:
    """Colons and case of a name do not matter, and surge nodes that are still there do no harm (R70)."""
    seen = judge_machines(machines("np1", NEW, NEW.upper(), NEW), NEW, "1.29.2", 2)
    assert seen.is_whole
    assert seen.verified == ("aks-np1-0", "aks-np1-1", "aks-np1-2")
    assert str(seen) == "3 of 3 machines verified"


def test_a_machine_that_could_not_be_drained_says_nothing_against_the_image() -> None:
    """It stays cordoned on its old image: a straggler with its reason, and the next pool may go (N32)."""
    left = replace(GOOD, name="aks-np1-1", image=OLD, is_cordoned=True)
    seen = judge_machines((GOOD, left), NEW, "1.29.2", 2)
    assert not seen.is_whole
    assert not seen.speaks_against_image
    assert seen.verified == ("aks-np1-0",)
    assert seen.stragglers == {
        "aks-np1-1": f"on {OLD} instead of {NEW}, and cordoned: it could not be drained"
    }


def test_a_machine_that_does_not_come_on_the_image_speaks_against_it() -> None:
    """Not ready, not settled, still cordoned or missing: the next pool must not get the same image (R70)."""
    for changes, told in (
        ({"is_ready": False}, "not ready"),
        ({"provisioning_state": "Failed"}, "provisioningState Failed"),
        ({"is_cordoned": True}, "still cordoned"),
    ):
        seen = judge_machines((replace(GOOD, **changes),), NEW, "1.29.2", 1)
        assert seen.speaks_against_image
        assert seen.stragglers == {"aks-np1-0": told}
    assert judge_machines((GOOD,), NEW, "1.29.2", 3).missing == "1 of 3 machines are there"
    assert judge_machines((GOOD,), NEW, "1.29.2", 3).speaks_against_image


def test_the_kubernetes_version_stays_the_same() -> None:
    """A machine on another Kubernetes version than before is no success (R66)."""
    seen = judge_machines((replace(GOOD, kubernetes_version="1.30.0"),), NEW, "1.29.2", 1)
    assert seen.stragglers == {"aks-np1-0": "Kubernetes 1.30.0, and it was 1.29.2 before (R66)"}
    assert judge_machines((GOOD,), NEW, "v1.29", 1).is_whole
    assert judge_machines((GOOD,), NEW, "", 1).is_whole


some_machines = st.lists(
    st.builds(
        Machine,
        st.integers(0, 99).map(lambda number: f"aks-np1-{number}"),
        st.sampled_from((OLD, NEW, "")),
        st.sampled_from(("Succeeded", "Updating")),
        st.sampled_from(("1.29.2", "1.30.0")),
        st.booleans(),
        st.booleans(),
    ),
    unique_by=lambda machine: machine.name,
)


@given(some_machines, st.integers(0, 10))
def test_each_machine_is_verified_or_told(seen: list[Machine], expected: int) -> None:
    """No machine is forgotten, and one that is verified has all of it (R66, R70)."""
    found = judge_machines(seen, NEW, "1.29.2", expected)
    assert {*found.verified, *found.stragglers} == {machine.name for machine in seen}
    assert not set(found.verified) & found.stragglers.keys()
    for machine in seen:
        if machine.name in found.verified:
            assert (machine.image, machine.provisioning_state, machine.is_ready, machine.is_cordoned) == (
                NEW, "Succeeded", True, False,
            )  # fmt: skip
            assert machine.kubernetes_version == "1.29.2"
