"""Rollouts of Flexible sets: the previous disk is kept, given back, and swept."""

from __future__ import annotations

from scenarios import Scenario
from worlds import flexible, sick, world

FLEXIBLE = {
    "flexible": Scenario(
        "a Flexible set: each machine is reimaged by a call of its own, and its old disk goes once it is confirmed (R5)",
        flexible(world(6, 3)),
    ),
    "flexible_rollback": Scenario(
        "instance web_7 of a Flexible set never becomes healthy: its previous disk itself comes back (R11, O7)",
        flexible(world(behaviours=[sick("web_7")])),
    ),
    "flexible_manual": Scenario(
        "the same without rollback: the previous disk of web_7 is kept for a person, and named (R43, O7)",
        flexible(world(behaviours=[sick("web_7")])),
        arguments=("--trigger", "manual"),
    ),
}
