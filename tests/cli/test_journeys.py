"""``fleetwright journeys``: how far each version has come, and why it is not further."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from commands import Ended

from fleetwright.cli.app import exit_code
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.phase_documents import write_left_out, write_outcome, write_start
from fleetwright.domain.phase_runs import (
    FleetOutcome,
    FleetResult,
    FleetStart,
    LeftOut,
    PhaseEvent,
    PhaseEventKind,
    phase_run_key,
)
from fleetwright.domain.publications import Publication
from fleetwright.ledger.store import open_ledger

NOW = datetime(2024, 6, 1, tzinfo=UTC)
IMAGE = "canonical:ubuntuserver:18.04-lts"
OLDER, NEWER = Publication(IMAGE, "18.04.202402010"), Publication(IMAGE, "18.04.202403010")


def event(kind: PhaseEventKind, minutes: float, **payload: Any) -> PhaseEvent:  # noqa: ANN401 - plain JSON
    """An event of a phase."""
    return PhaseEvent(kind, NOW + timedelta(minutes=minutes), payload)


def opened(publication: Publication, phase: str, minutes: float) -> PhaseEvent:
    """A phase is opened."""
    about = {"image": publication.image, "version": publication.version, "region": publication.region}
    return event(PhaseEventKind.OPENED, minutes, phase=phase, owner="run 1", **about)


@pytest.fixture
def ledger_url(tmp_path: Path) -> str:
    """A ledger in which an older version is through its first phase, and a newer one waits before it."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    ledger = open_ledger(url)
    done = FleetOutcome("/x/web", FleetResult.COMPLETED, "r1", instances=3, upgraded=3, judged=3)
    rolling = {
        "starts": [write_start(FleetStart("/x/web", "westeurope", 3, 3, 900.0))],
        "left_out": [write_left_out(LeftOut("/x/out", "out is opted out"))],
    }
    first = [
        opened(OLDER, "phase_0_first", 0),
        event(PhaseEventKind.ROLLING_BEGAN, 1, **rolling),
        event(PhaseEventKind.FLEET_ENDED, 9, **write_outcome(done)),
        event(PhaseEventKind.ENDED, 10, state="succeeded", reason=""),
    ]
    said = {"approved": False, "actor": "ann", "at": NOW.isoformat()}
    second = [
        opened(OLDER, "phase_1_second", 11),
        event(PhaseEventKind.APPROVAL_ANSWERED, 12, **said),
        event(PhaseEventKind.ENDED, 12, state="rejected", reason="ann said no"),
    ]
    until = (NOW + timedelta(minutes=50)).isoformat()
    waits = [
        opened(NEWER, "phase_0_first", 20),
        event(PhaseEventKind.WAITED, 20, reason="version 18.04.202403010 is held by ann", until=until),
    ]
    for publication, phase, told in (
        (OLDER, "phase_0_first", first),
        (OLDER, "phase_1_second", second),
        (NEWER, "phase_0_first", waits),
    ):
        ledger.append_phase_events(phase_run_key(phase, publication), told, actor="run 1")
    ledger.close()
    return url


def shown(capsys: pytest.CaptureFixture[str], url: str, *arguments: str) -> Ended:
    """What the verb prints."""
    capsys.readouterr()
    code = exit_code(["journeys", *arguments, "--ledger", url])
    printed = capsys.readouterr()
    return Ended(code, printed.out, printed.err)


def test_each_version_shows_its_phases_and_why_it_is_there(
    capsys: pytest.CaptureFixture[str], ledger_url: str
) -> None:
    """The newest version first; each phase with times, fleets by outcome, reason, answer, next look (R45)."""
    ended = shown(capsys, ledger_url)

    assert ended.code == 0
    lines = [" ".join(line.split()) for line in ended.out.splitlines() if not line.startswith("---")]
    assert lines == [
        f"18.04.202403010 of {IMAGE}",
        "phase state opened (UTC) ended (UTC) fleets upgraded rolled back left out",
        "phase_0_first waiting 2024-06-01 00:20 0 0 0 0",
        "phase_0_first: version 18.04.202403010 is held by ann",
        "phase_0_first: looked at again at 2024-06-01 00:50 UTC",
        "",
        f"18.04.202402010 of {IMAGE}",
        "phase state opened (UTC) ended (UTC) fleets upgraded rolled back left out",
        "phase_0_first succeeded 2024-06-01 00:00 2024-06-01 00:10 1 (1 completed) 3 0 1",
        "phase_1_second rejected 2024-06-01 00:11 2024-06-01 00:12 0 0 0 0",
        "phase_1_second: ann said no",
        "phase_1_second: rejected by ann at 2024-06-01 00:00 UTC",
    ]


