"""``--state``: a killed emulator goes on as it was."""

from __future__ import annotations

import random
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest
import yaml
from emulated_nodes import act, batch_client, states
from emulated_pools import batch_account, batch_pool, batch_world, pool_id
from emulated_worlds import SUBSCRIPTION, V2, Emulator, Json, scale_set, scale_set_id, world

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 60
MAIN = "from fleetwright.cli.app import main; main()"
LOOKS = ("world", "audit", "requests", "clock", "faults")


def arguments(folder: Path, *more: str) -> list[str]:
    """The command line of an emulator that keeps its state in a folder."""
    files = ["--world", str(folder / "world.yaml"), "--state", str(folder / "state.db")]
    return [sys.executable, "-m", "arm_emulator", *files, "--port", "0", "--clock", "manual", *more]


@contextmanager
def running(folder: Path, document: Json | None = None, *more: str) -> Iterator[Emulator]:
    """An emulator process; leaving the block is kill -9."""
    if document is not None:
        (folder / "world.yaml").write_text(yaml.safe_dump(document))
    with subprocess.Popen(arguments(folder, *more), stdout=subprocess.PIPE, text=True) as process:
        try:
            ready = re.search(r"http://\S+", process.stdout.readline() if process.stdout else "")
            assert ready is not None
            emulator = Emulator(ready[0])
            try:
                yield emulator
            finally:
                emulator.http.close()
        finally:
            process.kill()


def everything(emulator: Emulator) -> dict[str, Json]:
    """All that the admin routes show."""
    return {route: emulator.admin("GET", route) for route in LOOKS}


