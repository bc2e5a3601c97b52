"""YAML with its line numbers: values to read, and where each of them stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from fleetwright.domain.phase_checks import Place
from fleetwright.domain.regions import normal_region

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C loader where there is one


class YamlLines:
    """A YAML document; line numbers are looked for only where they are asked for.

    :param text: the document
    :raises yaml.YAMLError: when it is none
    :raises ValueError: when it holds a value that is none, such as a 13th month
    """

    def __init__(self, text: str) -> None:
        loader = _LOADER(text)
        try:
            self._root = loader.get_single_node()
            self.value: object = None if self._root is None else loader.construct_document(self._root)
        finally:
            loader.dispose()

    def line_of(self, place: Place) -> int:
        """The line of a place, from 1, or of what is nearest to it on the way there."""
        node, line = self._root, 1
        for step in place:
            found = _step(node, step)
            if found is None:
                break
            line, node = found
        return line

    def repeated_keys(self) -> Iterator[tuple[int, str]]:
        """Keys that one mapping has twice, with the line of the second: YAML keeps the last and says nothing."""
        yield from _repeated(self._root, set())


def _step(node: Any, step: str | int) -> tuple[int, Any] | None:  # noqa: ANN401 - PyYAML's nodes have no types
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if normal_region(str(key.value)) == normal_region(str(step)):
                return key.start_mark.line + 1, value
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            if index == step or (isinstance(step, str) and _is_named(item, step)):
                return item.start_mark.line + 1, item
    return None


def _is_named(node: Any, name: str) -> bool:  # noqa: ANN401 - as above
    return isinstance(node, yaml.ScalarNode) and normal_region(str(node.value)) == normal_region(name)


def _repeated(node: Any, seen: set[int]) -> Iterator[tuple[int, str]]:  # noqa: ANN401 - as above
    if id(node) in seen or not isinstance(node, yaml.CollectionNode):
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated(item, seen)
        return
    names: set[str] = set()
    for key, value in node.value:
        name = normal_region(str(key.value))
        if name in names and isinstance(key, yaml.ScalarNode):
            yield key.start_mark.line + 1, str(key.value)
        names.add(name)
        yield from _repeated(value, seen)
