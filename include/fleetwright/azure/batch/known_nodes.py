"""Nodes that were read before: on a page that has changed most nodes are still as they were."""

from __future__ import annotations

from fleetwright.azure.batch.node_parsing import Node, parse_node
from fleetwright.azure.bodies import Body, text_at


class KnownNodes:
    """Takes a node apart only where it shows something else than at the last look."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[Body, Node]] = {}

    def parse(self, body: Body) -> Node:
        """The node; the same body is the same node, whatever pool it is of."""
        name = text_at(body, "id")
        kept = self._kept.get(name)
        if kept is not None and kept[0] == body:
            return kept[1]
        node = parse_node(body)
        self._kept[name] = body, node
        return node
