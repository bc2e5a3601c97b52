"""The phases file: where it lies, and reading it; it is read whenever a DAG file is parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fleetwright.domain.phase_checks import PlanProblem
from fleetwright.domain.phases import PhasePlan
from fleetwright.phases.config.config_files import locate, parse_text, read_text
from fleetwright.phases.plan.document import read_document

PHASES_VARIABLE = "FLEETWRIGHT_PHASES"
USUAL_FILE = locate({}, PHASES_VARIABLE, "phases.yaml")


@dataclass(frozen=True, slots=True)
class ReadPhases:
    """A phases file that can be used.

    :param warnings: what a person should look at all the same, each one line
    :param tell: a problem found later, as a line of the same form
    """

    plan: PhasePlan
    warnings: tuple[str, ...]
    tell: Callable[[PlanProblem], str]


def phases_file(environment: Mapping[str, str]) -> Path:
    """Where the phases file lies: ``FLEETWRIGHT_PHASES``, else ``include/config/phases.yaml`` of the checkout."""
    return locate(environment, PHASES_VARIABLE, USUAL_FILE.name)


def load_phases(path: Path | str) -> PhasePlan:
    """The phases that a file lays down (R45, R46); fast, and nothing but the file is read.

    :raises ConfigFileError: when it cannot be read or holds errors, with all of them
    """
    return read_phases(path).plan


def read_phases(path: Path | str) -> ReadPhases:
    """The phases that a file lays down, with warnings.

    :raises ConfigFileError: when it cannot be read or holds errors, with all of them
    """
    return parse_phases(read_text(path, "the phases file", PHASES_VARIABLE), str(path))


def parse_phases(text: str, name: str) -> ReadPhases:
    """Read the text of a phases file.

    :param name: what problems name as the file
    :raises ConfigFileError: when it holds errors, with all of them: each one line with file, line, phase and region
    """
    file = parse_text(text, name, "regions and phases")
    plan, problems = read_document(file.value)
    file.refuse(problems)
    return ReadPhases(plan, tuple(map(file.tell, problems)), file.tell)
