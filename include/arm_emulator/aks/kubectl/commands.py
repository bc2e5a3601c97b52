"""Which command a line is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from arm_emulator.aks.kubectl.arguments import parse_arguments
from arm_emulator.aks.kubectl.changing import annotate, cordon
from arm_emulator.aks.kubectl.getting import get
from arm_emulator.aks.kubectl.outcomes import KubectlError, Outcome
from arm_emulator.aks.kubectl.shell import run_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.world.world import World

_NOT_FOUND = 127
_CLIENT = "v1.31.0"


def run_command_text(world: World, cluster: ManagedCluster, text: str) -> Outcome:
    """Run the commands of a text on a cluster, as its administrator."""
    return run_text(text, lambda words: _run(world, cluster, words))


def _run(world: World, cluster: ManagedCluster, words: Sequence[str]) -> Outcome:
    if words[0] == "echo":
        return Outcome(0, f"{' '.join(words[1:])}\n")
    if words[0] != "kubectl":
        return Outcome(_NOT_FOUND, f"sh: {words[0]}: not found (this emulator has kubectl and echo alone)\n")
    try:
        return _kubectl(world, cluster, words[1:])
    except KubectlError as error:
        return Outcome(1, f"{error.message}\n")


def _kubectl(world: World, cluster: ManagedCluster, words: Sequence[str]) -> Outcome:
    verb, rest = (words[0], words[1:]) if words else ("", ())
    match verb:
        case "get":
            return get(world, cluster, rest)
        case "annotate":
            return annotate(world, cluster, rest)
        case "cordon" | "uncordon":
            return cordon(world, cluster, rest, is_closed=verb == "cordon")
        case "version":
            return _version(cluster, rest)
    raise KubectlError(
        f'error: unknown command "{verb}" for "kubectl" '
        "(this emulator knows get, annotate, cordon, uncordon and version)"
    )


def _version(cluster: ManagedCluster, words: Sequence[str]) -> Outcome:
    arguments = parse_arguments(words, frozenset({"--output", "--client"}))
    properties = cluster.resource["properties"]
    server = f"v{properties.get('currentKubernetesVersion') or properties.get('kubernetesVersion') or ''}"
    versions = {"clientVersion": {"gitVersion": _CLIENT}, "serverVersion": {"gitVersion": server}}
    if arguments.switch("--client"):
        del versions["serverVersion"]
    if arguments.flags.get("--output") == "json":
        return Outcome(0, json.dumps(versions, indent=2) + "\n")
    words_of = {"clientVersion": "Client Version", "serverVersion": "Server Version"}
    return Outcome(0, "".join(f"{words_of[key]}: {said['gitVersion']}\n" for key, said in versions.items()))
