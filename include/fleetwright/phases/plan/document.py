"""From the phases file's document to a plan, with everything that is wrong with it."""

from __future__ import annotations

from datetime import timedelta

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.phase_checks import PlanProblem, check_plan
from fleetwright.domain.phases import Approval, FleetChoice, Phase, PhasePlan, SuccessCondition
from fleetwright.domain.regions import Region, Regions, normal_region
from fleetwright.phases.config.fields import Fields

_PHASE = ("name", "regions", "bake", "success", "concurrency", "approval", "fleets", "tags")
_SUCCESS = ("maxFailedFleets", "maxUnhealthyInstancePercent")


def read_document(document: object) -> tuple[PhasePlan, tuple[PlanProblem, ...]]:
    """Read a document; the plan is good where none of the problems is an error."""
    problems: list[PlanProblem] = []
    top = Fields(document, ("regions", "phases"), whose="", place=(), problems=problems)
    regions = _regions(top, problems)
    entries = top.get("phases")
    if entries is not None and not isinstance(entries, list):
        top.refuse("phases is no list of phases, each beginning with `- name: `", "phases")
        return PhasePlan((), regions), tuple(problems)
    read = (_phase(index, entry, problems) for index, entry in enumerate(entries or ()))
    plan = PhasePlan(tuple(phase for phase in read if phase is not None), regions)
    return plan, (*problems, *(() if entries and not plan.phases else check_plan(plan)))


def _regions(top: Fields, problems: list[PlanProblem]) -> Regions:
    value = top.get("regions")
    if value is None or value == {}:
        top.refuse(
            "regions is missing: name every region that has fleets, with its pair;"
            " `fleetwright phases suggest` writes them from Azure's list",
            "regions",
        )
        return Regions()
    if not isinstance(value, dict):
        top.refuse("regions is no mapping such as `westeurope: {pair: northeurope}`", "regions")
        return Regions()
    return Regions.of([_region(str(name), entry, problems) for name, entry in value.items()])


def _region(written: str, entry: object, problems: list[PlanProblem]) -> Region:
    name = normal_region(written)
    fields = Fields(
        {} if entry is None else entry,
        ("pair",),
        whose=f"region {name}",
        place=("regions", name),
        problems=problems,
    )
    pairs = tuple(normal_region(other) for other in fields.texts("pair"))
    if name in pairs:
        fields.refuse("it is its own pair; name the other region, or null", "pair")
    return Region(name=name, display_name=written if written != name else "", paired=pairs)


def _phase(index: int, entry: object, problems: list[PlanProblem]) -> Phase | None:
    name = entry.get("name") if isinstance(entry, dict) else None
    whose = f"phase {name}" if name is not None else f"phase {index}"
    fields = Fields(entry, _PHASE, whose=whose, place=("phases", index), problems=problems)
    if not isinstance(entry, dict):
        return None
    if name is None:
        fields.refuse("it has no name", "name")
    success = fields.inner("success", _SUCCESS)
    usual = SuccessCondition()
    return Phase(
        index=index,
        name=f"unnamed_{index}" if name is None else str(name),
        regions=tuple(normal_region(region) for region in fields.texts("regions")),
        bake=fields.span("bake", timedelta()),
        success=SuccessCondition(
            success.whole(_SUCCESS[0], usual.max_failed_fleets, 0),
            success.whole(_SUCCESS[1], usual.max_unhealthy_instance_percent, 0, 100),
        ),
        approval=_approval(fields),
        concurrency=fields.whole("concurrency", 10, 1),
        only=_choice(fields),
    )


def _approval(fields: Fields) -> Approval | None:
    value = fields.get("approval")
    if value is None or value is False:
        return None
    if value is True:
        return Approval()
    inner = fields.inner("approval", ("deadline",))
    deadline = inner.span("deadline", Approval().deadline)
    if not deadline:
        inner.refuse("deadline is 0: nobody could answer; give it hours such as PT24H", "deadline")
        return Approval()
    return Approval(deadline)


def _choice(fields: Fields) -> FleetChoice | None:
    if fields.get("fleets") is None and fields.get("tags") is None:
        return None
    names = frozenset(_fleet_key(fields, name) for name in fields.texts("fleets"))
    tags = {} if fields.get("tags") is None else fields.get("tags")
    if not isinstance(tags, dict):
        fields.refuse("tags is no mapping such as `{stage: canary}`", "tags")
        return FleetChoice(names)
    if not names and not tags:
        fields.refuse("fleets and tags are empty; leave them out for all fleets of its regions", "fleets")
    for key, value in tags.items():
        if value is None or isinstance(value, dict | list):
            fields.refuse(f"tag {key} is {value!r}; it must be one word", "tags", str(key))
    return FleetChoice(names, {str(key).strip().lower(): str(tags[key]).strip().lower() for key in tags})


def _fleet_key(fields: Fields, name: str) -> str:
    if not name.startswith("/"):
        return name.lower()
    try:
        return parse_fleet_id(name).key
    except ConfigurationError as error:
        fields.refuse(str(error), "fleets", name)
        return name.lower()
