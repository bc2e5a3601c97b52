"""What is wrong with the agent pools of a world document, and with what is said of them and of what runs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.aks.ids import node_name
from arm_emulator.aks.plane.pool_checks import name_problem, pool_problems
from arm_emulator.aks.world_image_checks import image_problems
from arm_emulator.aks.world_paths import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.aks.documents import AgentPoolExtrasDocument, ManagedClusterDocument
    from arm_emulator.aks.world_paths import Path, Problem

_PROFILES: Path = ("resource", "properties", "agentPoolProfiles")


def pools_problems(document: ManagedClusterDocument) -> Iterator[Problem]:
    """Everything that is wrong with a cluster's pools, each with its path below the cluster."""
    profiles = _said_profiles(document)
    if not isinstance(profiles, list | None):
        yield _PROFILES, f"{profiles!r} is no list"
        return
    seen: set[str] = set()
    extras = {name.lower(): said for name, said in document.x_emulator.pools.items()}
    for index, profile in enumerate(profiles or ()):
        where = (*_PROFILES, index)
        if not isinstance(profile, dict):
            yield where, f"{profile!r} is no object"
            return
        name = profile.get("name")
        problem = "is missing" if name is None else name_problem(name, profile.get("osType"))
        if problem or not isinstance(name, str):
            yield (*where, "name"), problem
            return
        if name in seen:
            yield (*where, "name"), f"{name!r} stands there twice"
        seen.add(name)
        for path, words in _profile_problems(profile, extras.get(name)):
            yield (*where, *path), words
            return
    for name, said in document.x_emulator.pools.items():
        yield from _extras_problems(name, said, _profiles(document))


def _profile_problems(profile: Mapping[str, Any], said: AgentPoolExtrasDocument | None) -> Iterator[Problem]:
    """What is wrong with one pool, each with its path below it."""
    # Nodes that are listed count themselves; calls may have left a system pool without any.
    is_counted = said is not None and said.nodes is not None
    judged = {key: value for key, value in profile.items() if not (is_counted and key == "count")}
    for problem in pool_problems(judged):
        yield path_of(problem.path), problem.message
    yield from image_problems(profile.get("nodeImageVersion"), ("nodeImageVersion",))


def _extras_problems(
    name: str, said: AgentPoolExtrasDocument, profiles: Mapping[str, Mapping[str, Any]]
) -> Iterator[Problem]:
    where: Path = ("x-emulator", "pools", name)
    profile = profiles.get(name.lower())
    if profile is None:
        yield where, f"the cluster has no agent pool {name!r}; there are: {', '.join(profiles) or 'none'}"
        return
    yield from image_problems(said.nodeImageVersion, (*where, "nodeImageVersion"))
    count = profile.get("count") or 0
    own = (node_name(str(profile["name"]), number) for number in range(count))
    there = set(own if said.nodes is None else said.nodes)
    for index, node in enumerate(said.undrainable):
        if node not in there:
            words = f"they are called {node_name(str(profile['name']), 0)} and so on, by their numbers from 0"
            yield (
                (*where, "undrainable", index),
                f"{node!r} is none of the pool's {len(there)} nodes; {words}",
            )


def workload_problems(document: ManagedClusterDocument) -> Iterator[Problem]:
    """Workloads of pools that the cluster does not have.

    Pods that are listed stand where they were; their pool may have been deleted since.
    """
    profiles = _profiles(document)
    for index, workload in enumerate(document.x_emulator.workloads):
        for number, pool in enumerate(workload.pools if workload.pods is None else ()):
            if pool.lower() not in profiles:
                known = ", ".join(profiles) or "none"
                where: Path = ("x-emulator", "workloads", index, "pools", number)
                yield where, f"the cluster has no agent pool {pool!r}; there are: {known}"


def _said_profiles(document: ManagedClusterDocument) -> object:
    return (document.resource.get("properties") or {}).get("agentPoolProfiles")


def _profiles(document: ManagedClusterDocument) -> dict[str, dict[str, Any]]:
    """The profiles that can be read, by name in lower case."""
    profiles = _said_profiles(document)
    listed = profiles if isinstance(profiles, list) else []
    return {str(p.get("name")).lower(): p for p in listed if isinstance(p, dict)}
