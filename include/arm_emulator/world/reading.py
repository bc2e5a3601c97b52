"""World files: YAML or JSON on disk, and the line on which something is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from arm_emulator.world.errors import WorldError
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from pathlib import Path

    from arm_emulator.world.document import WorldDocument


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C loader where there is one
    """YAML without dates: an instant stays the text that ARM would send. A key that stands twice is an error."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own way to configure a loader
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


def _unique_mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:  # noqa: ANN401 - PyYAML has no type for it
    """A mapping none of whose own keys stands twice; what it merges in (``<<``) its own keys overrule."""
    _require_unique(loader, node)
    loader.flatten_mapping(node)
    return {
        loader.construct_object(key, deep=True): loader.construct_object(value, deep=True)
        for key, value in node.value
    }


def _require_unique(loader: Any, node: yaml.MappingNode) -> None:  # noqa: ANN401 - as above
    seen: set[Any] = set()
    for key_node, _ in node.value:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, str | int | float | bool | None):
            raise yaml.constructor.ConstructorError(
                None, None, "a key must be plain text", key_node.start_mark
            )
        if key in seen:
            raise yaml.constructor.ConstructorError(
                None, None, f"key {key!r} stands there twice", key_node.start_mark
            )
        seen.add(key)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def read_world(path: Path) -> WorldDocument:
    """Read and check a world file.

    :raises WorldError: the file is not there, is neither YAML nor JSON, or is wrong; the error has the line where it
        is known.
    """
    text = _text_of(path)
    raw = parse_world(text)
    try:
        return validated(raw)
    except WorldError as error:
        raise WorldError(error.message, path=error.path, line=_line_of(text, error.path)) from None


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise WorldError(f"cannot be read: {reason}") from None


def parse_world(text: str) -> object:
    """What the YAML or JSON says.

    :raises WorldError: it is neither.
    """
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError:
            pass  # a YAML flow mapping may start with a brace as well
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - the loader above is a safe one
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise WorldError(f"not YAML: {error.problem}", line=mark.line + 1 if mark else None) from None
    except yaml.YAMLError as error:
        raise WorldError(f"not YAML: {error}") from None


def _line_of(text: str, path: tuple[str | int, ...]) -> int | None:
    """The line on which the deepest part of a path that exists stands."""
    node = yaml.compose(text, Loader=_Loader)
    line: int | None = None
    for part in path:
        found = _child(node, part)
        if found is None:
            return line
        line, node = found
    return line


def _child(node: yaml.Node | None, part: str | int) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line + 1, value
    return None
