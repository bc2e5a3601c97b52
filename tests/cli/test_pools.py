"""Batch pools on the command line: who is refused and why, what the plan says, and who holds a rollout up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from commands import Ended, Fleetwright
from pool_rehearsals import pool_of
from pool_worlds import (
    ACCOUNT_ID,
    FOR_EVER,
    POOL_ID,
    USER_SUBSCRIPTION,
    accounts_world,
    batch_account,
    batch_pool,
    pool_policy,
    pool_world,
    working,
)
from rehearsals import Admin, Rehearsal, eventful
from worlds import IMAGE, NEW, OLD, Json

from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.rollout.ports.controls import Control, ControlKind

Rehearse = Callable[..., Rehearsal]
Perform = Callable[..., Fleetwright]

BOTH = pytest.mark.parametrize("verb", ["plan", "run"])
CLOUD_SERVICES = {"deploymentConfiguration": {"cloudServiceConfiguration": {"osFamily": "6"}}}
UNANSWERED = {"match": {"path": "/_batch/*"}, "effect": {"status": 503}}
OURS = {"metadata": [{"name": "fleetwright", "value": "enabled"}]}


@pytest.fixture
def perform(rehearse: Rehearse, capsys: pytest.CaptureFixture[str]) -> Perform:
    """The command, on a world of one's own."""

    def perform(world: dict[str, Any]) -> Fleetwright:
        return Fleetwright(rehearse(world), capsys)

    return perform


def of(properties: dict[str, Json], **account: Json) -> dict[str, Any]:
    """A world with one pool of these properties."""
    return accounts_world(batch_account(batch_pool(5, properties=properties), **account))


def at_endpoint(endpoint: str) -> dict[str, Any]:
    """A world whose account says that its data plane is there."""
    world = pool_world(5)
    world["batchAccounts"][0]["resource"]["properties"]["accountEndpoint"] = endpoint
    return world


def windows(*, updates: bool) -> dict[str, Any]:
    """A world with a pool of Windows nodes."""
    world = pool_world(5)
    properties = world["batchAccounts"][0]["pools"][0]["resource"]["properties"]
    machine = properties["deploymentConfiguration"]["virtualMachineConfiguration"]
    machine["windowsConfiguration"] = {"enableAutomaticUpdates": updates}
    return world


def assert_untouched(command: Fleetwright, before: Json) -> None:
    """No call would have changed anything, and every account, pool and node is as it was."""
    assert command.rehearsal.admin.mutating() == 0
    assert command.rehearsal.admin.get("world")["batchAccounts"] == before


def pool_command(command: Fleetwright, verb: str, *arguments: str, **other: str) -> Ended:
    """A verb about the world's pool, unless another fleet is named."""
    return command(verb, *arguments, **{"fleet": POOL_ID, **other})


HELD: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "cloud services": (of(CLOUD_SERVICES), (), "no deploymentConfiguration.virtualMachineConfiguration"),
    "R59 registration": (pool_world(5, mode=USER_SUBSCRIPTION, features={}), (), "is NotRegistered; osRollingUpgradeDeferral needs it"),
    "N29 percentages": (pool_world(5, rolling={"maxBatchInstancePercent": 30, "maxUnhealthyInstancePercent": 20}), (), "maxBatchInstancePercent is 30 and maxUnhealthyInstancePercent 20"),
    "N29 zones": (pool_world(5, rolling={"enableCrossZoneUpgrade": True}), (), "pool frames is not zonal"),
    "R57 version": (of(OURS), ("--api-version", "2023-05-01"), "api_version of Batch is 2023-05-01"),
    "R60 activation": (accounts_world(batch_account(batch_pool(5), activated=False)), (), "have Azure support activate the account"),
    "R15 pinned": (accounts_world(batch_account(batch_pool(5, image={**IMAGE, "version": OLD}))), (), "it must be 'latest'"),
    "R19 Windows": (windows(updates=True), (), "windowsConfiguration.enableAutomaticUpdates is true"),
    "O2 on Azure": (pool_world(5, deferral=False), ("--require-deferral",), "Azure upgrades this pool itself"),
    "O3 opted out": (of({"upgradePolicy": {"mode": "manual"}}), (), "the tag or metadata `fleetwright: enabled` is missing"),
    "way": (pool_world(5), ("--node-upgrade-way", "scale-set"), "node reimage is documented for cloud service pools alone"),
}  # fmt: skip


