"""Every order in which a few fleets can act: never two modes at once, and from everywhere all of them get home."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from turn_worlds import Journey, Tables

HOME, DEAD = 100, 101
MAY_BE_DEAD = 1  # at once; two of three take three times as long, and end as well


@dataclass(frozen=True)
class State:
    """How far everybody is: the next step of each fleet, and the tables."""

    steps: tuple[int, ...]
    tables: tuple[object, ...]


def explore(journeys: tuple[Journey, ...], *, can_die: bool) -> tuple[int, list[State]]:
    """Every state that can be reached, and those from which not everybody alive gets home."""
    start = (tuple(journey.first() for journey in journeys), Tables())
    seen = {State(start[0], ()): start}
    came_from: dict[State, set[State]] = defaultdict(set)
    waiting = [State(start[0], ())]
    while waiting:
        state = waiting.pop()
        for steps, tables in _successors(journeys, *seen[state], can_die=can_die):
            after = State(steps, tables.frozen())
            came_from[after].add(state)
            if after not in seen:
                seen[after] = (steps, tables)
                waiting.append(after)
    homeward = _reaching_home(seen, came_from)
    return len(seen), [state for state in seen if state not in homeward]


def _successors(
    journeys: tuple[Journey, ...], steps: tuple[int, ...], tables: Tables, *, can_die: bool
) -> Iterator[tuple[tuple[int, ...], Tables]]:
    over = frozenset(j.fleet_key for j, step in zip(journeys, steps, strict=True) if step == DEAD)
    for place, (journey, step) in enumerate(zip(journeys, steps, strict=True)):
        if step == DEAD:
            alive = tables.copy()
            alive.revive(journey.fleet_key)
            yield _with(steps, place, journey.first()), alive
        if step in {HOME, DEAD}:
            continue
        after = tables.copy()
        yield _with(steps, place, _act(journey, step, after, over)), after.copy()
        if can_die and len(over) < MAY_BE_DEAD:
            dead = tables.copy()
            dead.die(journey.fleet_key)
            yield _with(steps, place, DEAD), dead


def _act(journey: Journey, step: int, tables: Tables, over: frozenset[str]) -> int:
    if step == journey.last:
        tables.leave(journey.fleet_key)
        return HOME
    return step + 1 if tables.claim(journey.fleet_key, journey.wants(step), over).granted else step


def _with(steps: tuple[int, ...], place: int, step: int) -> tuple[int, ...]:
    return (*steps[:place], step, *steps[place + 1 :])


def _reaching_home(
    seen: dict[State, tuple[tuple[int, ...], Tables]], came_from: dict[State, set[State]]
) -> set[State]:
    found = {state for state in seen if set(state.steps) <= {HOME, DEAD}}
    waiting = list(found)
    while waiting:
        new = came_from[waiting.pop()] - found
        found |= new
        waiting.extend(new)
    return found


def east(name: str, *legs: tuple[str, ...], is_joint: bool = False) -> Journey:
    """A fleet of eastus, which is paired twice."""
    return Journey(name, "eastus", ("eastus|westus", "eastus|westus3"), legs, is_joint)


def west(name: str, *legs: tuple[str, ...], region: str = "westus", is_joint: bool = False) -> Journey:
    """A fleet of one of the two regions that eastus is paired with."""
    return Journey(name, region, (f"eastus|{region}",), legs, is_joint)


def far(name: str, pairs: tuple[str, ...], region: str) -> Journey:
    """A fleet of a region somewhere else, one leg long."""
    return Journey(name, region, pairs, (("1",),))


WORLDS = {
    "one region, zones in every order": (
        Journey("a", "r", (), (("1",), ("2",))),
        Journey("b", "r", (), (("2",), ("1",))),
        Journey("c", "r", (), (("1", "2"), ("2", "1"))),
    ),
    "a region in two pairs": (
        east("a", ("1",), ("2",)),
        east("b", ("2",)),
        west("c", ("1",)),
        west("d", ("1",), region="westus3"),
    ),
    "pairs and zone in one claim": (
        east("a", ("1",), ("2",), is_joint=True),
        east("b", ("2",), ("1",), is_joint=True),
        west("c", ("1",), is_joint=True),
    ),
    "one claim, two claims": (
        east("a", ("1",), is_joint=True),
        east("b", ("2",), ("1",)),
        west("c", ("1",)),
        west("d", ("1",), region="westus3", is_joint=True),
    ),
    "pairs in a circle": (
        far("a", ("p|q", "p|r"), "p"),
        far("b", ("p|q", "q|r"), "q"),
        far("c", ("p|r", "q|r"), "r"),
        far("d", ("p|r", "q|r"), "r"),
    ),
}


@pytest.mark.parametrize("world", WORLDS)
def test_everybody_gets_home_whatever_the_order(world: str) -> None:
    """No order of claims ends in a circle of fleets that wait for one another, nor in two modes (R46, R48)."""
    states, stuck = explore(WORLDS[world], can_die=False)

    assert states > len(WORLDS[world])
    assert stuck == []


@pytest.mark.parametrize("world", WORLDS)
def test_everybody_else_gets_home_when_one_dies(world: str) -> None:
    """Whoever dies, wherever it is then, and comes back or not, keeps nobody from getting home (R46, R48)."""
    _, stuck = explore(WORLDS[world][:3], can_die=True)

    assert stuck == []
