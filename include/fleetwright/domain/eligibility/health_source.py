"""What judges the instances of a set outside Service Fabric, and whether it is fit to (R16, R34, R35, N1, N4, O10)."""

from __future__ import annotations

from fleetwright.domain.eligibility.facts import Facts, Rule
from fleetwright.domain.instances import Health, HealthSource
from fleetwright.domain.surroundings import LoadBalancer, Unread
from fleetwright.domain.thresholds import name_ids

STANDARD = "standard"
MAX_PROBE_SECONDS = 120

# Sources that an upgrade can be judged by (R16); what is reported from outside cannot stand alone.
OF_THE_INSTANCES = frozenset({HealthSource.PROBE, HealthSource.EXTENSION, HealthSource.BINARY_EXTENSION})
_NAMES = {
    HealthSource.PROBE: "a health probe",
    HealthSource.EXTENSION: "the Application Health extension",
    HealthSource.BINARY_EXTENSION: "the Application Health extension",
    HealthSource.EXTERNAL: "externalHealthPolicy",
}


def _present(facts: Facts) -> str:
    sources = facts.fleet.health_sources
    if facts.fleet.service_fabric or OF_THE_INSTANCES.intersection(sources):
        return ""
    beside = " (externalHealthPolicy is not enough)" if sources else ""
    return (
        f"the model has neither a health probe nor the Application Health extension{beside}; "
        "add one so that upgraded instances can be judged (R16)"
    )


def _exactly_one(facts: Facts) -> str:
    sources = facts.fleet.health_sources
    if len(sources) < 2:
        return ""
    named = " and ".join(_NAMES[source] for source in sources)
    return f"the model has {len(sources)} health sources, {named}; exactly one may judge an instance: remove the rest (N4)"


def _standard_load_balancer(facts: Facts) -> str:
    found = facts.surroundings.load_balancer
    if facts.fleet.single_placement_group is not False or found is None:
        return ""
    spans = "singlePlacementGroup is false: a set of several placement groups with a health probe"
    if isinstance(found, Unread):
        return f"{spans} needs a Standard load balancer, and {found} (R34)"
    if found.sku.lower() == STANDARD:
        return ""
    return f"{spans} needs a Standard load balancer; the sku of {found.name} is {found.sku or 'Basic'} (R34)"


def _reports(facts: Facts) -> str:
    if facts.fleet.health_source is HealthSource.NONE:
        return ""
    silent = [
        i.instance_id
        for i in facts.instances
        if i.health is Health.NOT_REPORTED
        and i.power == "running"
        and i.is_provisioned
        and not i.failed_extensions
    ]
    if not silent:
        return ""
    return (
        f"{len(silent)} of {len(facts.instances)} instances run and report no health ({name_ids(tuple(silent))}): "
        "they do not run the model that has the health source; bring them to it first: manualupgrade (R31, O10)"
    )


def _probe_is_known(facts: Facts) -> str:
    found = facts.surroundings.load_balancer
    if isinstance(found, Unread) and facts.fleet.single_placement_group is not False:
        return f"{found}: the interval of its probe is not known (R35)"
    if isinstance(found, LoadBalancer) and found.probe_seconds is None:
        return f"load balancer {found.name} has no probe {found.probe}: the model's healthProbe.id leads nowhere (R16)"
    return ""


def _probe_interval(facts: Facts) -> str:
    found = facts.surroundings.load_balancer
    if not isinstance(found, LoadBalancer) or (found.probe_seconds or 0) < MAX_PROBE_SECONDS:
        return ""
    return (
        f"probe {found.probe} of load balancer {found.name} has intervalInSeconds {found.probe_seconds}; "
        f"less than {MAX_PROBE_SECONDS} tells in time how an upgraded instance is (R35)"
    )


REASONS: tuple[Rule, ...] = (_present, _exactly_one, _standard_load_balancer, _reports)
WARNINGS: tuple[Rule, ...] = (_probe_is_known, _probe_interval)
