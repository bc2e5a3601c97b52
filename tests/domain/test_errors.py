"""The tree of errors: who can mend them, and a word for machines."""

from __future__ import annotations

import pytest

from fleetwright.domain.errors import (
    ConfigurationError,
    FleetNotFoundError,
    FleetwrightError,
    HeldError,
    LeaseLostError,
    LedgerError,
    ProviderError,
)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (FleetwrightError, "error"),
        (ConfigurationError, "configuration"),
        (FleetNotFoundError, "configuration"),
        (HeldError, "held"),
        (LeaseLostError, "lease_lost"),
        (LedgerError, "ledger"),
        (ProviderError, "provider"),
    ],
)
def test_every_error_has_its_kind(error: type[FleetwrightError], kind: str) -> None:
    """Kinds are words that other programs rely on: they never change."""
    assert (error.kind, issubclass(error, FleetwrightError)) == (kind, True)


def test_a_hold_carries_every_reason() -> None:
    """R4, R15, R16, R28: all reasons at once, as values and in one line."""
    held = HeldError(("opted out", "no probe"))

    assert (held.reasons, str(held)) == (("opted out", "no probe"), "opted out; no probe")
