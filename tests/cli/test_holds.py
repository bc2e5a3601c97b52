"""``fleetwright hold``, ``release`` and ``holds``: words, exit codes, and what rollouts make of them."""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from commands import Fleetwright
from rehearsals import Rehearsal, eventful
from worlds import FLEET_ID, NEW, START, world

from fleetwright.cli.app import exit_code
from fleetwright.domain.states import RolloutState

Rehearse = Callable[..., Rehearsal]

IMAGE = "canonical:ubuntuserver:18.04-lts"
START_AT = datetime.fromisoformat(START)
WHY = ("--by", "ann", "--reason", "a trade fair")
PHASES = """
regions:
  northeurope: {pair: westeurope}
  westeurope: {pair: northeurope}
phases:
  - name: canary
    regions: [northeurope]
  - name: "2024"
    regions: [westeurope]
"""


class HoldsDesk:
    """The three verbs on the ledger of one rehearsal."""

    def __init__(self, fleetwright: Fleetwright) -> None:
        self.fleetwright = fleetwright
        self.ledger = ("--ledger", fleetwright.rehearsal.ledger_url)

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code and both outputs of a verb."""
        ended = self.fleetwright.raw(*arguments, *self.ledger)
        return ended.code, ended.out, ended.err


@pytest.fixture
def desk(
    rehearse: Rehearse,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> HoldsDesk:
    """A ledger, two phases, and three instances to roll out over."""
    (tmp_path / "phases.yaml").write_text(PHASES)
    monkeypatch.setenv("FLEETWRIGHT_PHASES", str(tmp_path / "phases.yaml"))
    return HoldsDesk(Fleetwright(rehearse(world(3, 0)), capsys))


@pytest.mark.parametrize(
    ("word", "held", "again"),
    [
        (FLEET_ID, f"fleet {FLEET_ID.lower()}", FLEET_ID.lower()),
        (f"{FLEET_ID.upper()}/", f"fleet {FLEET_ID.lower()}", FLEET_ID.lower()),
        (NEW, f"version {NEW}", NEW),
        (f"{IMAGE}|{NEW}", f"version {IMAGE}|{NEW}", f"'{IMAGE}|{NEW}'"),
        (f"Canonical:UbuntuServer:18.04-LTS:{NEW}", f"version {IMAGE}|{NEW}", f"'{IMAGE}|{NEW}'"),
        ("canary", "phase phase_0_canary", "phase_0_canary"),
        ("phase_0_canary", "phase phase_0_canary", "phase_0_canary"),
    ],
)
def test_what_is_held_is_found_out(desk: HoldsDesk, word: str, held: str, again: str) -> None:
    """A scale set's id is a fleet, image and version or dotted numbers are a version, what the file has is a phase (R45)."""
    assert desk("hold", word, *WHY) == (
        0,
        (
            f"{held} is held by ann: a trade fair\n"
            "rollouts of it that are under way finish their open batch and wait; none begins\n"
            f"once it may go on: fleetwright release {again} --reason TEXT\n"
        ),
        "",
    )


def test_image_and_version_may_be_two_words(desk: HoldsDesk) -> None:
    """A version is named as `quarantine release` takes it, or as a gallery's id has it."""
    gallery = "/subscriptions/s/resourceGroups/r/providers/Microsoft.Compute/galleries/g/images/Web"

    assert desk("hold", IMAGE, NEW, *WHY)[1].startswith(f"version {IMAGE}|{NEW} is held")
    assert desk("hold", f"{gallery}/versions/1.0.0", *WHY)[1].startswith(
        f"version {gallery.lower()}|1.0.0 is held"
    )


def test_holding_twice_is_harmless_and_says_so(desk: HoldsDesk) -> None:
    """The first word stays; the second command tells whose it was, and succeeds."""
    desk("hold", "canary", *WHY)

    code, out, _ = desk("hold", "phase_0_canary", "--by", "bob", "--reason", "me too")

    assert code == 0
    assert out.startswith("phase phase_0_canary is held already, by ann since 20")
    assert out.endswith(" UTC: a trade fair; nothing was changed\n")
    assert desk("holds")[1].count("phase_0_canary") == 1


def test_who_holds_is_the_login_name_unless_told(desk: HoldsDesk) -> None:
    """Without --by the ledger names who is logged in."""
    code, out, _ = desk("hold", "canary", "--reason", "a trade fair")

    assert (code, out.splitlines()[0]) == (
        0,
        f"phase phase_0_canary is held by {getpass.getuser()}: a trade fair",
    )


