"""Where a ledger lies, and everything that can be wrong with that: one line, nothing changed, no password."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Table, text

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.events import Event
from fleetwright.domain.records import BatchRecord, RolloutRecord, RolloutSettings, SwapRecord
from fleetwright.ledger import schema, tables
from fleetwright.ledger.database import Database
from fleetwright.ledger.engine import _switch_to_wal, create_ledger_engine
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.ledger.urls import default_ledger_url, mask_url, resolve_ledger_url
from fleetwright.rollout.ports.leases import LeaseTerms

NOBODY = 65534
SECRET = "hunter2secret"


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Without root's right to everything."""
    if os.getuid() != 0:
        yield
        return
    os.setresuid(NOBODY, NOBODY, 0)
    yield
    os.setresuid(0, 0, 0)


def refusal(url: str) -> str:
    """The one line with which a URL is refused."""
    with pytest.raises(LedgerError) as refused:
        open_ledger(url)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_explicit_url_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given beats the variable, the variable beats the default, empty is not given."""
    monkeypatch.chdir(tmp_path)
    environ = {"FLEETWRIGHT_LEDGER_URL": "sqlite:////from/variable.db"}
    assert resolve_ledger_url("sqlite://", environ) == "sqlite://"
    assert resolve_ledger_url(None, environ) == "sqlite:////from/variable.db"
    assert resolve_ledger_url("", environ) == "sqlite:////from/variable.db"
    assert not (tmp_path / ".run").exists()
    assert resolve_ledger_url(None, {"FLEETWRIGHT_LEDGER_URL": ""}) == f"sqlite:///{tmp_path}/.run/ledger.db"
    assert (tmp_path / ".run").is_dir()


def test_default_folder_is_made_and_the_ledger_opens(tmp_path: Path) -> None:
    """The run folder is ours: it is created, whatever characters its path has."""
    folder = tmp_path / "a b?c#d%20é" / ".run"
    open_ledger(default_ledger_url(folder)).close()
    assert (folder / "ledger.db").is_file()


def test_default_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """A file where the run folder should be is one line that names it."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(LedgerError, match=r"taken/\.run cannot be created .*FLEETWRIGHT_LEDGER_URL"):
        default_ledger_url(tmp_path / "taken" / ".run")


def test_folder_of_a_given_url_is_never_created(tmp_path: Path) -> None:
    """A missing folder is a mistake in the URL, so it is told and not made."""
    told = refusal(f"sqlite:///{tmp_path}/missing/ledger.db")
    assert f"the folder {tmp_path}/missing does not exist" in told
    assert list(tmp_path.iterdir()) == []


def test_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    """Somebody's text file is refused by name and not touched."""
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 100)
    before = path.read_bytes()
    told = refusal(f"sqlite:///{path}")
    assert f"sqlite:///{path} is a file that is no SQLite database" in told
    assert path.read_bytes() == before


def test_database_of_something_else_is_left_as_it_is(tmp_path: Path) -> None:
    """Another program's database, Airflow's own for one, gets no tables of ours."""
    path = tmp_path / "airflow.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE dag_run (id INTEGER)")
    other.close()
    assert "is a database of something else (table 'dag_run')" in refusal(f"sqlite:///{path}")
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("dag_run",)]
    other.close()


def test_path_without_permission_is_told(tmp_path: Path, as_nobody: None) -> None:
    """A folder or file that this user may not write is one line that names it."""
    assert "/ may not be read and written by this user" in refusal("sqlite:////ledger-of-nobody.db")
    assert "/etc may not be read and written by this user" in refusal("sqlite:////etc/passwd")


