"""The watch file: what it may say, and the words of every refusal."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.seen_images import WatchTimes
from fleetwright.phases.watch.watch_file import USUAL_WATCH_FILE, load_watch_times, watch_file


def test_the_example_says_what_is_usual() -> None:
    """30 to 60 minutes after publication, and within three hours of the enabling (R29)."""
    assert load_watch_times(USUAL_WATCH_FILE) == WatchTimes()
    assert watch_file({}) == USUAL_WATCH_FILE
    assert WatchTimes().cadence + WatchTimes().publication_delay == timedelta(minutes=60)
    assert 2 * WatchTimes().cadence + WatchTimes().enablement_delay == timedelta(hours=3)


def test_the_demo_acts_at_once() -> None:
    """Its delays are nothing, as data (R29)."""
    times = load_watch_times(USUAL_WATCH_FILE.with_name("watch-demo.yaml"))
    assert (times.publication_delay, times.enablement_delay) == (timedelta(), timedelta())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cadence: 30", ":1: cadence is 30; it must be a length of time such as PT1H"),
        ("cadence: PT10S", "cadence is 10s; it must be from 1m to 1d"),
        ("poll: PT0S", "poll is 0s; it must be from 1s to 1d"),
        ("\npublicationDelay: soon", ":2: publicationDelay is 'soon'; it must be a length of time"),
        ("poll: PT1M\npoll: PT2M", ":2: key poll is given twice"),
        ("cadence: 1\npoll: 2", ":2: poll is 2"),
        ("lateStarts: -1", "lateStarts is -1; it must be a whole number of 0 or more"),
        ("lateStarts: many", "lateStarts is 'many'; it must be a whole number"),
        ("delay: PT1H", ":1: key delay is unknown; known: cadence, publicationDelay"),
        ("publicationDelays: PT1H", "did you mean publicationDelay?"),
        ("- cadence", "it is a list, not a mapping with the keys cadence"),
        ("", "it is empty, not a mapping with the keys cadence"),
        ("{", "it is no YAML"),
    ],
)
def test_what_cannot_be_is_refused_by_name(tmp_path: Path, text: str, said: str) -> None:
    """One line for each problem names the file, the line, the key, its value and what would be right (R29)."""
    file = tmp_path / "watch.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as raised:
        load_watch_times(file)
    assert str(raised.value).startswith(f"{file}:")
    assert said in str(raised.value)


def test_keys_are_read_in_either_case(tmp_path: Path) -> None:
    """Keys may be written in snake_case, as in the phases file (R29)."""
    file = tmp_path / "watch.yaml"
    file.write_text("publication_delay: 45m\nlate_starts: 3\n")
    times = load_watch_times(file)
    assert (times.publication_delay, times.late_starts) == (timedelta(minutes=45), 3)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """The error says which variable names another file (R29)."""
    with pytest.raises(ConfigurationError, match="FLEETWRIGHT_WATCH_FILE names another"):
        load_watch_times(watch_file({"FLEETWRIGHT_WATCH_FILE": str(tmp_path / "none.yaml")}))
