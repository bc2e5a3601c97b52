"""Image versions are dotted numbers of any arity, ordered by number and never by letter."""

from __future__ import annotations


def version_order(version: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key: ``18.04.9`` comes before ``18.04.10``; a part that is no number comes before all numbers."""
    return tuple((1, int(part), "") if part.isdecimal() else (0, 0, part) for part in version.split("."))


def is_lower(version: str, than: str) -> bool:
    """Whether a version is older than another."""
    return version_order(version) < version_order(than)