def test_path_that_cannot_be_reached_is_told(tmp_path: Path, as_nobody: None) -> None:
    """A path through a folder that is closed to this user is one line that names it."""
    if os.geteuid() != NOBODY:
        tmp_path.chmod(0)
    told = refusal(f"sqlite:///{tmp_path}/inner/ledger.db")
    if os.geteuid() != NOBODY:
        tmp_path.chmod(0o700)
    assert f"{tmp_path}/inner/ledger.db cannot be reached (Permission denied)" in told


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("", "is not a database URL"),
        ("ledger.db", "'ledger.db' is not a database URL: write sqlite:////folder/file.db"),
        ("/folder/ledger.db", "'/folder/ledger.db' is not a database URL"),
        (f"postgresql//ann:{SECRET}@db/fleet", "'postgresql//ann:***@db/fleet' is not a database URL"),
        (f"postgresql:ann:{SECRET}@db/fleet", "is not a database URL"),
        (f"postgresql://ann:{SECRET}@db:port/fleet", "is not a database URL"),
        (f"postgresql://ann:pass@{SECRET}:x/y@db/fleet", "is not a database URL"),
        (f"mysql://ann:{SECRET}@db/fleet", "'mysql' is not a database a ledger lives in"),
        (f"postgres://ann:{SECRET}@db/fleet", "'postgres' is not a database a ledger lives in"),
        (f"postgresql+nodriver://ann:{SECRET}@db/fleet", "postgresql+nodriver://ann:***@db/fleet"),
        (f"postgresql+pg8000://ann:{SECRET}@db/fleet", "needs the Python package 'pg8000'"),
        (f"sqlite://ann:{SECRET}@host/ledger.db", "SQLite has neither host nor options"),
        ("sqlite:///ledger.db?mode=ro", "SQLite has neither host nor options"),
        ("sqlite+aiosqlite:///ledger.db", "aiosqlite"),
        ("sqlite:////tmp", "/tmp is a folder: name a file in it"),
    ],
)
def test_url_that_cannot_be_used_is_told_in_one_line(url: str, told: str) -> None:
    """A malformed URL, an unknown dialect or driver: named, with what would be right, without the password."""
    shown = refusal(url)
    assert told in shown
    assert SECRET not in shown


def test_errors_of_a_url_have_no_cause_that_shows_it() -> None:
    """A traceback prints causes too: none of them may carry what the line itself hides."""
    with pytest.raises(LedgerError) as refused:
        open_ledger(f"postgresql://ann:x@{SECRET}:port/y@db/fleet")
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_unreachable_database_is_told() -> None:
    """A server that does not answer is one line with the URL, without its password."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    told = refusal(f"postgresql+psycopg://ann:{SECRET}@127.0.0.1:1/fleet")
    assert "ledger postgresql+psycopg://ann:***@127.0.0.1:1/fleet cannot be read or written" in told
    assert SECRET not in told


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:////data/a:b@c/ledger.db", "sqlite:////data/a:b@c/ledger.db"),
        ("postgresql://db/fleet", "postgresql://db/fleet"),
        ("postgresql://ann@db/fleet", "postgresql://ann@db/fleet"),
        (f"postgresql://ann:{SECRET}@db/fleet", "postgresql://ann:***@db/fleet"),
        (f"postgresql://ann:a@b:{SECRET}/@db/fleet", "postgresql://ann:***@db/fleet"),
        (f"postgresql://db/fleet?user=ann&password={SECRET}", "postgresql://db/fleet?user=ann&password=***"),
        (f"postgresql://db/fleet?sslpassword={SECRET}&x=1", "postgresql://db/fleet?sslpassword=***&x=1"),
    ],
)
def test_password_is_masked_wherever_it_stands(url: str, shown: str) -> None:
    """What is shown of a URL is everything but its password."""
    assert mask_url(url) == shown


def test_ledger_never_shows_its_password(ledger: SqlLedger) -> None:
    """The object's own text is the masked URL."""
    shown = SqlLedger(ledger._database._engine, label=mask_url(f"postgresql://a:{SECRET}@db/x"))
    assert repr(shown) == "SqlLedger('postgresql://a:***@db/x')"


