"""The verbs where ``--fleet`` names an AKS cluster or one of its node pools."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster_rehearsals import ClusterRehearsal
from clusters import NEW, OLD, SECURITY_IMAGES, TWO_POOLS, cluster, cluster_id, pool, window, world
from commands import Ended, Fleetwright
from rehearsals import TOKEN, Stages

WINDOW = (window(),)
Command = Callable[..., "Clusters"]


class Clusters:
    """The command on one world of clusters."""

    def __init__(self, rehearsal: ClusterRehearsal, capsys: pytest.CaptureFixture[str]) -> None:
        self.rehearsal = rehearsal
        stage: Any = rehearsal
        self._command = Fleetwright(stage, capsys)

    def __call__(self, verb: str, *arguments: str, fleet: str | None = cluster_id()) -> Ended:
        """Run a verb in virtual time."""
        return self._command(verb, *arguments, fleet=fleet)

    def ledger(self, verb: str, *arguments: str) -> Ended:
        """Run a verb that needs no Azure."""
        return self._command.raw(verb, *arguments, "--ledger", self.rehearsal.ledger_url)


@pytest.fixture
def clusters(
    stages: Stages, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Callable[[dict[str, Any]], Clusters]]:
    """Makes commands on worlds of clusters."""
    made: list[ClusterRehearsal] = []

    def make(document: dict[str, Any]) -> Clusters:
        made.append(ClusterRehearsal(stages, document, tmp_path))
        return Clusters(made[-1], capsys)

    yield make
    for rehearsal in made:
        rehearsal.close()


def test_run_upgrades_a_cluster_and_history_tells(clusters: Command) -> None:
    """R65, R70: run shows its progress, ends with a line for each pool and exit 0; history shows it."""
    fleetwright = clusters(world(cluster(*TWO_POOLS, windows=WINDOW)))

    ended = fleetwright("run")

    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    assert lines[0].startswith(f"pool system: upgraded, {OLD} -> {NEW} (reimage), in ")
    assert lines[-1] == "Completed: 2 node pools: 2 upgraded"
    assert f"pool np1: aks-np1-0 is on {NEW}" in ended.err
    told = fleetwright("history").out
    assert "Completed, by fleetwright run" in told
    assert "pool np1: upgraded" in told


def test_run_again_has_nothing_to_do(clusters: Command) -> None:
    """R70: a cluster that is up to date ends with exit 0 and says so, in text and as JSON; history has the look."""
    fleetwright = clusters(world(cluster(pool("np1", image=NEW), windows=WINDOW)))

    ended = fleetwright("run")
    body = fleetwright("run", "--json").body

    assert (ended.code, ended.out) == (0, f"nothing to do: pool np1: up to date: on {NEW}\n")
    assert (body["status"], body["pools"]) == ("UpToDate", [])
    assert "web: nothing to do: pool np1: up to date" in fleetwright("history").out


def test_run_outside_the_window_is_held(clusters: Command) -> None:
    """R71: held with exit 3 and the next opening, also by hand; as JSON with every reason."""
    fleetwright = clusters(world(cluster(*TWO_POOLS, windows=WINDOW), start="2024-03-04T09:00:00Z"))

    ended = fleetwright("run", "--json")

    assert ended.code == 3
    assert ended.body["status"] == "Held"
    assert "opens Sun 2024-03-10 00:00 UTC" in ended.body["reasons"][0]
    assert ended.errors[0].startswith("fleetwright: held: its maintenance window")


def test_run_that_leaves_a_pool_ends_well_and_says_so(clusters: Command) -> None:
    """N31: what does not fit the rest of the window is left for the next: exit 0, WindowClosed, with the arithmetic."""
    pools = (pool("big", 40), pool("system", 2, mode="System"))
    fleetwright = clusters(world(cluster(*pools, windows=WINDOW), start="2024-03-03T01:30:00Z"))

    ended = fleetwright("run", "--poll", "60")

    assert ended.code == 0
    assert ended.out.splitlines()[-1].startswith(
        "WindowClosed: 2 node pools: 1 upgraded, 1 left; pool big left: "
    )
    assert "40 nodes" in ended.out


def test_run_with_a_blocked_drain_is_stopped(clusters: Command) -> None:
    """N33: a pool whose drain is blocked makes exit 1, with AKS's words; JSON names the stragglers."""
    stuck = {"pools": {"np1": {"undrainable": ["aks-np1-1"]}}}
    fleetwright = clusters(world(cluster(pool("np1", 2), windows=WINDOW, **stuck)))

    ended = fleetwright("run", "--json", "--poll", "30")

    assert ended.code == 1
    (np1,) = ended.body["pools"]
    assert np1["status"] == "failed"
    assert "aks-np1-1" in np1["stragglers"]


