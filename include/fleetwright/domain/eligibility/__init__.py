"""Whether a fleet may be upgraded at all: one file for each family of rules, and ``judging``, which asks them all.

::

    facts            what is known about the fleet when it is judged
    ownership        whose set it is, and whether somebody else is at work (O1-O4)
    model            what its image and disks are, and how its calls are dated (R15, R17, R28, R53, O5, O8)
    flexible         what a Flexible set has to have (R16, N11, N17)
    health_source    what judges its instances (R16, R34, R35, N1, N4, O10)
    patching         what else would patch it (R19, N2, N3), and what a swap changes in Windows (N5)
    service_fabric   durability, extension and cluster (R20-R24, R33, C1)
    credentials      what would expire on the way (R18)
    batch_pools      what a Batch pool has to be, and its account (R15, R19, R57, R59, R60, N29)
    judging          every answer at once
"""

from __future__ import annotations

from fleetwright.domain.eligibility.facts import Facts
from fleetwright.domain.eligibility.judging import Eligibility, judge_eligibility
from fleetwright.domain.eligibility.ownership import azure_upgrades_it, foreign_rollout, opted_out

__all__ = [
    "Eligibility",
    "Facts",
    "azure_upgrades_it",
    "foreign_rollout",
    "judge_eligibility",
    "opted_out",
]
