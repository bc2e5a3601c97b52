"""Who waits for a batch, in the order in which they get one: phases, then zones, update domains and numbers.

Built once from a situation; each batch that is taken costs no more than its own size, so that a plan of
10,000 instances is as quick as it is long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from fleetwright.domain.holdups import Grade, grade
from fleetwright.domain.instances import Instance
from fleetwright.domain.policy import RollingUpgradePolicy
from fleetwright.domain.situation import Situation

Rank = tuple[bool, int]


@dataclass(frozen=True, slots=True)
class Taken:
    """One batch and where it was taken.

    :param left: how many of this place waited, those of the batch included
    :param out: how many instances were out of service before
    """

    chosen: tuple[Instance, ...]
    rank: Rank
    zone: str
    update_domain: int
    left: int
    out: int


@dataclass(frozen=True, slots=True)
class _Domain:
    zone: str
    update_domain: int
    members: deque[Instance]


class Queues:
    """The candidates of a situation, taken batch by batch while all goes well.

    :param candidates: instances that may be upgraded now
    :param busy: instances that are to be upgraded and that somebody else is at work on: their phase is not over
    """

    def __init__(
        self, situation: Situation, candidates: Iterable[Instance], busy: Iterable[Instance]
    ) -> None:
        self._cap, self._largest = situation.cap, situation.largest_batch
        self._situation = situation
        self._waits = situation.waits_for_work
        self._closed = situation.waits_for_work and bool(situation.closed_ids)
        self._out = set(situation.out_of_service)
        self._prioritizes = situation.policy.prioritize_unhealthy_instances
        self._zone = situation.zone
        rank = situation.order.rank
        self._held_at = min((rank(i.instance_id) for i in busy), default=None)
        self._phases = deque(sorted(self._grouped(situation, candidates).items()))

    def _grouped(self, situation: Situation, candidates: Iterable[Instance]) -> dict[Rank, list[_Domain]]:
        grouped: dict[tuple[Rank, str, int], list[Instance]] = {}
        for candidate in candidates:
            rank = situation.order.rank(candidate.instance_id)
            grouped.setdefault((rank, *domain_of(candidate, situation.policy)), []).append(candidate)
        phases: dict[Rank, list[_Domain]] = {}
        for (rank, zone, update_domain), members in sorted(grouped.items(), key=lambda item: item[0]):
            members.sort(key=lambda i: (*self._urgency(i), i.order))
            phases.setdefault(rank, []).append(_Domain(zone, update_domain, deque(members)))
        return phases

    def _urgency(self, instance: Instance) -> tuple[int, ...]:
        if self._waits:
            return (grade(instance, self._situation),)
        return (instance.instance_id not in self._out,)

    @property
    def rank(self) -> Rank | None:
        """The phase whose turn it is; None when nobody waits."""
        ranks = [self._held_at] if self._held_at is not None else []
        if self._phases:
            ranks.append(self._phases[0][0])
        return min(ranks, default=None)

    def take(self) -> Taken | None:
        """The next batch; from here on its instances count as upgraded and ready. None when nothing fits."""
        for domain in self._in_order():
            if self._zone not in {None, domain.zone} or not self._fits(domain):
                continue
            left, out = len(domain.members), len(self._out)
            chosen = self._fitting(domain.members)
            self._out.difference_update(instance.instance_id for instance in chosen)
            rank, domains = self._phases[0]
            self._forget_empty(domains, domain)
            return Taken(chosen, rank, domain.zone, domain.update_domain, left, out)
        return None

    def zones(self) -> tuple[str, ...]:
        """The zones that could give a batch as urgent as the next one, that of the next one first."""
        fitting = [domain for domain in self._in_order() if self._fits(domain)]
        # Whoever goes first of all because some are not ready (N13), or idle, is not overtaken by a zone where
        # all are ready, or busy.
        alike = (d for d in fitting if self._comes_after(d) == self._comes_after(fitting[0]))
        return tuple(dict.fromkeys(domain.zone for domain in alike))

    def _in_order(self) -> list[_Domain]:
        """The domains whose phase has its turn."""
        if not self._phases or self._phases[0][0] != self.rank:
            return []
        domains = self._phases[0][1]
        if not self._prioritizes and not self._waits:
            return domains
        # Whoever is not ready, or idle, stands first in its domain; the order of domains is kept besides (N13, R55).
        return sorted(domains, key=self._comes_after)

    def _comes_after(self, domain: _Domain) -> tuple[bool, bool]:
        """Whether others come first because they are not ready, and because something of theirs is idle."""
        ill_first = self._prioritizes and not self._is_ill(domain)
        return ill_first, self._waits and not self._is_prompt(domain)

    def _is_ill(self, domain: _Domain) -> bool:
        if self._waits:
            return grade(domain.members[0], self._situation) is Grade.NOT_READY
        return domain.members[0].instance_id in self._out

    def _is_prompt(self, domain: _Domain) -> bool:
        """Whether something of it could be swapped at once."""
        first = domain.members[0]
        return first.instance_id in self._out or self._cap > len(self._out) if first.is_idle else False

    def _fits(self, domain: _Domain) -> bool:
        if self._cap > len(self._out) or domain.members[0].instance_id in self._out:
            return True
        return self._waits and any(member.instance_id in self._out for member in domain.members)

    def _fitting(self, members: deque[Instance]) -> tuple[Instance, ...]:
        """The first that fit; what is out of service already uses no budget, wherever it stands."""
        chosen: list[Instance] = []
        passed: list[Instance] = []
        budget = self._cap - len(self._out)
        while members and len(chosen) < self._largest:
            member = members.popleft()
            if member.instance_id in self._out:
                chosen.append(member)
            elif budget > 0:
                budget -= 1
                chosen.append(member)
            else:
                passed.append(member)
                if not self._closed:
                    break
        members.extendleft(reversed(passed))
        return tuple(chosen)

    def _forget_empty(self, domains: list[_Domain], domain: _Domain) -> None:
        if not domain.members:
            domains.remove(domain)
        if not domains:
            self._phases.popleft()


def domain_of(instance: Instance, policy: RollingUpgradePolicy) -> tuple[str, int]:
    """Zone and update domain that bound a batch; across zones the set counts as regional (R49, N14, C8)."""
    return ("" if policy.enable_cross_zone_upgrade else instance.zone, instance.update_domain)
