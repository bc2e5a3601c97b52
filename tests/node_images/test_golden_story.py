"""What a person reads of a rollout of node images, line by line."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from cluster_rehearsals import ClusterRehearsal
from clusters import cluster, pool, window, world
from keeping import difference

from fleetwright.node_images.narrate import summary_lines

KEPT = Path(__file__).parent / "testdata" / "story.txt"


def test_the_story_of_a_rollout(
    rehearse: Callable[..., ClusterRehearsal], caplog: pytest.LogCaptureFixture
) -> None:
    """R65, N31, N33: plan, nodes, a straggler, a pool that is left, and the end read as they were kept."""
    caplog.set_level(logging.INFO, "fleetwright.node_images")
    pools = (
        pool("system", 2, mode="System"),
        pool("stuck", 2, undrainableNodeBehavior="Cordon"),
        pool("huge", 90),
    )
    undrainable = {"pools": {"stuck": {"undrainable": ["aks-stuck-1"]}}}
    rehearsal = rehearse(world(cluster(*pools, windows=(window(),), **undrainable)))

    rollout = rehearsal.run()

    # Other tests have had a command set up, which lets other parts of Fleetwright speak up as well.
    ours = (r.getMessage() for r in caplog.records if r.name.startswith("fleetwright.node_images"))
    told = [line for line in ours if "ledger:" not in line]
    text = "\n".join([*told, "", *summary_lines(rollout), ""])
    assert not difference(KEPT, re.sub(r"web-\d{8}T\d{6}Z-[0-9a-f]{6}", "<rollout>", text))
