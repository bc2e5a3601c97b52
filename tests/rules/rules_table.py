"""The table of rules and the tests that show them; ``python tests/rules/rules_table.py`` writes docs/rules.md anew.

With rules as arguments (``R12 O4``) it prints all of their tests instead; the page shows a few of each.

A test shows the rules that its docstring names: ``R12``, a list such as ``R7, R9``, or a range such as ``R8-R10``.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
PAGE = ROOT / "docs" / "rules.md"
HOW = "make rules"
MOST = 3  # tests of a rule on the page; more would bury the rule

_NAMED = re.compile(r"\b([RNCO])(\d+)(?:(?:\s*-\s*|\s+to\s+)\1?(\d+))?\b")


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """A test that says which rules it shows.

    :param file: below tests/
    """

    file: str
    test: str
    docstring: str

    @property
    def rules(self) -> list[str]:
        """The rules that the docstring names, in its order."""
        return list(dict.fromkeys(named(self.docstring)))


@dataclass(frozen=True, slots=True)
class Section:
    """Rules of one origin.

    :param rules: each with its line
    """

    title: str
    rules: Mapping[str, str]


def named(docstring: str) -> Iterator[str]:
    """Every rule of a docstring, ranges spelled out."""
    for letter, first, last in _NAMED.findall(docstring):
        yield from (f"{letter}{number}" for number in range(int(first), int(last or first) + 1))


def sections() -> list[Section]:
    """The rules that must be shown."""
    return [Section(part["title"], part["rules"]) for part in _rules()["sections"]]


def later() -> Section:
    """The rules that a test may name and none has to."""
    return Section("Named by tests beyond the list", _rules()["later"])


def claims(folder: Path = TESTS) -> list[Claim]:
    """What every test below the folder says, in the order of files and names."""
    return sorted(claim for path in folder.rglob("test_*.py") for claim in _claims(path, folder))


def shown(said: list[Claim]) -> dict[str, list[Claim]]:
    """The tests of each rule that is named at all."""
    found: dict[str, list[Claim]] = defaultdict(list)
    for claim in said:
        for rule in claim.rules:
            found[rule].append(claim)
    return dict(found)


def lacking(said: list[Claim]) -> list[str]:
    """The rules that no test names."""
    found = shown(said)
    return [rule for section in sections() for rule in section.rules if rule not in found]


def unknown(said: list[Claim]) -> list[str]:
    """The tests that name a rule which there is not."""
    known = {rule for section in (*sections(), later()) for rule in section.rules}
    return [f"{c.file}::{c.test}: {rule}" for c in said for rule in c.rules if rule not in known]


def page(said: list[Claim]) -> str:
    """The whole document."""
    found = shown(said)
    origin = (
        "Every rule that a rollout of a scale set keeps, and the tests that show it. R are those of Azure's pages on\n"
        "automatic OS image upgrades, N newer ones, C what was decided where they contradict each other, O who upgrades\n"
        f"a set. Written by `{HOW}` from the tests' docstrings; a test compares this page with them, and a rule without a\n"
        f"test fails. At most {MOST} tests of a rule are shown, those that say the least beside it; `{HOW} RULE=R12` prints all of\n"
        "them with what each claims."
    )
    parts = [_table(section, found) for section in sections()]
    touched = {rule: line for rule, line in later().rules.items() if rule in found}
    if touched:
        parts.append(_table(Section(later().title, touched), found))
    return "\n\n".join(["# Rules", origin, *parts]) + "\n"


def _table(section: Section, found: Mapping[str, list[Claim]]) -> str:
    rows = [f"| {rule} | {line} | {_tests(found.get(rule, []))} |" for rule, line in section.rules.items()]
    return "\n".join([f"## {section.title}", "", "| rule | what holds | tests |", "|---|---|---|", *rows])


def _tests(said: list[Claim]) -> str:
    shown_here = representative(said)
    files = groupby(sorted(shown_here), key=lambda claim: claim.file)
    rows = [
        f"[{file}](../tests/{file}): {', '.join(f'`{claim.test}`' for claim in together)}"
        for file, together in files
    ]
    more = len(said) - len(shown_here)
    return "<br>".join([*rows, *([f"and {more} more"] if more else [])])


def representative(said: list[Claim]) -> list[Claim]:
    """The few tests of a rule that show it best: those that name the fewest rules, of as many folders as there are."""
    narrow = sorted(said, key=lambda claim: (len(claim.rules), claim))
    firsts = {claim.file.partition("/")[0]: claim for claim in reversed(narrow)}
    spread = sorted(firsts.values(), key=narrow.index)
    return [*spread, *(claim for claim in narrow if claim not in spread)][:MOST]


def listing(rule: str, said: list[Claim]) -> str:
    """All tests of one rule, each with what it claims."""
    tests = shown(said).get(rule, [])
    rows = [
        f"  tests/{claim.file}::{claim.test}\n    {' '.join(claim.docstring.split())}\n" for claim in tests
    ]
    return "".join([f"{rule}: {len(tests)} tests\n", *rows])


def _claims(path: Path, folder: Path) -> Iterator[Claim]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            file = path.relative_to(folder).as_posix()
            yield Claim(file, node.name, ast.get_docstring(node) or "")


def _rules() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "rules.yaml").read_text(encoding="utf-8"))
    return read


if __name__ == "__main__":
    everything = claims()
    if sys.argv[1:]:
        sys.stdout.writelines(listing(rule, everything) for rule in sys.argv[1:])
        sys.exit()
    PAGE.write_text(page(everything), encoding="utf-8")
    missing = lacking(everything)
    sys.stdout.write(f"rules without a test: {', '.join(missing) or 'none'}\n")
    sys.stdout.writelines(f"no such rule: {line}\n" for line in unknown(everything))