def test_every_fleet_that_needs_a_person_has_a_line(
    capsys: pytest.CaptureFixture[str], ledger_url: str
) -> None:
    """What stopped the phase, what to do, and who was left out for now stand in lines of their own (R45, R47)."""
    ledger = open_ledger(ledger_url)
    late = LeftOut("/x/late", "its maintenance window is closed", settled=False)
    rolling = {
        "starts": [],
        "left_out": [write_left_out(late), write_left_out(LeftOut("/x/out", "opted out"))],
    }
    reason = "2 of 9 fleets failed, at most 0 may; fleet web faulted: a; b; fleet api lost; the version is quarantined: c"
    told = [
        opened(NEWER, "phase_9_last", 60),
        event(PhaseEventKind.ROLLING_BEGAN, 61, **rolling),
        event(PhaseEventKind.ENDED, 62, state="failed", reason=reason),
    ]
    ledger.append_phase_events(phase_run_key("phase_9_last", NEWER), told, actor="run 1")
    ledger.close()

    ended = shown(capsys, ledger_url, NEWER.version)

    assert ended.out.splitlines()[-5:] == [
        "phase_9_last: 2 of 9 fleets failed, at most 0 may",
        "  fleet web faulted: a; b",
        "  fleet api lost",
        "  the version is quarantined: c",
        "phase_9_last: left out, late: its maintenance window is closed",
    ]


@pytest.mark.parametrize(
    ("subject", "name", "held"),
    [
        (HoldSubject.VERSION, NEWER.version, True),
        (HoldSubject.PHASE, "second", True),
        (HoldSubject.FLEET, "/x/slow", True),
        (HoldSubject.FLEET, "/x/web", False),
        (HoldSubject.PHASE, "third", False),
    ],
)
def test_a_hold_in_the_middle_of_a_phase_is_shown(
    capsys: pytest.CaptureFixture[str], ledger_url: str, subject: HoldSubject, name: str, *, held: bool
) -> None:
    """R45: a phase that rolls, and whose rollouts wait for a release, names who holds what, and what releases it."""
    ledger = open_ledger(ledger_url)
    done = FleetOutcome("/x/web", FleetResult.COMPLETED, "r1", instances=3, upgraded=3, judged=3)
    starts = [write_start(FleetStart(fleet, "westeurope", 3, 3, 900.0)) for fleet in ("/x/web", "/x/slow")]
    rolls = [
        opened(NEWER, "phase_1_second", 30),
        event(PhaseEventKind.ROLLING_BEGAN, 31, starts=starts, left_out=[]),
        event(PhaseEventKind.FLEET_ENDED, 39, **write_outcome(done)),
    ]
    ledger.append_phase_events(phase_run_key("phase_1_second", NEWER), rolls, actor="run 2")
    ledger.add_hold(Hold(subject, name, "eve", "pager", NOW))
    ledger.close()

    ended = shown(capsys, ledger_url, NEWER.version)

    told = f"phase_1_second: {subject} {name} is held by eve since 2024-06-01 00:00 UTC: pager; once it may go on"
    assert (told in ended.out) is held


@pytest.mark.parametrize(
    ("word", "versions"),
    [
        ("18.04.202402010", ["18.04.202402010"]),
        (IMAGE.upper(), ["18.04.202403010", "18.04.202402010"]),
        (f"{IMAGE}|18.04.202403010", ["18.04.202403010"]),
        (f"{IMAGE}:18.04.202403010", ["18.04.202403010"]),
        ("1.0.0", []),
    ],
)
def test_a_word_names_an_image_or_a_version(
    capsys: pytest.CaptureFixture[str], ledger_url: str, word: str, versions: list[str]
) -> None:
    """One may ask for an image, a version, or one version of one image (R45)."""
    ended = shown(capsys, ledger_url, word, "--json")

    assert ended.code == 0
    assert [journey["version"] for journey in ended.body["value"]] == versions


def test_the_json_has_everything(capsys: pytest.CaptureFixture[str], ledger_url: str) -> None:
    """Other tools read fleets by outcome, each outcome, who was left out and why, and the answer (R45, R51)."""
    (journey,) = shown(capsys, ledger_url, "18.04.202402010", "--json").body["value"]

    first, second = journey["phases"]
    assert (first["phase"], first["state"], first["fleets"]) == (
        "phase_0_first",
        "succeeded",
        {"completed": 1},
    )
    assert first["outcomes"][0]["rolloutId"] == "r1"
    assert first["leftOut"] == [{"fleet": "/x/out", "reason": "out is opted out", "settled": True}]
    assert second["approval"] == {"approved": False, "by": "ann", "at": "2024-06-01T00:00:00+00:00"}


def test_nothing_has_travelled(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """An empty ledger is told as such, and none is made to look into it."""
    url = f"sqlite:///{tmp_path / 'none.db'}"

    ended = shown(capsys, url, "1.0.0")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("no version of 1.0.0 has come to any phase yet; ledger: ")
    assert not (tmp_path / "none.db").exists()
