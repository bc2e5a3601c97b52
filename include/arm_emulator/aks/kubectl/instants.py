"""Instants as Kubernetes writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def instant_words(instant: datetime) -> str:
    """``2024-06-01T00:00:00Z``: whole seconds."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
