"""A model's extensions and the order that ``provisionAfterExtensions`` gives them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.credentials import expiry_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

HEALTH_EXTENSION_TYPES = frozenset({"applicationhealthlinux", "applicationhealthwindows"})
"""Types of the Application Health extension, in lower case."""

SERVICE_FABRIC_TYPES = frozenset({"servicefabricnode", "servicefabriclinuxnode"})
"""Types of the Service Fabric extension, in lower case."""


class ExtensionOrderError(ValueError):
    """Extensions that wait for each other, or for one that is not there."""

    kind = "ExtensionOrderError"


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension of a model, as the life cycle needs it.

    :param settings: all of it, to see changes by.
    :param credentials_expire: when the first credential in its settings does; None where it has none that expires.
    """

    name: str
    publisher: str
    type: str
    type_handler_version: str
    after: tuple[str, ...]
    settings: str
    credentials_expire: datetime | None = None

    @property
    def is_health_source(self) -> bool:
        """Whether it is the Application Health extension."""
        return self.type.lower() in HEALTH_EXTENSION_TYPES

    @property
    def is_service_fabric(self) -> bool:
        """Whether it makes the scale set a Service Fabric node type."""
        return self.type.lower() in SERVICE_FABRIC_TYPES

    def is_locked_out_at(self, instant: datetime) -> bool:
        """Whether a credential in its settings has expired when it runs (R18)."""
        return self.credentials_expire is not None and self.credentials_expire <= instant


def extensions_of(profile: Mapping[str, Any]) -> tuple[Extension, ...]:
    """The extensions of a ``virtualMachineProfile`` in the order in which they run.

    :raises ExtensionOrderError: there is no such order.
    """
    listed = (profile.get("extensionProfile") or {}).get("extensions") or []
    return in_order([_extension(entry) for entry in listed])


def _extension(entry: Mapping[str, Any]) -> Extension:
    properties = entry.get("properties") or {}
    return Extension(
        name=str(entry.get("name", "")),
        publisher=str(properties.get("publisher", "")),
        type=str(properties.get("type", "")),
        type_handler_version=str(properties.get("typeHandlerVersion", "1.0")),
        after=tuple(properties.get("provisionAfterExtensions") or ()),
        settings=repr(properties),
        credentials_expire=expiry_of(properties),
    )


def in_order(extensions: Sequence[Extension]) -> tuple[Extension, ...]:
    """Each extension after those that it waits for, else in the order in which they are written.

    >>> by_hand = [Extension(n, "", "", "", after, "") for n, after in [("a", ("b",)), ("b", ())]]
    >>> [extension.name for extension in in_order(by_hand)]
    ['b', 'a']

    :raises ExtensionOrderError: some wait for each other, or for one that is not there.
    """
    waiting, done = list(extensions), list[Extension]()
    while waiting:
        following = _next_after(done, waiting)
        if following is None:
            names = ", ".join(extension.name for extension in waiting)
            raise ExtensionOrderError(f"provisionAfterExtensions of {names} can never be met")
        waiting.remove(following)
        done.append(following)
    return tuple(done)


def _next_after(done: Iterable[Extension], waiting: Iterable[Extension]) -> Extension | None:
    there = {extension.name for extension in done}
    return next((extension for extension in waiting if there.issuperset(extension.after)), None)
