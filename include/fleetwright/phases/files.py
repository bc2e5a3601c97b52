"""The phases file: where it lies, and reading it; it is read whenever a DAG file is parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.phase_checks import PlanProblem
from fleetwright.domain.phases import PhasePlan
from fleetwright.phases.document import read_document
from fleetwright.phases.yaml_lines import YamlLines

PHASES_VARIABLE = "FLEETWRIGHT_PHASES"
# Beside the packages, wherever a DAG processor or a command is started.
USUAL_FILE = Path(__file__).resolve().parents[2] / "config" / "phases.yaml"


class PhasesFileError(ConfigurationError):
    """The phases file cannot be used.

    :param problems: every problem, each one line with file, line, phase and region
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


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
    given = environment.get(PHASES_VARIABLE, "").strip()
    return Path(given).expanduser() if given else USUAL_FILE


def load_phases(path: Path | str) -> PhasePlan:
    """The phases that a file lays down (R45, R46); fast, and nothing but the file is read.

    :raises PhasesFileError: when it cannot be read or holds errors, with all of them
    """
    return read_phases(path).plan


def read_phases(path: Path | str) -> ReadPhases:
    """The phases that a file lays down, with warnings.

    :raises PhasesFileError: when it cannot be read or holds errors, with all of them
    """
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise PhasesFileError(
            (f"{path}: the phases file cannot be read ({error.strerror}); {PHASES_VARIABLE} names another",)
        ) from None
    except ValueError:
        raise PhasesFileError((f"{path}: the phases file is not UTF-8 text",)) from None
    return parse_phases(text, str(path))


def parse_phases(text: str, name: str) -> ReadPhases:
    """Read the text of a phases file.

    :param name: what problems name as the file
    :raises PhasesFileError: when it holds errors, with all of them
    """
    lines = _parsed(text, name)
    repeated = [f"{name}:{line}: key {key} is given twice" for line, key in lines.repeated_keys()]
    if not isinstance(lines.value, dict):
        found = "empty" if lines.value is None else f"a {type(lines.value).__name__}"
        raise PhasesFileError((f"{name}: it is {found}, not a mapping with the keys regions and phases",))
    plan, problems = read_document(lines.value)

    def tell(problem: PlanProblem) -> str:
        return f"{name}:{lines.line_of(problem.place)}: {problem.text}"

    if errors := (*repeated, *(tell(problem) for problem in problems if not problem.is_warning)):
        raise PhasesFileError(errors)
    return ReadPhases(plan, tuple(map(tell, problems)), tell)


def _parsed(text: str, name: str) -> YamlLines:
    try:
        return YamlLines(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        words = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise PhasesFileError((f"{name}{where}: it is no YAML: {words}",)) from None
    except (ValueError, RecursionError) as error:
        raise PhasesFileError((f"{name}: it holds a value that is none: {error}",)) from None