def wait_for(is_so: Callable[[], bool]) -> None:
    """Wait for another process to have done something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_killed_emulator_is_as_it_was(tmp_path: Path) -> None:
    """After kill -9 the world, operations in flight, faults, log, record and clock are the same (R5)."""
    fault = {"match": {"path": "*/manualupgrade"}, "after": 3, "effect": {"status": 429}}
    with running(tmp_path, world(scale_set(), scale_set("b"), faults=[fault])) as emulator:
        accepted = emulator.reimage("0", "3")
        emulator.advance(25)
        emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["6"]})
        emulator.admin("POST", "scale", {"id": scale_set_id("b"), "capacity": 17})
        emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": ["4"], "health": "unhealthy"})
        emulator.admin("POST", "faults", {"effect": {"zoneDown": "2"}, "seconds": 500})
        emulator.arm("GET", f"{scale_set_id()}/virtualMachines", params={"$expand": "instanceView"})
        emulator.advance(3)
        poll = accepted.headers["Location"].removeprefix(emulator.url)
        emulator.http.get(poll)
        before = everything(emulator)

    with running(tmp_path) as emulator:
        after = everything(emulator)
        still = emulator.http.get(poll).status_code
        emulator.advance(600)
        done = emulator.http.get(poll).status_code

        assert after == before
        assert (still, done) == (202, 200)
        assert emulator.audit()["imageVersions"][V2] == 2
        assert emulator.codes("1")[1] == "PowerState/running"


def happen(emulator: Emulator, draw: random.Random) -> None:
    """One of many things, to one of the sets."""
    name, instance = draw.choice(["web", "auto", "defer", "flex"]), str(draw.randrange(15))
    scale_set_path, at = scale_set_id(name), {"instanceIds": [instance]}
    machines = scale_set_path.rpartition("/")[0].replace("Sets", "s")
    priority = {"virtualMachineProfile": {"priority": draw.choice(["Regular", "Low"])}}
    touch = {
        "id": scale_set_path,
        "instances": [instance],
        "health": draw.choice(["healthy", "never", "flapping"]),
    }
    effect = draw.choice(
        [{"zoneDown": "2"}, {"status": 503}, {"operation": "stuck"}, {"latency": 0.01}, {"reset": True}]
    )
    draw.choice(
        [
            lambda: emulator.reimage(instance, name=name),
            lambda: emulator.advance(draw.choice([1, 7.5, 30, 300])),
            lambda: emulator.arm("POST", f"{scale_set_path}/manualupgrade", at),
            lambda: emulator.admin(
                "POST", "scale", {"id": scale_set_path, "capacity": draw.randrange(12, 20)}
            ),
            lambda: emulator.admin("POST", "instances", touch),
            lambda: emulator.admin("POST", "faults", {"effect": effect, "times": 2, "seconds": 60}),
            lambda: emulator.arm("PATCH", scale_set_path, {"properties": priority}),
            lambda: emulator.arm(
                "GET", f"{scale_set_path}/virtualMachines", params={"$expand": "instanceView"}
            ),
            lambda: emulator.arm("POST", f"{scale_set_path}/approveRollingUpgrade", at),
            lambda: emulator.arm("POST", f"{scale_set_path}/osRollingUpgrade"),
            lambda: emulator.arm("POST", f"{machines}/flex_{instance}/deallocate"),
        ]
    )()


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_happened_is_kept(tmp_path: Path, seed: int) -> None:
    """After calls of every kind, upgrades by the platform and virtual machines among them, all is the same after kill -9 (R5)."""
    automatic = {"enableAutomaticOSUpgrade": True}
    sets = [
        scale_set(),
        scale_set("auto", upgrade_policy={"mode": "Rolling", "automaticOSUpgradePolicy": automatic}),
        scale_set(
            "defer",
            upgrade_policy={"automaticOSUpgradePolicy": {**automatic, "osRollingUpgradeDeferral": True}},
        ),
        scale_set("flex", zones=()),
    ]
    sets[3]["resource"]["properties"]["orchestrationMode"] = "Flexible"
    lines = [{"version": V2, "percent": 30, "health": "flapping"}]
    draw = random.Random(seed)
    with running(tmp_path, world(*sets, platformUpgrades=True, imageBehaviours=lines)) as emulator:
        for _ in range(120):
            with suppress(httpx.RemoteProtocolError):
                happen(emulator, draw)
        emulator.http.delete("/_emulator/faults")
        before = everything(emulator)

    with running(tmp_path) as emulator:
        assert everything(emulator) == before


def test_acknowledged_change_is_there_and_reset_begins_anew(tmp_path: Path) -> None:
    """Each restart goes on with the last answer; after a reset nothing of the first world is left."""
    with running(tmp_path, world()) as emulator:
        emulator.reimage("0")
    with running(tmp_path) as emulator:
        emulator.advance(300)
        seen = emulator.admin("GET", "audit")["scaleSets"][scale_set_id()]["swaps"]
        emulator.admin("POST", "reset", world(scale_set("other", capacity=2)))
        emulator.reimage("1", name="other")
    with running(tmp_path) as emulator:
        audit = emulator.admin("GET", "audit")
        requests = emulator.admin("GET", "requests")

    assert seen == {"0": 1}
    assert list(audit["scaleSets"]) == [scale_set_id("other")]
    assert (requests["total"], requests["mutating"]) == (1, 1)
    assert sqlite3.connect(tmp_path / "state.db").execute("SELECT count(*) FROM calls").fetchone()[0] <= 2


def test_expired_token_stays_expired(tmp_path: Path) -> None:
    """What a fault made of a token and how often it hit are kept too."""
    with running(tmp_path, world(faults=[{"effect": {"tokenExpires": True}}])) as emulator:
        first = emulator.arm("GET", scale_set_id()).status_code
    with running(tmp_path) as emulator:
        again = [
            emulator.arm("GET", scale_set_id(), headers={"Authorization": f"Bearer {token}"}).status_code
            for token in ("token", "new")
        ]
        (fault,) = emulator.admin("GET", "faults")["faults"]

    assert (first, again, fault["hits"], fault["matches"]) == (401, [401, 200], 1, 1)


SECRETS = ("s3cret-good", "s3cret-old", "s3cret-guess")


@pytest.mark.parametrize("is_reset", [False, True])
def test_state_file_holds_no_token(tmp_path: Path, is_reset: bool) -> None:
    """Neither the tokens that callers sent nor those that the world lists are in the file, and each is as good or bad after a restart."""
    good, old, guess = SECRETS
    listed = world(tokens={"good": [good], "expired": [old]})

    def ask(emulator: Emulator) -> list[int]:
        headers = [{"Authorization": f"Bearer {token}"} for token in SECRETS]
        return [emulator.arm("GET", scale_set_id(), headers=header).status_code for header in headers]

    with running(tmp_path, world() if is_reset else listed) as emulator:
        if is_reset:
            emulator.admin("POST", "reset", listed)
        before = ask(emulator)
        for token in (good, guess):
            swap = {"instanceIds": ["0"]}
            header = {"Authorization": f"Bearer {token}"}
            emulator.arm("POST", f"{scale_set_id()}/reimage", swap, headers=header)
        requests = emulator.admin("GET", "requests")
    with running(tmp_path) as emulator:
        after, again = emulator.admin("GET", "requests"), ask(emulator)

    assert before == again == [200, 401, 401]
    assert after == requests
    written = b"".join(path.read_bytes() for path in tmp_path.glob("state.db*"))
    assert b"/reimage" in written
    assert not [secret for secret in SECRETS if secret.encode() in written]


def test_world_of_the_start_shows_its_tokens_after_a_restart(tmp_path: Path) -> None:
    """What the world file lists is shown as it is written there, before and after a kill."""
    with running(tmp_path, world(tokens={"good": ["s3cret-good"]})) as emulator:
        before = emulator.admin("GET", "world")
    with running(tmp_path) as emulator:
        assert emulator.admin("GET", "world") == before


def test_scaled_clock_goes_on_from_the_stored_time(tmp_path: Path) -> None:
    """A scaled clock does not count the time in which the emulator was down."""
    with running(tmp_path, world()) as emulator:
        emulator.advance(5000)

    with running(tmp_path, None, "--clock", "scaled:1") as emulator:
        clock = emulator.admin("GET", "clock")

    assert clock["mode"] == "scaled:1"
    assert clock["now"].startswith("2024-06-01T01:23:")


def rollout(emulator: Emulator, folder: Path) -> subprocess.Popen[str]:
    """``fleetwright run`` on the emulator's world, with a ledger in the folder."""
    where = ["--endpoint", emulator.url, "--token", "token", "--fleet", scale_set_id(), "--virtual-time"]
    ledger = ["--ledger", f"sqlite:///{folder / 'ledger.db'}"]
    command = [sys.executable, "-c", MAIN, "run", *where, *ledger, "--trigger", "automatic"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_rollout_completes_after_the_emulator_was_killed(tmp_path: Path) -> None:
    """Killed while it carries out a rollout's third swap and started again, the rollout completes without a violation (R7, R13)."""
    stand_still = {
        "match": {"method": "POST", "path": "*/reimage"},
        "after": 2,
        "times": 1,
        "effect": {"latency": 300},
    }
    fleet = scale_set(capacity=6)
    fleet["resource"]["tags"] = {"fleetwright": "enabled"}
    with running(tmp_path, world(fleet, faults=[stand_still])) as emulator:
        port = emulator.url.rpartition(":")[2]
        first = rollout(emulator, tmp_path)
        wait_for(lambda: emulator.admin("GET", "faults")["faults"][0]["hits"] == 1)
        first.kill()
        first.communicate()
    ledger = sqlite3.connect(tmp_path / "ledger.db")
    ledger.execute("UPDATE locks SET expires_at = taken_at")
    ledger.commit()
    ledger.close()

    with running(tmp_path, None, "--port", port) as emulator:
        kept = emulator.audit()["swaps"]
        second = rollout(emulator, tmp_path)
        told, _ = second.communicate(timeout=PATIENCE_SECONDS)
        audit = emulator.admin("GET", "audit")

    assert len(kept) == 2
    assert second.returncode == 0, told
    assert audit["violations"] == []
    assert audit["scaleSets"][scale_set_id()]["imageVersions"] == {V2: 6}
    assert set(audit["scaleSets"][scale_set_id()]["swaps"].values()) == {1}


def refused(folder: Path, *more: str) -> str:
    """The one line on which a start fails, after its exit code was checked."""
    done = subprocess.run(arguments(folder, *more), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    return line


def test_wrong_state_file_is_one_line(tmp_path: Path) -> None:
    """A file of another world, seed, program or format, one in use and one that cannot be there end the start with code 2."""
    with running(tmp_path, world()):
        in_use = refused(tmp_path)
    other_seed = refused(tmp_path, "--seed", "7")
    (tmp_path / "world.yaml").write_text(yaml.safe_dump(world(scale_set("other"))))
    other_world = refused(tmp_path)
    (tmp_path / "text").write_text("no database at all\n" * 100)
    no_database = refused(tmp_path, "--state", str(tmp_path / "text"))
    sqlite3.connect(tmp_path / "foreign.db").execute("CREATE TABLE cats (name TEXT)")
    foreign = refused(tmp_path, "--state", str(tmp_path / "foreign.db"))
    nowhere = refused(tmp_path, "--state", str(tmp_path / "no" / "folder.db"))

    assert "another emulator uses it" in in_use
    assert "began with --seed 0" in other_seed
    assert "began with another world file" in other_world
    assert "no state file" in no_database
    assert "it has table cats" in foreign
    assert "No such file" in nowhere


@pytest.mark.parametrize("clock", ["real", "scaled:3600"])
def test_other_clocks_go_on(tmp_path: Path, clock: str) -> None:
    """On a clock that runs by itself an operation in flight ends after the restart."""
    with running(
        tmp_path, world(timings={"swap": 0, "boot": 0, "extension": 0, "health": 0}), "--clock", clock
    ) as emulator:
        emulator.reimage("0")

    with running(tmp_path, None, "--clock", clock) as emulator:
        wait_for(lambda: emulator.codes("0")[-1] == "HealthState/healthy")

        assert emulator.audit()["imageVersions"][V2] == 1


def test_pools_and_features_under_way_outlive_a_kill(tmp_path: Path) -> None:
    """A pool that a PUT created, one that is gone, nodes that boot and a feature that registers are there after kill -9."""
    feature = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/Contoso/features/Thing"
    with running(tmp_path, batch_world()) as emulator:
        body = emulator.arm("GET", pool_id()).json()
        emulator.arm("PUT", pool_id("fresh"), body)
        emulator.arm("DELETE", pool_id())
        emulator.arm("POST", f"{feature}/register")
        emulator.advance(5)
        before = everything(emulator)

    with running(tmp_path) as emulator:
        after = everything(emulator)
        emulator.advance(60)
        pool = emulator.arm("GET", pool_id("fresh")).json()["properties"]
        state = emulator.arm("GET", feature).json()["properties"]["state"]

    assert after == before
    assert (pool["currentDedicatedNodes"], pool["allocationState"], state) == (10, "Steady", "Registered")


def test_nodes_and_their_work_outlive_a_kill(tmp_path: Path) -> None:
    """R55: what calls to Batch's data plane did to nodes and tasks is there after kill -9, reads and refusals in between."""
    with running(
        tmp_path, batch_world(batch_account(batch_pool(running={"tvm-1": 60, "tvm-2": -1})))
    ) as emulator:
        list(batch_client(emulator).list_nodes("p1", max_results=3))
        act(emulator, 1, "reimage", "taskcompletion")
        act(emulator, 2, "disablescheduling", "requeue")
        act(emulator, 2, "disablescheduling", "requeue")
        emulator.advance(30)
        act(emulator, 3, "reboot")
        seen = states(emulator)
        before = everything(emulator)

    with running(tmp_path) as emulator:
        after, again = everything(emulator), states(emulator)
        emulator.advance(30)
        later = states(emulator)

    assert (after, again) == (before, seen)
    assert (seen["tvm-0"], seen["tvm-1"], seen["tvm-3"]) == ("running", "running", "rebooting")
    assert (later["tvm-1"], later["tvm-3"]) == ("reimaging", "idle")
