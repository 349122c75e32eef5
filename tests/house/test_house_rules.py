"""The house rules that no linter knows, each a small function from a source file to its complaints.

A rule yields one complaint per violation, `(line, message)`; the message says what to do. `BAD` holds, for
every rule, code that breaks it, so a rule that can no longer fail is itself a failure.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60

Complaints = Iterator[tuple[int, str]]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One Python file: its path below the project's root, its text and its syntax tree."""

    path: PurePosixPath
    text: str
    tree: ast.Module

    @classmethod
    def parse(cls, text: str, path: str = "src/gansmith/sample.py") -> Source:
        return cls(PurePosixPath(path), text, ast.parse(text))

    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def classes(self) -> Iterator[ast.ClassDef]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef))

    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))


def _has_docstring(node: Function) -> bool:
    first = node.body[0]
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def _last_name(node: ast.expr) -> str:
    """`final` of `typing.final`, `Protocol` of `Protocol[T]`, `dataclass` of `dataclass(frozen=True)`."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=inner) | ast.Call(func=inner):
            return _last_name(inner)
        case _:
            return ""


# --- The rules ----------------------------------------------------------------------------------------------


def files_are_short(source: Source) -> Complaints:
    n_lines = len(source.text.splitlines())
    if n_lines > MAX_FILE_LINES:
        yield (
            n_lines,
            f"{n_lines} lines, at most {MAX_FILE_LINES}. Which second idea lives here? Give it a file.",
        )


def functions_are_short(source: Source) -> Complaints:
    for function in source.functions():
        body = function.body[1:] if _has_docstring(function) else function.body
        if not body:
            continue
        n_lines = (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1
        if n_lines > MAX_FUNCTION_LINES:
            limit = f"{n_lines} lines without its docstring, at most {MAX_FUNCTION_LINES}"
            yield function.lineno, f"{function.name}: {limit}. Which second thing does it do?"


def names_say_what_is_inside(source: Source) -> Complaints:
    for part in source.path.with_suffix("").parts:
        if part.strip("_").lower() in {"util", "utils", "misc", "helper", "helpers", "common"}:
            yield 1, f"'{part}' says nothing. Name the file after what is in it."
    for node in source.classes():
        if node.name.endswith(("Manager", "Helper", "Helpers", "Util", "Utils")):
            yield node.lineno, f"class {node.name}: say what it does, not that it does something."


def classes_are_abstract_or_final(source: Source) -> Complaints:
    for node in source.classes():
        bases = {_last_name(base) for base in node.bases}
        decorators = {_last_name(decorator) for decorator in node.decorator_list}
        is_abstract, is_final = node.name.lstrip("_").startswith("Abstract"), "final" in decorators
        is_shape_only = bool(
            bases & {"Protocol", "TypedDict", "Enum", "StrEnum", "IntEnum", "Flag", "IntFlag"}
        )
        is_exception = any(re.search(r"(Error|Exception|Warning|Exit|Interrupt)$", base) for base in bases)
        if is_abstract and is_final:
            yield node.lineno, f"class {node.name} is abstract and final at once: nothing could ever be one."
        elif not (is_abstract or is_final or is_shape_only or is_exception):
            yield node.lineno, f"class {node.name}: decorate it with @final, or name it Abstract{node.name}."


def nothing_is_pickled(source: Source) -> Complaints:
    cure = "Pickles run code when read: use safetensors and JSON (gansmith.store)."
    modules = {"pickle", "_pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=names):
                found = [alias.name for alias in names if alias.name.split(".")[0] in modules]
            case ast.ImportFrom(module=str(module), names=names):
                is_torch_file = module == "torch" and bool({alias.name for alias in names} & {"load", "save"})
                found = [module] if module.split(".")[0] in modules or is_torch_file else []
            case ast.Attribute(value=ast.Name(id="torch"), attr="load" | "save" as attr):
                found = [f"torch.{attr}"]
            case ast.Attribute(attr="read_pickle" | "to_pickle" as attr):
                found = [attr]
            case ast.keyword(arg="allow_pickle", value=value) if not _is_constant(value, False):
                found = ["allow_pickle"]
            case ast.keyword(arg="weights_only", value=value) if not _is_constant(value, True):
                found = ["weights_only"]
            case _:
                found = []
        for name in found:
            yield getattr(node, "lineno", 1), f"{name}: {cure}"


def _is_constant(node: ast.expr, value: bool) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def nobody_asks_hasattr(source: Source) -> Complaints:
    for call in source.calls():
        if _last_name(call.func) == "hasattr":
            yield call.lineno, "hasattr: say with a type what the object is, and ask isinstance."


def nothing_is_excepted_blindly(source: Source) -> Complaints:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield node.lineno, "bare except: it also swallows Ctrl-C. Name the errors."


def parameters_are_not_passed_through(source: Source) -> Complaints:
    """Extra parameters may be collected, to be looked at by name; handed on unseen they hide a signature."""
    for function in source.functions():
        extra = function.args.kwarg
        is_wrapper = any(_last_name(decorator) == "wraps" for decorator in function.decorator_list)
        is_param_spec = extra and extra.annotation and _last_name(extra.annotation) == "kwargs"
        if extra is None or is_wrapper or is_param_spec:  # named by the function that is wrapped
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and any(
                one.arg is None and isinstance(one.value, ast.Name) and one.value.id == extra.arg
                for one in node.keywords
            ):
                yield node.lineno, f"{function.name}(**{extra.arg}): name the parameters."


def nothing_is_left_undone(source: Source) -> Complaints:
    for token in tokenize.generate_tokens(io.StringIO(source.text).readline):
        if token.type == tokenize.COMMENT and re.search(r"\b(TODO|FIXME)\b", token.string):
            yield token.start[0], "an open end in a comment: do it, or open an issue."
    inside_abstract = {id(node) for owner in _abstract_owners(source) for node in ast.walk(owner)}
    for node in ast.walk(source.tree):
        match node:
            case ast.Raise(exc=ast.expr() as raised, lineno=line) if id(node) not in inside_abstract:
                if _last_name(raised) == "NotImplementedError":
                    yield line, "NotImplementedError: write it, or refuse with an error of gansmith.errors."
            case _:
                pass


def _abstract_owners(source: Source) -> Iterator[ast.AST]:
    yield from (node for node in source.classes() if node.name.lstrip("_").startswith("Abstract"))
    for function in source.functions():
        if any(_last_name(decorator) == "abstractmethod" for decorator in function.decorator_list):
            yield function


RULES: list[Callable[[Source], Complaints]] = [
    files_are_short,
    functions_are_short,
    names_say_what_is_inside,
    classes_are_abstract_or_final,
    nothing_is_pickled,
    nobody_asks_hasattr,
    nothing_is_excepted_blindly,
    parameters_are_not_passed_through,
    nothing_is_left_undone,
]


# A path that begins at a machine's own folders; the middle of a URL or of a longer path is none.
MACHINE_PATH = re.compile(r"(?<![\w.~$}/:-])/(?:work|root|home|Users)/[\w.]")


def machine_paths(text: str) -> Complaints:
    for number, line in enumerate(text.splitlines(), start=1):
        if MACHINE_PATH.search(line):
            yield number, "the path of somebody's machine: make it relative, or an argument."


# --- The project keeps them ---------------------------------------------------------------------------------


@cache
def _sources() -> list[Source]:
    paths = sorted((ROOT / "src").rglob("*.py"))
    return [Source.parse(path.read_text("utf-8"), path.relative_to(ROOT).as_posix()) for path in paths]


def _project_files() -> list[Path]:
    """Every file that git tracks or would track; of an unpacked source archive, every file."""
    if not (ROOT / ".git").exists():
        return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def _report(complaints: list[str]) -> None:
    assert not complaints, "\n" + "\n".join(complaints)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_package_keeps_the_rule(rule):
    _report([f"{source.path}:{line}: {message}" for source in _sources() for line, message in rule(source)])


def test_no_file_holds_the_path_of_a_machine():
    complaints: list[str] = []
    for path in _project_files():
        content = path.read_bytes()
        if b"\0" not in content:
            found = machine_paths(content.decode("utf-8", errors="replace"))
            complaints += [f"{path.relative_to(ROOT)}:{line}: {message}" for line, message in found]
    _report(complaints)


def test_the_walk_finds_the_package():
    assert "src/gansmith/errors.py" in {str(source.path) for source in _sources()}
    assert ROOT / "pyproject.toml" in _project_files()


# --- Each rule can fail -------------------------------------------------------------------------------------

BAD: list[tuple[Callable[[Source], Complaints], str]] = [
    (files_are_short, "x = 1\n" * (MAX_FILE_LINES + 1)),
    (functions_are_short, "def f():\n    '''Doc.'''\n" + "    x = 1\n" * (MAX_FUNCTION_LINES + 1)),
    (functions_are_short, "class A:\n  async def f(self):\n" + "    x = 1\n" * (MAX_FUNCTION_LINES + 1)),
    (names_say_what_is_inside, "class RunManager: ..."),
    (classes_are_abstract_or_final, "class Player: ..."),
    (classes_are_abstract_or_final, "@dataclass(frozen=True)\nclass Config(Base): ..."),
    (classes_are_abstract_or_final, "@final\nclass AbstractCodec: ..."),
    (nothing_is_pickled, "import pickle"),
    (nothing_is_pickled, "def f():\n    import joblib.hashing as h"),
    (nothing_is_pickled, "from cloudpickle import dumps"),
    (nothing_is_pickled, "from torch import load"),
    (nothing_is_pickled, "torch.load(path, weights_only=True)"),
    (nothing_is_pickled, "write = torch.save"),
    (nothing_is_pickled, "np.load(path, allow_pickle=True)"),
    (nothing_is_pickled, "np.load(path, allow_pickle=trusted)"),
    (nothing_is_pickled, "read(path, weights_only=False)"),
    (nothing_is_pickled, "pd.read_pickle(path)"),
    (nobody_asks_hasattr, "if hasattr(codec, 'decode'): pass"),
    (nothing_is_excepted_blindly, "try:\n    f()\nexcept:\n    pass"),
    (parameters_are_not_passed_through, "def f(a, **kwargs):\n    return g(a, **kwargs)"),
    (parameters_are_not_passed_through, "class A:\n    def f(self, **options: int): g(**options)"),
    (nothing_is_left_undone, "x = 1  # TODO: more"),
    (nothing_is_left_undone, "# FIXME\nx = 1"),
    (nothing_is_left_undone, "def f():\n    raise NotImplementedError"),
    (nothing_is_left_undone, "class A:\n    def f(self):\n        raise NotImplementedError('later')"),
]

GOOD = dedent('''
    """A file that keeps every rule. The word TODO in a docstring is a word."""
    import json
    from typing import Protocol, final

    class Discriminator(Protocol):
        def __call__(self, samples): ...

    class CodecError(GansmithError): ...

    class Kind(StrEnum):
        TABLE = "table"

    class AbstractCodec(ABC):
        def decode(self):
            raise NotImplementedError

    @typing.final
    class TableCodec(AbstractCodec):
        def decode(self):
            """Doc."""
            with np.load(path, allow_pickle=False) as file:
                return torch.loads, safetensors.torch.load_file(path), file

    def only_documented():
        """Doc."""

    def logged(function: Callable[P, R]) -> Callable[P, R]:
        def inner(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except (ValueError, OSError):
                raise
        return inner
''')


@pytest.mark.parametrize(
    ("rule", "text"), BAD, ids=lambda value: value[:40] if isinstance(value, str) else value.__name__
)
def test_the_rule_complains(rule, text):
    complaints = list(rule(Source.parse(text)))
    assert len(complaints) == 1
    line, message = complaints[0]
    assert 1 <= line <= len(text.splitlines())
    assert message


@pytest.mark.parametrize(
    "path", ["src/gansmith/utils.py", "src/gansmith/engine/_helpers.py", "src/gansmith/common/a.py"]
)
def test_a_file_name_that_says_nothing_is_refused(path):
    assert len(list(names_say_what_is_inside(Source.parse("", path)))) == 1


def test_every_rule_is_proved_able_to_fail():
    assert {rule for rule, _ in BAD} == set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_rule_lets_good_code_pass(rule):
    assert list(rule(Source.parse(GOOD))) == []


@pytest.mark.parametrize("folder", ["work", "root", "home", "Users"])
def test_the_path_of_a_machine_is_found(folder):
    path = "/" + folder + "/me/data.csv"  # put together here, for this file is searched too
    for line in (path, f'open("{path}")', f"see {path}.", f"DATA={path}", f"cd {path}"):
        assert [number for number, _ in machine_paths("first line\n" + line)] == [2], line


@pytest.mark.parametrize(
    "line", ["https://example.org/home/page", "~/home/x", "./work/x", "a/root/b", "$DIR/work/x"]
)
def test_other_slashes_are_no_machine_paths(line):
    assert list(machine_paths(line)) == []
