"""Flags and words of a kubectl command."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.aks.kubectl.outcomes import KubectlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_SHORT: Mapping[str, str] = MappingProxyType(
    {"-n": "--namespace", "-o": "--output", "-l": "--selector", "-A": "--all-namespaces"}
)
_SWITCHES = frozenset({"--all-namespaces", "--overwrite", "--all", "--no-headers", "--client"})
_VALUED = frozenset({"--namespace", "--output", "--selector", "--chunk-size", "--request-timeout"})


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a command was given.

    :param flags: by their long names; a switch has ``true``
    """

    words: list[str] = field(default_factory=list)
    flags: dict[str, str] = field(default_factory=dict)

    def switch(self, name: str) -> bool:
        """Whether a switch is on."""
        return self.flags.get(name, "false") == "true"


def parse_arguments(given: Iterable[str], known: frozenset[str]) -> Arguments:
    """Tell flags from words.

    :param known: flags that the command takes, by their long names
    :raises KubectlError: it does not take one, or one lacks its value.
    """
    arguments, rest = Arguments(), iter(given)
    for word in rest:
        if not word.startswith("-") or word == "-":
            arguments.words.append(word)
            continue
        name, value = _flag(word, rest)
        if name not in known:
            raise KubectlError(f"error: unknown flag: {name}")
        arguments.flags[name] = value
    return arguments


def _flag(word: str, rest: Iterator[str]) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not word.startswith("--"):
        name, equals, value = word[:2], word[2:], word[2:].removeprefix("=")
    name = _SHORT.get(name, name)
    if name in _SWITCHES:
        return name, value or "true"
    if name not in _VALUED:
        raise KubectlError(f"error: unknown flag: {name}")
    if equals:
        return name, value
    following = next(rest, None)
    if following is None:
        raise KubectlError(f"error: flag needs an argument: {name}")
    return name, following
