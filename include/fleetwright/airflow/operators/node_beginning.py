"""The steps before the first pool: validate, acquire_lease, plan."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from fleetwright.airflow.node_form import NOT_BEFORE, timing_of
from fleetwright.airflow.node_words import clipped
from fleetwright.airflow.operators.node_step import NodeStepOperator, tell
from fleetwright.airflow.operators.step import owner_of, raise_wait_error
from fleetwright.airflow.phase_triggers import PhaseWaitTrigger, fingerprint
from fleetwright.domain.errors import FleetwrightError, HeldError
from fleetwright.domain.node_pools.documents import read_settings, write_settings
from fleetwright.domain.node_pools.ids import parse_target
from fleetwright.domain.node_pools.plan_words import plan_json, plan_lines
from fleetwright.domain.records import TriggerKind
from fleetwright.node_images.planning import make_plan
from fleetwright.node_images.request import NodeRequest
from fleetwright.node_images.settings import NodeImageSettings, load_node_image_settings, node_images_file
from fleetwright.node_images.validating import examine, plan_of, validate

if TYPE_CHECKING:
    from airflow.sdk import Context

    from fleetwright.node_images.ports import NodePorts

log = logging.getLogger(__name__)


def request_of(params: Mapping[str, Any], settings: NodeImageSettings) -> NodeRequest:
    """The rollout that the trigger form describes.

    :param settings: the site's, for what the form does not ask
    :raises ConfigurationError: when ``fleet`` is neither a cluster's id nor a node pool's
    """
    fleet = str(params["fleet"])
    parse_target(fleet)
    timing = {name: timedelta(seconds=seconds) for name, seconds in timing_of(params).items()}
    return NodeRequest(
        fleet,
        TriggerKind(params["trigger"]),
        replace(settings.manners, **timing),
        not_before_of(params),
        settings.window,
    )


def not_before_of(params: Mapping[str, Any]) -> datetime | None:
    """When the run may begin; None for at once."""
    text = str(params.get(NOT_BEFORE) or "")
    return datetime.fromisoformat(text) if text else None


class ValidateClusterOperator(NodeStepOperator):
    """Checks everything before anything changes, once its place inside the window has come (N31).

    A cluster that is held ends the run here, with every reason; one that has nothing to be done as well, in green.
    """

    def execute(self, context: Context) -> Any:
        """Run the step; nothing has begun yet, so whatever is wrong is told at once and not tried again."""
        try:
            return super().execute(context)
        except FleetwrightError as error:
            context["ti"].update_dagrun_note(clipped(str(error)))
            raise AirflowFailException(str(error)) from error

    def resume(self, context: Context, event: dict[str, Any]) -> Any:
        """Its place has come, or somebody held or released something: look again."""
        raise_wait_error(event)
        return self.execute(context)

    def step(self, context: Context) -> dict[str, Any]:
        """Return the settings of the rollout."""
        ports, params = self.node_ports(), context["params"]
        self._wait_for_its_place(context, ports)
        request = request_of(params, load_node_image_settings(node_images_file(os.environ)))
        self.hook().check_subscription(parse_target(request.fleet_id).cluster.subscription)
        if params["dry_run"]:
            return self._preview(context, ports, request)
        try:
            found = validate(ports, request, actor=owner_of(context))
        except HeldError as held:
            for reason in held.reasons:
                log.warning("held: %s", reason)
            context["ti"].update_dagrun_note(clipped("held: " + "; ".join(held.reasons)))
            raise
        for warning in found.warnings:
            log.warning("%s", warning)
        if found.nothing:
            return self._end_here(context, "nothing to do: " + "; ".join(found.nothing))
        return {"settings": write_settings(found.settings)}

    def _wait_for_its_place(self, context: Context, ports: NodePorts) -> None:
        until = not_before_of(context["params"])
        if until is None or ports.clock.now() >= until:
            return
        words = f"waits until {until:%Y-%m-%d %H:%M:%S %Z}: starts are spread inside the window (N31)"
        log.info("%s", words)
        context["ti"].update_dagrun_note(words)
        self.wait_for(PhaseWaitTrigger(until=until.isoformat(), seen=fingerprint(ports.ledger)))

    def _preview(self, context: Context, ports: NodePorts, request: NodeRequest) -> dict[str, Any]:
        plan = plan_of(examine(ports, request))
        for line in plan_lines(plan):
            log.info("%s", line)
        return self._end_here(context, "dry run: nothing was changed", plan=plan_json(plan))

    def _end_here(self, context: Context, words: str, **more: Any) -> dict[str, Any]:
        """End the run in green: nothing comes after this step."""
        log.info("%s", words)
        body = {"ended": words, **more}
        context["ti"].update_dagrun_note(clipped(words))
        context["ti"].xcom_push(key="return_value", value=body)
        self.do_branch(context, None)
        return body


class AcquireClusterOperator(NodeStepOperator):
    """Takes the cluster and starts its rollout, or resumes the one that a dead holder left.

    :param validated: output of ``validate``
    """

    template_fields: Sequence[str] = (*NodeStepOperator.template_fields, "validated")

    def __init__(self, *, validated: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validated = validated

    def step(self, context: Context) -> str:
        """Return the rollout's id."""
        from fleetwright.airflow.wiring import lease_terms  # noqa: PLC0415 - heavy; parsing needs none of it

        ports, settings = self.node_ports(), read_settings(self.validated["settings"])
        owner, now = owner_of(context), ports.clock.now()
        acquired = ports.ledger.begin_nodes(settings, owner=owner, now=now, terms=lease_terms())
        word = "resumed" if acquired.resumed else "started"
        log.info("rollout %s of %s %s", acquired.rollout.rollout_id, settings.fleet_id, word)
        return acquired.rollout.rollout_id


class PlanPoolsOperator(NodeStepOperator):
    """Plans every pool, and writes the plan down before the first of them is touched."""

    def step(self, context: Context) -> dict[str, Any]:
        """Return the plan."""
        session = self.reopen(context)
        make_plan(session)
        tell(context, session.rollout)
        return dict(session.rollout.plan)
