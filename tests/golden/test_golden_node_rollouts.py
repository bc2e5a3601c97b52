"""Rollouts of node images, compared word by word with texts that people have read; ``make golden`` writes them anew."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster_rehearsals import ClusterRehearsal
from clusters import cluster_id
from keeping import HOW, difference
from node_scenarios import NODES, NodeScenario
from rehearsals import TOKEN, Stages

from fleetwright.cli.app import exit_code

TESTDATA = Path(__file__).parent / "nodes"
FIGURES = {
    "upgrades": "upgrades",
    "resumes": "upgrades taken up again",
    "livePatches": "live patches",
    "outsideWindow": "begun outside the window",
    "maxSurgeNodes": "most surge nodes at once",
    "maxUnavailable": "most nodes missing at once",
    "drained": "nodes drained",
    "drainTimeouts": "drains given up",
    "undrainable": "nodes that could not be drained",
    "images": "nodes by image",
}
_ID = re.compile(r"web-\d{8}T\d{6}Z-[0-9a-f]{6}")
_GUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")

Fleetwright = Callable[..., tuple[int, str, str]]


@pytest.fixture
def clusters(stages: Stages, tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], ClusterRehearsal]]:
    """Makes rehearsals of worlds of clusters, and ends them."""
    made: list[ClusterRehearsal] = []

    def make(world: dict[str, Any]) -> ClusterRehearsal:
        made.append(ClusterRehearsal(stages, world, tmp_path))
        return made[-1]

    yield make
    for rehearsal in made:
        rehearsal.close()


@pytest.mark.parametrize("name", NODES)
def test_node_rollout_goes_as_it_was_read(
    clusters: Callable[[dict[str, Any]], ClusterRehearsal], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """What is said on the way, the end of each pool with its reason, exit code and referee are those of the golden text (R65, R69, R71, N31, N32, N33)."""
    scenario = NODES[name]

    text = _told(scenario, clusters(scenario.world), capsys)

    changed = difference(TESTDATA / f"{name}.golden", text)
    assert not changed, f"{name} goes another way now; if that is right: {HOW}\n{changed}"


def test_every_golden_text_of_nodes_has_its_scenario() -> None:
    """No text outlives its scenario."""
    assert sorted(path.stem for path in TESTDATA.glob("*.golden")) == sorted(NODES)


def _told(scenario: NodeScenario, rehearsal: ClusterRehearsal, capsys: pytest.CaptureFixture[str]) -> str:
    where = ["--fleet", cluster_id(), "--endpoint", rehearsal.url, "--ledger", rehearsal.ledger_url]
    code = exit_code(["run", *where, "--token", TOKEN, "--virtual-time", "--trigger", "automatic"])
    said = capsys.readouterr()
    told = [line for line in said.err.splitlines() if "ledger:" not in line]
    lines = [
        scenario.title,
        "",
        "on the way",
        *(f"  {line}" for line in told),
        "",
        "ending",
        *(f"  {line}" for line in said.out.splitlines()),
        f"  exit code {code}",
        "",
        "referee",
        *_referee(rehearsal.admin.get("audit")),
        "",
        "upgrades sent",
        *_sent(rehearsal.admin.get("requests")["log"]),
    ]
    return _GUID.sub("<id>", _ID.sub("<rollout>", "\n".join(line.rstrip() for line in lines))) + "\n"


def _referee(audit: dict[str, Any]) -> Iterator[str]:
    for pool, figures in audit["nodePools"].items():
        yield f"  {pool.rpartition('/')[2]}, {figures['nodes']} nodes"
        yield from (f"    {words}: {_shown(figures[key])}" for key, words in FIGURES.items() if figures[key])
    broken = [f"{v['rule']}: {v['detail']}" for v in audit["violations"]]
    yield f"  broken rules: {'; '.join(broken) or 'none'}"


def _shown(figure: Any) -> str:  # noqa: ANN401 - a figure of the audit
    if isinstance(figure, dict):
        return ", ".join(f"{count} on {image}" for image, count in figure.items())
    return ", ".join(figure) if isinstance(figure, list) else str(figure)


def _sent(log: list[dict[str, Any]]) -> Iterator[str]:
    for entry in log:
        if entry["path"].endswith("/upgradeNodeImageVersion"):
            yield f"  {entry['at']} {entry['path'].split('/')[-2]} {entry['status']}"
        elif "annotate" in entry.get("body", ""):
            yield f"  {entry['at']} live patches {entry['status']}"
