"""Sets, situations and rollouts in one line each, for the tests of the domain."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from fleetwright.domain.batch_pools import BatchPool
from fleetwright.domain.events import Event, EventKind, start_event
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.health import Patience, Verdict, VerdictKind
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import Health, HealthSource, Instance
from fleetwright.domain.policy import RollingUpgradePolicy, UpgradePolicy
from fleetwright.domain.records import RolloutSettings, SwapRecord
from fleetwright.domain.situation import Situation
from fleetwright.domain.upgrade_order import UpgradeOrder

OLD, NEW, NEWER = "18.04.202401010", "18.04.202402010", "18.04.202403010"
NOW = datetime(2024, 6, 1, 12, 0, tzinfo=UTC)
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
FLEET_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web"
)
POOL_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Batch/batchAccounts/acct/pools/nightly"
IMAGE = ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest")
PROBED = HealthSource.PROBE


def after(seconds: float) -> datetime:
    """That many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def an_instance(number: int | str = 0, **changes: object) -> Instance:
    """A healthy instance on the old version."""
    values = {"version": OLD, "health": Health.HEALTHY, "os_disk_id": f"/disks/old-{number}", **changes}
    return Instance(str(number), **values)


def upgraded(instance: Instance, version: str = NEW) -> Instance:
    """The instance as it stands after a swap that went well."""
    return replace(
        instance,
        version=version,
        os_disk_id=f"/disks/new-{instance.instance_id}",
        provisioning_state="Succeeded",
        power="running",
        health=Health.HEALTHY,
        failed_extensions=(),
        pending_extensions=(),
    )


def a_set(
    size: int, zones: int = 0, update_domains: int = 1, unhealthy: tuple[int, ...] = ()
) -> tuple[Instance, ...]:
    """Instances as Azure places them: zones in turn, then update domains in turn."""
    return tuple(
        an_instance(
            i,
            zone=str(i % zones + 1) if zones else "",
            update_domain=i // max(zones, 1) % update_domains,
            health=Health.UNHEALTHY if i in unhealthy else Health.HEALTHY,
        )
        for i in range(size)
    )


def a_situation(instances: tuple[Instance, ...], **changes: object) -> Situation:
    """The instances before a rollout to NEW; policy fields may be given by their own names."""
    policy = {k: changes.pop(k) for k in tuple(changes) if k in RollingUpgradePolicy.__dataclass_fields__}
    values = {"health_source": PROBED, "policy": RollingUpgradePolicy(**policy), **changes}
    return Situation(instances, NEW, **values)


def a_fleet(**changes: object) -> Fleet:
    """A scale set that may be upgraded: tagged, on `latest`, with a probe."""
    values = {
        "fleet_id": parse_fleet_id(FLEET_ID),
        "location": "westeurope",
        "capacity": 5,
        "image": IMAGE,
        "policy": UpgradePolicy(),
        "tags": {"fleetwright": "enabled"},
        "health_sources": (PROBED,),
        **changes,
    }
    return Fleet(**values)


def a_pool(**changes: object) -> Fleet:
    """A Batch pool that may be upgraded: flagged with deferral, on `latest`, of an account of the Batch service."""
    values = {
        "fleet_id": parse_fleet_id(POOL_ID),
        "policy": UpgradePolicy(enable_automatic_os_upgrade=True, os_rolling_upgrade_deferral=True),
        "tags": {},
        "health_sources": (HealthSource.NODE,),
        "pool": BatchPool("acct"),
        **changes,
    }
    return a_fleet(**values)


