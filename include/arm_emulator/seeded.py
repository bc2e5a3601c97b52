"""Chance without a generator: every draw is a function of the seed and of what is drawn.

The order of calls therefore never changes an outcome, and a rerun with the same seed gives the same world.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

_FRACTIONS = 2**64


def digest(*parts: object) -> str:
    """32 hex digits that stand for the given parts."""
    return blake2b("|".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def guid(*parts: object) -> str:
    """A GUID that stands for the given parts."""
    text = digest(*parts)
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


@dataclass(frozen=True, slots=True)
class Seed:
    """The number that decides every draw of a world."""

    number: int = 0

    def fraction(self, *parts: object) -> float:
        """A number in [0, 1) that belongs to the given parts."""
        return int(digest(self.number, *parts)[:16], 16) / _FRACTIONS
