"""Every public name says what it is, and production code says why it fails."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from source_tree import Source, is_within, product, sources, within

Named = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public_names(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, Named]]:
    """Public classes, functions and methods; not what is nested in a function."""
    for node in body:
        if isinstance(node, Named) and not node.name.startswith("_") and not _needs_no_words(node):
            yield prefix + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from public_names(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.If | ast.Try):
            yield from public_names(node.body, prefix)


def _needs_no_words(node: Named) -> bool:
    # A setter is described by its getter, an overload by what it overloads.
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    return bool(decorators & {"overload", "typing.overload"}) or any(
        d.endswith(".setter") for d in decorators
    )


def dataclass_decorators(file: Source) -> Iterator[tuple[ast.ClassDef, str]]:
    """Every dataclass with its decorator as it is written."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef):
            for decorator in node.decorator_list:
                text = ast.unparse(decorator)
                if is_within(text.partition("(")[0], {"dataclass", "dataclasses.dataclass"}):
                    yield node, text


def test_every_module_says_what_it_knows() -> None:
    """A module that holds anything begins with a docstring."""
    silent = [f.path for f in product() if f.tree.body and ast.get_docstring(f.tree) is None]

    assert silent == []


def test_every_public_name_says_what_it_is() -> None:
    """Classes, functions and methods of include/ have docstrings."""
    silent = [
        f"{file.path}:{node.lineno} {name}"
        for file in sources("include")
        for name, node in public_names(file.tree.body)
        if ast.get_docstring(node) is None
    ]

    assert silent == []


def test_every_test_states_its_claim() -> None:
    """A test function has a docstring, and so has every module of tests."""
    silent = [
        f"{file.path}:{node.lineno} {node.name}"
        for file in sources("tests")
        for node in ast.walk(file.tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and ast.get_docstring(node) is None
    ]

    assert silent == []


def test_values_of_the_domain_are_frozen() -> None:
    """Every dataclass of the domain is frozen and has slots."""
    soft = [
        f"{file.path}:{node.lineno} {node.name}"
        for file in within("fleetwright.domain")
        for node, decorator in dataclass_decorators(file)
        if "frozen=True" not in decorator or "slots=True" not in decorator
    ]

    assert soft == []


def test_nothing_is_asserted_in_production() -> None:
    """An assert vanishes under -O and says nothing to a person: an error is raised instead."""
    asserted = [
        f"{file.path}:{node.lineno}"
        for file in product()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.Assert)
    ]

    assert asserted == []


def test_errors_end_in_error() -> None:
    """Whatever derives from an error is named like one."""
    misnamed = [
        f"{file.path}:{node.lineno} {node.name}"
        for file in product()
        for node in ast.walk(file.tree)
        if isinstance(node, ast.ClassDef)
        and any(ast.unparse(parent).endswith(("Error", "Exception")) for parent in node.bases)
        and not node.name.endswith("Error")
    ]

    assert misnamed == []


def test_silence_is_found() -> None:
    """The reading sees a method without a docstring and leaves private names alone."""
    tree = ast.parse("class A:\n    'x'\n    def b(self): ...\n    def _c(self): ...\ndef _d(): ...\n")

    assert [name for name, node in public_names(tree.body) if ast.get_docstring(node) is None] == ["A.b"]
