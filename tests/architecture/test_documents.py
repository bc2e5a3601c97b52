"""What people read is whole: tables have all their cells, no text is garbled, no link leads nowhere, no code is invented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_tree import ROOT, product

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FOR_PEOPLE = sorted(
    [
        *DOCUMENTS,
        *(p for f in ("include", "dags", "plugins", "tests") for p in (ROOT / f).rglob("*.py")),
        *(p for ending in ("golden", "yaml") for p in (ROOT / "tests").rglob(f"*.{ending}")),
    ]
)
# UTF-8 that was read as Windows-1252: what an apostrophe, a dash, a blank, an umlaut then look like.
GARBLED = re.compile("\u00e2\u20ac|\u00c3[\u0080-\u00bf\u0192\u201e\u2026]|\u00c2[\u00a0-\u00bf]|\ufffd")
_RULE = re.compile(r"\|(?:\s*:?-+:?\s*\|)+\s*")
_LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)")

AZURES_CODES = {
    "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade",
    "MaxUnhealthyInstancePercentExceededInRollingUpgrade",
    "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade",
    "RollingUpgradeInProgressWithFailedUpgradedVMs",
    "InternalExecutionError",
    "RollingUpgradeTimeoutError",
}
# What stood in the source pages by accident, from another product altogether.
STRANGE = ("An update is already in " + "progress", "Microsoft Auto" + "Update")


def cells(row: str) -> int:
    """How many cells a table's row has; a bar in code or behind a backslash parts nothing."""
    bare = re.sub(r"`[^`]*`", "code", row.replace(r"\|", ""))
    return bare.strip().strip("|").count("|") + 1


def broken_rows(text: str) -> Iterator[str]:
    """Rows of Markdown tables that have more or fewer cells than the header of their table."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if number and _RULE.fullmatch(line):
            wanted = cells(lines[number - 1])
            rows = [line]
            for row in lines[number + 1 :]:
                if not row.startswith("|"):
                    break
                rows.append(row)
            yield from (row for row in rows if cells(row) != wanted)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_tables_have_all_their_cells(document: Path) -> None:
    """Each row of a table, the one under the header included, has as many cells as the header (C19)."""
    assert list(broken_rows(document.read_text(encoding="utf-8"))) == []


def test_no_text_is_garbled() -> None:
    """No page, source or kept text holds what UTF-8 looks like when it was read as something else (C19)."""
    garbled = [
        path.relative_to(ROOT).as_posix()
        for path in FOR_PEOPLE
        if GARBLED.search(path.read_text(encoding="utf-8"))
    ]

    assert garbled == []


def test_broken_tables_and_garbled_text_are_found() -> None:
    """A rule with a cell less, a row with one more, and an apostrophe that was read wrongly are seen; code with a bar is not (C19)."""
    table = "| a | b |\n|---|\n| 1 | 2 | 3 |\n| `x|y` | 2 |\n"

    assert list(broken_rows(table)) == ["|---|", "| 1 | 2 | 3 |"]
    assert GARBLED.search("you\u2019re".encode().decode("cp1252"))
    assert not GARBLED.search("caf\u00e9 \u2013 you\u2019re")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(document: Path) -> None:
    """What a page links to within the project is there."""
    targets = _LINK.findall(document.read_text(encoding="utf-8"))

    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_each_decision_has_a_number_of_its_own() -> None:
    """The pages on decisions are numbered from 1 on without a gap, in their names as in their titles."""
    pages = sorted((ROOT / "docs" / "adr").glob("*.md"))
    titles = [int(page.read_text(encoding="utf-8").removeprefix("# ").partition(".")[0]) for page in pages]

    assert [int(page.name[:4]) for page in pages] == titles == list(range(1, len(pages) + 1))


def test_a_stop_has_one_of_azures_codes() -> None:
    """The codes of rollouts that stop are the documented ones of rolling upgrades, no more and no others (C14, N9)."""
    (tree,) = [file.tree for file in product() if file.module == "fleetwright.domain.thresholds"]
    constants = {
        node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
    }

    assert constants == AZURES_CODES


@pytest.mark.parametrize("words", STRANGE)
def test_no_text_repeats_what_got_into_the_pages_by_accident(words: str) -> None:
    """Sentences of other products that stood in the source pages come to nothing here (C14)."""
    repeated = [
        path.relative_to(ROOT).as_posix() for path in FOR_PEOPLE if words in path.read_text(encoding="utf-8")
    ]

    assert repeated == []