@BOTH
@pytest.mark.parametrize("case", HELD)
def test_a_pool_that_may_not_be_upgraded_is_held_with_its_reason(
    perform: Perform, verb: str, case: str
) -> None:
    """R15, R19, R54, R57, R59, R60, N29, O2, O3: exit 3, one line with the reason and its rule, and nothing was changed."""
    world, flags, words = HELD[case]
    command = perform(world)
    before = command.rehearsal.admin.get("world")["batchAccounts"]

    ended = pool_command(command, verb, *flags)

    assert ended.code == 3, ended
    assert [line for line in ended.errors if words in line], ended.errors
    assert all(line.startswith("fleetwright: held: ") for line in ended.errors)
    assert_untouched(command, before)


def test_every_reason_is_told_in_json_too(perform: Perform) -> None:
    """R15, R19, N29: who reads JSON gets all reasons at once."""
    world = windows(updates=True)
    pool = world["batchAccounts"][0]["pools"][0]["resource"]["properties"]
    pool["upgradePolicy"] = pool_policy(rolling={"enableCrossZoneUpgrade": True})
    pool["deploymentConfiguration"]["virtualMachineConfiguration"]["imageReference"]["version"] = OLD

    ended = pool_command(perform(world), "plan", "--json")

    assert (ended.code, ended.body["status"]) == (3, "Held")
    assert [reason[reason.rindex("(") :] for reason in ended.body["reasons"]] == ["(R15)", "(R19)", "(N29)"]


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "unknown account": (pool_world(5), POOL_ID.replace("/renders/", "/nobody/"), "there is no Batch account nobody"),
    "unknown pool": (pool_world(5), f"{ACCOUNT_ID}/pools/none", "there is no pool none of Batch account renders"),
    "no such host": (at_endpoint("http://127.0.0.1:9/_batch/renders"), POOL_ID, "does not answer (connection refused"),
    "busy": (pool_world(5, faults=[UNANSWERED]), POOL_ID, "503 ServerBusy"),
    "reset": (pool_world(5, faults=[{**UNANSWERED, "effect": {"reset": True}}]), POOL_ID, "does not answer (the connection was closed"),
    "foreign host": (at_endpoint("renders.example.org"), POOL_ID, "must not see the token: not called"),
    "no nodes": (pool_world(0), POOL_ID, "has no nodes: nothing to upgrade"),
}  # fmt: skip


@BOTH
@pytest.mark.parametrize("case", REFUSED)
def test_a_pool_that_cannot_be_reached_is_refused(perform: Perform, verb: str, case: str) -> None:
    """R54: an account or pool that is none, a data plane that does not answer: exit 2, one line, nothing was changed."""
    world, fleet, words = REFUSED[case]
    command = perform(world)
    before = command.rehearsal.admin.get("world")["batchAccounts"]

    ended = pool_command(command, verb, fleet=fleet)

    assert ended.code == 2, ended
    (line,) = ended.errors
    assert words in line
    assert "Traceback" not in ended.err
    assert_untouched(command, before)


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--drain-deadline", "soon", "'soon' is no length of time such as PT1H, 90m or 30s"),
        ("--drain-grace", "", "is no length of time"),
        ("--drain-deadline", "31d", "it must be from 0 s to 30 days"),
        ("--when-busy", "kill", "'kill' is not one of 'skip', 'requeue', 'wait'"),
    ],
)
def test_flags_that_say_nothing_are_refused(perform: Perform, flag: str, value: str, words: str) -> None:
    """R55: a deadline that is none, or a policy that there is not: exit 2, and nothing was changed."""
    command = perform(pool_world(3))

    ended = pool_command(command, "run", flag, value)

    assert ended.code == 2
    assert words in ended.err
    assert command.rehearsal.admin.mutating() == 0


def notes_of(ended: Ended) -> str:
    """All notes of a plan."""
    assert ended.code == 0, ended
    return "\n".join(ended.body["notes"])


