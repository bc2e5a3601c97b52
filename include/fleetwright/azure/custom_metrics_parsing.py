"""Custom metrics of the Application Health extension: whether they count, and what they say, read leniently (N18-N20).

learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-rolling-upgrade-custom-metrics
"""

from __future__ import annotations

import json

from fleetwright.azure.bodies import Body, as_body, bodies_at, body_at, text_at
from fleetwright.azure.profile_parsing import HEALTH_EXTENSION_TYPES, handler_version
from fleetwright.domain.instances import CustomMetrics

CUSTOM_METRICS = "componentstatus/custommetrics/"
# An application's answer is JSON in a string, which the extension's message holds as a string once more.
MOST_ENCODINGS = 4

_YES, _NO = frozenset({"true", "1"}), frozenset({"false", "0", ""})


def heeds_custom_metrics(profile: Body) -> bool:
    """Whether the model's health extension is 2.0 or later and asks over http or https (N20)."""
    for extension in bodies_at(profile, "extensionProfile", "extensions"):
        if text_at(extension, "properties", "type").lower() in HEALTH_EXTENSION_TYPES:
            major = handler_version(body_at(extension, "properties")).partition(".")[0]
            protocol = text_at(extension, "properties", "settings", "protocol").lower()
            return major.isdecimal() and int(major) >= 2 and protocol in {"http", "https"}
    return False


def parse_custom_metrics(view: Body) -> CustomMetrics | None:
    """What the instance's application says; None where it says nothing."""
    for extension in bodies_at(view, "extensions"):
        for substatus in bodies_at(extension, "substatuses"):
            if text_at(substatus, "code").lower().startswith(CUSTOM_METRICS):
                return _read(text_at(substatus, "message"))
    return None


def _read(message: str) -> CustomMetrics | None:
    try:
        wanted = _rolling_upgrade(_decoded(message))
        if wanted is None:
            return None
        return CustomMetrics(_flag(wanted.get("skipupgrade")), _number(wanted.get("phaseorderingnumber")))
    except (ValueError, RecursionError) as error:
        return CustomMetrics(problem=f"{_shortened(message)!r}: {_shortened(str(error))}")


def _decoded(value: object) -> object:
    """The JSON value inside however many strings it was put."""
    for _ in range(MOST_ENCODINGS):
        if not isinstance(value, str):
            break
        value = json.loads(value)
    return value


def _rolling_upgrade(value: object) -> Body | None:
    body = _by_lower_name(value)
    if "custommetrics" in body:
        body = _by_lower_name(_decoded(body["custommetrics"]))
    if "rollingupgrade" not in body:
        return None
    for _ in range(MOST_ENCODINGS):
        if "rollingupgrade" in body:  # some write the whole metrics where only this part belongs
            body = _by_lower_name(_decoded(body["rollingupgrade"]))
    return body


def _by_lower_name(value: object) -> Body:
    if not isinstance(value, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - read like any other text that cannot be read
    return {str(name).lower(): item for name, item in as_body(value).items()}


def _flag(value: object) -> bool:
    word = str(value if value is not None else "").strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    raise ValueError(f"SkipUpgrade is {value!r}; it must be true or false")


def _number(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int | str) and not isinstance(value, bool):
        try:
            return int(value)
        except ValueError:
            pass
    raise ValueError(f"PhaseOrderingNumber is {value!r}; it must be a whole number")


def _shortened(text: str, most: int = 120) -> str:
    return text if len(text) <= most else f"{text[:most]}..."