@pytest.mark.parametrize("word", ["canary", "phase_0_canary", "CANARY"])
def test_a_release_names_what_was_held(desk: HoldsDesk, word: str) -> None:
    """A release says who held it, since when and why, and the ledger keeps both words."""
    desk("hold", "canary", *WHY)

    code, out, _ = desk("release", word, "--by", "bob", "--reason", "it is over")

    assert code == 0
    assert out.startswith("phase phase_0_canary is released by bob: it is over; it was held by ann since 20")
    assert desk("holds")[1] == f"nothing is held; ledger: {desk.ledger[1]}\n"
    (kept,) = desk.fleetwright.raw("holds", "--all", "--json", *desk.ledger).body["value"]
    assert (kept["kind"], kept["name"], kept["by"], kept["reason"]) == (
        "phase",
        "phase_0_canary",
        "ann",
        "a trade fair",
    )
    assert (kept["released"]["by"], kept["released"]["reason"]) == ("bob", "it is over")
    assert "bob: it is over" in desk("holds", "--all")[1]


def test_a_version_is_released_without_its_image_where_only_one_is_held(desk: HoldsDesk) -> None:
    """A bare version names the one image's; where two are held it does not say which, and nothing is released."""
    desk("hold", f"{IMAGE}|{NEW}", *WHY)
    assert desk("release", NEW, *WHY)[0] == 0
    for image in ("a:b:c", "a:b:d"):
        desk("hold", f"{image}|{NEW}", *WHY)

    assert desk("release", NEW, *WHY) == (
        2,
        "",
        (
            f"fleetwright: '{NEW}' names several things that are held, say which (--kind, or image|version); "
            f"held now: version a:b:c|{NEW}; version a:b:d|{NEW}; ledger: {desk.ledger[1]}\n"
        ),
    )


def test_releasing_what_is_not_held_names_what_is(desk: HoldsDesk) -> None:
    """A release that releases nothing ends with 2 and says what is held now."""
    desk("hold", "canary", *WHY)

    assert desk("release", "broad", *WHY) == (
        2,
        "",
        f"fleetwright: 'broad' is not held; held now: phase phase_0_canary; ledger: {desk.ledger[1]}\n",
    )
    desk("release", "canary", *WHY)
    assert "'canary' is not held; held now: nothing; ledger: " in desk("release", "canary", *WHY)[2]


def test_a_word_that_is_two_things_needs_its_kind(desk: HoldsDesk) -> None:
    """A phase may be called by a number; then the kind has to be said."""
    assert desk("hold", "2024", *WHY) == (
        2,
        "",
        "fleetwright: '2024' is a version and a phase: say which with --kind version or --kind phase\n",
    )
    assert desk("hold", "2024", "--kind", "phase", *WHY)[1].startswith("phase phase_1_2024 is held")
    assert desk("hold", "2024", "--kind", "version", *WHY)[1].startswith("version 2024 is held")
    assert desk("release", "2024", *WHY)[0] == 2
    assert desk("release", "2024", "--kind", "phase", *WHY)[0] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            ("hold", "europe", *WHY),
            "'europe' is nothing that can be held: a version is image|version, or dotted",
        ),
        (
            ("hold", "europe", *WHY),
            "a phase is one of phase_0_canary, phase_1_2024; a fleet is its ARM id, /sub",
        ),
        (
            ("hold", "europe", "--kind", "phase", *WHY),
            "'europe' is no phase: a phase is one of phase_0_canary",
        ),
        (("hold", "latest", "--kind", "version", *WHY), "'latest' is no version: a version is image|version"),
        (("hold", "web", "--kind", "fleet", *WHY), "'web' is no fleet: a fleet is its ARM id"),
        (("hold", f"{IMAGE}|{NEW}|westeurope", *WHY), "a version is image|version"),
        (
            ("hold", *WHY),
            "hold needs a version (image|version, or dotted numbers), a phase, or the ARM id of a scale",
        ),
        (("hold", "canary"), "--reason"),
        (("hold", "canary", "--reason", " "), "--reason is empty"),
        (("hold", "canary", "--by", "", "--reason", "x"), "--by is empty"),
        (("hold", "canary", "--kind", "region", *WHY), "--kind"),
        (("release", *WHY), "release needs a version"),
        (("release", "canary"), "--reason"),
    ],
)
def test_bad_input(desk: HoldsDesk, arguments: tuple[str, ...], told: str) -> None:
    """A word that is nothing ends with 2, one line, and what would be right; nothing is held."""
    code, out, err = desk(*arguments)

    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert told in err
    assert "nothing is held" in desk("holds")[1]


