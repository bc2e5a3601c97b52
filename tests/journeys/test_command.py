"""``python -m fleetwright_demo.journeys``: a line for each world, and one that plays a broken one again."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator

import pytest

from fleetwright_demo.journeys import __main__ as command
from fleetwright_demo.journeys import side_by_side
from fleetwright_demo.journeys.drawing import draw_world
from fleetwright_demo.journeys.playing import Played, play

SEEDS = ["--worlds", "2", "--from", "7", "--processes", "1"]


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """What a command does to the log of its process is undone."""
    root, level, handlers = logging.getLogger(), logging.getLogger().level, logging.getLogger().handlers[:]
    yield
    logging.disable(logging.NOTSET)
    root.setLevel(level)
    root.handlers[:] = handlers


def test_a_world_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Each world says what it was and how far its versions came, in the order of the seeds; all well is exit 0."""
    code = command.main(SEEDS)

    told = capsys.readouterr()
    lines = told.out.splitlines()
    assert code == 0
    assert [line.split(":")[0] for line in lines] == ["ok seed 7", "ok seed 8"]
    assert all(version.version in lines[0] for version in draw_world(7).versions)
    assert "2 worlds, 0 broken" in told.err


def test_a_world_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    """With --json each world is one object a line."""
    assert command.main([*SEEDS, "--json"]) == 0

    first = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (first["seed"], first["broken"]) == (7, [])
    assert first["again"] == "python -m fleetwright_demo.journeys --seed 7"


def test_a_broken_world_is_a_line_that_plays_it_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was broken is told with the one line that reproduces it, and the exit is 1."""

    def broken(seed: int) -> Played:
        drawn = draw_world(seed)
        return Played(drawn, None, ("R46: paired regions were in flight together",), play(7).lasted, 0.1)

    monkeypatch.setattr(side_by_side, "play", broken)

    code = command.main(["--worlds", "1", "--from", "137", "--processes", "1"])

    told = capsys.readouterr()
    assert code == 1
    assert told.out.startswith("BROKEN seed 137")
    assert "R46: paired regions" in told.err
    assert told.err.splitlines()[-1] == "python -m fleetwright_demo.journeys --seed 137"


def test_one_seed_is_told_aloud(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """With --seed what is said in the world is shown, each line with its virtual time and who says it."""
    monkeypatch.setattr(sys, "argv", ["journeys"])

    assert command.main(["--seed", "7"]) == 0

    story = capsys.readouterr().err
    assert "beginning rollout" in story
    assert story.splitlines()[0].startswith("01 0")
