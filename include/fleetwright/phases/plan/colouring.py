"""Regions into phases, so that no phase contains a pair: graph colouring over the pairs (R46)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations, product
from typing import TypeAlias

import networkx as nx

from fleetwright.domain.regions import Regions

Group = frozenset[str]
# In quotes: a Graph has its parameter for the type checker alone.
Order: TypeAlias = "Callable[[nx.Graph[str], dict[str, int]], list[str]]"


def least_phases(names: frozenset[str], regions: Regions) -> int:
    """How many phases the pairs need at least.

    Exact where every region names one pair at most, as Azure's do; with more pairs the fewest that saturation
    colouring finds.
    """
    return len(_colour(_graph(names, regions), None))


def group_regions(risks: Mapping[str, int], regions: Regions, count: int) -> tuple[tuple[str, ...], ...]:
    """Put every region into one of so many phases, the phase of the smallest risk first.

    No phase contains a pair. Risks of phases, the sums of their regions', never decrease from phase to phase.
    No region of an earlier phase has a greater risk than one of a later phase with which it could change places
    without a pair coming together.

    :param risks: of every region; any whole numbers of 0 or more
    :param count: from ``least_phases`` to the number of regions
    """
    graph = _graph(frozenset(risks), regions)
    groups = _colour(graph, _biggest_first(risks))
    if len(groups) > count:
        groups = _colour(graph, None)
    while len(groups) < count:
        groups = _split(groups, risks)
    return tuple(
        tuple(_by_risk(group, risks)) for group in _settle(_even(groups, risks, graph), risks, graph)
    )


def _graph(names: frozenset[str], regions: Regions) -> nx.Graph[str]:
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(sorted(names))
    graph.add_edges_from(
        (name, other) for name in sorted(names) for other in sorted(regions.pairs_of(name) & names)
    )
    return graph


def _biggest_first(risks: Mapping[str, int]) -> Order:
    return lambda graph, _colours: sorted(graph, key=lambda name: (-risks[name], name))


def _colour(graph: nx.Graph[str], order: Order | None) -> list[Group]:
    """Groups without a pair, by an order of regions or else by saturation, which needs the fewest."""
    colours: dict[str, int] = nx.greedy_color(graph, order or "saturation_largest_first")
    return [
        frozenset(name for name, colour in colours.items() if colour == wanted)
        for wanted in sorted(set(colours.values()))
    ]


def _split(groups: list[Group], risks: Mapping[str, int]) -> list[Group]:
    """One group more: first the smallest region of all by itself, then halves of the longest group."""
    smallest = _by_risk(frozenset().union(*groups), risks)[0]
    whole = next(group for group in groups if smallest in group)
    if len(whole) > 1:
        lower = frozenset({smallest})
    else:
        whole = max(groups, key=lambda group: (len(group), _total(group, risks), sorted(group)))
        lower = frozenset(_by_risk(whole, risks)[: len(whole) // 2])
    return [group for group in groups if group != whole] + [lower, whole - lower]


def _even(groups: list[Group], risks: Mapping[str, int], graph: nx.Graph[str]) -> list[Group]:
    """About as many regions in each group, as far as the pairs allow, but for the first, which stays small."""
    first, *others = _in_order(groups, risks)
    while len(others) > 1:
        others.sort(key=lambda group: (len(group), sorted(group)))
        short, long = others[0], others[-1]
        free = [name for name in _by_risk(long, risks) if not set(graph[name]) & short]
        if len(long) - len(short) < 2 or not free:
            break
        others = [*others[1:-1], short | {free[0]}, long - {free[0]}]
    return [first, *others]


def _settle(groups: list[Group], risks: Mapping[str, int], graph: nx.Graph[str]) -> list[Group]:
    """Sort the groups, and let bigger regions change places with smaller ones of later groups.

    It ends: each exchange makes the sum of the squares of the groups' risks greater.
    """
    while True:
        groups = _in_order(groups, risks)
        found = next(_exchanges(groups, risks, graph), None)
        if found is None:
            return groups
        earlier, later, big, small = found
        groups[earlier] = groups[earlier] - {big} | {small}
        groups[later] = groups[later] - {small} | {big}


def _exchanges(
    groups: list[Group], risks: Mapping[str, int], graph: nx.Graph[str]
) -> Iterator[tuple[int, int, str, str]]:
    for earlier, later in combinations(range(len(groups)), 2):
        biggest = reversed(_by_risk(groups[earlier], risks))
        for big, small in product(biggest, _by_risk(groups[later], risks)):
            if risks[big] <= risks[small]:
                continue
            if not (
                set(graph[big]) & (groups[later] - {small}) or set(graph[small]) & (groups[earlier] - {big})
            ):
                yield earlier, later, big, small


def _in_order(groups: list[Group], risks: Mapping[str, int]) -> list[Group]:
    return sorted(groups, key=lambda group: (_total(group, risks), len(group), sorted(group)))


def _by_risk(group: Group, risks: Mapping[str, int]) -> list[str]:
    return sorted(group, key=lambda name: (risks[name], name))


def _total(group: Group, risks: Mapping[str, int]) -> int:
    return sum(risks[name] for name in group)