def test_newer_schema_is_refused(shared_url: str) -> None:
    """A ledger that a newer Fleetwright wrote is named with both revisions, and left alone."""
    ledger = open_ledger(shared_url)
    with ledger._database.altering() as connection:
        connection.execute(text("UPDATE ledger_version SET version_num = '0999'"))
    ledger.close()
    told = refusal(shared_url)
    assert mask_url(shared_url) in told
    assert "'0999'" in told
    assert f"'{schema.HEAD}' is the newest known here" in told


def test_known_revisions_are_the_migrations(ledger: SqlLedger) -> None:
    """The list that is read without Alembic is the one that Alembic would find."""
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    found = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == schema.REVISIONS


def test_migrations_make_the_tables_that_the_code_uses(ledger: SqlLedger) -> None:
    """Running every migration gives exactly the tables, columns and indexes of ``tables``."""
    with ledger._database.reading() as connection:
        options = {"version_table": schema.VERSION_TABLE, "compare_type": True}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), tables.metadata) == []


@pytest.mark.parametrize(
    ("record", "table", "elsewhere"),
    [
        (RolloutRecord, tables.rollouts, set()),
        (BatchRecord, tables.batches, {"index"}),
        (SwapRecord, tables.swaps, set()),
    ],
)
def test_every_field_of_a_record_has_its_column(record: type, table: Table, elsewhere: set[str]) -> None:
    """What the domain remembers can be asked for in SQL: a new field needs a new revision."""
    assert {field.name for field in fields(record)} - elsewhere <= set(table.c.keys())


def test_older_ledger_is_brought_up_to_date(
    file_url: str, wall: Callable[[], datetime], settings: RolloutSettings, intend: Callable[..., Event]
) -> None:
    """What an older Fleetwright wrote is there after opening, and goes on."""
    old = Database(create_ledger_engine(file_url), file_url)
    with old.altering() as connection:
        schema.migrate(connection, schema.REVISIONS[0])
        connection.execute(
            text(
                "INSERT INTO controls (fleet_key, kind, actor, reason, at, recorded_at)"
                " VALUES ('f', 'cancel', 'operator', 'noise', '2024-06-01 00:00:00.000000', '2024-06-01 00:00:00.000000')"
            )
        )
    old.close()
    ledger = open_ledger(file_url, wall_clock=wall)
    taken = ledger.begin(settings, owner="run-a", now=wall(), terms=LeaseTerms())
    ledger.append(taken.view.rollout.rollout_id, [intend(0, ["0"])], lease=taken.lease)
    assert ledger.replay() == ()
    assert [control.reason for control in ledger.list_controls("f", since=wall())] == ["noise"]


def test_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    """A file of no bytes is SQLite's way of an empty database."""
    path = tmp_path / "ledger.db"
    path.touch()
    assert open_ledger(f"sqlite:///{path}").list_locks() == ()


class BusyFile:
    """A connection whose file is being switched to WAL by another process for the first time it asks."""

    def __init__(self, refusal: str) -> None:
        self.asked = 0
        self._refusal = refusal

    def execute(self, _statement: str) -> None:
        """Refuse once."""
        self.asked += 1
        if self.asked == 1:
            raise sqlite3.OperationalError(self._refusal)


def test_first_switch_to_wal_waits_for_another_process() -> None:
    """Two processes that make the same ledger at once: SQLite refuses one at once, so it asks again."""
    busy, broken = BusyFile("database is locked"), BusyFile("disk I/O error")
    _switch_to_wal(busy)
    assert busy.asked == 2
    with pytest.raises(sqlite3.OperationalError, match="disk I/O error"):
        _switch_to_wal(broken)


def test_memory_ledgers_are_apart() -> None:
    """Two ledgers in memory share nothing."""
    one, two = open_ledger("sqlite://"), open_ledger("sqlite://")
    one.record_held("fleet", ["why"], actor="me", now=datetime(2024, 6, 1, tzinfo=UTC))
    assert len(one.list_events("fleet")) == 1
    assert two.list_events("fleet") == ()
