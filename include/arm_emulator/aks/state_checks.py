"""What is wrong with the nodes that a world document lists for agent pools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arm_emulator.aks.documents import AgentPoolExtrasDocument, ManagedClusterDocument

Problem = tuple[tuple[str | int, ...], str]


def node_problems(documents: Sequence[ManagedClusterDocument]) -> Iterator[Problem]:
    """Everything that is wrong, each with its path below ``managedClusters``."""
    for index, document in enumerate(documents):
        profiles = {str(p.get("name")).lower(): p for p in _profiles(document)}
        for name, said in document.x_emulator.pools.items():
            where = (index, "x-emulator", "pools", name)
            profile = profiles.get(name.lower())
            if profile is None:
                known = ", ".join(profiles) or "none"
                yield where, f"the cluster has no agent pool {name!r}; there are: {known}"
            else:
                yield from (((*where, *path), words) for path, words in _of_pool(name, profile, said))


def _profiles(document: ManagedClusterDocument) -> list[dict[str, Any]]:
    properties = document.resource.get("properties")
    profiles = properties.get("agentPoolProfiles") if isinstance(properties, dict) else None
    return [profile for profile in profiles or () if isinstance(profile, dict)]


def _of_pool(name: str, profile: dict[str, Any], said: AgentPoolExtrasDocument) -> Iterator[Problem]:
    form = re.compile(rf"aks-{re.escape(name)}-\d{{1,9}}", re.IGNORECASE)
    for key, named in (("undrainable", said.undrainable), ("nodes", list(said.nodes or ()))):
        for node in named:
            if form.fullmatch(node) is None:
                yield (
                    (key,),
                    f"{node!r} is no node of the pool: they are called aks-{name}-0, aks-{name}-1 ...",
                )
    if said.nodes is None:
        return
    own = sum(not node.surge and not node.leaving for node in said.nodes.values())
    if own != profile.get("count"):
        yield (
            ("nodes",),
            f"{own} nodes that are no surge nodes and do not leave, but count is {profile.get('count')}",
        )
