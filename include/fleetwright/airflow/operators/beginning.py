"""The steps before the first batch: validate, acquire_lease, plan."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from fleetwright.airflow.fleet_dags import require_kind
from fleetwright.airflow.operators.step import RolloutStepOperator, owner_of
from fleetwright.airflow.pool_form import drain_of
from fleetwright.domain.errors import FleetwrightError, HeldError
from fleetwright.domain.fleets import FleetKind, parse_fleet_id
from fleetwright.domain.records import RolloutSettings, TriggerKind
from fleetwright.rollout.narrate import plan_text
from fleetwright.rollout.planning import make_plan, plan_body, preview
from fleetwright.rollout.repairs import suspend_repairs
from fleetwright.rollout.request import RolloutRequest
from fleetwright.rollout.validate import examine, validate

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


def request_of(params: Mapping[str, Any], *, requires_deferral: bool) -> RolloutRequest:
    """The rollout request that the trigger form describes.

    :raises ConfigurationError: for a value that cannot be
    """
    return RolloutRequest(
        fleet_id=str(params["fleet"]),
        version=str(params["version"]),
        trigger=TriggerKind(params["trigger"]),
        rollback=bool(params["rollback"]),
        health_timeout_seconds=float(params["health_timeout_seconds"]),
        poll_seconds=float(params["poll_seconds"]),
        requires_deferral=requires_deferral,
        phase=str(params.get("phase") or ""),
        drain=drain_of(params),
    )


class ValidateFleetOperator(RolloutStepOperator):
    """Checks everything before anything changes; a held fleet ends the run here, with every reason.

    :param kind: of the fleets that the DAG is for; any other is refused with the name of its DAG
    """

    def __init__(self, *, kind: FleetKind = FleetKind.SCALE_SET, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def execute(self, context: Context) -> Any:
        """Run the step; nothing has begun yet, so whatever is wrong is told at once and not tried again."""
        try:
            return super().execute(context)
        except FleetwrightError as error:
            raise AirflowFailException(str(error)) from error

    def step(self, context: Context) -> dict[str, Any]:
        """Return the settings of the rollout and the warnings."""
        hook = self.hook()
        request = request_of(context["params"], requires_deferral=hook.requires_deferral)
        fleet_id = parse_fleet_id(request.fleet_id)
        require_kind(fleet_id, self.kind)
        hook.check_subscription(fleet_id.subscription)
        try:
            validated = validate(self.ports(), request, actor=owner_of(context))
        except HeldError as held:
            for reason in held.reasons:
                log.warning("held: %s", reason)
            raise
        for warning in validated.warnings:
            log.warning("%s", warning)
        log.info("%s may be upgraded to %s", validated.fleet.name, validated.settings.target_version)
        return {"settings": validated.settings.to_dict(), "warnings": list(validated.warnings)}


class AcquireLeaseOperator(RolloutStepOperator):
    """Takes the fleet and starts its rollout, or resumes the one that a dead holder left.

    :param validated: output of ``validate``
    """

    template_fields: Sequence[str] = (*RolloutStepOperator.template_fields, "validated")

    def __init__(self, *, validated: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validated = validated

    def step(self, context: Context) -> str:
        """Return the rollout's id; empty in a dry run, which takes nothing."""
        from fleetwright.airflow.wiring import lease_terms  # noqa: PLC0415 - heavy; parsing needs none of it

        if context["params"]["dry_run"]:
            log.info("dry run: the fleet is not taken")
            return ""
        ports = self.ports()
        settings = RolloutSettings.from_dict(self.validated["settings"])
        owner, now = owner_of(context), ports.clock.now()
        acquired = ports.ledger.begin(settings, owner=owner, now=now, terms=lease_terms())
        rollout = acquired.view.rollout
        word = "resumed" if acquired.resumed else "started"
        log.info("rollout %s to %s %s", rollout.rollout_id, rollout.settings.target_version, word)
        return rollout.rollout_id


class PlanOperator(RolloutStepOperator):
    """Predicts every batch; a dry run ends here.

    :param validated: output of ``validate``
    """

    template_fields: Sequence[str] = (*RolloutStepOperator.template_fields, "validated")

    def __init__(self, *, validated: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validated = validated

    def step(self, context: Context) -> dict[str, Any]:
        """Return the plan."""
        if context["params"]["dry_run"]:
            return self._preview(context)
        warnings = tuple(self.validated["warnings"])
        session = self.reopen(context)
        plan = make_plan(session, warnings)
        suspend_repairs(session, plan)
        return plan_body(plan, warnings, session.settings.strategy)

    def _preview(self, context: Context) -> dict[str, Any]:
        ports, hook = self.ports(), self.hook()
        request = request_of(context["params"], requires_deferral=hook.requires_deferral)
        validated = examine(ports, request)
        plan, warnings = preview(validated, ports.ledger), validated.warnings
        log.info(
            "%s", plan_text(validated.fleet, plan, rollback=validated.settings.rollback, warnings=warnings)
        )
        log.info("dry run: nothing was changed, and the run ends here")
        body = plan_body(plan, warnings, validated.settings.strategy)
        context["ti"].xcom_push(key="return_value", value=body)
        self.do_branch(context, None)
        return body
