"""Which thing a person means: a fleet's id, an image version, or a phase."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.holds import Hold, HoldSubject, phase_name
from fleetwright.domain.images import is_exact_version
from fleetwright.domain.node_pools.ids import is_cluster_or_pool, parse_target
from fleetwright.domain.phases import PhasePlan

_PHASE = re.compile(r"[a-z0-9_]+")
_IN_A_GALLERY = "/versions/"
_VERSIONS = "a version is image|version, or dotted numbers such as 18.04.202402010"
_FLEETS = (
    "a fleet is its ARM id, /subscriptions/<guid>/resourceGroups/<name>"
    "/providers/Microsoft.Compute/virtualMachineScaleSets/<name>"
    " or …/providers/Microsoft.Batch/batchAccounts/<name>/pools/<name>"
    " or …/providers/Microsoft.ContainerService/managedClusters/<name>, with /agentPools/<name> for one pool"
)


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that can be held.

    :param name: as ``Hold.name`` writes it
    """

    subject: HoldSubject
    name: str

    def __str__(self) -> str:
        return f"{self.subject} {self.name}"


def name_thing(word: str, kind: HoldSubject | None, plan: PhasePlan | None) -> Thing:
    """The one thing that the word names.

    :param kind: what it has to be; None for whatever it is
    :param plan: the phases that there are; None where no file tells them: then every name of a phase's shape is one
    :raises ConfigurationError: when it names nothing, or more than one thing
    """
    word = word.strip()
    found = [thing for thing in _readings(word, plan) if kind in {None, thing.subject}]
    if len(found) == 1:
        return found[0]
    if found:
        kinds = " and ".join(f"a {thing.subject}" for thing in found)
        flags = " or ".join(f"--kind {thing.subject}" for thing in found)
        raise ConfigurationError(f"{word!r} is {kinds}: say which with {flags}")
    raise ConfigurationError(f"{word!r} is {_nothing(kind)}: {'; '.join(_what_would_be(kind, plan))}")


def _readings(word: str, plan: PhasePlan | None) -> Iterable[Thing]:
    """Everything that the word may mean."""
    with suppress(ConfigurationError):
        yield Thing(HoldSubject.FLEET, _fleet_key(word))
    version = read_version(word)
    if version:
        yield Thing(HoldSubject.VERSION, version)
    phase = _phase(word.lower(), plan)
    if phase:
        yield Thing(HoldSubject.PHASE, phase)


def _fleet_key(word: str) -> str:
    if not is_cluster_or_pool(word):
        return parse_fleet_id(word).key
    target = parse_target(word)
    cluster = target.cluster
    return cluster.pool_id(target.pool).lower() if target.pool else cluster.key


def read_version(word: str) -> str:
    """``image|version`` however people write it, or a bare version; empty where it is neither.

    >>> read_version("Canonical:UbuntuServer:18.04-LTS:18.04.202402010"), read_version("18.04.202402010")
    ('canonical:ubuntuserver:18.04-lts|18.04.202402010', '18.04.202402010')
    """
    # As Azure's own tools join it, as the partition key does, as a gallery's id does, or in two words.
    for separator in ("|", _IN_A_GALLERY, ":", " "):
        image, _, version = word.lower().rpartition(separator)
        if image and "|" not in image and is_exact_version(version):
            return f"{image.strip().replace(' ', ':')}|{version}"
    return word if is_exact_version(word) else ""


def _phase(word: str, plan: PhasePlan | None) -> str:
    if plan is None:
        return word if _PHASE.fullmatch(word) and not word.isdigit() else ""
    found = plan.find(word)
    return found.label if found else ""


def _nothing(kind: HoldSubject | None) -> str:
    return "nothing that can be held" if kind is None else f"no {kind}"


def _what_would_be(kind: HoldSubject | None, plan: PhasePlan | None) -> Iterable[str]:
    if kind in {None, HoldSubject.VERSION}:
        yield _VERSIONS
    if kind in {None, HoldSubject.PHASE}:
        known = ", ".join(phase.label for phase in plan.phases) if plan else ""
        yield f"a phase is one of {known}" if known else "a phase is its name, such as phase_0_canary"
    if kind in {None, HoldSubject.FLEET}:
        yield _FLEETS


def find_held(word: str, kind: HoldSubject | None, holds: tuple[Hold, ...]) -> tuple[Hold, ...]:
    """What the word names among the things that are held now; a version's image may be left away."""
    held = [hold for hold in holds if kind in {None, hold.subject}]
    exact = tuple(hold for hold in held if _names(word.strip(), hold))
    version = read_version(word.strip())
    return exact or tuple(
        hold
        for hold in held
        if hold.subject is HoldSubject.VERSION and version and hold.name.endswith(f"|{version}")
    )


def _names(word: str, hold: Hold) -> bool:
    match hold.subject:
        case HoldSubject.FLEET:
            return word.rstrip("/").lower() == hold.name
        case HoldSubject.VERSION:
            return read_version(word) == hold.name
        case HoldSubject.PHASE:
            return phase_name(word) == phase_name(hold.name)
