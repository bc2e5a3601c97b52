"""Words of Azure's enums, whatever case they have; one that is not known is named with those that are."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from fleetwright.domain.errors import ConfigurationError

Word = TypeVar("Word", bound=StrEnum)


def read_word(kind: type[Word], text: str, field: str) -> Word:
    """The member that a word names.

    :param field: where it stands, as a person finds it
    :raises ConfigurationError: when the word is none of them
    """
    found = next((member for member in kind if member.lower() == text.strip().lower()), None)
    if found is None:
        raise ConfigurationError(f"{field} is {text!r}; it is one of {', '.join(kind)}")
    return found
