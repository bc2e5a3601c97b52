"""A configuration file in YAML: where it lies, and its content with a line number for everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.phase_checks import PlanProblem
from fleetwright.phases.config.yaml_lines import YamlLines

# Beside the packages, wherever a DAG processor or a command is started.
_FOLDER = Path(__file__).resolve().parents[3] / "config"


class ConfigFileError(ConfigurationError):
    """A configuration file cannot be used.

    :param problems: every problem, each one line with the file, and with its line where it has one
    """

    def __init__(self, problems: tuple[str, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """The content of a configuration file.

    :param name: what problems name as the file
    :param value: the mapping that it holds
    """

    name: str
    value: Mapping[Any, Any]
    lines: YamlLines

    def tell(self, problem: PlanProblem) -> str:
        """A problem as a line that names the file and the line."""
        return f"{self.name}:{self.lines.line_of(problem.place)}: {problem.text}"

    def refuse(self, problems: tuple[PlanProblem, ...]) -> None:
        """Refuse a file that holds errors.

        :raises ConfigFileError: with all of them, keys that are given twice among them; warnings are none
        """
        repeated = [
            f"{self.name}:{line}: key {key} is given twice" for line, key in self.lines.repeated_keys()
        ]
        if errors := (*repeated, *(self.tell(problem) for problem in problems if not problem.is_warning)):
            raise ConfigFileError(errors)


def locate(environment: Mapping[str, str], variable: str, usual: str) -> Path:
    """Where a configuration file lies: where the variable says, else under its usual name in ``include/config``."""
    given = environment.get(variable, "").strip()
    return Path(given).expanduser() if given else _FOLDER / usual


def read_text(path: Path | str, what: str, variable: str) -> str:
    """The text of a configuration file.

    :param what: what errors call it, such as ``the phases file``
    :raises ConfigFileError: when it cannot be read, naming the variable that names another
    """
    try:
        return Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise ConfigFileError(
            (f"{path}: {what} cannot be read ({error.strerror}); {variable} names another",)
        ) from None
    except ValueError:
        raise ConfigFileError((f"{path}: {what} is not UTF-8 text",)) from None


def parse_text(text: str, name: str, keys: str) -> ConfigFile:
    """Read the text of a configuration file.

    :param keys: those that it has, in words
    :raises ConfigFileError: when it is no YAML, or no mapping
    """
    lines = _parsed(text, name)
    if not isinstance(lines.value, dict):
        found = "empty" if lines.value is None else f"a {type(lines.value).__name__}"
        raise ConfigFileError((f"{name}: it is {found}, not a mapping with the keys {keys}",))
    return ConfigFile(name, lines.value, lines)


def _parsed(text: str, name: str) -> YamlLines:
    try:
        return YamlLines(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        words = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise ConfigFileError((f"{name}{where}: it is no YAML: {words}",)) from None
    except (ValueError, RecursionError) as error:
        raise ConfigFileError((f"{name}: it holds a value that is none: {error}",)) from None
