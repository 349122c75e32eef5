"""Objects in a cell, as JSON spells them: keys are parts, objects within them parts of parts, arrays lists.

Which keys an object has is a part as well. What stands under a key is found, learnt and spelt as a column of
its own would be. Where too little is alike (values of several types under one key, too many sets of keys)
nothing is taken apart.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, cast, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Int

from gansmith.disclosure import usual_min_count
from gansmith.errors import DataError
from gansmith.tabular.cells import Counts, Mask, are_missing, matches, strings, without
from gansmith.tabular.columns import rare
from gansmith.tabular.columns.base import AbstractPartedKind, Attempt, Cells, Wish
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.columns.keys import KeyCodec
from gansmith.tabular.schema import FIRST_PARTS, Column

KEYS: Final = FIRST_PARTS[1]
"""The part that says which keys an object has."""
NO_KEYS: Final = "{}"
MAX_KEYS: Final = 100
MAX_DEPTH: Final = 4
_BETWEEN: Final = ", "
_DELIMITERS: Final = (", ", "; ", "|", " | ")
_OBJECT: Final = r"(?s)^\s*\{.*\}\s*$"

Object = dict[str, Any]


@final
class _Number(str):
    """A number as it was spelt."""

    __slots__ = ()


_DECODER: Final = json.JSONDecoder(parse_int=_Number, parse_float=_Number)
_ENCODERS: Final = {is_ascii: json.JSONEncoder(ensure_ascii=is_ascii) for is_ascii in (False, True)}


@final
class Json(AbstractPartedKind):
    """Objects with keys."""

    name: ClassVar[str] = "json"
    codec: ClassVar[type[AbstractColumnCodec]] = KeyCodec
    wider: ClassVar[tuple[str, ...]] = ("json", "text")
    is_made_anew: ClassVar[bool] = True
    has_free_parts: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        """Objects, most of which are too rare to be categories."""
        missing = cells.missing_texts
        counts, present = cells.counts[~missing], cells.present(missing)
        min_count = usual_min_count(len(cells.codes))
        if not len(present) or not matches(present, _OBJECT).all():
            return None
        return self._found(cells, min_count) if rare.are_mostly_rare(counts, min_count) else None

    def read(self, cells: Cells) -> Attempt:
        """See the base class; parts that the schema names are kept."""
        missing, given = cells.missing_texts, cells.wish.given
        if given.parts:
            return Attempt(given, without(cells.raw, missing), missing)
        found = self._found(cells, usual_min_count(len(cells.codes)))
        if found is None:
            first = str(cells.present(missing)[:1].to_pylist())
            raise DataError(
                f"column {cells.name!r}: {first:.80} and the others are no JSON objects of the same few keys "
                "and types. Choose another kind, or clean its values."
            )
        return found

    def _found(self, cells: Cells, min_count: int) -> Attempt | None:
        missing = cells.missing_texts
        present = cells.present(missing)
        column = _described(cells.name, strings(present), cells.counts[~missing], min_count, 0)
        if column is None:
            return None
        n = np.bincount(np.asarray(cells.codes), minlength=len(missing))
        split = self.split(without(cells.trimmed, missing), column)
        parts = tuple(
            replace(part, missing_rate=float(n[are_missing(split[part.name])].sum() / n.sum()))
            for part in column.parts
        )
        return Attempt(replace(column, parts=parts), without(cells.raw, missing), missing)

    def split(self, cells: pa.Array, column: Column) -> dict[str, pa.Array]:
        encoded = cells.dictionary_encode()
        objects = [_read(text) for text in strings(encoded.dictionary)]
        first, *others = column.parts
        labels = pa.array(["" if one is None else _label(one, column) for one in objects], pa.string())
        found = {first.name: labels.take(encoded.indices)}
        for part in others:
            key = _key(part, column)
            texts = pa.array([_text((one or {}).get(key), part, column) for one in objects], pa.string())
            values = texts if part.parts else part.traits.parse(texts, part)
            found[part.name] = values.take(encoded.indices)
        return found

    def join(self, parts: Mapping[str, pa.Array], column: Column) -> pa.Array:
        first, *others = column.parts
        labels = parts[first.name].to_pylist()
        keys = [_key(part, column) for part in others]
        spelt = [_values(parts[part.name], part, column) for part in others]
        colon = ":" if "compact" in column.format else ": "
        between = colon.replace(":", ",")
        names = [_dumped(key, column) + colon for key in keys]
        cells: list[str | None] = []
        for place, label in enumerate(labels):
            has = _keys(label, keys)
            shown = [
                names[i] + (values[place] if key in has else "null")
                for i, (key, values) in enumerate(zip(keys, spelt, strict=True))
                if key in has or others[i].missing_mark == "null"
            ]
            cells.append(None if label is None else "{" + between.join(shown) + "}")
        return pa.array(cells, pa.string())

    def needed(self, first: pa.Array, column: Column) -> dict[str, Mask]:
        others = column.parts[1:]
        encoded = first.dictionary_encode()
        keys = [_key(part, column) for part in others]
        known = [_keys(label, keys) for label in strings(encoded.dictionary)]
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        return {
            part.name: np.append(np.array([key in has for has in known], bool), False)[codes]
            for part, key in zip(others, keys, strict=True)
        }

    def check_parts(self, column: Column) -> None:
        """See the base class: a part for each key, after the one that says which keys there are."""
        names = [part.name for part in column.parts]
        is_named = all(name.startswith(f"{column.name}.") for name in names)
        if column.pattern or column.check or not is_named or names[:1] != [f"{column.name}.{KEYS}"]:
            raise DataError(
                f"column {column.name!r} of kind json: wanted 'parts', the first of them "
                f"{f'{column.name}.{KEYS}'!r}, all named so, and neither 'pattern' nor 'check'."
            )

    def in_words(self, column: Column) -> str:
        """See the base class: the keys."""
        return "{" + ", ".join(_key(part, column) for part in column.parts[1:]) + "}"

    def holds(self, cells: pa.ChunkedArray, column: Column) -> str:
        return self.in_words(column) if column.parts else "objects"


JSON: Final = Json()


def _read(text: str) -> Object | None:
    """An object, its numbers as they are spelt; None: it is none."""
    try:
        found: object = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
    return cast("Object", found) if isinstance(found, dict) else None


def _key(part: Column, column: Column) -> str:
    return part.name[len(column.name) + 1 :]


def _label(one: Object, column: Column) -> str:
    """Which of the known keys an object has, in their usual order; those whose value is null it has not."""
    known = [_key(part, column) for part in column.parts[1:]]
    return _BETWEEN.join(key for key in known if one.get(key) is not None) or NO_KEYS


def _keys(label: str | None, known: Sequence[str]) -> set[str]:
    """The keys that a label names; all of them where it is no label."""
    if label is None or label == NO_KEYS:
        return set()
    return set(label.split(_BETWEEN)) if label else set(known)


def _dumped(value: object, column: Column) -> str:
    return _ENCODERS["escaped" in column.format].encode(value)


def _whole(value: object, column: Column) -> str:
    """A value as the column spells it, numbers as they were."""
    between, colon = (",", ":") if "compact" in column.format else (", ", ": ")
    if isinstance(value, dict):
        items = cast("Object", value).items()
        return "{" + between.join(f"{_dumped(k, column)}{colon}{_whole(v, column)}" for k, v in items) + "}"
    if isinstance(value, list):
        return "[" + between.join(_whole(one, column) for one in cast("list[object]", value)) + "]"
    return value if isinstance(value, _Number) else _dumped(value, column)


def _text(value: object, part: Column, column: Column) -> str | None:
    """What stands under a key, as the part's cells are: bare texts, items with their delimiter."""
    if value is None:
        return None
    if isinstance(value, list) and part.traits.has_items:
        return part.delimiter.join(_bare(one, column) for one in cast("list[object]", value))
    return _bare(value, column)