def test_run_of_a_cluster_whose_pools_can_never_fit_is_held(clusters: Command) -> None:
    """N31: where no pool fits any window, the run is held with the arithmetic: exit 3, nothing is touched."""
    fleetwright = clusters(world(cluster(pool("huge", 90), windows=WINDOW)))

    ended = fleetwright("run")

    assert ended.code == 3
    assert "never fits: 90 nodes, 1 at once" in ended.err


def test_plan_shows_pools_and_arithmetic(clusters: Command) -> None:
    """N31, R71: the plan names the window, each pool with its prediction, and changes nothing."""
    fleetwright = clusters(world(cluster(*TWO_POOLS, windows=WINDOW)))

    ended = fleetwright("plan")
    body = fleetwright("plan", "--json").body

    assert ended.code == 0
    assert "1. pool system (System), 2 nodes" in ended.out
    assert "2. pool np1 (User), 2 nodes" in ended.out
    assert (body["status"], [p["name"] for p in body["pools"]]) == ("Planned", ["system", "np1"])
    assert fleetwright.rehearsal.images("np1") == {"aks-np1-0": OLD, "aks-np1-1": OLD}


def test_plan_of_security_patches_names_the_cost(clusters: Command) -> None:
    """R69: the extra image that AKS keeps is named in the plan."""
    secured = cluster(pool("np1", image=NEW), channel="SecurityPatch", windows=WINDOW)
    fleetwright = clusters(world(secured, nodeImages=SECURITY_IMAGES))

    ended = fleetwright("plan", "--trigger", "automatic")

    assert ended.code == 0, ended.err
    assert "extra image (VHD) in node resource group MC_shop_web_westeurope" in ended.out


@pytest.mark.parametrize("verb", ["run", "plan"])
@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        (cluster_id("nothing"), "managedClusters/nothing"),
        (f"{cluster_id()}/agentPools/np7", "no node pool 'np7'; it has np1, system"),
        (f"{cluster_id()}/agentPools/NOT-A-POOL", "neither an AKS cluster's id nor a node pool's"),
        (cluster_id().replace("00000000-0000-0000-0000-000000000001", "nobody"), "'nobody' is not a GUID"),
    ],
)
def test_an_unknown_cluster_or_pool(clusters: Command, verb: str, fleet: str, said: str) -> None:
    """What does not exist is one line that names it, exit 2, and nothing is changed (R65)."""
    fleetwright = clusters(world(cluster(*TWO_POOLS, windows=WINDOW)))

    ended = fleetwright(verb, fleet=fleet)

    assert (ended.code, ended.out, len(ended.errors)) == (2, "", 1), ended
    assert said in ended.err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--version", "18.04.202402010"), "AKS gives a node pool the newest image"),
        (("--rollback",), "node images never go back (N34)"),
        (("--poll", "0.1"), "--poll 0.1: it is from 1 to 3600 seconds"),
    ],
)
def test_flags_that_mean_nothing_here(clusters: Command, flags: tuple[str, ...], said: str) -> None:
    """N34, N35: neither an image of one's own nor a way back may be asked for."""
    fleetwright = clusters(world(cluster(*TWO_POOLS, windows=WINDOW)))

    ended = fleetwright("run", *flags)

    assert (ended.code, len(ended.errors)) == (2, 1)
    assert said in ended.err