def settings(**changes: object) -> RolloutSettings:
    """A manual rollout to NEW."""
    values = {
        "fleet_id": FLEET_ID,
        "target_version": NEW,
        "location": "westeurope",
        "image": {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"},
        **changes,
    }
    return RolloutSettings(**values)


def a_swap(number: int = 0, **changes: object) -> SwapRecord:
    """The swap of ``an_instance(number)`` to NEW, accepted at NOW."""
    values = {
        "batch_index": 0,
        "old_version": OLD,
        "old_disk_id": f"/disks/old-{number}",
        "new_version": NEW,
        "attempted_at": NOW,
        **changes,
    }
    return SwapRecord(str(number), **values)


def patience(seconds: float = 300, *, fail_fast: bool = False) -> Patience:
    """How long to wait for health."""
    return Patience(timedelta(seconds=seconds), fail_fast=fail_fast)


def started(now: datetime = NOW, **changes: object) -> Event:
    """The event that begins rollout ``r1``."""
    return start_event("r1", settings(**changes), "somebody", now)


def intended(*numbers: int, index: int = 0, now: datetime = NOW) -> Event:
    """A batch of instances is about to be swapped."""
    swaps = [
        {
            "instance_id": str(number),
            "old_version": OLD,
            "old_disk_id": f"/disks/old-{number}",
            "data_disk_ids": [f"0:/disks/data-{number}"],
            "new_version": NEW,
            "zone": "1",
            "update_domain": 0,
            "reason": f"{OLD} -> {NEW}",
        }
        for number in numbers
    ]
    payload = {"index": index, "zone": "1", "update_domain": 0, "reason": "zone 1", "swaps": swaps}
    return Event(EventKind.INTENDED, now, payload)


def told(kind: EventKind, now: datetime = NOW, **payload: object) -> Event:
    """Any other event."""
    return Event(kind, now, payload)


def sending(*numbers: int, now: datetime = NOW) -> Event:
    """The call is about to leave."""
    return told(EventKind.SENDING, now, instances=[str(n) for n in numbers])


def accepted(
    *numbers: int, url: str = "https://arm/op/1", state: str = "accepted", now: datetime = NOW
) -> Event:
    """Azure took the call."""
    return told(EventKind.ACCEPTED, now, instances=[str(n) for n in numbers], operation_url=url, state=state)


def replaced(*numbers: int, disk: str = "new", state: str | None = "swapped", now: datetime = NOW) -> Event:
    """The new disks were seen."""
    payload: dict[str, object] = {"disks": {str(n): f"/disks/{disk}-{n}" for n in numbers}}
    return told(EventKind.SWAPPED, now, **payload, **({"state": state} if state else {}))


def judged(number: int, state: str, reason: str = "ready", now: datetime = NOW, **more: object) -> Event:
    """One instance got its verdict."""
    row = {"instance_id": str(number), "state": state, "reason": reason, **more}
    return told(EventKind.JUDGED, now, verdicts=[row])


def rollback_intended(*numbers: int, now: datetime = NOW) -> Event:
    """Instances are about to get their previous version back."""
    return told(EventKind.ROLLBACK_INTENDED, now, instances=[str(n) for n in numbers])


def settled(index: int = 0, now: datetime = NOW) -> Event:
    """A batch is over."""
    return told(EventKind.SETTLED, now, index=index)


def finished(
    state: str = "Completed",
    code: str = "Completed",
    message: str = "done",
    now: datetime = NOW,
    **outcome: object,
) -> Event:
    """The rollout is over."""
    return told(EventKind.FINISHED, now, state=state, code=code, message=message, outcome=outcome)


def a_batch_to(*verdicts: tuple[int, str], index: int = 0) -> tuple[Event, ...]:
    """A batch from its intent to its verdicts, not settled."""
    numbers = tuple(number for number, _ in verdicts)
    return (
        intended(*numbers, index=index),
        sending(*numbers),
        accepted(*numbers),
        replaced(*numbers),
        *(judged(number, state) for number, state in verdicts),
    )


HEALTHY = Verdict(VerdictKind.HEALTHY, "ready")

healths = st.sampled_from([*Health, *[Health.HEALTHY] * 6])
policies = st.builds(
    RollingUpgradePolicy,
    max_batch_instance_percent=st.integers(5, 100),
    max_unhealthy_instance_percent=st.integers(5, 100),
    max_unhealthy_upgraded_instance_percent=st.integers(0, 100),
    enable_cross_zone_upgrade=st.booleans(),
    prioritize_unhealthy_instances=st.booleans(),
)

orders = st.builds(
    UpgradeOrder,
    st.dictionaries(st.integers(0, 60).map(str), st.integers(0, 3)),
    st.frozensets(st.integers(0, 60).map(str), max_size=5),
)


@st.composite
def random_sets(draw: st.DrawFn, largest: int = 60) -> tuple[Instance, ...]:
    """A set of any size and placement whose instances are in any state."""
    zones, update_domains = draw(st.integers(0, 3)), draw(st.integers(1, 6))
    states = st.fixed_dictionaries(
        {
            "health": healths,
            "version": st.sampled_from([OLD, OLD, OLD, OLD, NEW, NEWER, ""]),
            "protected": st.sampled_from([False, False, False, False, True]),
            "provisioning_state": st.sampled_from([*["Succeeded"] * 8, "Failed", "Updating"]),
            "power": st.sampled_from([*["running"] * 8, "stopped", "starting"]),
        }
    )
    drawn = draw(st.lists(states, max_size=largest))
    placed = a_set(len(drawn), zones, update_domains)
    return tuple(replace(instance, **state) for instance, state in zip(placed, drawn, strict=True))


@st.composite
def random_situations(draw: st.DrawFn, largest: int = 60) -> Situation:
    """Any set in the middle of any rollout."""
    instances = draw(random_sets(largest))
    ids = [i.instance_id for i in instances]
    swapped = draw(st.sets(st.sampled_from(ids))) if ids and draw(st.booleans()) else set()
    flying = draw(st.sets(st.sampled_from(sorted(swapped)))) if swapped and draw(st.booleans()) else set()
    return Situation(
        instances,
        NEW,
        draw(policies),
        draw(st.sampled_from(HealthSource)),
        swapped_ids=frozenset(swapped),
        in_flight_ids=frozenset(flying),
        order=draw(orders),
    )
