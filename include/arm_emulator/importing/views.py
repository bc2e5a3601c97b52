"""Power, health, domains and extensions of an instance, from its instance view."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from arm_emulator.instants import admin_instant, parse_instant

if TYPE_CHECKING:
    from arm_emulator.importing.files import Place
    from arm_emulator.importing.notes import Notes

_POWER = {
    "running": "running", "starting": "running", "stopped": "stopped", "stopping": "stopped",
    "deallocated": "deallocated", "deallocating": "deallocated",
}  # fmt: skip
_HEALTH = {"healthy": "healthy", "unhealthy": "unhealthy", "initializing": "never", "unknown": "never"}
_METRICS = "componentstatus/custommetrics/"


def view_facts(view: dict[str, Any], place: Place, notes: Notes, instance: str) -> dict[str, Any]:
    """What a world says of an instance with this view.

    :raises ImportRefusedError: the view has another shape.
    """
    facts: dict[str, Any] = {}
    for key, name in (("platformUpdateDomain", "updateDomain"), ("platformFaultDomain", "faultDomain")):
        if view.get(key) is not None:
            facts[name] = _number(view[key], place.at(key))
        else:
            notes.note(f"{key} is missing; assumed from the instance's number", instance=instance)
    facts.update(_power(view, place, notes, instance))
    facts.update(_health(view, place))
    return facts


def _number(value: object, place: Place) -> int:
    if type(value) is not int or value < 0:
        place.refuse(f"{value!r} where a number was expected")
    return value


def statuses(holder: dict[str, Any], place: Place) -> list[tuple[str, str | None]]:
    """Code and time of each status below something.

    :raises ImportRefusedError: one has no code.
    """
    found = []
    for index, status in enumerate(place.at("statuses").listed(holder.get("statuses"))):
        where = place.at("statuses").at(index)
        entry = where.mapping(status)
        found.append(
            (where.at("code").text(entry.get("code")), instant_of(entry.get("time"), where.at("time")))
        )
    return found


def instant_of(value: object, place: Place) -> str | None:
    """A time as worlds write it; None where there is none.

    :raises ImportRefusedError: it is no time.
    """
    if value is None:
        return None
    try:
        return admin_instant(parse_instant(place.text(value)))
    except ValueError as error:
        if isinstance(value, str) and value:
            place.refuse(f"{value!r} is no ISO 8601 instant")
        raise error from None


def _power(view: dict[str, Any], place: Place, notes: Notes, instance: str) -> dict[str, Any]:
    for code, time in statuses(view, place):
        kind, _, state = code.lower().partition("/")
        if kind != "powerstate":
            continue
        if state not in _POWER:
            notes.note(f"{code} is not known; assumed PowerState/running", instance=instance)
        elif _POWER[state] != state:
            notes.note(f"{code} does not last; assumed PowerState/{_POWER[state]}", instance=instance)
        facts: dict[str, Any] = {"power": _POWER.get(state, "running")}
        return {**facts, "poweredAt": time} if time else facts
    notes.note("the view has no PowerState; assumed running", instance=instance)
    return {}


def _health(view: dict[str, Any], place: Place) -> dict[str, Any]:
    where = place.at("vmHealth")
    status = where.at("status").mapping(where.mapping(view.get("vmHealth") or {}).get("status") or {})
    if not status:
        return {}
    code = where.at("status").at("code").text(status.get("code"))
    state = code.rpartition("/")[2].lower()
    if state not in _HEALTH:
        where.at("status").at("code").refuse(f"{code!r} is none of the HealthState codes")
    time = instant_of(status.get("time"), where.at("status").at("time"))
    facts: dict[str, Any] = {"health": state, "healthWord": _HEALTH[state]}
    return {**facts, "healthAt": time} if time else facts


def extension_facts(view: dict[str, Any], place: Place) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """How each extension ended, and the custom metrics that one of them tells.

    :return: the results, those without a final status left out; the metrics or None.
    :raises ImportRefusedError: the view has another shape.
    """
    results: list[dict[str, Any]] = []
    metrics = None
    for index, entry in enumerate(place.at("extensions").listed(view.get("extensions"))):
        where = place.at("extensions").at(index)
        extension = where.mapping(entry)
        name = where.at("name").text(extension.get("name"))
        for code, time in statuses(extension, where):
            word = code.lower().partition("provisioningstate/")[2].partition("/")[0]
            if word in {"succeeded", "failed"}:
                results.append({"name": name, "result": word, "at": time})
                break
        metrics = _metrics(extension, where) or metrics
    return results, metrics


def _metrics(extension: dict[str, Any], place: Place) -> dict[str, Any] | None:
    for index, entry in enumerate(place.at("substatuses").listed(extension.get("substatuses"))):
        where = place.at("substatuses").at(index)
        status = where.mapping(entry)
        if not str(status.get("code", "")).lower().startswith(_METRICS):
            continue
        try:
            said = json.loads(str(status.get("message") or "{}"))
        except ValueError:
            where.at("message").refuse(f"{status.get('message')!r} is no JSON text")
        found = said.get("rollingUpgrade") if isinstance(said, dict) else None
        return found if isinstance(found, dict) else None
    return None