def test_evaluate_tells_each_cluster(clusters: Command) -> None:
    """R67, R70: a line for each cluster; without --start nothing is begun, with it rollouts run one after the other."""
    fleetwright = clusters(
        world(
            cluster(pool("np1", 1), windows=WINDOW),
            cluster(pool("np1", 1), name="quiet", channel="None", windows=WINDOW),
        )
    )

    looked = fleetwright("evaluate", fleet=None)
    unchanged = fleetwright.rehearsal.images("np1")
    started = fleetwright("evaluate", "--start", "--channel", "nodeimage", fleet=None)

    assert looked.code == 0
    assert looked.out.startswith("web: would be started: pool np1")
    assert "quiet: nothing to do: channel None: no updates (R67)" in looked.out
    assert unchanged == {"aks-np1-0": OLD}
    assert started.code == 0, started.err
    assert "Completed: 1 node pool: 1 upgraded" in started.out
    assert fleetwright.rehearsal.images("np1") == {"aks-np1-0": NEW}


def test_a_look_that_starts_nothing_is_not_remembered_as_started(clusters: Command) -> None:
    """R70: the ledger says *started* only of what somebody starts; held clusters are remembered by either."""
    fleetwright = clusters(world(cluster(pool("np1", 1), windows=WINDOW)))

    fleetwright("evaluate", fleet=None)
    before = fleetwright("history", "--json").body["evaluations"]
    started = fleetwright("evaluate", "--start", fleet=None)
    after = fleetwright("history", "--json").body["evaluations"]

    assert before == []
    assert [look["outcome"] for look in after] == ["started"]
    assert after[0]["notBefore"]
    assert "cluster web:" in started.out


def test_quota_of_a_pool_is_seen_before_it_is_touched(clusters: Command) -> None:
    """N32: a pool whose surge has no quota is held with the numbers, and nothing is sent."""
    pools = {"np1": {"quota": 1}}
    fleetwright = clusters(world(cluster(pool("np1", 3, maxSurge="2"), windows=WINDOW, pools=pools)))

    ended = fleetwright("run")

    assert (ended.code, len(ended.errors)) == (3, 1), ended.err
    assert "no room for its surge of 2: quota standardDSv3Family: 6 of 8 used" in ended.err
    assert not [
        route for route in fleetwright.rehearsal.admin.get("requests")["byRoute"] if "upgradeNode" in route
    ]


def test_who_stays_behind_is_named_at_the_end_and_asked_again_by_the_next_image(clusters: Command) -> None:
    """N32, N33: with Cordon the line of the pool names the node; schedules leave it alone until there is a newer image."""
    left = {"np1": {"undrainable": ["aks-np1-1"]}}
    profile = pool("np1", 3, undrainableNodeBehavior="Cordon")
    fleetwright = clusters(world(cluster(profile, windows=WINDOW, pools=left)))

    ended = fleetwright("run")
    looked = fleetwright("evaluate", fleet=None)

    assert ended.code == 0, ended.err
    assert f"3 of 4 nodes are on {NEW}; aks-np1-1 stays behind: on {OLD} instead of {NEW}" in ended.out
    assert looked.out.startswith("web: nothing to do: pool np1:"), looked.out
    assert "aks-np1-1, which could not be drained" in looked.out


def test_evaluate_an_unknown_channel(clusters: Command) -> None:
    """R62: an unknown channel is refused with the known ones."""
    ended = clusters(world(cluster(*TWO_POOLS)))("evaluate", "--channel", "Weekly", fleet=None)

    assert (ended.code, len(ended.errors)) == (2, 1)
    assert "'Weekly'" in ended.err
    assert "None, Unmanaged, SecurityPatch, NodeImage" in ended.err


def test_evaluate_as_json(clusters: Command) -> None:
    """R70: the looks as one JSON object; rollouts, which are told in lines, are not begun with it."""
    fleetwright = clusters(world(cluster(pool("np1", 1), windows=WINDOW)))

    looked = fleetwright("evaluate", "--json", fleet=None)
    refused = fleetwright("evaluate", "--json", "--start", fleet=None)

    assert [entry["outcome"] for entry in looked.body["value"]] == ["started"]
    assert (refused.code, refused.out) == (2, "")
    assert fleetwright.rehearsal.images("np1") == {"aks-np1-0": OLD}


