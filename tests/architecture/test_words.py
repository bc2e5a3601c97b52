"""Nothing names a machine, a package index, or work that is left to do."""

from __future__ import annotations

import pytest
from source_tree import ROOT, product

TEXTS = {
    ".py",
    ".md",
    ".toml",
    ".in",
    ".txt",
    ".yaml",
    ".yml",
    ".cfg",
    ".ini",
    ".json",
    ".mako",
    ".html",
    ".sh",
    "",
}
FOLDERS = ("include", "dags", "plugins", "tests", "docs", ".ci")
# Put together here, so that this file does not hold them itself.
MACHINES = tuple(f"/{folder}/" for folder in ("home", "root", "work", "Users"))
INDEXES = tuple(".".join(words) for words in (("pypi", "org"), ("files", "pythonhosted", "org")))
UNFINISHED = tuple("".join(words) for words in (("TO", "DO"), ("FIX", "ME"), ("NotImplemented", "Error")))


def project_texts() -> dict[str, str]:
    """Every text file of the project by its path."""
    tops = [path for path in ROOT.iterdir() if path.is_file()]
    below = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8", errors="replace")
        for path in (*tops, *below)
        if path.suffix in TEXTS
        and not {"__pycache__", ".git"} & set(path.parts)
        and ".egg-info" not in str(path)
    }


def lines_with(word: str, texts: dict[str, str]) -> list[str]:
    """Where the word stands, as ``path:line``."""
    return [
        f"{path}:{number}"
        for path, text in texts.items()
        if word in text
        for number, line in enumerate(text.splitlines(), start=1)
        if word in line
    ]


@pytest.mark.parametrize("word", [*MACHINES, *INDEXES])
def test_no_text_names_a_machine_or_an_index(word: str) -> None:
    """A checkout works wherever it stands and wherever its packages come from."""
    assert lines_with(word, project_texts()) == []


@pytest.mark.parametrize("word", UNFINISHED)
def test_nothing_is_left_to_do(word: str) -> None:
    """What is shipped is finished."""
    assert lines_with(word, {file.path: file.text for file in product()}) == []
