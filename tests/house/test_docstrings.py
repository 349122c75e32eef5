"""A method says what it does, itself or by the method of a base class that it overrides, or of the protocol
that its class names: 'See `Request` of the base.'"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]

Methods = dict[str, str]
"""Docstrings, empty where there is none, by name."""


def _name(base: ast.expr) -> str:
    while isinstance(base, ast.Subscript):
        base = base.value
    return base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")


def _classes(trees: Iterable[ast.Module]) -> dict[str, tuple[list[str], Methods]]:
    """What each class builds on, and its methods."""
    found: dict[str, tuple[list[str], Methods]] = {}
    for node in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        named = re.findall(r"^See `(\w+)`", ast.get_docstring(node) or "")
        methods = {
            one.name: ast.get_docstring(one) or ""
            for one in node.body
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)
        }
        found[node.name] = [*map(_name, node.bases), *named], methods
    return found


def undocumented(trees: Iterable[ast.Module]) -> Iterator[str]:
    classes = _classes(trees)

    def is_documented(method: str, bases: list[str]) -> bool:
        known = [classes[base] for base in bases if base in classes]
        return any(methods.get(method) or is_documented(method, more) for more, methods in known)

    for name, (bases, methods) in classes.items():
        for method, docstring in methods.items():
            is_public = not name.startswith("_") and not method.startswith("_")
            if is_public and not docstring and not is_documented(method, bases):
                yield f"{name}.{method}: say what it does."


def test_every_method_is_documented_or_overrides_one_that_is():
    trees = [ast.parse(path.read_text("utf-8")) for path in (ROOT / "src").rglob("*.py")]
    assert list(undocumented(trees)) == []


def test_the_rule_can_fail():
    text = '''
        class AbstractKind:
            def find(self):
                """Find it."""
            def spell(self): ...

        class Word(AbstractKind):
            def find(self): ...
            def spell(self): ...
            def _own(self): ...

        class Asked:
            """See `AbstractKind` of the base."""
            def find(self): ...
            def more(self): ...
    '''
    complaints = list(undocumented([ast.parse(dedent(text))]))
    assert complaints == [
        "AbstractKind.spell: say what it does.",
        "Word.spell: say what it does.",
        "Asked.more: say what it does.",
    ]