def _bare(value: object, column: Column) -> str:
    return value if isinstance(value, str) else _whole(value, column)


def _values(cells: pa.Array, part: Column, column: Column) -> list[str]:
    """Cells of a part as they stand in an object."""
    between = "," if "compact" in column.format else ", "
    spelt = cells if part.parts else part.traits.spell(cells, part)
    texts = pc.fill_null(spelt.cast(pa.string()), "\0").to_pylist()

    def one(text: str) -> str:
        if text == "\0":
            return "null"
        if part.traits.has_items:
            items = text.split(part.delimiter) if text else []
            quoted = (_dumped(item, column) if part.is_quoted else item for item in items)
            return f"[{between.join(quoted)}]"
        return _dumped(text, column) if part.is_quoted else text

    known = {text: one(text) for text in set(texts)}
    return [known[text] for text in texts]


def _described(name: str, texts: Sequence[str], counts: Counts, min_count: int, depth: int) -> Column | None:
    """The column of objects with its parts; None: they are too different to be taken apart."""
    objects = [_read(text) for text in texts]
    if depth > MAX_DEPTH or not all(one is not None for one in objects):
        return None
    found = [one for one in objects if one is not None]
    keys = _ordered(found)
    if not 0 < len(keys) <= MAX_KEYS or any(_BETWEEN in key or not key or key == KEYS for key in keys):
        return None
    is_compact = not any('": ' in text for text in texts[:1000])
    is_escaped = any("\\u" in text for text in texts) and all(map(str.isascii, texts))
    form = " ".join(word for word, is_so in (("compact", is_compact), ("escaped", is_escaped)) if is_so)
    column = Column(name, JSON.name, format=form)
    parts = [Column(f"{name}.{KEYS}", "category")]
    for key in keys:
        there = [place for place, one in enumerate(found) if one.get(key) is not None]
        if int(counts[there].sum()) < min_count:
            continue  # a key that too few records have never comes out
        values = [found[place][key] for place in there]
        part = _part(f"{name}.{key}", values, counts[there], min_count, column, depth)
        if part is None:
            return None
        n_null = sum(key in one and one[key] is None for one in found)
        is_null = 2 * n_null > len(found) - len(there) > 0
        parts.append(replace(part, missing_mark="null" if is_null else ""))
    column = replace(column, parts=tuple(parts))
    sets = Counter[str]()
    for one, n in zip(found, counts.tolist(), strict=True):
        sets[_label(one, column)] += n
    n_rare = sum(n for n in sets.values() if n < min_count)
    return column if n_rare <= 0.2 * sets.total() else None


