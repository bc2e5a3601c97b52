"""The ledger: what every rollout intended and saw, in SQLite or by URL in PostgreSQL.

``urls`` says where it lies, ``store`` is the ``Ledger`` of ``rollout.ports.ledger`` (``open_ledger``),
``heartbeat`` keeps a lease alive. What is written down as an event is never changed again; the tables of
rollouts, batches and swaps are projections of the events, written in the same transaction.
"""

from __future__ import annotations
