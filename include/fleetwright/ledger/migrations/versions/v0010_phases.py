"""Publications travel phases: turns with their queue, holds, phase runs, and what the image watch has seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Nothing from before waits, is held or has travelled."""
    _add_turns_and_holds()
    _add_phases()
    _add_what_is_seen()


def _add_turns_and_holds() -> None:
    op.add_column("locks", sa.Column("turn", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("rollouts", sa.Column("waits", sa.Text(), nullable=False, server_default="[]"))
    op.create_table(
        "lock_queue",
        sa.Column("scope", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(512), primary_key=True),
        sa.Column("holder", sa.String(512), primary_key=True),
        sa.Column("modes", sa.Text(), nullable=False),
        sa.Column("ticket", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "holds",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("name", sa.String(512), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("released_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
    )


def _add_phases() -> None:
    op.create_table(
        "phase_runs",
        sa.Column("key", sa.String(768), primary_key=True),
        sa.Column("phase", sa.String(128), nullable=False),
        sa.Column("image", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
    )


def _add_what_is_seen() -> None:
    op.create_table(
        "seen_versions",
        sa.Column("image", sa.String(512), primary_key=True),
        sa.Column("version", sa.String(128), primary_key=True),
        sa.Column("region", sa.String(128), primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_reason", sa.Text(), nullable=False, server_default=""),
    )
    op.create_table(
        "seen_fleets",
        sa.Column("fleet_key", sa.String(512), primary_key=True),
        sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reached", sa.Text(), nullable=False, server_default=""),
    )
