"""docs/states.md shows the tables of ``states``: regenerate it with ``FLEETWRIGHT_WRITE_DOCS=1``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from fleetwright.domain.node_pools.journal import NODE_ROLLOUT_TRANSITIONS
from fleetwright.domain.node_pools.rollouts import POOL_TRANSITIONS, NodeRolloutState, PoolState
from fleetwright.domain.phase_journal import PHASE_TRANSITIONS
from fleetwright.domain.phase_runs import PhaseState
from fleetwright.domain.states import ROLLOUT_TRANSITIONS, SWAP_TRANSITIONS, RolloutState, SwapState

DOCUMENT = Path(__file__).parents[2] / "docs" / "states.md"
HOW = "FLEETWRIGHT_WRITE_DOCS=1 pytest tests/domain/test_states_document.py"


def mermaid(table: Mapping[StrEnum, frozenset[StrEnum]], states: type[StrEnum], begin: StrEnum) -> str:
    """A transition table as a Mermaid diagram, in the order in which the states are declared."""
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.name}: {state.value}" for state in states]
    lines.append(f"    [*] --> {begin.name}")
    for state in states:
        followers = [to for to in states if to in table.get(state, ())]
        lines += [f"    {state.name} --> {to.name}" for to in followers] or [f"    {state.name} --> [*]"]
    return "\n".join([*lines, "```"])


def document() -> str:
    """The whole page."""
    origin = (
        "Drawn from the tables in `include/fleetwright/domain/`: `states.py`, `phase_journal.py`,\n"
        f"`node_pools/journal.py` and `node_pools/rollouts.py`, by `{HOW}`;\n"
        "a test compares this page with them. A move that is not drawn is illegal."
    )
    return "\n\n".join(
        [
            "# States",
            origin,
            "## A rollout",
            mermaid(ROLLOUT_TRANSITIONS, RolloutState, RolloutState.ROLLING_FORWARD),
            "## The swap of one instance",
            mermaid(SWAP_TRANSITIONS, SwapState, SwapState.INTENDED),
            "## A version in a phase",
            mermaid(PHASE_TRANSITIONS, PhaseState, PhaseState.WAITING),
            "## A rollout of a cluster's node images",
            mermaid(NODE_ROLLOUT_TRANSITIONS, NodeRolloutState, NodeRolloutState.ROLLING_FORWARD),
            "## One node pool in it",
            mermaid(POOL_TRANSITIONS, PoolState, PoolState.WAITING),
            "",
        ]
    )


def _moves(drawing: str) -> set[str]:
    arrows = {line.strip() for line in drawing.splitlines() if "-->" in line}
    return {arrow for arrow in arrows if "[*]" not in arrow}


def test_the_page_shows_the_tables() -> None:
    """Picture and code cannot disagree, for a rollout and for a phase (R11, R45)."""
    if os.environ.get("FLEETWRIGHT_WRITE_DOCS"):
        DOCUMENT.write_text(document(), encoding="utf-8")

    assert DOCUMENT.read_text(encoding="utf-8") == document(), f"docs/states.md is old: run {HOW}"


def test_every_move_is_drawn_once() -> None:
    """R11: as many arrows as the tables have moves, with one for the beginning and one for each end."""
    arrows = [line.strip() for line in document().splitlines() if "-->" in line]
    tables = (
        (ROLLOUT_TRANSITIONS, RolloutState),
        (SWAP_TRANSITIONS, SwapState),
        (PHASE_TRANSITIONS, PhaseState),
        (NODE_ROLLOUT_TRANSITIONS, NodeRolloutState),
        (POOL_TRANSITIONS, PoolState),
    )
    moves = sum(len(to) for table, _states in tables for to in table.values())
    ends = sum(not table.get(state) for table, states in tables for state in states)

    assert len(arrows) == moves + ends + len(tables)
    drawn = [move for drawing in document().split("```mermaid") for move in _moves(drawing)]
    assert len(drawn) == moves
