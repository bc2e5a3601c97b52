"""The files that are imported: JSON, and the path in one at which something is wrong."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from pathlib import Path


class ImportRefusedError(ValueError):
    """Input that is not what the CLI prints: one line with the file, the path in it and what is wrong."""

    kind = "ImportRefusedError"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file.

    :param path: as one writes it: ``[2].instanceView``; empty for the whole file.
    """

    file: str
    path: str = ""

    def at(self, key: str | int) -> Place:
        """The place of a key or a position below."""
        if isinstance(key, int):
            return Place(self.file, f"{self.path}[{key}]")
        return Place(self.file, f"{self.path}.{key}" if self.path else key)

    def refuse(self, message: str) -> NoReturn:
        """Stop the import.

        :raises ImportRefusedError: always.
        """
        raise ImportRefusedError(": ".join(part for part in (self.file, self.path, message) if part))

    def mapping(self, value: object) -> dict[str, Any]:
        """The value, which has to be an object.

        :raises ImportRefusedError: it is none.
        """
        return (
            value if isinstance(value, dict) else self.refuse(f"{_kind(value)} where an object was expected")
        )

    def listed(self, value: object) -> list[Any]:
        """The value, which has to be an array; nothing is an empty one.

        :raises ImportRefusedError: it is none.
        """
        if value is None:
            return []
        return (
            value if isinstance(value, list) else self.refuse(f"{_kind(value)} where an array was expected")
        )

    def text(self, value: object) -> str:
        """The value, which has to be a text that says something.

        :raises ImportRefusedError: it is none.
        """
        if value is None:
            self.refuse("is missing")
        return (
            value if isinstance(value, str) and value else self.refuse(f"{value!r} where a text was expected")
        )


def _kind(value: object) -> str:
    names = {dict: "an object", list: "an array", str: "a text", type(None): "nothing"}
    return names.get(type(value), repr(value))


def read_json(path: Path) -> object:
    """What a file holds.

    :raises ImportRefusedError: it cannot be read, or is no JSON.
    """
    place = Place(str(path))
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return place.refuse("is not UTF-8 text")
    except OSError as error:
        return place.refuse(f"cannot be read: {error.strerror or error}")
    except json.JSONDecodeError as error:
        return place.refuse(f"line {error.lineno}: no JSON: {error.msg}")
