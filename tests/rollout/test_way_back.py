"""Whether instances can be given their previous version back."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import FLEET_ID, NEW, OLD

from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import Instance
from fleetwright.rollout.targets import versions_left_behind, why_no_way_back

IMAGE = ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest")


class EmptyCatalogue:
    """A catalogue that has no version any more; it is asked for nothing else."""

    def why_not_deployable(self, _fleet: Fleet, _image: ImageReference, _version: str) -> str:
        """Gone, whichever it is."""
        return "is not in the catalogue"


def why(mode: str, *versions: str) -> str:
    """The reason for a set whose instances run these versions."""
    fleet = Fleet(
        fleet_id=parse_fleet_id(FLEET_ID),
        location="westeurope",
        capacity=len(versions),
        image=IMAGE,
        orchestration_mode=mode,
    )
    instances = [Instance(str(n), version=version) for n, version in enumerate(versions)]
    catalogue: Any = EmptyCatalogue()
    return why_no_way_back(catalogue, fleet, versions_left_behind(instances, NEW))


def test_vanished_version_is_no_way_back_on_uniform_sets() -> None:
    """O6, O7: the previous version would come on a new disk, which nothing can make any more."""
    assert why("Uniform", OLD, NEW) == (
        f"rollback is impossible: previous version {OLD} (instances 0) is not in the catalogue (O6)"
    )


@pytest.mark.parametrize("mode", ["Flexible", "flexible"])
def test_vanished_version_is_a_way_back_on_flexible_sets(mode: str) -> None:
    """O6, O7: the previous disk itself comes back, so the catalogue is not asked."""
    assert why(mode, OLD, OLD) == ""


def test_unknown_version_is_no_way_back_anywhere() -> None:
    """O6: nobody can tell whether what came back is what there was, on Flexible sets neither; the known ones are not named."""
    assert "previous version unknown (instances 1)" in why("Flexible", OLD, "")
    assert OLD not in why("Flexible", OLD, "")