def test_the_plan_of_a_deferring_pool_takes_idle_nodes_first_and_names_the_busy_ones(
    perform: Perform,
) -> None:
    """R55: idle nodes stand in the first batches, and the plan says until when the others are waited for."""
    command = perform(pool_world(5, running=working([0, 1], 600)))

    ended = pool_command(
        command, "plan", "--json", "--drain-deadline", "1h", "--when-busy", "requeue", "--drain-grace", "90s"
    )

    assert [batch["instances"] for batch in ended.body["batches"]] == [
        ["tvm-2"],
        ["tvm-3"],
        ["tvm-4"],
        ["tvm-0"],
        ["tvm-1"],
    ]
    assert "2 of 5 nodes to be upgraded run 2 tasks now (tvm-0, tvm-1)" in notes_of(ended)
    assert "1h after it was closed has its tasks ended and queued again 1m30s later" in notes_of(ended)
    assert "reimaged by the pool's data plane" in notes_of(ended)
    assert command.rehearsal.admin.mutating() == 0


def test_without_deferral_the_plan_says_how_many_nodes_are_interrupted(perform: Perform) -> None:
    """N28: how many nodes run how many tasks, and that they are upgraded anyway."""
    ended = pool_command(perform(pool_world(5, deferral=False, running=working([3], 60))), "plan", "--json")

    assert "1 of 5 nodes to be upgraded run 1 task now (tvm-3): they are upgraded anyway" in notes_of(ended)


def test_a_zonal_pool_of_the_batch_service_is_planned_node_by_node(perform: Perform) -> None:
    """R48: nobody shows its zones, so each batch has one node, and the plan says why."""
    ended = pool_command(perform(pool_world(10, zonal=True)), "plan", "--json")

    assert {len(batch["instances"]) for batch in ended.body["batches"]} == {1}
    assert "(R48)" in notes_of(ended)


def test_zones_of_a_users_own_pool_are_known_and_kept(perform: Perform) -> None:
    """R48, R54: the scale set behind shows zones: batches lie in one, and there is no note."""
    ended = pool_command(perform(pool_world(6, zonal=True, mode=USER_SUBSCRIPTION)), "plan", "--json")

    assert [batch["zone"] for batch in ended.body["batches"]] == ["1", "1", "2", "2", "3", "3"]
    assert "(R48)" not in notes_of(ended)


def test_nodes_that_somebody_else_closed_are_named_and_left_alone(perform: Perform) -> None:
    """R55: the plan leaves them out with the reason."""
    command = perform(pool_world(10))
    pool_of(command.rehearsal).close("tvm-1")

    ended = pool_command(command, "plan", "--json")

    (left,) = ended.body["leftOut"]
    assert left["instance"] == "tvm-1"
    assert "somebody else disabled its scheduling" in left["reason"]


def test_a_pool_is_rolled_out_and_found_in_history(perform: Perform) -> None:
    """R40, R54: run, then history, in the pool's own type."""
    command = perform(pool_world(3))

    ended = pool_command(command, "run", "--json")
    (entry,) = pool_command(command, "history", "--json").body["value"]

    assert (ended.code, ended.body["status"]) == (0, "Completed")
    assert ended.body["versions"] == [f"3 on {NEW}: tvm-0, tvm-1, tvm-2"]
    assert entry["type"] == "Microsoft.Batch/batchAccounts/pools/rollingUpgrades"
    assert entry["properties"]["progress"]["successfulInstanceCount"] == 3


def test_a_node_that_never_gets_idle_is_reported_by_run_and_history(perform: Perform) -> None:
    """R55: JSON, the story and the history name the node and why it is as it was."""
    command = perform(pool_world(3, running={"tvm-1": FOR_EVER}))

    ended = pool_command(command, "run", "--json", "--drain-deadline", "10m")
    told = pool_command(command, "history")

    (left,) = ended.body["leftBusy"]
    assert left["node"] == "tvm-1"
    assert "still ran job/tvm-1" in left["reason"]
    assert "left as it is: tvm-1: still ran job/tvm-1" in ended.err
    assert "left tvm-1 as it was: still ran job/tvm-1" in told.out
    assert pool_of(command.rehearsal).closed() == set()


