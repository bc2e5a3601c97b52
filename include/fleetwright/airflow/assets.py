"""The assets along which publications travel in Airflow, and their partition keys: every name in one place.

Light: parsing a DAG loads nothing else of Fleetwright for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import Asset, AssetWatcher

from fleetwright.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from airflow.triggers.base import BaseEventTrigger

    from fleetwright.domain.phases import Phase
    from fleetwright.domain.publications import Publication

WATCH_DAG = "image_watch"
GALLERY_DAG = "gallery_rollout"

# As wide as Airflow's column (``OutletEventAccessor.add_partitions``).
MAX_KEY_LENGTH = 250

_SCHEME = "fleetwright://"
_GROUP = "fleetwright"


def _asset(name: str) -> Asset:
    return Asset(name=name, uri=f"{_SCHEME}{name}", group=_GROUP)


OS_IMAGE = _asset("os_image")
"""A version of a platform image begins its way through the phases; keys are ``image|version``."""

GALLERY_IMAGE = _asset("gallery_image")
"""A version of a gallery's image has been replicated to a region (R50); keys are ``image|version|region``."""


def news_asset(trigger: BaseEventTrigger) -> Asset:
    """What wakes the image watch between two looks, as its trigger says."""
    name = "image_news"
    watchers = [AssetWatcher(name=name, trigger=trigger)]
    return Asset(name=name, uri=f"{_SCHEME}{name}", group=_GROUP, watchers=watchers)


def phase_asset(phase: Phase) -> Asset:
    """What a phase that succeeded emits, under the same key: the next phase listens to it."""
    return _asset(phase.label)


def partition_key(publication: Publication) -> str:
    """The key of a publication's asset events.

    :raises ConfigurationError: when Airflow has no room for it: only a gallery's id can be that long
    """
    key = publication.key
    if len(key) > MAX_KEY_LENGTH:
        raise ConfigurationError(
            f"partition key {key} has {len(key)} characters, and Airflow keeps at most {MAX_KEY_LENGTH}:"
            " give the gallery, its image or its resource group a shorter name"
        )
    return key
