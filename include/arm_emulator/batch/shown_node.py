"""What a node was shown as last: kept with it, because a pool's nodes are listed again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject


class ShownNode(NamedTuple):
    """A node's JSON, as an object and as text.

    :param key: all that it follows from; with another one it is no longer true.
    """

    key: tuple[object, ...]
    content: JsonObject
    text: str