def test_a_pool_is_held_and_released_by_its_id(perform: Perform) -> None:
    """R54: holds know pools: a held one begins nothing, and goes on when it is released."""
    command = perform(pool_world(3))
    said = ("--reason", "a film is due", "--by", "ann", "--ledger", command.rehearsal.ledger_url)

    held = command.raw("hold", POOL_ID, *said)
    refused = pool_command(command, "run")
    listed = command.raw("holds", "--ledger", command.rehearsal.ledger_url)
    released = command.raw("release", POOL_ID.upper(), *said)

    assert [held.code, refused.code, listed.code, released.code] == [0, 3, 0, 0]
    assert "is held by ann" in refused.err
    assert POOL_ID.lower() in listed.out
    assert command.rehearsal.admin.mutating() == 0


def test_a_pool_outside_its_window_is_told_when_it_opens(perform: Perform) -> None:
    """R54: the window of a pool stands among its metadata; one that cannot be read holds automatic runs."""
    window = {"metadata": [{"name": "Fleetwright-Window", "value": "Mon 03:00-05:00 UTC"}]}
    odd = {"metadata": [{"name": "fleetwright-window", "value": "at night"}]}

    planned = pool_command(perform(of(window)), "plan", "--trigger", "automatic")
    held = pool_command(perform(of(odd)), "plan", "--trigger", "automatic")

    assert (planned.code, held.code) == (0, 3)
    assert "opens Mon 2024-06-03 03:00 UTC" in planned.out
    assert "its maintenance window is never open: tag fleetwright-window: 'at night'" in held.err


def test_a_rollout_of_a_pool_is_cancelled_by_its_id_and_seen_in_locks(
    rehearse: Rehearse, capsys: pytest.CaptureFixture[str]
) -> None:
    """R54, O3: cancel and locks name the pool; every node is open again, and none is left half upgraded."""
    seen: list[Ended] = []
    ledger: list[str] = []

    def intervene(_admin: Admin) -> None:
        said = ("--reason", "wrong image", "--by", "ann")
        seen.append(command.raw("locks", "--ledger", *ledger))
        seen.append(command.raw("cancel", "--fleet", POOL_ID, *said, "--ledger", *ledger))

    rehearsal = rehearse(pool_world(5), clock=eventful((30, intervene)))
    command = Fleetwright(rehearsal, capsys)
    ledger.append(rehearsal.ledger_url)

    view = rehearsal.run(fleet_id=POOL_ID)

    locks, cancelled = seen
    assert (locks.code, cancelled.code) == (0, 0)
    assert "fleet frames (Batch account renders, resource group shop) is taken" in locks.out
    assert view.rollout.reason_message == "cancelled by ann: wrong image"
    assert pool_of(rehearsal).closed() == set()


def test_a_version_that_broke_a_pool_is_quarantined_and_released(perform: Perform) -> None:
    """R54: a version that broke nodes is put away for every fleet, until a person releases it."""
    command = perform(pool_world(5, behaviours=[{"version": NEW, "health": "unhealthy"}]))
    ledger = ("--ledger", command.rehearsal.ledger_url)

    stopped = pool_command(command, "run", "--trigger", "automatic")
    again = pool_command(command, "run", "--trigger", "automatic")
    released = command.raw("quarantine", "release", NEW, "--by", "ann", "--reason", "mended", *ledger)

    assert [stopped.code, again.code, released.code] == [1, 3, 0]
    assert "node tvm-0" in stopped.err
    assert "instance" not in stopped.err
    assert "quarantine" in again.err


def test_busy_shows_the_work_before_a_rollout(perform: Perform) -> None:
    """R55: node, task and age by the world's time; reads only."""
    command = perform(pool_world(3, running={"tvm-2": FOR_EVER}))
    command.rehearsal.admin.post("clock", advance=90)

    ended = pool_command(command, "busy", "--json")

    (node,) = ended.body["value"]
    assert (ended.code, ended.body["rolloutId"], node["node"]) == (0, "", "tvm-2")
    assert node["tasks"][0]["ageSeconds"] == 90
    assert node["becomes"] == "no rollout is under way"
    assert command.rehearsal.admin.mutating() == 0


