"""Reading JSON bodies: a field that is missing or of another type reads as empty, never as a crash."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Body = Mapping[str, Any]

_NOTHING: Body = {}


def decode(content: bytes) -> object:
    """The body's JSON value, None where it is empty.

    :raises ValueError: when the body is no JSON
    """
    return json.loads(content) if content.strip() else None


def as_body(value: object) -> Body:
    """The value where it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else _NOTHING


def body_at(body: Body, *path: str) -> Body:
    """The object at the path."""
    return as_body(_at(body, path))


def bodies_at(body: Body, *path: str) -> tuple[Body, ...]:
    """The objects of the list at the path."""
    found = _at(body, path)
    return tuple(as_body(item) for item in found) if isinstance(found, list) else ()


def text_at(body: Body, *path: str) -> str:
    """The text at the path."""
    found = _at(body, path)
    return found if isinstance(found, str) else ""


def texts_at(body: Body, *path: str) -> tuple[str, ...]:
    """The words of the list at the path; Azure writes zones as strings, people as numbers."""
    found = _at(body, path)
    return tuple(str(item) for item in found) if isinstance(found, list) else ()


def number_at(body: Body, *path: str) -> int:
    """The whole number at the path, 0 where there is none."""
    found = _at(body, path)
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def flag_at(body: Body, *path: str, default: bool = False) -> bool:
    """The flag at the path."""
    found = _at(body, path)
    return found if isinstance(found, bool) else default


def _at(body: Body, path: tuple[str, ...]) -> object:
    found: object = body
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found
