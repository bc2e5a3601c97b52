"""Every rule has a test that names it, and docs/rules.md says which."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from rules_table import (
    HOW,
    MOST,
    PAGE,
    Claim,
    claims,
    lacking,
    listing,
    named,
    page,
    representative,
    sections,
    shown,
    unknown,
)

LETTERS = ("R", "N", "C", "O")
ELSEWHERE = {
    "N": {7, 8},  # what a reader should know, and nothing to keep
}
LAST = {"R": 72, "N": 35, "C": 20, "O": 10}


@pytest.mark.parametrize(
    ("docstring", "rules"),
    [
        ("R11: the old version comes back.", ["R11"]),
        ("Nobody is lost (R7, N27; C20).", ["R7", "N27", "C20"]),
        ("All of R8-R10 and O1 to O3.", ["R8", "R9", "R10", "O1", "O2", "O3"]),
        ("Shares C7-9.", ["C7", "C8", "C9"]),
        ("A D2s_v3 in UTF8, VR11 and R1x.", []),
    ],
)
def test_rules_are_found_in_a_docstring(docstring: str, rules: list[str]) -> None:
    """Single numbers, lists and ranges are read, and what only looks like one is not."""
    assert list(named(docstring)) == rules


def test_the_list_of_rules_is_whole() -> None:
    """Each letter's numbers stand in the list without a gap but for those that are elsewhere, each with one plain line."""
    listed = {rule: line for section in sections() for rule, line in section.rules.items()}

    for letter in LETTERS:
        numbers = set(range(1, LAST[letter] + 1)) - ELSEWHERE.get(letter, set())
        assert {int(rule[1:]) for rule in listed if rule[0] == letter} == numbers
    assert [
        rule for rule, line in listed.items() if "\n" in line or "|" in line or not line.endswith(".")
    ] == []


def test_every_rule_has_a_test() -> None:
    """A rule that no test names is one that nobody would miss."""
    assert lacking(claims()) == []


def test_the_page_is_what_the_tests_say() -> None:
    """docs/rules.md names the tests that there are now, each with the rules that it shows."""
    kept, now = PAGE.read_text(encoding="utf-8").splitlines(), page(claims()).splitlines()
    changed = list(difflib.unified_diff(kept, now, "docs/rules.md, kept", "now", lineterm="", n=0))

    assert not changed, f"docs/rules.md is old: run `{HOW}`\n" + "\n".join(changed)


def test_no_docstring_names_a_rule_that_there_is_not() -> None:
    """A number that is mistyped would claim something that nobody can look up."""
    assert unknown(claims()) == []


def test_a_rule_without_a_test_is_found(tmp_path: Path) -> None:
    """The reading sees which rules a folder of tests shows, in functions of any kind, and which it lacks."""
    tests = 'def test_a() -> None:\n    """R1 holds."""\n\n\nasync def test_b() -> None:\n    """R1, X."""\n'
    (tmp_path / "test_some.py").write_text(tests + "\n\ndef helper() -> None:\n    '''R2 is no claim.'''\n")

    said = claims(tmp_path)

    assert [claim.test for claim in shown(said)["R1"]] == ["test_a", "test_b"]
    assert "R1" not in lacking(said)
    assert "R2" in lacking(said)


def test_an_unknown_rule_is_named_with_its_test() -> None:
    """Whoever mistyped a number is told where."""
    assert unknown([Claim("a/test_b.py", "test_c", "See C99.")]) == ["a/test_b.py::test_c: C99"]


def test_the_page_shows_each_rule_with_its_tests() -> None:
    """A row has the rule, its line and each test under its file."""
    said = [Claim("a/test_b.py", name, "So R1.") for name in ("test_c", "test_d")]

    row = next(line for line in page(said).splitlines() if line.startswith("| R1 |"))

    assert row.endswith("| [a/test_b.py](../tests/a/test_b.py): `test_c`, `test_d` |")


def test_a_rule_with_many_tests_shows_a_few() -> None:
    """The page shows those that say the least beside the rule, one of each folder first, counts the rest, and the script has all."""
    said = [
        Claim("a/test_b.py", "test_c", "R1, R2 and R3."),
        Claim("a/test_b.py", "test_d", "R1."),
        Claim("a/test_b.py", "test_e", "R1."),
        Claim("b/test_b.py", "test_f", "R1, R2."),
        Claim("b/test_b.py", "test_g", "R1, R2, R3, R4."),
    ]

    row = next(line for line in page(said).splitlines() if line.startswith("| R1 |"))

    assert [claim.test for claim in representative(said)] == ["test_d", "test_f", "test_e"]
    assert row.count("`test_") == MOST
    assert row.endswith("<br>and 2 more |")
    assert all(claim.test in listing("R1", said) for claim in said)
    assert listing("R1", said).startswith("R1: 5 tests\n")
