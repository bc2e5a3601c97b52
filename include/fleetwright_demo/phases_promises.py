"""What ``make demo-phases`` promises: how far each version travels, and that no rule is broken on the way."""

from __future__ import annotations

from fleetwright.domain.phase_runs import FleetResult, PhaseState
from fleetwright_demo.phases_summary import Summary, fleets_on, phases_of

PHASES = ("phase_0_canary", "phase_1_early", "phase_2_broad")
GOOD, BAD, OF_GALLERY = "18.04.202402010", "18.04.202403010", "1.1.0"
HARMED = "web-northeurope-a"
BROAD = frozenset({"web-westeurope", "web-southeastasia"})
_OPTED_OUT = frozenset({"own-northeurope", "own-westeurope"})


def problems_of(summary: Summary) -> list[str]:
    """What differs from what the demo promises."""
    audit = summary["audit"]
    succeeded, failed = str(PhaseState.SUCCEEDED), str(PhaseState.FAILED)
    zones = max(seen["maxZonesInFlightPerImage"] for seen in audit["regions"].values())
    expected: tuple[tuple[str, object, object], ...] = (
        (f"way of {GOOD}", phases_of(summary, GOOD), dict.fromkeys(PHASES, succeeded)),
        (f"way of {BAD}", phases_of(summary, BAD), {PHASES[0]: succeeded, PHASES[1]: failed}),
        (f"{HARMED} on {BAD}", _outcome_of(summary, BAD, HARMED), str(FleetResult.FAULTED)),
        (f"sets of the last phase on {BAD}", fleets_on(summary, BAD) & BROAD, frozenset()),
        (f"sets of the last phase on {GOOD}", fleets_on(summary, GOOD) & BROAD, BROAD),
        (f"opted-out sets on {GOOD}", fleets_on(summary, GOOD) & _OPTED_OUT, frozenset()),
        (
            f"sets on {OF_GALLERY}",
            fleets_on(summary, OF_GALLERY),
            frozenset({"shop-westus2", "shop-westeurope"}),
        ),
        ("versions in quarantine", _quarantined(summary), [BAD]),
        ("seconds in both regions of a pair", audit["pairs"]["overlapSeconds"], 0.0),
        ("zones at once", zones, 1),
        ("violations", audit["violations"], []),
    )
    return [f"{what} is {found!r}, not {wanted!r}" for what, found, wanted in expected if found != wanted]


def _outcome_of(summary: Summary, version: str, fleet: str) -> str:
    told = next((told for told in summary["versions"].values() if told["version"] == version), None)
    fleets = told["fleets"] if told else {}
    return next((result for result, names in fleets.items() if fleet in names), "")


def _quarantined(summary: Summary) -> list[str]:
    return [told["version"] for told in summary["versions"].values() if told["quarantined"]]
