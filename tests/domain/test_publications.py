"""The key under which one version of one image travels."""

from __future__ import annotations

import pytest

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.publications import Publication, parse_publication

PLATFORM = Publication("canonical:ubuntuserver:18.04-lts", "18.04.202402010")


@pytest.mark.parametrize(
    "publication", [PLATFORM, Publication("/subscriptions/s/images/web", "1.0.2", "westus")]
)
def test_a_key_reads_back_as_what_it_is_of(publication: Publication) -> None:
    """R2, R50: image and version, and the region where a gallery's has one, are all that the key carries."""
    assert parse_publication(publication.key) == publication


@pytest.mark.parametrize("region", ["westeurope", "West Europe", "WestEurope"])
def test_a_publication_is_one_however_a_person_writes_it(region: str) -> None:
    """R50: what a person typed leads to the phase run that the watch has begun, and to no second one."""
    typed = parse_publication(f" Canonical:UbuntuServer:18.04-LTS|18.04.202402010|{region}")

    assert typed == Publication(PLATFORM.image, PLATFORM.version, "westeurope")


@pytest.mark.parametrize("key", ["", "a:b:c", "a:b:c|latest", "|1.0", "a:b:c|1.0|west|north"])
def test_what_is_no_key_is_refused_by_name(key: str) -> None:
    """R2: one line has the key, and what would be one."""
    with pytest.raises(ConfigurationError) as refused:
        parse_publication(key)

    assert repr(key) in str(refused.value)
    assert "image|version" in str(refused.value)
