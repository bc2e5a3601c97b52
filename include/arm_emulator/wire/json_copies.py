"""Copies of JSON: what a caller is shown may be changed on its way, and a world must not change with it."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def json_copy(value: T) -> T:
    """Objects and lists anew, all the way down; ``copy.deepcopy`` does the same several times slower."""
    if isinstance(value, dict):
        return {key: json_copy(inner) for key, inner in value.items()}  # type: ignore[return-value] # a dict like it
    if isinstance(value, list):
        return [json_copy(inner) for inner in value]  # type: ignore[return-value] # a list like it
    return value
