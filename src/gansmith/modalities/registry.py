"""The kinds of data, by name; one line each. Nothing is imported before it is asked for.

Other packages add kinds by an entry point of the group `gansmith.modalities`, which gives a `Modality`:

[project.entry-points."gansmith.modalities"]
melody = "melodies:MELODY"
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, final

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.settings import from_plain, settings, settings_of

if TYPE_CHECKING:
    from gansmith.modalities.format import AbstractFormat
    from gansmith.modalities.recipe import AbstractRecipe

GROUP: Final = "gansmith.modalities"
P = TypeVar("P")


@final
@settings
class NoOptions:
    """The options of a kind of data that understands none of its own."""


@final
@dataclass(frozen=True)
class Modality:
    """A kind of data: where its parts are, as "module:name", each imported when it is first needed."""

    kind: str
    """The name users know it by."""
    meaning: str
    """One line for people."""
    format_path: str
    """Its `AbstractFormat`."""
    recipe_path: str
    """Its `AbstractRecipe`; imports what learns."""
    options_path: str = ""
    """The class of its options, in a module that imports nothing heavy: `--help` shows them."""
    asked_by: tuple[str, ...] = ()
    """Its options that say that data is of this kind, whatever it looks like."""

    @cached_property
    def format(self) -> AbstractFormat[Any, Any]:
        """How it is read, shown and written."""
        from gansmith.modalities.format import AbstractFormat

        return self._made(self.format_path, AbstractFormat)

    @cached_property
    def recipe(self) -> AbstractRecipe[Any]:
        """How it is learnt."""
        from gansmith.modalities.recipe import AbstractRecipe

        return self._made(self.recipe_path, AbstractRecipe)

    @cached_property
    def options(self) -> type[Any]:
        """The class of its own options."""
        return self._found(self.options_path) if self.options_path else NoOptions

    def _made(self, path: str, wanted: type[P]) -> P:
        found = self._found(path)
        if not isinstance(found, type) or not issubclass(found, wanted):
            raise UsageError(f"kind {self.kind!r}: {path} is no {wanted.__name__}. {_cure(self.kind)}")
        try:
            return found()
        except TypeError as error:  # an abstract method is missing
            raise UsageError(
                f"kind {self.kind!r}: {path} is not complete ({error}). {_cure(self.kind)}"
            ) from error

    def _found(self, path: str) -> Any:
        module, _, name = path.partition(":")
        try:
            return getattr(import_module(module), name)
        except Exception as error:
            if self.kind in KINDS:
                raise
            raise _broken(self.kind, error) from error


KINDS: Final = {
    modality.kind: modality
    for modality in (
        Modality(
            "audio",
            "Sounds: a folder or an archive of WAV, FLAC, OGG; a recording; an array with its rate.",
            "gansmith.modalities.audio.format:AudioFormat",
            "gansmith.modalities.audio.recipe:AudioRecipe",
            "gansmith.modalities.audio:AudioOptions",
        ),
        Modality(
            "image",
            "Pictures: a folder, an archive, an array or a table of pixels.",
            "gansmith.modalities.image.format:ImageFormat",
            "gansmith.modalities.image.recipe:ImageRecipe",
            "gansmith.modalities.image:ImageOptions",
        ),
        Modality(
            "domains",
            "Records of domains without counterparts: fit --to --unpaired, --identity, or --to-attribute.",
            "gansmith.modalities.pairs.domains.format:DomainFormat",
            "gansmith.modalities.pairs.domains.recipe:DomainRecipe",
            "gansmith.modalities.pairs.domains:DomainOptions",
            ("unpaired", "to_attribute", "identity"),
        ),
        Modality(
            "pairs",
            "Records and what they are to be turned into: fit --to, --upscale or --restore.",
            "gansmith.modalities.pairs.format:PairFormat",
            "gansmith.modalities.pairs.recipe:PairRecipe",
            "gansmith.modalities.pairs:PairOptions",
            ("to", "upscale", "restore"),
        ),
        Modality(
            "heads",
            "Heads of people in pictures, to replace others by people who do not exist: fit --heads.",
            "gansmith.modalities.image.heads.format:HeadFormat",
            "gansmith.modalities.image.heads.recipe:HeadRecipe",
            "gansmith.modalities.image.heads:HeadOptions",
            ("heads",),
        ),
        Modality(
            "music",
            "Music: a folder of MIDI or ABC, chorales in JSON, piano rolls.",
            "gansmith.modalities.music.format:MusicFormat",
            "gansmith.modalities.music.recipe:MusicRecipe",
            "gansmith.modalities.music:MusicOptions",
            ("phrases",),
        ),
        Modality(
            "series",
            "Time series: rows in time, of one or of many; a folder of tables, one each.",
            "gansmith.modalities.series.format:SeriesFormat",
            "gansmith.modalities.series.recipe:SeriesRecipe",
            "gansmith.modalities.series:SeriesOptions",
            ("entity", "time", "window", "wide"),
        ),
        Modality(
            "relational",
            "Databases: tables that point at each other; an address, a file or a folder of tables.",
            "gansmith.modalities.relational.format:RelationalFormat",
            "gansmith.modalities.relational.recipe:RelationalRecipe",
            "gansmith.modalities.relational:RelationalOptions",
            ("keep", "generate"),
        ),
        Modality(
            "private",
            "Rows and columns, with differential privacy: fit --epsilon.",
            "gansmith.modalities.table.private.format:PrivateFormat",
            "gansmith.modalities.table.private.recipe:PrivateRecipe",
            "gansmith.modalities.table.private:PrivateOptions",
            ("epsilon", "delta", "unit", "unit_records", "domain", "insecure_seed"),
        ),
        Modality(
            "text",
            "Text: a file of lines, a folder of documents, a column of a table; names, messages, poems, "
            "code.",
            "gansmith.modalities.text.format:TextFormat",
            "gansmith.modalities.text.recipe:TextRecipe",
            "gansmith.modalities.text:TextOptions",
            ("text_column",),
        ),
        Modality(
            "table",
            "Rows and columns.",
            "gansmith.modalities.table.format:TableFormat",
            "gansmith.modalities.table.recipe:TableRecipe",
            "gansmith.modalities.table.options:TableOptions",
        ),
    )
}
"""Our own, in the order in which they are asked whether they recognise something, after those of others:
tables take whatever is left."""


def kinds() -> list[str]:
    """The names of all kinds that are installed, those of other packages first."""
    return [*(name for name in _others() if name not in KINDS), *KINDS]


def find_modality(kind: str) -> Modality:
    """The kind of data of that name.

    Raises:
        UsageError: When there is none, with the nearest known name, or its package cannot be loaded.
    """
    if kind in KINDS:
        return KINDS[kind]
    if kind not in _others():
        raise UsageError(f"kind {kind!r} is not known. {did_you_mean(kind, kinds())}")
    return _loaded(kind)


def recognise(source: object, given: Mapping[str, object] | None = None, command: str = "fit") -> Modality:
    """The kind that the data looks like, or that an option among those `given` by name asks for.

    An option asks for its kind where the kind that the data looks like has none of that name for the command.

    Raises:
        DataError: When none recognises it.
    """
    looks_like = next((one for one in map(find_modality, kinds()) if one.format.recognises(source)), None)
    own = _offered_by(looks_like, command) if looks_like else frozenset[str]()
    for modality in KINDS.values():
        if given and any(_says(given.get(name)) and name not in own for name in modality.asked_by):
            return modality
    if looks_like is None:
        raise DataError(
            f"{source!r:.200}: no kind of data is recognised. Say which with --kind: {', '.join(kinds())}."
        )
    return looks_like


def _says(value: object) -> bool:
    """Whether an option was given, be it 0."""
    return bool(value) or isinstance(value, float)


def _offered_by(modality: Modality, command: str) -> frozenset[str]:
    """The options of a kind of data that are of use to a command."""
    return frozenset(one.name for one in settings_of(modality.options) if command in one.offered.commands)


def options_of(modality: Modality, command: str, given: Any) -> Any:
    """The options of a kind of data, from values by name; its own options stay as they are.

    Raises:
        UsageError: When one is unknown, out of its range, of another kind, or of no use to this command.
    """
    if isinstance(given, modality.options):
        return given
    if not isinstance(given, Mapping):
        raise UsageError(f"options of data of kind {modality.kind!r} are values by name, not {given!r:.80}.")
    own = _offered_by(modality, command)
    for name in given:
        if name not in own:
            raise _no_option(name, modality, command, own)
    return from_plain(modality.options, {name: _plain(name, value) for name, value in given.items()})


def _no_option(name: str, modality: Modality, command: str, own: Iterable[str]) -> UsageError:
    """Why an option is refused: it is of no use here, of another kind, or unknown."""
    stated = [(kind, one) for kind in loadable() for one in settings_of(kind.options) if one.name == name]
    if not stated:
        return UsageError(f"there is no option {name!r}. {did_you_mean(name, sorted(own))}")
    option = stated[0][1].offered.option
    spelt = f"{name!r} ({option})" if option else repr(name)
    theirs = [kind.kind for kind, _ in stated]
    if modality.kind in theirs:
        return UsageError(f"option {spelt} is of no use to {command}. Leave it out.")
    what = f"for data of kind {' or '.join(map(repr, theirs))}, and this is {modality.kind!r}"
    return UsageError(f"option {spelt} is {what}. Leave it out.")


def _plain(name: str, value: Any) -> Any:
    """A value as JSON holds it: a path is a text, a set a list."""
    if isinstance(value, Path):
        return str(value)
    value = sorted(value) if isinstance(value, (set, frozenset)) else value
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: {error}. Spell values as in the data.") from error
    return value


def offered(by: object, capability: type[P]) -> P | None:
    """A format or a recipe as something that has a capability, or None when it has not."""
    return by if isinstance(by, capability) else None


def needed(by: object, capability: type[P], kind: str) -> P:
    """A format or a recipe as something that has a capability: see `format.py` and `capabilities.py`.

    Raises:
        UsageError: When this kind of data has not.
    """
    if isinstance(by, capability):
        return by
    what = _CANNOT.get(capability.__name__, f"is not {capability.__name__}")
    others = [other.kind for other in KINDS.values() if other.kind != kind and _has(other, capability)]
    able = f" Kinds that can: {', '.join(others)}." if others else ""
    raise UsageError(f"data of kind {kind!r} {what}.{able}")


_CANNOT: Final = {
    "HasColumns": "has no columns, so no target can be predicted: leave the target out",
    "HasScores": "has no scorecard",
    "Detecting": "cannot be searched for odd records yet",
    "HasClasses": "has nothing by which records could be labelled: leave the label out",
    "Contesting": "has no classifiers yet by which methods against imbalance could be compared",
    "Pictured": "cannot be shown as pictures in a report: leave out --model",
    "Addressed": "cannot be written into a database: name a file with -o",
    "Translatable": "cannot be turned into others: they are no values on a grid",
    "Renaming": "holds no people whose names could be made anew",
    "Marking": "carries no watermark",
    "Filming": "cannot be shown as a film",
    "FilmingRuns": "cannot be shown as a film of its run",
    "Playing": "has no notes that could play music",
    "Damaging": "cannot be restored: nobody has said yet how such records are damaged",
    "Conditional": "is made without conditions: leave out --where and --balance, and learn from the wanted "
    "records alone",
    "Imputing": "has no gaps that could be filled",
}
"""What to say when a capability is asked for in vain; the others are used only where they are there."""


def _has(modality: Modality, capability: type[Any]) -> bool:
    is_of_formats = capability.__module__ == "gansmith.modalities.format"
    return isinstance(modality.format if is_of_formats else modality.recipe, capability)


def forget() -> None:
    """Look for the kinds of other packages again, when they are next asked for."""
    _others.cache_clear()
    _loaded.cache_clear()


@cache
def _others() -> dict[str, EntryPoint]:
    """The kinds of other packages, not yet loaded."""
    return {entry.name: entry for entry in entry_points(group=GROUP)}


@cache
def _loaded(kind: str) -> Modality:
    entry = _others()[kind]
    try:
        found = entry.load()
    except Exception as error:
        raise _broken(kind, error) from error
    if not isinstance(found, Modality) or found.kind != kind:
        shown = f"the kind {found.kind!r}" if isinstance(found, Modality) else f"a {type(found).__name__}"
        raise UsageError(
            f"the entry point {kind!r} of {_package(kind)} gives {shown}; wanted: a Modality of kind "
            f"{kind!r}. {_cure(kind)}"
        )
    return found


def _check_options(modality: Modality) -> None:
    """Raise UsageError unless the options of a kind are settings, all of which have defaults."""
    try:
        modality.options()
        settings_of(modality.options)
    except (UsageError, AttributeError, TypeError) as error:
        if modality.kind in KINDS:
            raise
        raise UsageError(
            f"the options of the kind {modality.kind!r} of {_package(modality.kind)} are no settings with "
            f"defaults ({error}). {_cure(modality.kind)}"
        ) from error


def _broken(kind: str, error: Exception) -> UsageError:
    return UsageError(
        f"the kind {kind!r} of {_package(kind)} cannot be loaded ({type(error).__name__}: {error}). "
        + _cure(kind)
    )


def _package(kind: str) -> str:
    package = _others()[kind].dist if kind in _others() else None
    return f"the package {package.name} {package.version}" if package else "another package"


def _cure(kind: str) -> str:
    return f"Repair or uninstall the package, or name another kind than {kind!r} with --kind."


def all_modalities() -> Iterator[Modality | UsageError]:
    """All kinds that are installed; in the place of one that cannot be loaded, why not."""
    for kind in kinds():
        try:
            modality = find_modality(kind)
            _check_options(modality)
            yield modality
        except UsageError as error:
            yield error


def loadable() -> list[Modality]:
    """All kinds that can be loaded, ours last."""
    return [one for one in all_modalities() if isinstance(one, Modality)]
