"""The small words of a world document: ids, instants, seconds."""

from __future__ import annotations

import math
from typing import Annotated, TypeGuard

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from arm_emulator.instants import parse_instant
from arm_emulator.resources.regions import region_name
from arm_emulator.timings import Range


class Document(BaseModel):
    """Part of a world document: unknown keys are refused, and no value is bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


def _as_id(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _instant(text: str) -> str:
    try:
        parse_instant(text)
    except ValueError:
        raise ValueError(f"{text!r} is no ISO 8601 instant such as 2024-06-01T00:00:00Z") from None
    return text


def _range(value: object) -> Range:
    bounds = value if isinstance(value, list | tuple) else [value, value]
    seconds = [float(bound) for bound in bounds if _is_duration(bound)]
    if len(bounds) != 2 or len(seconds) != 2:
        raise ValueError(f"{value!r} is neither a number of seconds nor [low, high]")
    low, high = seconds
    if low > high:
        raise ValueError(f"{value!r} has its low bound above its high one")
    return low, high


def _is_duration(bound: object) -> TypeGuard[float]:
    return isinstance(bound, int | float) and not isinstance(bound, bool) and 0 <= bound < math.inf


InstanceId = Annotated[str, BeforeValidator(_as_id)]
"""An instance id; a document may write the number."""

Instant = Annotated[str, AfterValidator(_instant)]
"""An ISO 8601 instant."""

Seconds = Annotated[Range, BeforeValidator(_range)]
"""A number of seconds, or [low, high] drawn by the seed."""

Location = Annotated[str, AfterValidator(region_name)]
"""A region in any spelling, read as its name."""
