"""Security patches for running nodes: the annotation by which AKS itself asks for them (R69)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fleetwright.domain.errors import ConfigurationError

_GOAL = "kubernetes.azure.com/live-patching-golden-timestamp"
# Names that Kubernetes allows; anything else would be read by a shell.
_NODE = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_DATE = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})", re.ASCII)


def annotate_command(nodes: Sequence[str], patched_to: str) -> str:
    """The command that has nodes apply what was published up to a date; sent again it changes nothing.

    :param patched_to: as image names write it
    :raises ConfigurationError: for no node at all, a name that no node has, or what is no date

    >>> annotate_command(["aks-np1-0"], "2024.02.20")
    'kubectl annotate node aks-np1-0 kubernetes.azure.com/live-patching-golden-timestamp=20240220T000000Z --overwrite'
    """
    match = _DATE.fullmatch(patched_to)
    if match is None:
        raise ConfigurationError(f"security patches up to {patched_to!r}: it is a date such as 2024.02.20")
    if not nodes:
        raise ConfigurationError("no node is named that should apply security patches")
    wrong = next((node for node in nodes if not _NODE.fullmatch(node)), None)
    if wrong is not None:
        raise ConfigurationError(f"node {wrong!r} has a name that no node of Kubernetes can have")
    return f"kubectl annotate node {' '.join(nodes)} {_GOAL}={''.join(match.groups())}T000000Z --overwrite"
