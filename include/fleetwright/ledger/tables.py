"""The tables as they are now; how they came to be stands in ``migrations``, and a test compares the two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
)

from fleetwright.ledger.values import UtcDateTime

metadata = MetaData()

# SQLite's own row number serves as the key only where the type is INTEGER.
_Serial = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str, **more: Any) -> Column[str]:  # noqa: ANN401 - handed on to Column
    return Column(name, Text(), nullable=False, **more)


def _key(name: str) -> Column[str]:
    return Column(name, String(512), primary_key=True)


events = Table(
    "events",
    metadata,
    Column("sequence", _Serial, primary_key=True, autoincrement=False),
    Column("rollout_id", String(128), nullable=True),
    Column("fleet_key", String(512), nullable=False),
    _text("kind"),
    _text("payload"),
    Column("happened_at", UtcDateTime(), nullable=False),
    Column("recorded_at", UtcDateTime(), nullable=False),
    _text("actor"),
    _text("previous_hash"),
    _text("hash"),
    Index("events_by_rollout", "rollout_id", "sequence"),
    Index("events_by_fleet", "fleet_key", "sequence"),
)

# One row: what the next event and the next lock build on. It survives every release, so tokens grow for ever.
heads = Table(
    "heads",
    metadata,
    Column("id", Integer(), primary_key=True, autoincrement=False),
    Column("token", BigInteger(), nullable=False),
    Column("sequence", BigInteger(), nullable=False),
    _text("hash"),
)

locks = Table(
    "locks",
    metadata,
    Column("scope", String(64), primary_key=True),
    _key("key"),
    _key("holder"),
    _text("mode"),
    Column("token", BigInteger(), nullable=False),
    Column("taken_at", UtcDateTime(), nullable=False),
    Column("heartbeat_at", UtcDateTime(), nullable=False),
    Column("expires_at", UtcDateTime(), nullable=False),
    # The token with which a turn was opened: whoever joined it has the same. Leases have none.
    Column("turn", BigInteger(), nullable=False, server_default="0"),
)

lock_queue = Table(
    "lock_queue",
    metadata,
    Column("scope", String(64), primary_key=True),
    _key("key"),
    _key("holder"),
    _text("modes"),
    Column("ticket", BigInteger(), nullable=False),
    Column("since", UtcDateTime(), nullable=False),
)

holds = Table(
    "holds",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("subject", String(64), nullable=False),
    Column("name", String(512), nullable=False),
    _text("actor"),
    _text("reason"),
    Column("at", UtcDateTime(), nullable=False),
    Column("recorded_at", UtcDateTime(), nullable=False),
    _text("released_by", server_default=""),
    _text("released_reason", server_default=""),
    Column("released_at", UtcDateTime(), nullable=True),
)

controls = Table(
    "controls",
    metadata,
    Column("id", _Serial, primary_key=True),
    Column("fleet_key", String(512), nullable=False),
    _text("kind"),
    _text("actor"),
    _text("reason"),
    Column("at", UtcDateTime(), nullable=False),
    Column("recorded_at", UtcDateTime(), nullable=False),
    Column("rollout_id", String(128), nullable=False, server_default=""),
    _text("owner", server_default=""),
    Index("controls_by_fleet", "fleet_key", "at"),
)

rollouts = Table(
    "rollouts",
    metadata,
    Column("rollout_id", String(128), primary_key=True),
    Column("fleet_key", String(512), nullable=False),
    _text("target_version"),
    _text("trigger_kind"),
    _text("settings"),
    _text("owner"),
    _text("state"),
    Column("started_at", UtcDateTime(), nullable=True),
    Column("ended_at", UtcDateTime(), nullable=True),
    _text("reason_code"),
    _text("reason_message"),
    _text("plan"),
    _text("decided"),
    _text("outcome"),
    Column("repairs_suspended", Boolean(), nullable=False),
    _text("waits", server_default="[]"),
    _text("closed", server_default="{}"),
    _text("left_busy", server_default="{}"),
    Index("rollouts_by_fleet", "fleet_key", "started_at"),
)

batches = Table(
    "batches",
    metadata,
    Column("rollout_id", String(128), primary_key=True),
    Column("batch_index", Integer(), primary_key=True, autoincrement=False),
    _text("instance_ids"),
    _text("zone"),
    Column("update_domain", Integer(), nullable=False),
    _text("reason"),
    _text("operation_urls"),
    Column("began_at", UtcDateTime(), nullable=True),
    Column("settled_at", UtcDateTime(), nullable=True),
    Column("capacity", Integer(), nullable=False, server_default="0"),
    _text("known_ids", server_default="[]"),
    _text("operation_members", server_default="[]"),
)

swaps = Table(
    "swaps",
    metadata,
    Column("rollout_id", String(128), primary_key=True),
    Column("instance_id", String(128), primary_key=True),
    Column("batch_index", Integer(), nullable=False),
    _text("old_version"),
    _text("old_disk_id"),
    _text("new_version"),
    _text("state"),
    _text("zone"),
    Column("update_domain", Integer(), nullable=False),
    _text("reason"),
    _text("data_disk_ids"),
    _text("new_disk_id"),
    Column("attempted_at", UtcDateTime(), nullable=True),
    Column("ended_at", UtcDateTime(), nullable=True),
    _text("verdict_reason"),
    Column("ready_seconds", Float(), nullable=True),
    _text("fatal"),
    _text("restored_disk_id", server_default=""),
    Column("preserves_disk", Boolean(), nullable=False, server_default=false()),
    _text("swept_disk_ids", server_default="[]"),
    _text("replacement_id", server_default=""),
    _text("suffered", server_default="{}"),
    _text("after_rollback", server_default="{}"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("rollout_id", String(128), primary_key=True),
    _text("image"),
    _text("version"),
    Column("since", UtcDateTime(), nullable=False),
    Column("fleet_key", String(512), nullable=False),
    _text("code"),
    _text("reason"),
    Column("released_at", UtcDateTime(), nullable=True),
    _text("released_by", server_default=""),
    _text("released_reason", server_default=""),
)

phase_runs = Table(
    "phase_runs",
    metadata,
    Column("key", String(768), primary_key=True),
    Column("phase", String(128), nullable=False),
    _text("image"),
    _text("version"),
    _text("state"),
    Column("opened_at", UtcDateTime(), nullable=True),
    Column("ended_at", UtcDateTime(), nullable=True),
    _text("body"),
)

seen_versions = Table(
    "seen_versions",
    metadata,
    _key("image"),
    Column("version", String(128), primary_key=True),
    Column("region", String(128), primary_key=True),
    Column("seen_at", UtcDateTime(), nullable=False),
    Column("announced_at", UtcDateTime(), nullable=True),
    Column("confirmed_at", UtcDateTime(), nullable=True),
    _text("left_reason", server_default=""),
)

seen_fleets = Table(
    "seen_fleets",
    metadata,
    _key("fleet_key"),
    Column("enabled_at", UtcDateTime(), nullable=True),
    _text("reached", server_default=""),
)

node_rollouts = Table(
    "node_rollouts",
    metadata,
    Column("rollout_id", String(128), primary_key=True),
    Column("fleet_key", String(512), nullable=False),
    _text("state"),
    Column("started_at", UtcDateTime(), nullable=True),
    Column("ended_at", UtcDateTime(), nullable=True),
    _text("body"),
    Index("node_rollouts_by_fleet", "fleet_key", "started_at"),
)
