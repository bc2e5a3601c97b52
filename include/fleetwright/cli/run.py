"""``fleetwright run``: a whole rollout without Airflow."""

from __future__ import annotations

import click
from rich.console import Console

from fleetwright.cli.drain_flags import drain_flags
from fleetwright.cli.exit_codes import EXIT_COMPLETED, EXIT_HELD, EXIT_STOPPED
from fleetwright.cli.node_images.running import run_nodes
from fleetwright.cli.options import Common, common_flags, rollout_flags
from fleetwright.cli.output import print_error, print_json, progress_of, story, tell_calls, tell_held
from fleetwright.cli.owner import owner_of_process
from fleetwright.cli.request import rollout_request
from fleetwright.cli.wiring import build_ledger, build_ports
from fleetwright.domain.drains import DrainPolicy
from fleetwright.domain.errors import FleetwrightError, HeldError
from fleetwright.domain.node_pools.ids import is_cluster_or_pool
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import RolloutState
from fleetwright.domain.thresholds import StopReason
from fleetwright.ledger.heartbeat import LeaseHeartbeat
from fleetwright.rollout.narrate import ending_text
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.report import interrupted_report, report
from fleetwright.rollout.request import RolloutRequest
from fleetwright.rollout.runner import opened, roll_out
from fleetwright.rollout.session import Ports, RolloutSession

_EXIT_CODES = {RolloutState.COMPLETED: EXIT_COMPLETED, RolloutState.HELD: EXIT_HELD}


@click.command()
@common_flags
@rollout_flags
@drain_flags
@click.option("--health-timeout", type=float, default=300.0, show_default=True, metavar="S")
@click.option(
    "--poll", type=float, default=5.0, show_default=True, metavar="S", help="Seconds between two looks."
)
def run(
    common: Common,
    *,
    version: str,
    trigger: str,
    rollback: bool,
    health_timeout: float,
    poll: float,
    drain: DrainPolicy,
) -> int:
    """Roll an image version out over one scale set or Batch pool, or newest node images over an AKS cluster's pools; or
    resume a rollout whose holder died.
    """
    if is_cluster_or_pool(common.fleet):
        return run_nodes(common, version=version, trigger=trigger, rollback=rollback)
    request = rollout_request(
        common,
        version=version,
        trigger=trigger,
        rollback=rollback,
        health_timeout=health_timeout,
        poll=poll,
        drain=drain,
    )
    ports = build_ports(common, build_ledger(common))
    with story(dated=not common.virtual_time) as console:
        try:
            return _carry_out(ports, request, console, as_json=common.as_json)
        except HeldError as held:
            tell_held(held, as_json=common.as_json)
            return EXIT_HELD


def _carry_out(ports: Ports, request: RolloutRequest, console: Console, *, as_json: bool) -> int:
    def keep_alive(lease: Lease) -> LeaseHeartbeat:
        return LeaseHeartbeat(ports.ledger, lease)

    owner = owner_of_process("run")
    with opened(ports, request, owner=owner, terms=LeaseTerms(), keep_alive=keep_alive) as session:
        try:
            view = _roll_out(session, console)
        except FleetwrightError as error:
            return _tell_interrupted(session.view, error, as_json=as_json)
    return _tell(view, as_json=as_json)


def _roll_out(session: RolloutSession, console: Console) -> RolloutView:
    with tell_calls(), progress_of(session.view, console) as observe:
        session.observe = observe
        return roll_out(session)


def _tell(view: RolloutView, *, as_json: bool) -> int:
    rollout = view.rollout
    if as_json:
        print_json(report(view))
    else:
        click.echo(ending_text(rollout.state, StopReason(rollout.reason_code, rollout.reason_message)))
    return _EXIT_CODES.get(rollout.state, EXIT_STOPPED)


def _tell_interrupted(view: RolloutView, error: FleetwrightError, *, as_json: bool) -> int:
    body = interrupted_report(view, error)
    if as_json:
        print_json(body)
    print_error(body["reason"]["message"])
    return EXIT_STOPPED
