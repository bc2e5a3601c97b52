"""Routes by verb and path template. ARM minds no case in paths; what a template's braces find keeps its own."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from arm_emulator.arm_errors import InvalidResourceTypeError, MethodNotAllowedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from arm_emulator.wire.call import ArmCall, ArmReply
    from arm_emulator.world.world import World

    Handler = Callable[[World, ArmCall], ArmReply]

SUBSCRIPTION = "/subscriptions/{subscriptionId}"
RESOURCE_GROUP = f"{SUBSCRIPTION}/resourceGroups/{{resourceGroupName}}"
SCALE_SET = f"{RESOURCE_GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/{{vmScaleSetName}}"
INSTANCE = f"{SCALE_SET}/virtualMachines/{{instanceId}}"
GALLERY = f"{RESOURCE_GROUP}/providers/Microsoft.Compute/galleries/{{galleryName}}"
MACHINE = f"{RESOURCE_GROUP}/providers/Microsoft.Compute/virtualMachines/{{vmName}}"
COMPUTE_LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.Compute/locations/{{location}}"
CONTAINER_LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.ContainerService/locations/{{location}}"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API.

    :param touches_instances: it is an action on instances: on those that its path or its body names, or else on all.
    :param only_reads: it changes nothing at all, not even a count.
    """

    method: str
    template: str
    handler: Handler = field(repr=False)
    touches_instances: bool = False
    only_reads: bool = False

    @property
    def label(self) -> str:
        """A short name for counting: ``GET …virtualMachines``."""
        parts = self.template.strip("/").split("/")
        tail = parts[-1:]
        while tail[0].startswith("{") or _names_action_of_parameter(parts, tail):
            tail = parts[-len(tail) - 1 :]
        return f"{self.method} …{'/'.join(tail)}"


def _names_action_of_parameter(parts: list[str], tail: list[str]) -> bool:
    """Whether the tail is an action on an instance, which makes no sense without the instance before it."""
    before = parts[: len(parts) - len(tail)]
    return bool(before) and before[-1] in {"{instanceId}", "{vmName}", "{nodeId}"}


class Match(NamedTuple):
    """A route and what its template found."""

    route: Route
    parameters: dict[str, str]


class Router:
    """All routes."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        # A name in braces is one segment, so only templates of a path's own length can be its.
        self._by_length: defaultdict[int, list[tuple[Route, re.Pattern[str]]]] = defaultdict(list)
        for route in self.routes:
            self._by_length[_length(route.template)].append((route, _pattern(route.template)))

    def find(self, method: str, path: str) -> Match:
        """The route of a call.

        :raises InvalidResourceTypeError: no route has this path.
        :raises MethodNotAllowedError: some have, but with other verbs.
        """
        others: set[str] = set()
        for route, pattern in self._by_length.get(_length(path), ()):
            match = pattern.fullmatch(path)
            if match is not None and route.method == method:
                return Match(route, match.groupdict())
            if match is not None:
                others.add(route.method)
        if others:
            raise MethodNotAllowedError(f"{path} takes {', '.join(sorted(others))}, not {method}.")
        raise InvalidResourceTypeError(f"This emulator serves no route {path}.")


def _length(path: str) -> int:
    return path.removesuffix("/").count("/")


def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(template))
    return re.compile(f"{escaped}/?", re.IGNORECASE)
