"""How the versions of an image stand to a rollout in one region."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ImageVersion:
    """One version of an image, as one region sees it.

    :param missing: why the region cannot deploy it, empty where it can (R26)
    :param withheld: why no rollout goes to it although it may be deployed there (R27), empty where one may
    """

    version: str
    missing: str = ""
    withheld: str = ""

    @property
    def obstacle(self) -> str:
        """Why no rollout goes to it there; empty where one may."""
        return self.missing or self.withheld

    def __str__(self) -> str:
        return f"{self.version} {self.obstacle}" if self.obstacle else self.version