def _ordered(objects: Sequence[Object]) -> list[str]:
    """All keys in their usual order: by the mean place at which they stand."""
    places: dict[str, list[float]] = {}
    for one in objects[:20_000]:
        for place, key in enumerate(one):
            places.setdefault(key, []).append((place + 0.5) / len(one))
    first = list(max(objects, key=len, default={}))
    known = {key: place for place, key in enumerate(first)}
    return sorted(places, key=lambda key: (known.get(key, np.mean(places[key]) * len(first)), key))


def _part(
    name: str, values: Sequence[Any], counts: Counts, min_count: int, column: Column, depth: int
) -> Column | None:
    """What stands under one key."""
    sorts = {_sort(value) for value in values}
    if sorts == {"object"}:
        texts, n = _weighed([_whole(value, column) for value in values], counts)
        return _described(name, texts, n, min_count, depth + 1)
    if sorts == {"array"}:
        return _list(name, values, column)
    if len(sorts) > 1:
        return None
    texts = [_bare(value, column) for value in values]
    return replace(_learnt(name, texts, counts), is_quoted=sorts == {"text"})


def _learnt(name: str, texts: Sequence[str], counts: Counts) -> Column:
    """What a column of these texts is, each as often as it occurs."""
    from gansmith.tabular.columns.finding import learn_text

    cells = pa.array(texts, pa.string()).take(pa.array(np.repeat(np.arange(len(texts)), counts)))
    found = learn_text(name, pa.chunked_array([cells]), Wish()).column
    return replace(found, missing_mark="", missing_marks=(), missing_rate=0.0)


def _weighed(texts: Sequence[str], counts: Counts) -> tuple[list[str], Int[np.ndarray, " n_different"]]:
    """Different texts, and how many records have each."""
    seen = Counter[str]()
    for text, n in zip(texts, counts.tolist(), strict=True):
        seen[text] += n
    return list(seen), np.array(list(seen.values()), np.int64)


def _sort(value: object) -> str:
    if isinstance(value, (dict, list)):
        return "object" if isinstance(value, dict) else "array"
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, _Number) else "text"


def _list(name: str, values: Sequence[list[object]], column: Column) -> Column | None:
    """An array of texts or of numbers."""
    sorts = {_sort(item) for items in values for item in items}
    if len(sorts) > 1 or sorts & {"object", "array"}:
        return None
    items = {_bare(item, column) for some in values for item in some}
    fitting = (one for one in _DELIMITERS if not any(one in item or item != item.strip() for item in items))
    delimiter = next(fitting, "")
    if not delimiter:
        return None
    return Column(name, "list", delimiter=delimiter, is_quoted=sorts == {"text"})
