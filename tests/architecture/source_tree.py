"""The project's own Python files, and what can be read off them without running them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT_FOLDERS = ("include", "dags", "plugins")


@dataclass(frozen=True)
class Source:
    """One Python file.

    :param path: from the project's root, with slashes
    :param module: dotted name; a file of dags/, plugins/ or tests/ is named after its folder
    """

    path: str
    module: str
    text: str
    tree: ast.Module

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return len(self.text.splitlines())

    @property
    def is_bare(self) -> bool:
        """Whether it holds nothing, or nothing but a docstring."""
        return all(isinstance(node, ast.Expr) for node in self.tree.body)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below the folders; a folder that does not exist has none."""
    return tuple(
        _read(path)
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "__pycache__" not in path.parts
    )


def _read(path: Path) -> Source:
    relative = path.relative_to(ROOT)
    parts = relative.parts[1:] if relative.parts[0] == "include" else relative.parts
    module = ".".join(parts).removesuffix(".py").removesuffix(".__init__")
    text = path.read_text(encoding="utf-8")
    return Source(relative.as_posix(), module, text, ast.parse(text, filename=str(path)))


def product() -> tuple[Source, ...]:
    """Everything that is shipped."""
    return sources(*PRODUCT_FOLDERS)


def within(package: str) -> tuple[Source, ...]:
    """The files of a package and of the packages below it."""
    return tuple(s for s in product() if s.module == package or s.module.startswith(f"{package}."))


def imported(tree: ast.AST, *, at_import_time: bool = False) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that is imported; names from packages count with the package.

    :param at_import_time: only what runs when the module is imported: nothing in functions or for types alone
    """
    for node in _statements(tree) if at_import_time else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        for_types = isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        if not for_types and not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield node
            yield from _statements(node)


def is_within(name: str, packages: tuple[str, ...] | frozenset[str] | set[str]) -> bool:
    """Whether a dotted name is one of the packages or lies in one."""
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def names_used(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of whatever is used, seen through its import: ``datetime.datetime.now``."""
    aliases = _aliases(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            dotted = _dotted(node, aliases)
            if dotted:
                yield node.lineno, dotted


def _aliases(tree: ast.Module) -> dict[str, str]:
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                # `import a.b` binds a; `import a.b as c` binds c to a.b.
                bound = alias.name if alias.asname else alias.name.partition(".")[0]
                known[alias.asname or bound] = bound
        elif isinstance(node, ast.ImportFrom):
            known |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return known


def _dotted(node: ast.AST, aliases: dict[str, str]) -> str:
    if isinstance(node, ast.Name):
        return aliases.get(node.id, "")
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value, aliases)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function, method and nested function."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def length(function: Function) -> int:
    """Lines from `def` to the end, without the docstring."""
    total = (function.end_lineno or 0) - function.lineno + 1
    if ast.get_docstring(function, clean=False) is None:
        return total
    docstring = function.body[0]
    return total - ((docstring.end_lineno or 0) - docstring.lineno + 1)
