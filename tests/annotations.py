"""Checks every annotation of the package whenever a function is called: an import hook, in tests only.

jaxtyping has such a hook, and it is thorough at a price: arguments are bound, checked, and checked again with
the result, whatever the annotations, and all that the package imports is compiled anew. Here beartype checks
each call once, and only for functions with arrays in their annotations are names of axes kept.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import inspect
import sys
import typing
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

import jaxtyping
from beartype import BeartypeConf, beartype

Function = Callable[..., typing.Any]
CHECKED: typing.Final = "__checked__"
"""What the decorator is called in the modules that are checked."""
_CHECKER: typing.Final = beartype(conf=BeartypeConf(is_pep484_tower=True, violation_type=TypeError))
"""The numeric tower lets an int stand where a float is wanted, as type checkers do."""


def install(package: str) -> None:
    """Check what is imported of a package from now on."""
    if package in sys.modules:
        raise RuntimeError(f"{package} is imported already: its annotations would stay unchecked.")
    sys.meta_path.insert(0, _Finder(package))


def checked(thing: typing.Any) -> typing.Any:
    """A function, or a data class and how it is made, that raises where an annotation is not kept."""
    if inspect.isclass(thing):
        made = vars(thing).get("__init__")
        if dataclasses.is_dataclass(thing) and inspect.isfunction(made) and "__wrapped__" not in vars(made):
            thing.__init__ = checked(made)
        return thing
    if inspect.isgeneratorfunction(thing):
        return jaxtyping.jaxtyped(thing, typechecker=_CHECKER)
    thing.__annotations__ = {name: _resolved(hint, thing) for name, hint in thing.__annotations__.items()}
    quick = _CHECKER(thing)
    return _with_axes(quick) if any(map(_has_arrays, thing.__annotations__.values())) else quick


def _with_axes(function: Function) -> Function:
    """The function, with names of axes that hold for one call."""

    @functools.wraps(function)
    def within(*args, **kwargs):
        __tracebackhide__ = True
        with jaxtyping.jaxtyped("context"):
            return function(*args, **kwargs)

    return within


def _has_arrays(hint: typing.Any) -> bool:
    """Whether an array with a shape stands in an annotation, however deep."""
    if isinstance(hint, list):  # the arguments of a Callable
        return any(map(_has_arrays, hint))
    is_array = inspect.isclass(hint) and issubclass(hint, jaxtyping.AbstractArray)
    return is_array or any(map(_has_arrays, typing.get_args(hint)))


def _resolved(hint: typing.Any, function: typing.Any) -> typing.Any:
    """What an annotation says; anything, where its names are for type checkers alone."""
    if not isinstance(hint, str):
        return hint
    try:
        return eval(_compiled(hint), function.__globals__)  # noqa: S307 - of our own sources
    except NameError:
        return typing.Any


@functools.cache
def _compiled(hint: str) -> CodeType:
    return compile(hint, "<annotation>", "eval")


@typing.final
class _Decorating(ast.NodeTransformer):
    """Decorates functions innermost, classes outermost: when they are data classes already."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.generic_visit(node)
        node.decorator_list.append(_decorator(node))
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self.generic_visit(node)
        node.decorator_list.insert(0, _decorator(node))
        return node


def _decorator(node: ast.FunctionDef | ast.ClassDef) -> ast.expr:
    return ast.copy_location(ast.Name(CHECKED, ast.Load()), node)


@typing.final
class _Loader(SourceFileLoader):
    """Compiles with decorators, and keeps no bytecode."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        tree = _Decorating().visit(ast.parse(self.get_data(path), path))
        return compile(tree, path, "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, CHECKED, checked)
        super().exec_module(module)


@typing.final
class _Finder(MetaPathFinder):
    def __init__(self, package: str) -> None:
        self.package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.package and not fullname.startswith(self.package + "."):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec
