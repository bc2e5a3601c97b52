"""``kubectl annotate``, ``kubectl cordon`` and ``kubectl uncordon``, of nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from arm_emulator.aks.course.telling import tell_available
from arm_emulator.aks.guest.asking import heed_annotations
from arm_emulator.aks.kubectl.arguments import parse_arguments
from arm_emulator.aks.kubectl.node_objects import node_labels
from arm_emulator.aks.kubectl.outcomes import KubectlError, Outcome, not_found
from arm_emulator.aks.kubectl.selectors import matches
from arm_emulator.aks.node import NodeStep

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.kubectl.arguments import Arguments
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World

_KINDS = frozenset({"node", "nodes", "no"})


class Chosen(NamedTuple):
    """Nodes that a command named or selected, and names that no node has."""

    nodes: list[tuple[AgentPool, Node]]
    missing: list[str]


def annotate(world: World, cluster: ManagedCluster, words: Sequence[str]) -> Outcome:
    """Set and take away annotations: ``key=value`` and ``key-``.

    :raises KubectlError: it names no nodes or no annotation, or a flag is wrong
    """
    arguments = parse_arguments(words, frozenset({"--overwrite", "--selector", "--all"}))
    named = [word for word in arguments.words if not _is_change(word)]
    changes = [word for word in arguments.words if _is_change(word)]
    if not changes:
        raise KubectlError("error: at least one annotation update is required")
    chosen = _chosen(cluster, arguments, _names(named))
    printed, exit_code = [], int(bool(chosen.missing))
    touched: list[tuple[AgentPool, Node]] = []
    for pool, node in chosen.nodes:
        problem = "" if arguments.switch("--overwrite") else _clash(node, changes)
        if problem:
            exit_code = 1
        else:
            _apply(node, changes)
            touched.append((pool, node))
        printed.append(problem or f"node/{node.name} annotated")
    heed_annotations(world, cluster, touched)
    return _outcome(exit_code, printed, chosen.missing)


def cordon(world: World, cluster: ManagedCluster, words: Sequence[str], *, is_closed: bool = True) -> Outcome:
    """Let nothing be scheduled on nodes any more, or again.

    :raises KubectlError: it names no nodes, or a flag is wrong
    """
    arguments = parse_arguments(words, frozenset({"--selector"}))
    named = arguments.words
    if named and named[0].lower() in _KINDS:
        named = named[1:]
    chosen = _chosen(cluster, arguments, [name.rpartition("/")[2] for name in named])
    verb, printed = "cordoned" if is_closed else "uncordoned", []
    for pool, node in chosen.nodes:
        before = node.serves
        already = "already " if node.is_cordoned == is_closed else ""
        node.is_cordoned = is_closed
        _tell(world, cluster, pool, node, before=before)
        printed.append(f"node/{node.name} {already}{verb}")
    return _outcome(int(bool(chosen.missing)), printed, chosen.missing)


def _names(words: list[str]) -> list[str]:
    """Names of: ``nodes a b``, ``node/a node/b``."""
    kind, slash, _ = (words or [""])[0].partition("/")
    if kind.lower() not in _KINDS:
        raise KubectlError(f"error: this kubectl annotates nodes, not {kind!r}")
    return [word.rpartition("/")[2] for word in words] if slash else words[1:]


def _chosen(cluster: ManagedCluster, arguments: Arguments, names: list[str]) -> Chosen:
    every = {node.name: (pool, node) for pool, node in _all_nodes(cluster)}
    if names:
        return Chosen([every[n] for n in names if n in every], [n for n in names if n not in every])
    selector = arguments.flags.get("--selector", "")
    if not selector and not arguments.switch("--all"):
        raise KubectlError("error: resource(s) were provided, but no name was specified")
    labelled = [
        (pool, node) for pool, node in every.values() if matches(selector, node_labels(cluster, pool, node))
    ]
    return Chosen(labelled, [])


def _all_nodes(cluster: ManagedCluster) -> Iterator[tuple[AgentPool, Node]]:
    for pool in cluster.pools.values():
        for node in sorted(pool.nodes.values(), key=lambda node: node.number):
            if node.step is not NodeStep.CREATING:
                yield pool, node


def _is_change(word: str) -> bool:
    return "=" in word or word.endswith("-")


def _clash(node: Node, changes: list[str]) -> str:
    """Why a change needs ``--overwrite``; empty where it does not."""
    for change in changes:
        key, _, value = change.partition("=")
        has = node.annotations.get(key)
        if "=" in change and has is not None and has != value:
            return (
                "error: --overwrite is false but found the following declared annotation(s): "
                f"'{key}' already has a value ({has})"
            )
    return ""


def _apply(node: Node, changes: list[str]) -> None:
    for change in changes:
        key, equals, value = change.partition("=")
        if equals:
            node.annotations[key] = value
        else:
            node.annotations.pop(key.removesuffix("-"), None)


def _tell(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, *, before: bool) -> None:
    """Somebody's command is no part of an upgrade."""
    if node.serves != before:
        tell_available(world, cluster, pool, node, available=node.serves, from_outside=True)


def _outcome(exit_code: int, printed: list[str], missing: list[str]) -> Outcome:
    lines = [*printed, *(not_found("nodes", name) for name in missing)]
    return Outcome(exit_code, "".join(f"{line}\n" for line in lines))
