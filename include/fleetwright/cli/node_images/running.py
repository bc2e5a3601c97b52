"""``fleetwright run`` of a cluster: a whole rollout of node images without Airflow."""

from __future__ import annotations

import click

from fleetwright.cli.exit_codes import EXIT_COMPLETED, EXIT_HELD, EXIT_STOPPED
from fleetwright.cli.node_images.asking import node_request
from fleetwright.cli.options import Common
from fleetwright.cli.output import print_error, print_json, story, tell_calls
from fleetwright.cli.owner import owner_of_process
from fleetwright.cli.wiring import build_ledger, build_node_ports
from fleetwright.domain.errors import FleetwrightError, HeldError
from fleetwright.domain.node_pools.rollouts import NodeRollout, NodeRolloutState
from fleetwright.ledger.heartbeat import LeaseHeartbeat
from fleetwright.ledger.store import SqlLedger
from fleetwright.node_images.narrate import summary_lines
from fleetwright.node_images.ports import NodePorts
from fleetwright.node_images.report import held_report, interrupted_report, nothing_report, report
from fleetwright.node_images.request import NodeRequest
from fleetwright.node_images.runner import opened, roll_out_nodes
from fleetwright.node_images.validating import validate
from fleetwright.rollout.ports.leases import Lease, LeaseTerms

GOOD = frozenset({NodeRolloutState.COMPLETED, NodeRolloutState.WINDOW_CLOSED})


def run_nodes(common: Common, *, version: str, trigger: str, rollback: bool) -> int:
    """Upgrade a cluster's node pools, or one of them; or go on with what a run that died has left."""
    request = node_request(common, trigger=trigger, version=version, rollback=rollback)
    ledger = build_ledger(common)
    ports = build_node_ports(common, ledger)
    with story(dated=not common.virtual_time):
        return carry_out(ports, ledger, request, as_json=common.as_json)


def carry_out(ports: NodePorts, ledger: SqlLedger, request: NodeRequest, *, as_json: bool) -> int:
    """Run one rollout to its end and tell it; the exit code."""

    def keep_alive(lease: Lease) -> LeaseHeartbeat:
        return LeaseHeartbeat(ledger, lease)

    owner = owner_of_process("run")
    try:
        validated = validate(ports, request, actor=owner)
        if validated.nothing:
            return _tell_nothing(request, validated.nothing, as_json=as_json)
        with opened(ports, validated, owner=owner, terms=LeaseTerms(), keep_alive=keep_alive) as session:
            try:
                with tell_calls():
                    rollout = roll_out_nodes(session)
            except FleetwrightError as error:
                return _tell_interrupted(session.rollout, error, as_json=as_json)
    except HeldError as held:
        return tell_held(request.fleet_id, held, as_json=as_json)
    return _tell(rollout, as_json=as_json)


def tell_held(fleet_id: str, held: HeldError, *, as_json: bool) -> int:
    """Print every reason why a cluster is held."""
    if as_json:
        print_json(held_report(fleet_id, held.reasons))
    for reason in held.reasons:
        print_error(f"held: {reason}")
    return EXIT_HELD


def _tell_nothing(request: NodeRequest, reasons: tuple[str, ...], *, as_json: bool) -> int:
    if as_json:
        print_json(nothing_report(request.fleet_id, reasons))
    else:
        for reason in reasons:
            click.echo(f"nothing to do: {reason}")
    return EXIT_COMPLETED


def _tell(rollout: NodeRollout, *, as_json: bool) -> int:
    if as_json:
        print_json(report(rollout))
    else:
        for line in summary_lines(rollout):
            click.echo(line)
    return EXIT_COMPLETED if rollout.state in GOOD else EXIT_STOPPED


def _tell_interrupted(rollout: NodeRollout, error: FleetwrightError, *, as_json: bool) -> int:
    body = interrupted_report(rollout, error)
    if as_json:
        print_json(body)
    print_error(body["reason"]["message"])
    return EXIT_STOPPED
