"""A schedule's look at the clusters of its channel: one word and its reasons for each, in the log and the ledger."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from cluster_rehearsals import MANNERS, ClusterRehearsal
from clusters import NEW, TWO_POOLS, cluster, cluster_id, pool, window, world

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.node_images.evaluating import evaluate_channel, parse_channel, request_of

Rehearse = Callable[..., ClusterRehearsal]
WINDOW = (window(),)


def look(rehearsal: ClusterRehearsal, channel: NodeOsChannel) -> dict[str, Evaluation]:
    """What a schedule finds, by the cluster's name."""
    found = evaluate_channel(rehearsal.ports(), channel, actor="node_image_weekly", manners=MANNERS)
    return {evaluation.fleet_id.rpartition("/")[2]: evaluation for evaluation in found}


def test_each_cluster_of_a_channel_ends_in_one_word(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """R67-R70: started, nothing to do or held, for each cluster of the schedule, logged and in the ledger."""
    caplog.set_level(logging.INFO, "fleetwright.node_images")
    rehearsal = rehearse(
        world(
            cluster(*TWO_POOLS, name="web", windows=WINDOW),
            cluster(pool("np1", image=NEW), name="done", windows=WINDOW),
            cluster(pool("np1"), name="quiet", channel="None", windows=WINDOW),
            cluster(pool("np1"), name="guests", channel="Unmanaged", windows=WINDOW),
            cluster(pool("np1"), name="shield", channel="SecurityPatch", windows=WINDOW),
        )
    )

    found = look(rehearsal, NodeOsChannel.NODE_IMAGE)

    assert {name: e.outcome for name, e in found.items()} == {
        "web": Outcome.STARTED,
        "done": Outcome.NOTHING_TO_DO,
        "quiet": Outcome.NOTHING_TO_DO,
        "guests": Outcome.NOTHING_TO_DO,
    }
    assert "channel None" in found["quiet"].reasons[0]
    assert any("new nodes start unpatched" in reason for reason in found["guests"].reasons)
    ledger = rehearsal.ports().ledger
    assert ledger.list_evaluations(cluster_id("web")) == (found["web"],)
    lines = {r.getMessage() for r in caplog.records}
    assert {str(evaluation) for evaluation in found.values()} <= lines


def test_a_cluster_that_cannot_be_read_is_held_and_the_others_go_on(rehearse: Rehearse) -> None:
    """An error while reading one cluster holds it with the error's words."""
    rehearsal = rehearse(
        world(
            cluster(pool("np1"), name="broken", windows=WINDOW),
            cluster(pool("np1"), name="web", windows=WINDOW),
        )
    )
    match = {"method": "GET", "path": "*/managedClusters/broken/agentPools/*"}
    rehearsal.admin.post("faults", match=match, effect={"status": 403})

    found = look(rehearsal, NodeOsChannel.NODE_IMAGE)

    assert found["broken"].outcome is Outcome.HELD
    assert "403" in found["broken"].reasons[0]
    assert found["web"].outcome is Outcome.STARTED


def test_a_held_cluster_and_one_whose_window_is_closed(rehearse: Rehearse) -> None:
    """R71: a hold of a person is told as held; outside its window a cluster has nothing to do."""
    later = window(schedule={"weekly": {"intervalWeeks": 1, "dayOfWeek": "Monday"}})
    rehearsal = rehearse(
        world(
            cluster(pool("np1"), name="fair", windows=WINDOW),
            cluster(pool("np1"), name="monday", windows=(later,)),
        )
    )
    ports = rehearsal.ports()
    hold = Hold(HoldSubject.FLEET, cluster_id("fair").lower(), "ann", "a trade fair", ports.clock.now())
    ports.ledger.add_hold(hold)

    found = look(rehearsal, NodeOsChannel.NODE_IMAGE)

    assert found["fair"].outcome is Outcome.HELD
    assert "held by ann" in found["fair"].reasons[0]
    assert found["monday"].outcome is Outcome.NOTHING_TO_DO
    assert "Mon 2024-03-04" in found["monday"].reasons[0]


def test_what_is_started_is_rolled_out(rehearse: Rehearse) -> None:
    """N31: the rollout of a started evaluation begins at its place in the window and ends up to date."""
    rehearsal = rehearse(world(cluster(pool("np1"), windows=WINDOW)))
    evaluation = look(rehearsal, NodeOsChannel.NODE_IMAGE)["web"]
    request = request_of(evaluation, MANNERS)

    rollout = rehearsal.run(not_before=request.not_before)

    assert rollout.pools[0].to_image == NEW
    assert look(rehearsal, NodeOsChannel.NODE_IMAGE)["web"].outcome is Outcome.NOTHING_TO_DO


def test_an_unknown_channel_names_the_known_ones() -> None:
    """R62: a channel that is none is refused with those that there are; the case of a word does not matter."""
    with pytest.raises(ConfigurationError, match="None, Unmanaged, SecurityPatch, NodeImage"):
        parse_channel("Weekly")
    assert parse_channel("nodeimage") is NodeOsChannel.NODE_IMAGE
