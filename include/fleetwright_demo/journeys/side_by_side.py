"""Several worlds at once: a journey is one process's work, and a machine has more than one core."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Iterator, Sequence

from fleetwright_demo.journeys.playing import Played, play


def play_all(seeds: Sequence[int], processes: int) -> Iterator[Played]:
    """Play each seed, in the order of the seeds; what is said in the worlds is not shown."""
    if processes <= 1:
        _be_quiet()
        yield from map(play, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processes, initializer=_be_quiet) as pool:
        yield from pool.imap(play, seeds)


def _be_quiet() -> None:
    logging.disable(logging.CRITICAL)
