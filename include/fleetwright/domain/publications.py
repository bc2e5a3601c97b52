"""A publication: one version of one image, which travels the regions under its own key."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.images import is_exact_version
from fleetwright.domain.regions import normal_region

_SEPARATOR = "|"


@dataclass(frozen=True, slots=True, order=True)
class Publication:
    """One version of one image (R2); one of a gallery is published region by region (R50).

    :param image: ``ImageReference.key``: the image without its version, in lower case
    :param region: where a gallery's version has been replicated; empty for one that goes through the phases
    """

    image: str
    version: str
    region: str = ""

    @property
    def key(self) -> str:
        """The partition key of its asset events: ``image|version``, with ``|region`` behind where it has one."""
        return _SEPARATOR.join(filter(None, (self.image, self.version, self.region)))

    def __str__(self) -> str:
        where = f" in {self.region}" if self.region else ""
        return f"{self.version} of {self.image}{where}"


def parse_publication(key: str) -> Publication:
    """Read a partition key.

    >>> parse_publication("canonical:ubuntuserver:18.04-lts|18.04.202402010").version
    '18.04.202402010'

    :raises ConfigurationError: when the text is no such key
    """
    image, _, rest = key.strip().partition(_SEPARATOR)
    version, _, region = rest.partition(_SEPARATOR)
    if not image or not is_exact_version(version) or _SEPARATOR in region:
        raise ConfigurationError(
            f"partition key {key!r} is not image|version or image|version|region,"
            " such as canonical:ubuntuserver:18.04-lts|18.04.202402010"
        )
    return Publication(image.lower(), version, normal_region(region))
