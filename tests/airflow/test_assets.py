"""Names of assets and their partition keys."""

from __future__ import annotations

import pytest

from fleetwright.airflow.assets import (
    GALLERY_IMAGE,
    MAX_KEY_LENGTH,
    OS_IMAGE,
    partition_key,
    phase_asset,
)
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.phases import Phase
from fleetwright.domain.publications import Publication


def test_every_asset_is_named_after_what_it_tells() -> None:
    """Images, gallery images and phases have an asset each, named as people read it in the graph (R45, R50)."""
    assets = (OS_IMAGE, GALLERY_IMAGE, phase_asset(Phase(0, "canary", ("westeurope",))))
    assert [asset.name for asset in assets] == ["os_image", "gallery_image", "phase_0_canary"]
    uris = [asset.uri.rstrip("/") for asset in assets]  # Airflow ends an authority with a slash
    assert uris == [f"fleetwright://{asset.name}" for asset in assets]


def test_airflow_takes_the_longest_key_and_a_longer_one_is_refused_by_name() -> None:
    """The limit is Airflow's own; a longer key is refused naming its length and what to shorten (R50)."""
    from airflow.sdk.execution_time.context import OutletEventAccessors

    fitting = Publication("i" * (MAX_KEY_LENGTH - 2), "1")
    events = OutletEventAccessors()[GALLERY_IMAGE]
    events.add_partitions(partition_key(fitting))
    with pytest.raises(ValueError, match="at most 250"):
        events.add_partitions(fitting.key + "0")
    with pytest.raises(ConfigurationError, match=r"has 251 characters.*shorter name"):
        partition_key(Publication(fitting.image, "10"))