def test_busy_names_who_holds_up_a_rollout(perform: Perform) -> None:
    """R55: a rollout that stops while it waits shows who is closed since when, and until when it is waited for."""
    command = perform(pool_world(5, running={"tvm-0": FOR_EVER}))
    seen: list[Ended] = []
    rehearsal = command.rehearsal
    wait_until = type(rehearsal.clock).wait_until

    def look_first(clock: Any, instant: Any) -> None:  # noqa: ANN401 - the clock's own words
        ended = command.raw(*_busy(rehearsal))
        if "waited for until" in ended.out and not seen:
            seen.append(ended)
        wait_until(clock, instant)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(rehearsal.clock), "wait_until", look_first)
        view = rehearsal.run(fleet_id=POOL_ID)

    assert view.rollout.left_busy.keys() == {"tvm-0"}
    assert "1 left busy: tvm-0" in view.rollout.reason_message
    (ended,) = seen
    assert "tvm-0" in ended.out
    assert "then left as it is" in ended.out
    assert f"to {NEW} is under way" in ended.out


def test_busy_says_what_people_said_to_the_rollout(perform: Perform) -> None:
    """R55: whoever asks why nothing goes on reads that somebody holds or has cancelled the rollout, who and why."""
    command = perform(pool_world(5, running={"tvm-0": FOR_EVER}))
    rehearsal = command.rehearsal
    ledger, seen = rehearsal.ports().ledger, list[Ended]()
    wait_until = type(rehearsal.clock).wait_until

    def say_and_look(clock: Any, instant: Any) -> None:  # noqa: ANN401 - the clock's own words
        if not seen and "waited for until" in command.raw(*_busy(rehearsal)).out:
            now = rehearsal.clock.now()
            ledger.add_hold(Hold(HoldSubject.FLEET, POOL_ID.lower(), "on-call", "no deploys today", now))
            ledger.add_control(POOL_ID.lower(), Control(ControlKind.CANCEL, "on-call", "enough", now))
            seen.append(command.raw(*_busy(rehearsal)))
        wait_until(clock, instant)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(rehearsal.clock), "wait_until", say_and_look)
        rehearsal.run(fleet_id=POOL_ID)

    (ended,) = seen
    assert "cancelled by on-call (enough): it ends between two batches" in ended.out
    assert "no further batch begins: " in ended.out
    assert "no deploys today" in ended.out


def _busy(rehearsal: Rehearsal) -> list[str]:
    where = {
        "fleet": POOL_ID,
        "endpoint": rehearsal.url,
        "token": "s3cret-bearer-token",
        "ledger": rehearsal.ledger_url,
    }
    return [
        "busy",
        "--virtual-time",
        *(word for name, value in where.items() for word in (f"--{name}", value)),
    ]


@pytest.mark.parametrize("case", [case for case in REFUSED if case != "no nodes"])
def test_busy_refuses_what_cannot_be_reached(perform: Perform, case: str) -> None:
    """R54: the list is live or it is none: exit 2 and one line."""
    world, fleet, words = REFUSED[case]

    ended = pool_command(perform(world), "busy", fleet=fleet)

    (line,) = ended.errors
    assert (ended.code, ended.out) == (2, "")
    assert words in line


def test_the_scale_set_behind_a_pool_is_held_and_names_it(perform: Perform) -> None:
    """R54: who names the machines of a pool is led to the pool."""
    command = perform(pool_world(3, mode=USER_SUBSCRIPTION))
    behind = f"{ACCOUNT_ID.partition('/resourceGroups/')[0]}/resourceGroups/azurebatch-renders-frames"

    ended = command(
        "plan",
        fleet=f"{behind}/providers/Microsoft.Compute/virtualMachineScaleSets/frames-azurebatch-VMSS",
    )

    assert ended.code == 3
    assert any("belongs to Batch pool renders/frames" in line for line in ended.errors)


def test_a_pool_that_azure_upgrades_now_is_held(perform: Perform) -> None:
    """O4, R56: a node in upgradingos is somebody else's work; it is named."""
    command = perform(pool_world(5, platformUpgrades=True, timings={"swap": 4000}))
    command.rehearsal.admin.post("clock", advance=1800)

    ended = pool_command(command, "plan")

    assert ended.code == 3
    assert any("Batch upgrades the OS of tvm-" in line and line.endswith("(O4)") for line in ended.errors)


def test_busy_is_about_pools_only(perform: Perform) -> None:
    """R55: scale sets give nobody tasks: exit 2, and the fleet is named."""
    command = perform(pool_world(3))

    ended = command("busy")

    assert ended.code == 2
    assert "is a scale set: only the nodes of a Batch pool are given tasks" in ended.err
