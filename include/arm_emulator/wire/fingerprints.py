"""Bearer tokens as they may be kept: nobody can call anything with what is written down of one."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import sha256

_PREFIX = "sha256:"
_FINGERPRINT = re.compile(rf"{_PREFIX}[0-9a-f]{{64}}")


@lru_cache(maxsize=256)
def fingerprint(token: str) -> str:
    """What tells a token from every other one and does not show it; a fingerprint is its own.

    >>> fingerprint("any")[:15], fingerprint(fingerprint("any")) == fingerprint("any")
    ('sha256:67c6b3d0', True)
    """
    return token if _FINGERPRINT.fullmatch(token) else _PREFIX + sha256(token.encode()).hexdigest()


def fingerprinted(authorization: str) -> str:
    """An ``Authorization`` header with its credentials' fingerprint in their place."""
    scheme, space, token = authorization.partition(" ")
    return f"{scheme} {fingerprint(token.strip())}" if space and token.strip() else scheme
