"""``fleetwright history`` of a cluster: its rollouts, and how schedules found it."""

from __future__ import annotations

from collections.abc import Iterator

import click

from fleetwright.cli.exit_codes import EXIT_COMPLETED
from fleetwright.cli.options import Common
from fleetwright.cli.output import print_json
from fleetwright.cli.wiring import build_clock, look_into_ledger
from fleetwright.domain.node_pools.evaluations import Evaluation
from fleetwright.domain.node_pools.ids import parse_target
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.node_images.heeding import why_held
from fleetwright.node_images.narrate import pool_line
from fleetwright.node_images.report import evaluation_report, report

SHOWN_ROLLOUTS, SHOWN_EVALUATIONS = 5, 10


def history_of_nodes(common: Common) -> int:
    """Show the last rollouts of a cluster and the last looks of schedules, newest first."""
    if common.virtual_time:
        build_clock(common)  # history needs no clock, but a flag that cannot be honoured is told
    ledger, target = look_into_ledger(common), parse_target(common.fleet)
    key = target.cluster.key
    rollouts = tuple(r for r in ledger.list_node_rollouts(key) if _is_about(r, target.pool))[:SHOWN_ROLLOUTS]
    evaluations = ledger.list_evaluations(key)[:SHOWN_EVALUATIONS]
    held = why_held(ledger.list_holds(), target)
    if common.as_json:
        looks = [evaluation_report(evaluation) for evaluation in evaluations]
        print_json({"value": [report(r) for r in rollouts], "evaluations": looks, "holds": list(held)})
        return EXIT_COMPLETED
    for line in (*_rollout_lines(rollouts), *_evaluation_lines(evaluations)):
        click.echo(line)
    for hold in held:
        click.echo(f"held: {hold}")
    if not rollouts and not evaluations:
        click.echo(f"no rollout of node images of this cluster, and no look at it; ledger: {ledger}")
    return EXIT_COMPLETED


def _is_about(rollout: NodeRollout, pool: str) -> bool:
    return not pool or any(each.name.lower() == pool.lower() for each in rollout.pools)


def _rollout_lines(rollouts: tuple[NodeRollout, ...]) -> Iterator[str]:
    for rollout in rollouts:
        started = f"{rollout.started_at:%Y-%m-%d %H:%M:%SZ}" if rollout.started_at else "-"
        ended = f"{rollout.ended_at:%Y-%m-%d %H:%M:%SZ}" if rollout.ended_at else "not over"
        yield f"{started} to {ended}  {rollout.rollout_id}  {rollout.state}, by {rollout.owner}"
        if rollout.reason:
            yield f"  {rollout.reason}"
        yield from (f"  {pool_line(pool)}" for pool in rollout.pools)


def _evaluation_lines(evaluations: tuple[Evaluation, ...]) -> Iterator[str]:
    for evaluation in evaluations:
        yield f"{evaluation.at:%Y-%m-%d %H:%M:%SZ}  evaluated  {evaluation}"
