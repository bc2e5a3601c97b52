"""Several commands in one text, as a shell runs them."""

from __future__ import annotations

import shlex
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from arm_emulator.aks.kubectl.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OPERATORS = ";&|<>\n"
_JOINS = frozenset({"&&", "||", ";"})
_USAGE = 2


class Step(NamedTuple):
    """One command, and what has joined it to the one before."""

    join: str
    words: tuple[str, ...]


class ShellError(Exception):
    """A text that this shell does not understand."""

    kind = "ShellError"


def run_text(text: str, run: Callable[[tuple[str, ...]], Outcome]) -> Outcome:
    """Run the commands of a text in order; the exit code is that of the last one that ran.

    :param run: runs one command
    """
    try:
        steps = _parsed(text)
    except (ShellError, ValueError) as error:
        return Outcome(_USAGE, f"sh: {error}\n")
    exit_code, printed = 0, []
    for join, words in steps:
        if (join == "&&" and exit_code) or (join == "||" and not exit_code):
            continue
        exit_code, output = run(words)
        printed.append(output)
    return Outcome(exit_code, "".join(printed))


@lru_cache(maxsize=256)
def _parsed(text: str) -> tuple[Step, ...]:
    return tuple(_steps(text))


def _steps(text: str) -> Iterator[Step]:
    join, words = ";", list[str]()
    for token in _tokens(text):
        if token.strip(_OPERATORS):
            words.append(token)
            continue
        operator = token.replace("\n", "") or ";"
        if operator not in _JOINS:
            raise ShellError(f"{operator}: commands can be joined by &&, ||, ; and new lines only")
        if words:
            yield Step(join, tuple(words))
            join, words = operator, []
    if words:
        yield Step(join, tuple(words))


def _tokens(text: str) -> Iterator[str]:
    lexer = shlex.shlex(text.replace("\\\n", " "), posix=True, punctuation_chars=_OPERATORS)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters = " \t\r", True, ""
    yield from lexer
