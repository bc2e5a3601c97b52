"""The steps of a phase around its rollouts: open_phase, judge, bake, conclude."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from fleetwright.airflow.operators.phase_step import PhaseStepOperator, Place, end_here, tell
from fleetwright.airflow.operators.step import owner_of
from fleetwright.airflow.phase_words import story, summary
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.phase_runs import PhaseRun, PhaseState
from fleetwright.phases.baking import bake_until, conclude_phase
from fleetwright.phases.hearsay import why_unheard_of
from fleetwright.phases.judging import judge_phase
from fleetwright.phases.opening import Opened, open_phase

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)


class OpenPhaseOperator(PhaseStepOperator):
    """Finds out whether the phase begins and with which fleets, each left out with its reason (R45, R51).

    Where it has to wait it does so without a worker. Held or superseded, the task is skipped and the run ends.
    """

    def step(self, context: Context) -> list[str]:
        """Return the ids of the fleets to start; none where a person is asked first, or nothing is to do."""
        place = self.place(context)
        if context["dag_run"].partition_key is None:
            _refuse_hearsay(place)
        opened = _open(place, context)
        run = opened.run
        for left in run.left_out:
            log.info("left out: %s: %s", left.fleet_id, left.reason)
        tell(context, run)
        if opened.look_again_at is not None:
            log.info("looking again at %s, or when a hold is released", opened.look_again_at)
            self.wait_until(opened.look_again_at, place)
        end_here(run)
        return [start.fleet_id for start in run.starts]


class BeginPhaseOperator(OpenPhaseOperator):
    """Opens the phase again once a person has approved: the fleets are looked at anew."""

    def step(self, context: Context) -> list[str]:
        """Return the ids of the fleets to start.

        :raises AirflowFailException: when nobody has answered: ``approve`` asks
        """
        fleets = super().step(context)
        run = self.place(context).run()
        if run.state is PhaseState.WAITING:
            raise AirflowFailException(f"{story(run)}: clear the task 'approve', which asks")
        return fleets


class JudgePhaseOperator(PhaseStepOperator):
    """Judges the phase by the health of its fleets as they are now (R47); red where the version did harm.

    It runs whatever became of the rollouts: fleets that stopped, and an empty phase, are judged as well.
    """

    def step(self, context: Context) -> dict[str, Any]:
        """Return the phase run in numbers."""
        place = self.place(context)
        run = judge_phase(place.ports, place.plan, place.key)
        tell(context, run)
        end_here(run)
        if run.state not in {PhaseState.BAKING, PhaseState.SUCCEEDED}:
            raise AirflowFailException(f"{story(run)}: it never began; look at the tasks before this one")
        return summary(run)


class BakeOperator(PhaseStepOperator):
    """Watches the phase for a while after its last rollout (R45), without a worker."""

    def step(self, context: Context) -> None:
        """Wait until the bake is over."""
        place = self.place(context)
        until = bake_until(place.run(), place.phase)
        if until is not None and place.ports.clock.now() < until:
            log.info("%s bakes until %s", place.publication, until)
            self.wait_until(until, place)


class ConcludeOperator(PhaseStepOperator):
    """Judges the phase once more after its bake (R47), for good."""

    def step(self, context: Context) -> dict[str, Any]:
        """Return the phase run in numbers."""
        place = self.place(context)
        run = conclude_phase(place.ports, place.plan, place.key)
        tell(context, run)
        end_here(run)
        self._wait_on(run, place)
        return summary(run)

    def _wait_on(self, run: PhaseRun, place: Place) -> None:
        """A person may have cleared this task alone, before the bake was over."""
        until = bake_until(run, place.phase)
        if until is not None:
            self.wait_until(until, place)


def _refuse_hearsay(place: Place) -> None:
    """A mistyped version would wait for days, and supersede what is published meanwhile."""
    if place.ports.ledger.find_phase_run(place.key) is not None:
        return
    why = why_unheard_of(place.ports, place.publication)
    if why:
        raise ConfigurationError(f"{why}: trigger the phase with a version that is there")


def _open(place: Place, context: Context) -> Opened:
    return open_phase(place.ports, place.plan, place.phase, place.publication, owner=owner_of(context))
