"""Options of the command line that are made of settings: of a run, and of every installed kind of data.

@offering("fit", FitConfig)
def fit(data: str, chosen: Chosen) -> None: ...

`chosen` then holds what stands on the command line, by name, as the classes of settings take it.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Annotated, Any, Final, Literal, Union, final, get_args, get_origin

import typer

from gansmith.engine.tuning import AbstractTuning
from gansmith.errors import UsageError
from gansmith.modalities.registry import loadable
from gansmith.settings import Setting, settings_of

TUNING: Final = "Networks and game; what is not given is chosen from the data"
_TUNED: Final = {one.name for one in settings_of(AbstractTuning)}


@final
@dataclass(frozen=True)
class Chosen:
    """What stands on the command line."""

    general: Mapping[str, Any]
    """Settings of the command itself, by name."""
    options: Mapping[str, Any]
    """Options of kinds of data, by name."""
    spelt: tuple[str, ...]
    """All of these as they are spelt, such as "--no-header"."""


def offering(command: str, *general: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the settings of these classes, and the options of every kind for this command, to a function.

    Its parameter `chosen` gets what was given of them; all other parameters are typer's.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        parameters = inspect.signature(function, eval_str=True).parameters
        own = [
            one.replace(kind=inspect.Parameter.KEYWORD_ONLY)
            for name, one in parameters.items()
            if name != "chosen"
        ]
        stated = {one.name: one for kind in general for one in settings_of(kind)}
        settings = {name: one for name, one in stated.items() if name not in parameters}
        taken = {*parameters, *settings}
        options = {name: one for name, one in _options(command).items() if name not in taken}

        @wraps(function)
        def run(**given: Any) -> None:
            values = {name: given.pop(name) for name in (*settings, *options)}
            found = {name: value for name, value in values.items() if value not in (None, [])}
            chosen = Chosen(
                {name: _parsed(one, found[name]) for name, one in settings.items() if name in found},
                {name: _parsed(one, found[name]) for name, one in options.items() if name in found},
                tuple(_spelt({**settings, **options}[name], value) for name, value in found.items()),
            )
            function(**given, chosen=chosen)

        made = [_parameter(one, TUNING if name in _TUNED else "") for name, one in settings.items()]
        made += [_parameter(one, _panel(one, command)) for one in options.values()]
        run.__signature__ = inspect.Signature([*own, *made])  # type: ignore[attr-defined]
        run.__annotations__ = {one.name: one.annotation for one in (*own, *made)}
        return run

    return decorate


def _options(command: str) -> dict[str, Setting]:
    """The options of all kinds that a command can spell; of two that mean different things ours is."""
    found: dict[str, Setting] = {}
    for setting in (one for kind in reversed(loadable()) for one in settings_of(kind.options)):
        if command in setting.offered.commands and _form(setting):
            found.setdefault(setting.name, setting)
    return found


def _panel(setting: Setting, command: str) -> str:
    """Of which kinds it is an option: those that state it alike for this command."""
    alike = [
        kind.kind
        for kind in loadable()
        for one in settings_of(kind.options)
        if (one.name, one.type, one.offered.option) == (setting.name, setting.type, setting.offered.option)
        and command in one.offered.commands
    ]
    *first, last = alike
    kinds = f"{', '.join(first)} and {last}" if first else last
    return f"Options of data of kind {kinds}"


def _parameter(setting: Setting, panel: str) -> inspect.Parameter:
    """A parameter as typer reads it; None where nothing is given."""
    form = _form(setting)
    default = f"default {setting.default}" if setting.default and form is not bool else ""
    more = ", ".join(filter(None, (setting.limits, default)))
    said = setting.offered.help or setting.help
    option = typer.Option(
        _spelling(setting),
        metavar=setting.offered.form or {str: "TEXT", int: "N", float: "X"}.get(form),
        help=f"{said.removesuffix('.')} ({more})." if more else said,
        rich_help_panel=panel or None,
        show_default=False,
    )
    annotation = Annotated[Union[form, None], option]  # noqa: UP007 - `form` is not known before
    return inspect.Parameter(
        setting.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _spelling(setting: Setting) -> str:
    is_turned_off = setting.default is True and _plain(setting.type) == {bool}
    return setting.offered.option or f"--{'no-' * is_turned_off}{setting.name.replace('_', '-')}"


def _spelt(setting: Setting, value: Any) -> str:
    """An option as it stands on the command line; of two that mean yes and no the one that was given."""
    yes, _, no = _spelling(setting).partition("/")
    return no if no and value is False else yes


def _form(setting: Setting) -> Any:
    """The type that typer reads a setting as; None where it cannot be spelt."""
    kinds = _plain(setting.type)
    if kinds == {tuple, Mapping}:
        return None
    is_of_pairs = Mapping in kinds and (kinds == {Mapping} or "=" in (setting.offered.form or ""))
    if tuple in kinds or is_of_pairs or not kinds:
        return list[str]
    return kinds.pop() if len(kinds) == 1 else str


def _plain(annotation: Any) -> set[Any]:
    """The types that an annotation allows, without None; those of a tuple's items too; Any allows none."""
    origin = get_origin(annotation)
    if annotation in (Any, None, types.NoneType, Ellipsis):
        return set()
    if origin is Literal:
        return {str}
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return set().union(*map(_plain, get_args(annotation)))
    if origin is tuple:
        return {tuple}.union(*(_plain(one) for one in get_args(annotation))) - {str}
    return {Mapping} if origin is not None else {annotation}


def _parsed(setting: Setting, value: Any) -> Any:
    """A value as its class of settings takes it; what is wrong with it, that class says."""
    kinds = _plain(setting.type)
    if kinds == {bool}:
        return value if setting.default is None else not setting.default
    if Mapping in kinds and isinstance(value, list):
        return _pairs(setting, value)
    is_number = bool(kinds & {int, float})
    if tuple in kinds:
        parts = [_number(part) for text in value for part in text.split(",")] if is_number else value
        return ",".join(value) if str in kinds and isinstance(parts[0], str) else tuple(parts)
    return _number(value) if isinstance(value, str) and is_number else value


def _number(text: str) -> int | float | str:
    """A number where it is one."""
    try:
        return int(text) if text.strip().isdecimal() else float(text)
    except ValueError:
        return text.strip()


def _pairs(setting: Setting, texts: Sequence[str]) -> dict[str, Any] | str:
    """`["a:1", "b:2"]` as a dictionary; "auto" where a setting knows it."""
    form, option = setting.offered.form or "NAME=VALUE", _spelling(setting)
    sign = ":" if ":" in form else "="
    for word, meant in (("none", {}), ("auto", "auto")):
        if word in texts and (word == "none" or str in _plain(setting.type)):
            if len(texts) > 1:
                raise UsageError(f"{option} {word} stands alone: leave the others out.")
            return meant
    found: dict[str, Any] = {}
    for text in texts:
        name, separator, value = text.rpartition(sign)
        if not separator or not name:
            raise UsageError(f"{option} {text!r}: write {form}.")
        if name in found:
            raise UsageError(f"{option}: {name!r} is given twice. Give it once.")
        found[name] = value if ":" in form else _number(value)
    return found
