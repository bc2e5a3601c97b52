"""The state file: SQLite, the beginning of a world in one table and a row for each call in another."""

from __future__ import annotations

import json
import sqlite3
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FORMAT = "1"
_TABLES = """
CREATE TABLE IF NOT EXISTS beginning (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS calls
    (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, mode TEXT NOT NULL, instants TEXT NOT NULL, call TEXT NOT NULL);
"""


class StateError(ValueError):
    """A state file that cannot be used, in one line."""

    kind = "StateError"


class Entry(NamedTuple):
    """One call.

    :param mode: of the clock at that time.
    :param instants: what the clock told while it was carried out.
    """

    kind: str
    mode: str
    instants: list[datetime]
    call: dict[str, Any]


class Beginning(NamedTuple):
    """What a world began with.

    :param text: the world document.
    """

    text: str
    mode: str
    instants: list[datetime]


class Journal:
    """An open state file; nobody else can open it meanwhile.

    :param given: the world document of the start: a file that began with another one is refused.
    :raises StateError: it is no state file, one of another world or seed, or in use.
    """

    def __init__(self, path: Path, *, given: str, seed: int) -> None:
        self.path = path
        marks = {
            "format": _FORMAT,
            "given": blake2b(given.encode(), digest_size=16).hexdigest(),
            "seed": str(seed),
        }
        with self._one_line():
            path.touch(mode=0o600)
            self._database = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
            self._database.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.execute("PRAGMA synchronous=NORMAL")
            foreign = {
                name
                for (name,) in self._database.execute("SELECT name FROM sqlite_master WHERE type='table'")
            }
            if foreign - {"beginning", "calls"}:
                raise StateError(f"{path} is another program's SQLite file: it has table {min(foreign)}")
            self._database.executescript(_TABLES)
            self._check(marks)

    @contextmanager
    def _one_line(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            words = "another emulator uses it" if "locked" in str(error) else str(error)
            raise StateError(f"{self.path} cannot be opened: {words}") from None
        except sqlite3.DatabaseError as error:
            raise StateError(f"{self.path} is no state file: {error}") from None
        except OSError as error:
            raise StateError(f"{self.path} cannot be opened: {error.strerror or error}") from None

    def _check(self, marks: dict[str, str]) -> None:
        known = dict(self._database.execute("SELECT name, value FROM beginning"))
        if not known:
            self._database.executemany("INSERT INTO beginning VALUES (?, ?)", marks.items())
            return
        for name, words in (
            ("format", "is of another version of the emulator"),
            ("given", "began with another world file; start with that one, or with another state file"),
            (
                "seed",
                f"began with --seed {known.get('seed')}; start with that one, or with another state file",
            ),
        ):
            if known.get(name) != marks[name]:
                raise StateError(f"{self.path} {words}")

    @property
    def beginning(self) -> Beginning | None:
        """The world that it holds; None in a new file."""
        known = dict(self._database.execute("SELECT name, value FROM beginning"))
        if "world" not in known:
            return None
        return Beginning(known["world"], known["mode"], _instants(known["instants"]))

    def begin(self, beginning: Beginning) -> None:
        """Hold this world from now on, and forget every call before."""
        texts = {"world": beginning.text, "mode": beginning.mode, "instants": _text(beginning.instants)}
        self._database.execute("BEGIN")
        self._database.execute("DELETE FROM calls")
        self._database.executemany("INSERT OR REPLACE INTO beginning VALUES (?, ?)", texts.items())
        self._database.execute("COMMIT")

    def append(self, entry: Entry) -> None:
        """Write a call; when this returns it is there whatever happens to the process."""
        row = (entry.kind, entry.mode, _text(entry.instants), json.dumps(entry.call))
        self._database.execute("INSERT INTO calls (kind, mode, instants, call) VALUES (?, ?, ?, ?)", row)

    def entries(self) -> Iterator[Entry]:
        """Every call, in order."""
        rows = self._database.execute("SELECT kind, mode, instants, call FROM calls ORDER BY number")
        for kind, mode, instants, call in rows:
            yield Entry(kind, mode, _instants(instants), json.loads(call))

    def close(self) -> None:
        """Let others open it."""
        self._database.close()


def _text(instants: list[datetime]) -> str:
    return " ".join(instant.isoformat() for instant in instants)


def _instants(text: str) -> list[datetime]:
    return [datetime.fromisoformat(part) for part in text.split()]
