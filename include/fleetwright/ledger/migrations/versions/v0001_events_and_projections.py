"""Events with their hash chain, the projections of rollouts, locks and controls."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create everything; the head's only row is there from the start."""
    _create_events()
    _create_heads()
    _create_locks()
    _create_controls()
    _create_rollouts()
    _create_batches()
    _create_swaps()


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _instants(*names: str, nullable: bool = False) -> list[sa.Column[datetime]]:
    return [sa.Column(name, _INSTANT, nullable=nullable) for name in names]


def _create_events() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", _SERIAL, primary_key=True, autoincrement=False),
        sa.Column("rollout_id", sa.String(128), nullable=True),
        sa.Column("fleet_key", sa.String(512), nullable=False),
        *_text("kind", "payload"),
        *_instants("happened_at", "recorded_at"),
        *_text("actor", "previous_hash", "hash"),
    )
    op.create_index("events_by_rollout", "events", ["rollout_id", "sequence"])
    op.create_index("events_by_fleet", "events", ["fleet_key", "sequence"])


def _create_heads() -> None:
    heads = op.create_table(
        "heads",
        sa.Column("id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        *_text("hash"),
    )
    op.bulk_insert(heads, [{"id": 1, "token": 0, "sequence": 0, "hash": ""}])


def _create_locks() -> None:
    op.create_table(
        "locks",
        sa.Column("scope", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(512), primary_key=True),
        sa.Column("holder", sa.String(512), primary_key=True),
        *_text("mode"),
        sa.Column("token", sa.BigInteger(), nullable=False),
        *_instants("taken_at", "heartbeat_at", "expires_at"),
    )


def _create_controls() -> None:
    op.create_table(
        "controls",
        sa.Column("id", _SERIAL, primary_key=True),
        sa.Column("fleet_key", sa.String(512), nullable=False),
        *_text("kind", "actor", "reason"),
        *_instants("at", "recorded_at"),
    )
    op.create_index("controls_by_fleet", "controls", ["fleet_key", "at"])


def _create_rollouts() -> None:
    op.create_table(
        "rollouts",
        sa.Column("rollout_id", sa.String(128), primary_key=True),
        sa.Column("fleet_key", sa.String(512), nullable=False),
        *_text("target_version", "trigger_kind", "settings", "owner", "state"),
        *_instants("started_at", "ended_at", nullable=True),
        *_text("reason_code", "reason_message", "plan", "decided", "outcome"),
    )
    op.create_index("rollouts_by_fleet", "rollouts", ["fleet_key", "started_at"])


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("rollout_id", sa.String(128), primary_key=True),
        sa.Column("batch_index", sa.Integer(), primary_key=True, autoincrement=False),
        *_text("instance_ids", "zone"),
        sa.Column("update_domain", sa.Integer(), nullable=False),
        *_text("reason", "operation_urls"),
        *_instants("began_at", "settled_at", nullable=True),
    )


def _create_swaps() -> None:
    op.create_table(
        "swaps",
        sa.Column("rollout_id", sa.String(128), primary_key=True),
        sa.Column("instance_id", sa.String(128), primary_key=True),
        sa.Column("batch_index", sa.Integer(), nullable=False),
        *_text("old_version", "old_disk_id", "new_version", "state", "zone"),
        sa.Column("update_domain", sa.Integer(), nullable=False),
        *_text("reason", "data_disk_ids", "new_disk_id"),
        *_instants("attempted_at", "ended_at", nullable=True),
        *_text("verdict_reason"),
        sa.Column("ready_seconds", sa.Float(), nullable=True),
        *_text("fatal"),
    )
