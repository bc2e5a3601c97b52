"""To which version a rollout goes, and whether there is a way back from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from fleetwright.domain.errors import ConfigurationError, HeldError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import IN_GALLERIES, LATEST, ImageKind, is_exact_version, is_older, newest
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Situation
from fleetwright.domain.thresholds import name_ids
from fleetwright.rollout.ports.catalogue import ImageCatalogue

HAS_VERSIONS = frozenset({ImageKind.PLATFORM, *IN_GALLERIES})
MOST_NAMED = 5  # versions of which an error says why each does not count


@dataclass(frozen=True, slots=True)
class Target:
    """The one version of a rollout.

    :param passed_over: newer versions that do not count, each with the reason, newest first
    """

    version: str
    passed_over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Search:
    """What the search for a target came to.

    :param target: None where none may be rolled out, or where none was searched for
    :param obstacle: why none was found
    """

    target: Target | None = None
    obstacle: ConfigurationError | HeldError | None = None

    @property
    def version(self) -> str:
        """The target's version, empty where there is none."""
        return self.target.version if self.target else ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why there is none, one line each."""
        if isinstance(self.obstacle, HeldError):
            return self.obstacle.reasons
        return (str(self.obstacle),) if self.obstacle else ()


def search_target(catalogue: ImageCatalogue, fleet: Fleet, asked: str) -> Search:
    """Find the target, or why there is none, so that it can be told with everything else that is wrong."""
    if fleet.image.kind not in HAS_VERSIONS:
        return Search()  # the image itself is the reason (R28)
    try:
        return Search(find_target(catalogue, fleet, asked))
    except (ConfigurationError, HeldError) as obstacle:
        return Search(obstacle=obstacle)


def find_target(catalogue: ImageCatalogue, fleet: Fleet, asked: str) -> Target:
    """The version that was asked for; for ``latest`` the newest that the region may have (R26, R27).

    :raises ConfigurationError: when there is no such version
    :raises HeldError: when there is one and it may not be rolled out, with the reason
    """
    if asked == LATEST:
        return _newest(catalogue, fleet)
    require_listed(catalogue, fleet, asked)
    reason = catalogue.why_not_rolled_out(fleet, fleet.image, asked)
    if reason:
        raise HeldError((f"version {asked} of {fleet.image.name} {reason}: it is not rolled out",))
    return Target(asked)


def require_listed(catalogue: ImageCatalogue, fleet: Fleet, asked: str) -> None:
    """Refuse a version that the catalogue does not list.

    :raises ConfigurationError: naming the newest that it does
    """
    versions = catalogue.list_versions(fleet, fleet.image)
    if asked not in versions:
        raise ConfigurationError(
            f"version {asked} of {fleet.image.name} does not exist in {fleet.location}; "
            f"the newest there is {newest(versions) or 'none'}"
        )


def find_newer(catalogue: ImageCatalogue, fleet: Fleet, version: str) -> str:
    """The newest version that may be rolled out by now, where it is newer than this one; else empty (R2)."""
    for candidate in reversed(catalogue.list_versions(fleet, fleet.image)):
        if not is_older(version, candidate):
            return ""
        if not catalogue.why_not_rolled_out(fleet, fleet.image, candidate):
            return candidate
    return ""


def tell_withdrawn(fleet: Fleet, situation: Situation, why: str) -> str:
    """Why a rollout to a version that was withdrawn stops, on what the instances are, and what to do."""
    target = situation.target_version
    on_target = sum(instance.version == target for instance in situation.instances)
    return (
        f"Rolling Upgrade stopped: version {target} of {fleet.image.name} {why}. {on_target} of {situation.total} "
        f"{fleet.kind.member}s run it and stay, the others keep what they have. "
        "Start again to go to the newest version that there is then."
    )


def versions_left_behind(instances: Iterable[Instance], target: str) -> dict[str, tuple[str, ...]]:
    """The versions that a rollout takes instances away from, and which instances each has."""
    found: dict[str, tuple[str, ...]] = {}
    for instance in instances:
        # One that is protected is never swapped, so never rolled back.
        if not instance.protected and is_older(instance.version, target):
            found[instance.version] = (*found.get(instance.version, ()), instance.instance_id)
    return found


def why_no_way_back(catalogue: ImageCatalogue, fleet: Fleet, left: Mapping[str, tuple[str, ...]]) -> str:
    """Why a rollback is impossible (O6): a previous version that the region cannot deploy; empty where it can.

    A Flexible set gets its previous disks themselves back (O7), whatever can be deployed by then: there only a version
    that is not known has no way back.
    """
    if fleet.is_flexible:
        left = {version: ids for version, ids in left.items() if not is_exact_version(version)}
    why_gone = partial(catalogue.why_not_deployable, fleet, fleet.image)
    gone = {version: reason for version in left if (reason := why_gone(version))}
    if not gone:
        return ""
    named = "; ".join(
        f"{version or 'unknown'} ({fleet.kind.member}s {name_ids(left[version])}) {reason}"
        for version, reason in sorted(gone.items())
    )
    return f"rollback is impossible: previous version {named} (O6)"


def _newest(catalogue: ImageCatalogue, fleet: Fleet) -> Target:
    passed: list[str] = []
    for candidate in reversed(catalogue.list_versions(fleet, fleet.image)):
        reason = catalogue.why_not_rolled_out(fleet, fleet.image, candidate)
        if not reason:
            return Target(candidate, tuple(passed))
        passed.append(f"{candidate} {reason}")
    if not passed:
        raise ConfigurationError(f"image {fleet.image.name} has no version in {fleet.location}")
    more = f"; and {len(passed) - MOST_NAMED} older ones" if len(passed) > MOST_NAMED else ""
    reasons = "; ".join(passed[:MOST_NAMED])
    raise HeldError((f"no version of {fleet.image.name} can be rolled out now: {reasons}{more}",))


def newest_version(catalogue: ImageCatalogue, fleet: Fleet) -> str | None:
    """The version on which a new instance of the set comes up now; None where that cannot be told."""
    found = search_target(catalogue, fleet, LATEST)
    return found.version or None
