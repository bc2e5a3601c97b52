"""The small words of a world document: ids, instants, seconds."""

from __future__ import annotations

from typing import Annotated, TypeGuard

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from arm_emulator.instants import parse_instant
from arm_emulator.resources.regions import region_name
from arm_emulator.timings import Range

LONGEST_SECONDS = 1_000_000_000
"""More than thirty years; beyond, time would run out of numbers."""

_FIRST_YEAR, _LAST_YEAR = 1970, 2999


class Document(BaseModel):
    """Part of a world document: unknown keys are refused, and no value is bent into another type."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=True)


def _as_id(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _instant(text: str) -> str:
    try:
        year = parse_instant(text).year
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is no ISO 8601 instant such as 2024-06-01T00:00:00Z") from None
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise ValueError(f"{text!r} is not in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return text


def _range(value: object) -> Range:
    bounds = value if isinstance(value, list | tuple) else [value, value]
    seconds = [float(bound) for bound in bounds if _is_duration(bound)]
    if len(bounds) != 2 or len(seconds) != 2:
        raise ValueError(f"{value!r} is neither a number of seconds nor [low, high], up to {LONGEST_SECONDS}")
    low, high = seconds
    if low > high:
        raise ValueError(f"{value!r} has its low bound above its high one")
    return low, high


def _is_duration(bound: object) -> TypeGuard[float]:
    return isinstance(bound, int | float) and not isinstance(bound, bool) and 0 <= bound <= LONGEST_SECONDS


def _as_quotas(value: object) -> object:
    return {"cores": value} if isinstance(value, int) and not isinstance(value, bool) else value


InstanceId = Annotated[str, BeforeValidator(_as_id)]
"""An instance id; a document may write the number."""

Instant = Annotated[str, AfterValidator(_instant)]
"""An ISO 8601 instant."""

Seconds = Annotated[Range, BeforeValidator(_range)]
"""A number of seconds, or [low, high] drawn by the seed."""

Duration = Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)]
"""A number of seconds."""

Location = Annotated[str, AfterValidator(region_name)]
"""A region in any spelling, read as its name."""

Quotas = Annotated[dict[str, Annotated[int, Field(ge=0)]], BeforeValidator(_as_quotas)]
"""The vCPUs allowed by a family's name or ``cores``; a number alone is that of ``cores``."""
