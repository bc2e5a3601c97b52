"""R44 and R11: nobody is swapped to one version twice, and nobody goes back to a version it never had."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.images.versions import is_lower
from arm_emulator.referee.acceptance import ReplacementKind
from arm_emulator.referee.violations import Violation, names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.record import Replacement
    from arm_emulator.referee.acceptance import Acceptance


def judge_versions(acceptance: Acceptance) -> Iterator[Violation]:
    """Judge all replacements of an accepted call, before their histories are written on."""
    replacements = acceptance.event.replacements
    repeated = [r for r in replacements if _is_repeated(acceptance, r)]
    if repeated:
        listed = names([acceptance.record.named(r.instance) for r in repeated])
        detail = f"second swap of {listed} to {repeated[0].to_version}"
        yield Violation("R44", acceptance.at, acceptance.record.id, detail)
    unknown = [r for r in replacements if _goes_back_to_unknown(acceptance, r)]
    if unknown:
        listed = names([acceptance.record.named(r.instance) for r in unknown])
        detail = f"{listed} rolled back to {unknown[0].to_version}, which never ran there"
        yield Violation("R11", acceptance.at, acceptance.record.id, detail)


def _is_repeated(acceptance: Acceptance, replacement: Replacement) -> bool:
    is_rollback = acceptance.kinds[replacement.instance] is ReplacementKind.ROLLBACK
    return (
        not is_rollback
        and replacement.to_version in acceptance.record.history(replacement.instance).swapped_to
    )


def _goes_back_to_unknown(acceptance: Acceptance, replacement: Replacement) -> bool:
    old, new = replacement.from_version, replacement.to_version
    if acceptance.kinds[replacement.instance] is not ReplacementKind.SWAP or old is None or new is None:
        return False
    return is_lower(new, old) and new not in acceptance.record.history(replacement.instance).ran
