"""``kubectl get``."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.aks.kubectl import printing
from arm_emulator.aks.kubectl.arguments import parse_arguments
from arm_emulator.aks.kubectl.columns import CUSTOM_COLUMNS, column_lines, parse_columns
from arm_emulator.aks.kubectl.node_objects import node_objects
from arm_emulator.aks.kubectl.outcomes import KubectlError, Outcome, not_found
from arm_emulator.aks.kubectl.pod_objects import budget_objects, pod_objects
from arm_emulator.aks.kubectl.selectors import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.kubectl.arguments import Arguments
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

_FLAGS = frozenset(
    {
        "--namespace",
        "--output",
        "--selector",
        "--all-namespaces",
        "--no-headers",
        "--chunk-size",
        "--request-timeout",
    }
)


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object that can be got.

    :param plural: as the API server names it in errors
    :param name: before an object's own with ``-o name``
    :param usual: the columns that are printed without ``-o wide``
    """

    plural: str
    name: str
    objects: Callable[[World, ManagedCluster], Iterator[JsonObject]]
    row: Callable[[JsonObject, datetime], dict[str, str]]
    usual: frozenset[str]

    @property
    def is_namespaced(self) -> bool:
        """Whether its objects are in namespaces."""
        return "NAMESPACE" in self.usual


_NODES = Resource(
    "nodes",
    "node",
    node_objects,
    printing.node_row,
    frozenset({"NAME", "STATUS", "ROLES", "AGE", "VERSION"}),
)
_PODS = Resource(
    "pods",
    "pod",
    pod_objects,
    printing.pod_row,
    frozenset({"NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS"}),
)
_BUDGETS = Resource(
    "poddisruptionbudgets.policy",
    "poddisruptionbudget.policy",
    budget_objects,
    printing.budget_row,
    frozenset({"NAMESPACE", "NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS"}),
)
_RESOURCES: Mapping[str, Resource] = MappingProxyType(
    {
        **dict.fromkeys(("node", "nodes", "no"), _NODES),
        **dict.fromkeys(("pod", "pods", "po"), _PODS),
        **dict.fromkeys(
            (
                "pdb",
                "poddisruptionbudget",
                "poddisruptionbudgets",
                "poddisruptionbudget.policy",
                "poddisruptionbudgets.policy",
            ),
            _BUDGETS,
        ),
    }
)


def get(world: World, cluster: ManagedCluster, words: Sequence[str]) -> Outcome:
    """Print objects.

    :raises KubectlError: there is no such kind of object, or a flag is wrong
    """
    arguments = parse_arguments(words, _FLAGS)
    if not arguments.words:
        raise KubectlError("error: Required resource not specified.")
    resource, names = _asked_for(arguments.words)
    every = [o for o in resource.objects(world, cluster) if _is_in_reach(resource, arguments, o)]
    if not names:
        found = every
        return Outcome(0, _printed(world, resource, arguments, found, is_single=False))
    by_name = {found["metadata"]["name"]: found for found in every}
    missing = [name for name in names if name not in by_name]
    found = [by_name[name] for name in names if name in by_name]
    printed = _printed(world, resource, arguments, found, is_single=len(names) == 1) if found else ""
    errors = "".join(f"{not_found(resource.plural, name)}\n" for name in missing)
    return Outcome(1 if missing else 0, printed + errors)


def _asked_for(words: Sequence[str]) -> tuple[Resource, list[str]]:
    """The kind of object and the names of: ``nodes a b``, ``node/a node/b``."""
    kind, slash, _ = words[0].partition("/")
    resource = _RESOURCES.get(kind.lower())
    if resource is None:
        raise KubectlError(f'error: the server doesn\'t have a resource type "{kind}"')
    names = [word.rpartition("/")[2] for word in words] if slash else list(words[1:])
    return resource, names


def _is_in_reach(resource: Resource, arguments: Arguments, found: JsonObject) -> bool:
    """Whether the namespace and the selector let an object be seen."""
    metadata = found["metadata"]
    everywhere = not resource.is_namespaced or arguments.switch("--all-namespaces")
    if not everywhere and metadata["namespace"] != arguments.flags.get("--namespace", "default"):
        return False
    return matches(arguments.flags.get("--selector", ""), metadata.get("labels", {}))


def _printed(
    world: World, resource: Resource, arguments: Arguments, found: list[JsonObject], *, is_single: bool
) -> str:
    form = arguments.flags.get("--output", "")
    if form == "name":
        return "".join(f"{resource.name}/{o['metadata']['name']}\n" for o in found)
    if form.startswith(CUSTOM_COLUMNS):
        columns, has_headings = parse_columns(form), not arguments.switch("--no-headers")
        return printing.print_table(column_lines(columns, found, has_headings=has_headings))
    if form not in {"", "wide"}:
        return printing.print_structure(form, found[0] if is_single else printing.print_list(found))
    if not found:
        return _nothing(resource, arguments)
    rows = [_row(world, resource, arguments, o) for o in found]
    lines = [list(row.values()) for row in rows]
    if not arguments.switch("--no-headers"):
        lines.insert(0, list(rows[0]))
    return printing.print_table(lines)


def _row(world: World, resource: Resource, arguments: Arguments, found: JsonObject) -> dict[str, str]:
    row = resource.row(found, world.now)
    if not arguments.switch("--all-namespaces"):
        row.pop("NAMESPACE", None)
    is_wide = arguments.flags.get("--output") == "wide"
    return {column: text for column, text in row.items() if is_wide or column in resource.usual}


def _nothing(resource: Resource, arguments: Arguments) -> str:
    if not resource.is_namespaced or arguments.switch("--all-namespaces"):
        return "No resources found\n"
    return f"No resources found in {arguments.flags.get('--namespace', 'default')} namespace.\n"
