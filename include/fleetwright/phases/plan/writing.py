"""A suggested plan as the text of a phases file."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from fleetwright.phases.plan.estate import RegionLoad, counted
from fleetwright.phases.plan.suggesting import Suggestion

_WIDTH = 110
_HEADER = """\
# Suggested by `fleetwright phases suggest`: no phase contains a pair, the smallest risk (instances) goes first.
# Look at bake times, limits and approvals before you use it; `fleetwright phases check` verifies it.
"""


def phases_text(suggestion: Suggestion) -> str:
    """The text of a phases file, with what stands in each region as comments."""
    return _HEADER + "\n".join((*_regions(suggestion), *_phases(suggestion))) + "\n"


def _regions(suggestion: Suggestion) -> Iterator[str]:
    yield "regions:"
    for name, region in sorted(suggestion.regions.by_name.items()):
        pairs = [other for other in region.paired if other != name]
        pair = pairs[0] if len(pairs) == 1 else f"[{', '.join(pairs)}]" if pairs else "null"
        yield f"  {name}: {{pair: {pair}}}  # {_load(name, suggestion)}"


def _phases(suggestion: Suggestion) -> Iterator[str]:
    last = len(suggestion.phases) - 1
    yield "phases:"
    for index, regions in enumerate(suggestion.phases):
        fleets = tuple(fleet for name in regions for fleet in _load(name, suggestion).fleets)
        named = "canary" if index == 0 and last else f"wave_{index or 1}"
        yield f"  - name: {named}  # {RegionLoad(named, fleets)}, {counted(len(regions), 'region')}"
        yield textwrap.fill(f"    regions: [{', '.join(regions)}]", _WIDTH, subsequent_indent=" " * 14)
        yield f"    bake: {'PT24H' if index == last else 'PT1H' if index == 0 else 'PT6H'}"
        yield "    success: {maxFailedFleets: 0, maxUnhealthyInstancePercent: 20}"
        yield f"    concurrency: {4 if index == 0 and last else 10}"


def _load(name: str, suggestion: Suggestion) -> RegionLoad:
    return suggestion.loads.get(name, RegionLoad(name))
