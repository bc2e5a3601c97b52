"""Notes about evaluations: whole where they fit Airflow's limit, and cut line by line where they do not."""

from __future__ import annotations

from datetime import UTC, datetime

from fleetwright.airflow.node_words import evaluations_note
from fleetwright.airflow.phase_words import LONGEST_NOTE
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome

AT = datetime(2024, 3, 3, tzinfo=UTC)


def look(name: str, outcome: Outcome, reason: str) -> Evaluation:
    """One evaluation."""
    return Evaluation(f"/managedClusters/{name}", NodeOsChannel.NODE_IMAGE, outcome, (reason,), AT)


def test_a_long_reason_is_told_whole_where_it_fits() -> None:
    """R70: of one cluster the whole arithmetic is read in the grid."""
    note = evaluations_note([look("web", Outcome.HELD, "x" * 700)])

    assert note == f"1 cluster: 1 held\nweb: held: {'x' * 700}"


def test_many_long_reasons_are_cut_so_that_several_are_seen() -> None:
    """R70: no note is longer than Airflow takes, started clusters are told first, and the rest is counted."""
    looks = [look(f"web{n}", Outcome.HELD, "x" * 700) for n in range(5)]

    note = evaluations_note([*looks, look("api", Outcome.STARTED, "pool system")])

    lines = note.splitlines()
    assert len(note) <= LONGEST_NOTE
    assert lines[0] == "6 clusters: 1 started, 5 held"
    assert lines[1] == "api: started: pool system"
    assert [line[:12] for line in lines[2:4]] == ["web0: held: ", "web1: held: "]
    assert lines[-1].endswith("more: see the log of evaluate")
