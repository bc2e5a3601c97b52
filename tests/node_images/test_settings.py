"""The site's settings for upgrades of node images: what the file may say, and the words of every refusal."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import SUNDAY, Daily
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.node_images.settings import (
    USUAL_NODE_IMAGES_FILE,
    NodeImageSettings,
    load_node_image_settings,
    node_images_file,
)

WINDOW = """\
poll: 10s
maintenanceWindow:
  schedule:
    daily:
      intervalDays: 1
  durationHours: 4
  startTime: "22:00"
  startDate: 2026-01-01
  notAllowedDates:
    - {start: 2026-12-23, end: 2027-01-03}
"""


def test_the_example_says_what_is_usual() -> None:
    """The file that is shipped holds the defaults, among them the weekly Sunday window (N31, R70)."""
    assert load_node_image_settings(USUAL_NODE_IMAGES_FILE) == NodeImageSettings(Manners(), SUNDAY)
    assert node_images_file({}) == USUAL_NODE_IMAGES_FILE
    assert node_images_file({"FLEETWRIGHT_NODE_IMAGES": "/etc/n.yaml"}) == Path("/etc/n.yaml")


def test_a_file_names_what_is_not_as_usual(tmp_path: Path) -> None:
    """Keys in camelCase or snake_case; what is not named is as usual (N31)."""
    path = tmp_path / "site.yaml"
    path.write_text("margin: 30m\nspread: 0s\nper_node: PT8M\nlivePatch: 1m\nsoak: 0s\n")
    assert load_node_image_settings(path) == NodeImageSettings(
        Manners(
            margin=timedelta(minutes=30),
            spread=timedelta(),
            per_node=timedelta(minutes=8),
            live_patch=timedelta(minutes=1),
            soak=timedelta(),
        )
    )


def test_the_default_window_is_written_as_azure_writes_it(tmp_path: Path) -> None:
    """With its schedule, hours and forbidden dates, also where YAML reads days as dates (R72, N31)."""
    path = tmp_path / "site.yaml"
    path.write_text(WINDOW)
    window = load_node_image_settings(path).window
    assert (window.schedule, window.duration, window.start_time) == (Daily(1), timedelta(hours=4), time(22))
    assert window.start_date == date(2026, 1, 1)
    assert window.not_allowed_dates == ((date(2026, 12, 23), date(2027, 1, 3)),)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("margin: soon", ":1: margin is 'soon'; it must be a length of time such as PT1H"),
        ("spread: 30", ":1: spread is 30; it must be a length of time"),
        ("\nperNode: PT0S", ":2: perNode is 0s; it must be from 1s to 1d"),
        ("soak: 25h", ":1: soak is 1d1h; it must be from 0s to 1d"),
        ("poll: 0s", ":1: poll is 0s; it must be from 1s to 1d"),
        ("marign: 1m", ":1: key marign is unknown; did you mean margin?"),
        ("margin: 1m\nmargin: 2m", ":2: key margin is given twice"),
        ("maintenanceWindow: Sunday", ":1: maintenanceWindow is 'Sunday'; it must be a mapping"),
        (
            WINDOW.replace("Hours: 4", "Hours: 3"),
            ":6: maintenanceWindow.durationHours is 3; it must be 4 to 24 hours (R72)",
        ),
        (
            WINDOW.replace("    daily:", "    weekly: {intervalWeeks: 1, dayOfWeek: Sunday}\n    daily:"),
            ":3: maintenanceWindow.schedule has weekly and daily; exactly one of",
        ),
        (
            WINDOW.replace("Days: 1", "Days: 9"),
            ":5: maintenanceWindow.schedule.daily.intervalDays is 9; it must be a whole number from 1 to 7",
        ),
        ("", "it is empty, not a mapping with the keys margin, spread"),
    ],
)
def test_what_cannot_be_read_is_named_by_line_field_and_value(tmp_path: Path, text: str, said: str) -> None:
    """Each refusal says where, what, and what would be right (R72)."""
    path = tmp_path / "site.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_node_image_settings(path)
    assert f"{path}" in str(refused.value)
    assert said in str(refused.value)


def test_a_missing_file_names_the_variable_that_names_another(tmp_path: Path) -> None:
    """So that whoever moved it knows what to set (N31)."""
    with pytest.raises(ConfigurationError, match="FLEETWRIGHT_NODE_IMAGES names another"):
        load_node_image_settings(tmp_path / "gone.yaml")