def test_hold_release_and_cancel(clusters: Command) -> None:
    """A cluster and a pool are held and released by their ids; cancel says when there is nothing to cancel."""
    fleetwright = clusters(world(cluster(*TWO_POOLS, windows=WINDOW)))
    by = ("--by", "ann", "--reason", "a trade fair")

    held = fleetwright.ledger("hold", cluster_id(), *by)
    refused = fleetwright("run")
    told = fleetwright("history")
    released = fleetwright.ledger("release", cluster_id(), *by)
    pool_held = fleetwright.ledger("hold", f"{cluster_id()}/agentPools/np1", *by)
    cancelled = fleetwright.ledger("cancel", cluster_id(), *by)

    assert (held.code, released.code, pool_held.code) == (0, 0, 0)
    assert refused.code == 3
    assert "held by ann" in refused.err
    assert "held by ann" in told.out
    assert cancelled.code == 2
    assert "there is nothing to cancel" in cancelled.err


def test_features_of_a_channel_that_needs_none(clusters: Command) -> None:
    """R63: where no feature is missing nothing is registered, and that is said."""
    fleetwright = clusters(world(cluster(*TWO_POOLS)))

    there = ("--fleet", cluster_id(), "--endpoint", fleetwright.rehearsal.url, "--token", TOKEN)
    ended = fleetwright.ledger("features", "register", *there)

    assert ended.code == 0, ended.err
    assert "nothing to register" in ended.out
    assert fleetwright.rehearsal.admin.mutating() == 0


def test_features_are_registered_in_three_steps(clusters: Command) -> None:
    """R62, R63: with the early preview the channel's feature is registered, awaited, and its provider registered anew."""
    secured = cluster(pool("np1", image=NEW), channel="SecurityPatch", windows=WINDOW)
    fleetwright = clusters(world(secured, nodeImages=SECURITY_IMAGES))
    version = ("--api-version", "2022-11-02-preview")

    held = fleetwright("run", "--trigger", "automatic", *version)
    there = ("--fleet", cluster_id(), "--endpoint", fleetwright.rehearsal.url, "--token", TOKEN)
    ended = fleetwright.ledger("features", "register", *there, *version, "--virtual-time")

    assert held.code == 3
    assert "NodeOsUpgradeChannelPreview is" in held.err
    assert ended.code == 0, ended.err
    told = [line[:2] for line in ended.out.splitlines()]
    assert told == ["1.", "2.", "3.", "do"]
    sent = [
        entry["path"].rpartition("/providers/")[2]
        for entry in fleetwright.rehearsal.admin.get("requests")["log"]
        if entry["method"] == "POST" and entry["path"].endswith("/register")
    ]
    assert sent == [
        "Microsoft.ContainerService/features/NodeOsUpgradeChannelPreview/register",
        "Microsoft.ContainerService/register",
    ]


def test_somebody_elses_operation_holds_and_a_failed_one_does_not(clusters: Command) -> None:
    """R66: a world's cluster or pool that is at another operation is held by name; one that failed half way is resumed."""
    busy, failed = pool("np1", 1), pool("np1", 1)
    busy["provisioningState"], failed["provisioningState"] = "Upgrading", "Failed"
    updating = cluster(pool("np1", 1), name="shop", windows=WINDOW)
    updating["resource"]["properties"]["provisioningState"] = "Updating"
    document = world(cluster(busy, windows=WINDOW), updating, cluster(failed, name="half", windows=WINDOW))
    fleetwright = clusters(document)

    held, other = fleetwright("run"), fleetwright("run", fleet=cluster_id("shop"))
    resumed = fleetwright("run", fleet=cluster_id("half"))

    assert (held.code, held.errors) == (
        3,
        ["fleetwright: held: another operation is under way: pool np1 is Upgrading"],
    )
    assert (other.code, other.errors) == (
        3,
        ["fleetwright: held: another operation is under way: cluster shop is Updating"],
    )
    assert resumed.code == 0, resumed.err
