"""A person's yes or no before a phase, asked by Airflow's own approval and kept in the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable

from phase_scene import (
    FIRST,
    PUBLICATION,
    SECOND,
    PhaseScene,
    answer,
    let_pass,
    note_on,
    phased_world,
    question_of,
)
from small_worlds import Emulated

from fleetwright.domain.phase_runs import PhaseRun, PhaseState
from fleetwright.ledger.store import open_ledger

Scene = Callable[..., PhaseScene]
ASKS = "approval: {deadline: PT2H}"


def run_of(ledger_url: str, label: str) -> PhaseRun:
    """The phase run in the ledger."""
    found = open_ledger(ledger_url).find_phase_run(f"{label}|{PUBLICATION}")
    assert found is not None
    return found


def test_a_yes_starts_the_phase(emulator: Emulated, scene: Scene, ledger_url: str) -> None:
    """R45: the question carries the evidence of the phase before; who approved is in the ledger, and it rolls out."""
    emulator.serve(phased_world({"web": "westeurope", "far": "northeurope"}))
    stage = scene(second=ASKS)
    stage.run(FIRST)

    ran = stage.run(SECOND, after={"approve": lambda: answer(SECOND, "Approve", "ada")})

    asked = question_of(SECOND)
    assert ran.state == "success"
    assert asked.subject == f"Start {SECOND} with 18.04.202402010 of canonical:ubuntuserver:18.04-lts?"
    assert "- fleets: 1 (1 completed)" in (asked.body or "")
    assert "upgraded 2, rolled back 0" in (asked.body or "")
    run = run_of(ledger_url, SECOND)
    assert run.approval is not None
    assert (run.approval.approved, run.approval.actor) == (True, "ada")
    assert run.state is PhaseState.SUCCEEDED
    assert "approved by ada" in ran.note
    assert len(stage.rollouts) == 2


def test_whoever_is_asked_reads_what_would_begin_and_until_when(emulator: Emulated, scene: Scene) -> None:
    """R45: the question names the regions and the deadline; the note in the grid says where to answer, and by when."""
    emulator.serve(phased_world({"web": "westeurope"}))
    stage = scene(first=ASKS)
    noted: list[str] = []

    def refuse() -> None:
        noted.append(note_on(FIRST))
        answer(FIRST, "Reject", "bob")

    stage.run(FIRST, after={"approve": refuse})

    deadline = r"no answer by 20\d\d-\d\d-\d\d \d\d:\d\d UTC means no"
    assert re.search(rf"{FIRST} rolls out in westeurope; {deadline}", question_of(FIRST).body or "")
    assert re.search(rf"answer under Required Actions: {deadline}", noted[0])


def test_a_no_ends_the_run_before_anything_starts(emulator: Emulated, scene: Scene, ledger_url: str) -> None:
    """R45: nothing starts, and the run says who said no."""
    emulator.serve(phased_world({"web": "westeurope"}))
    stage = scene(first=ASKS)

    ran = stage.run(FIRST, after={"approve": lambda: answer(FIRST, "Reject", "bob")})

    assert stage.rollouts == {}
    assert "bob said no" in ran.note
    assert (ran.tasks["roll_out"], ran.tasks["judge"], ran.tasks["emit"]) == ("skipped",) * 3
    assert run_of(ledger_url, FIRST).state is PhaseState.REJECTED


def test_no_answer_by_the_deadline_means_no(emulator: Emulated, scene: Scene, ledger_url: str) -> None:
    """R45: the deadline passes, nobody is written down as who answered, and nothing starts."""
    emulator.serve(phased_world({"web": "westeurope"}))
    stage = scene(first=ASKS)

    ran = stage.run(FIRST, after={"approve": lambda: let_pass(FIRST)})

    run = run_of(ledger_url, FIRST)
    assert stage.rollouts == {}
    assert run.state is PhaseState.REJECTED
    assert run.approval is not None
    assert (run.approval.approved, run.approval.actor) == (False, "")
    assert "nobody answered by the deadline" in ran.note