def test_a_broken_phases_file_keeps_nobody_from_holding(desk: HoldsDesk, tmp_path: Path) -> None:
    """At night a phase can be held although its file cannot be read; that nobody checked the name is told."""
    (tmp_path / "phases.yaml").write_text("phases: [")

    code, out, err = desk("hold", "phase_0_canary", *WHY)

    assert (code, out.splitlines()[0]) == (0, "phase phase_0_canary is held by ann: a trade fair")
    assert err.endswith("whether there is such a phase is not checked\n")


def test_a_rollout_is_held_before_it_begins(desk: HoldsDesk) -> None:
    """`run` and `plan` end with 3 and the hold's one line; nothing is touched, and a release lets it run (R45)."""
    desk("hold", FLEET_ID, *WHY)

    run, planned = desk.fleetwright("run"), desk.fleetwright("plan")

    assert (run.code, planned.code) == (3, 3)
    for ended in (run, planned):
        (line,) = [line for line in ended.errors if "held: " in line]
        assert f"held: fleet {FLEET_ID.lower()} is held by ann since 20" in line
        assert line.endswith(
            f" UTC: a trade fair; once it may go on: fleetwright release {FLEET_ID.lower()} --reason TEXT"
        )
    assert desk.fleetwright.rehearsal.admin.mutating() == 0
    desk("release", FLEET_ID, *WHY)
    assert desk.fleetwright("run").code == 0


@pytest.mark.parametrize("word", [FLEET_ID, NEW, f"{IMAGE}:{NEW}", "canary"])
def test_a_running_rollout_is_held_and_released_by_the_command(
    rehearse: Rehearse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, word: str
) -> None:
    """Said in mid-rollout, `hold` lets no further batch begin, and `release` lets the rollout go on (R45)."""
    (tmp_path / "phases.yaml").write_text(PHASES)
    monkeypatch.setenv("FLEETWRIGHT_PHASES", str(tmp_path / "phases.yaml"))
    codes: list[int] = []

    def say(verb: str) -> Callable[[object], None]:
        return lambda _admin: codes.append(exit_code([verb, word, *WHY, "--ledger", rehearsal.ledger_url]))

    rehearsal = rehearse(world(), clock=eventful((30, say("hold")), (900, say("release"))))

    view = rehearsal.run(phase="phase_0_canary")

    began = [(batch.began_at - START_AT).total_seconds() for batch in view.batches if batch.began_at]
    assert codes == [0, 0]
    assert view.rollout.state is RolloutState.COMPLETED
    assert [second for second in began if 30 <= second < 900] == []
    assert (began[0], len(began)) == (0, len(view.batches))
    assert rehearsal.admin.violations() == []


def test_history_shows_a_rollout_that_is_held(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> None:
    """While a rollout waits its fleet's history names its phase, and who holds it."""
    shown: list[str] = []

    def hold(_admin: object) -> None:
        exit_code(["hold", NEW, *WHY, "--ledger", rehearsal.ledger_url])

    def look(_admin: object) -> None:
        shown.append(HoldsDesk(Fleetwright(rehearsal, capsys)).fleetwright("history").out)
        exit_code(["release", NEW, *WHY, "--ledger", rehearsal.ledger_url])

    rehearsal = rehearse(world(), clock=eventful((30, hold), (600, look)))
    rehearsal.run(phase="phase_0_canary")

    assert ", by first, started by phase_0_canary\nheld: version " in shown[0]
    assert f"held: version {NEW} is held by ann since " in shown[0]


def test_history_shows_who_holds_the_fleet(desk: HoldsDesk) -> None:
    """Whoever looks at a fleet's history sees its hold, as text and as JSON."""
    assert desk.fleetwright("run").code == 0
    desk("hold", FLEET_ID, *WHY)

    shown, body = desk.fleetwright("history").out, desk.fleetwright("history", "--json").body

    assert f"held: fleet {FLEET_ID.lower()} is held by ann since 20" in shown
    assert [hold["reason"] for hold in body["holds"]] == ["a trade fair"]
    desk("release", FLEET_ID, *WHY)
    assert "holds" not in desk.fleetwright("history", "--json").body


def test_a_rollouts_phase_is_in_report_and_history(desk: HoldsDesk) -> None:
    """Where a phase started a rollout its report and its history say which one (R45)."""
    from fleetwright.rollout.report import report

    view = desk.fleetwright.rehearsal.run(phase="phase_0_canary")

    assert report(view)["phase"] == "phase_0_canary"
    (entry,) = desk.fleetwright("history", "--json").body["value"]
    assert entry["phase"] == "phase_0_canary"
    assert "phase_0_canary" in desk.fleetwright("history").out
