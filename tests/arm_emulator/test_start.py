"""``python -m arm_emulator``: the ready line, and starts that cannot be."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml
from emulated_worlds import world

from arm_emulator.world.reading import read_world

if TYPE_CHECKING:
    from pathlib import Path

READY = re.compile(r"arm_emulator listening on (http://127\.0\.0\.1:(\d+))\n")


def command(*arguments: str) -> list[str]:
    """The command line of an emulator."""
    return [sys.executable, "-m", "arm_emulator", *arguments]


def failed_start(*arguments: str) -> str:
    """The one line on which a start fails, after its exit code was checked."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("form", [yaml.safe_dump, json.dumps])
def test_start_prints_its_address_and_serves(tmp_path: Path, form: Callable[[object], str]) -> None:
    """Port 0 picks a free port, the one line that is printed says which, and the world is served there."""
    (tmp_path / "world.yaml").write_text(form(world()))
    arguments = command("--world", str(tmp_path / "world.yaml"), "--port", "0", "--clock", "manual")

    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        ready = READY.fullmatch(process.stdout.readline())
        answers = [httpx.get(f"{ready[1]}/_emulator/{route}").json() for route in ("health", "clock")]
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()

    assert answers == [{"status": "ok"}, {"now": "2024-06-01T00:00:00Z", "mode": "manual"}]
    assert rest == ""


def test_start_ends_when_the_port_is_taken(tmp_path: Path) -> None:
    """A taken port is one clear line and exit code 2."""
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(world()))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = failed_start("--world", str(tmp_path / "world.yaml"), "--port", port)

    assert line == f"arm_emulator: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "world.yaml: cannot be read: No such file or directory"),
        ("scaleSets: [}", "world.yaml:1: not YAML: "),
        ("- a list", "world.yaml: a world document is a mapping of sections; this is a list"),
        ("", "world.yaml: a world document is a mapping of sections; this is empty"),
        ("scaleSets: [web]", "world.yaml:1: scaleSets[0]: 'web' is no mapping"),
        ("now: soon", "world.yaml:1: now: 'soon' is no ISO 8601 instant such as 2024-06-01T00:00:00Z"),
        ("subscriptions: []\nscalesets: []", "world.yaml:2: scalesets: unknown key"),
        (
            "timings:\n  swap: [4, 2]",
            "world.yaml:2: timings.swap: [4, 2] has its low bound above its high one",
        ),
        ("now: null\nnow: null", "world.yaml:2: not YAML: key 'now' stands there twice"),
    ],
)
def test_start_ends_when_the_world_is_wrong(tmp_path: Path, text: str | None, said: str) -> None:
    """A wrong world file ends the start with its name, the line or path, and what is wrong with it."""
    path = tmp_path / "world.yaml"
    if text is not None:
        path.write_text(text)

    line = failed_start("--world", str(path))

    assert line.startswith(f"arm_emulator: {tmp_path}/{said}")
    assert line.count("\n") == 1


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--clock", "sundial", "no clock 'sundial': it is real, manual or scaled:FACTOR"),
        ("--clock", "scaled:0", "no clock 'scaled:0'"),
        ("--port", "99999", "'99999' is no port"),
        ("--seed", "many", "invalid int value: 'many'"),
    ],
)
def test_start_ends_when_an_option_is_wrong(option: str, value: str, said: str) -> None:
    """A wrong option is refused in one line with what would be right."""
    line = failed_start("--world", "world.yaml", option, value)

    assert said in line
    assert line.count("\n") == 1


def test_own_keys_overrule_merged_ones(tmp_path: Path) -> None:
    """YAML's merge key (``<<``) gives a resource what another has, but for what it says itself."""
    path = tmp_path / "world.yaml"
    path.write_text(
        "subscriptions: [&one {id: s, displayName: One}, &two {<<: *one, id: t}, {<<: *two, id: u}]"
    )

    found = read_world(path).subscriptions

    assert [(one.id, one.displayName) for one in found] == [("s", "One"), ("t", "One"), ("u", "One")]


def test_start_without_a_world_says_what_is_missing() -> None:
    """The one option that has no default is asked for in one line."""
    assert failed_start() == (
        "arm_emulator: the following arguments are required: --world (--help lists the options)\n"
    )
