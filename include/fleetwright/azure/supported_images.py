"""Azure's published tables of platform images that are upgraded automatically, shipped as data (R53, C3)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from fleetwright.domain.images import ImageReference


def is_listed(image: ImageReference) -> bool:
    """Whether publisher, offer and SKU stand in a table, in whatever case they are written."""
    return (image.publisher.lower(), image.offer.lower(), image.sku.lower()) in listed_images()


@cache
def listed_images() -> frozenset[tuple[str, str, str]]:
    """Every image of the tables: publisher, offer, SKU in lower case."""
    text = files("fleetwright.azure").joinpath("supported_images.yaml").read_text(encoding="utf-8")
    table: dict[str, dict[str, list[str]]] = yaml.safe_load(text)
    return frozenset(
        (publisher.lower(), offer.lower(), sku.lower())
        for publisher, offers in table.items()
        for offer, skus in offers.items()
        for sku in skus
    )
