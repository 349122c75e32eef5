"""Which invented columns are of one person: names that stand in each other, e-mail addresses made of names.

It is measured on real records, and only what most of them show is kept: first and last names that are those
of the full name, addresses and users' names that are made of it. Such columns are made with one key, and
repeat together. Names of which there are few are learnt, and what is made of them follows them (`named.py`).
Where another column decides them, such as a customer's number, the same number gives the same person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from gansmith.tabular.cells import are_missing, cells_of, codes_of, keys_of
from gansmith.tabular.columns.codecs import AbstractColumnCodec
from gansmith.tabular.columns.identifiers import is_id_name
from gansmith.tabular.columns.invented import InventedCodec, repetition
from gansmith.tabular.columns.named import Names, plain_names
from gansmith.tabular.columns.people import UNRELATED, Handle, handle_style, shares_of
from gansmith.tabular.columns.pools import plain
from gansmith.tabular.columns.semantic_types import likely_semantic_type
from gansmith.tabular.columns.spelling import places_of

N_LOOKED_AT: Final = 2_000
MIN_NAMED: Final = 0.8
"""Share of the records in which a name must stand in the full one."""
MIN_HANDLED: Final = 0.3
"""Share of the records in which an address must be made of the name; of the others it is not."""
MAX_SOURCES: Final = 12
MIN_OTHERS: Final = 20
"""Records of other makers than the most frequent one that must have their own numbers."""
MIN_KEYS: Final = 10
"""Values of a column that decides who it is, at least."""
MIN_DECIDED: Final = 0.99
_MANY_NAMES: Final = 200
"""First or last names that are all different, so that nobody shares one: they are made so."""

_NAMES: Final = ("name", "first_name", "last_name")
_HANDLES: Final = ("email", "username")
_OF_NAMES: Final = ("name", *_HANDLES)
"""Semantic types that may be made of other columns' names."""


@final
@dataclass(frozen=True)
class _Source:
    """Columns that say what somebody is called."""

    columns: tuple[str, ...]
    names: Names
    """First and last name in small letters by record; empty where one is missing."""
    is_long: bool
    """Whether umlauts are two letters."""


def in_agreement(codecs: Sequence[AbstractColumnCodec], records: pa.Table) -> tuple[AbstractColumnCodec, ...]:
    """The codecs, those of one person with one identity, and with what decides them.

    Args:
        codecs: Of all columns, fitted.
        records: What they were fitted to.
    """
    few = records.slice(0, N_LOOKED_AT)
    own = {
        codec.column.name: _with_owner(codec, codecs, few)
        for codec in codecs
        if isinstance(codec, InventedCodec) and not codec.column.provider
    }
    if not own:
        return tuple(codecs)
    groups, handles, named = _groups(own, few, _learnt_names(codecs, few, own))
    for names in groups:
        is_distinct, n_values, shares = repetition(keys_of(_whole(records, names), names))
        is_distinct |= any(own[name].is_distinct for name in names if name in handles)
        for name in names:
            own[name] = replace(
                own[name], person=names[0], is_distinct=is_distinct, n_values=n_values, shares=shares
            )
    for name, styles in handles.items():
        own[name] = replace(own[name], handles=styles)
    for name, source in named.items():
        own[name] = replace(own[name], named=source.columns, is_long=source.is_long)
    keys = _keys(codecs, records, own) if any(not codec.is_distinct for codec in own.values()) else {}
    for name, codec in own.items():
        if not codec.is_distinct and (key := _deciding(name, keys, records)):
            own[name] = replace(codec, by=key)
    return tuple(own.get(codec.column.name, codec) for codec in codecs)


def _with_owner(
    codec: InventedCodec, codecs: Sequence[AbstractColumnCodec], records: pa.Table
) -> InventedCodec:
    """The codec with the learnt column that each of its patterns goes with one value of, if there is one."""
    if len(codec.patterns) < 2:
        return codec
    texts = cells_of(records, codec.column.name).cast(pa.string()).to_pylist()
    places = np.array(places_of(texts, codec.patterns, codec.column.semantic_type))
    for other in codecs:
        cells = cells_of(records, other.column.name)
        is_text = pa.types.is_string(cells.type) and other.column.traits.is_exact
        known = (places >= 0) & ~are_missing(cells)
        if not is_text or not known.any():
            continue
        values = codes_of(cells)
        at, first = np.unique(places[known], return_index=True)
        owner = dict(zip(at.tolist(), values[known][first].tolist(), strict=True))
        counts = np.bincount(values[known])
        is_one = all(owner[place] == value for place, value in zip(places[known], values[known], strict=True))
        if is_one and len(owner) == len(codec.patterns) and counts.sum() - counts.max() >= MIN_OTHERS:
            kept = cells.filter(pa.array(known)).take(pa.array(first)).to_pylist()
            return replace(codec, owner=other.column.name, owners=tuple(kept))
    return codec


def _learnt_names(
    codecs: Sequence[AbstractColumnCodec], records: pa.Table, own: Mapping[str, InventedCodec]
) -> dict[str, str]:
    """Columns that are not invented and hold names of people, with their semantic types."""
    if not any(codec.column.semantic_type in _OF_NAMES for codec in own.values()):
        return {}
    found: dict[str, str] = {}
    for name in (codec.column.name for codec in codecs):
        cells = cells_of(records, name)
        if name not in own and pa.types.is_string(cells.type):
            kind = likely_semantic_type(name, pc.unique(cells.drop_null()))
            found |= {name: kind} if kind in _NAMES else {}
    return found


def _groups(
    own: Mapping[str, InventedCodec], records: pa.Table, learnt: Mapping[str, str]
) -> tuple[list[tuple[str, ...]], dict[str, tuple[Handle, ...]], dict[str, _Source]]:
    """Columns of one person each, how addresses are made of names, and those of learnt names.

    Args:
        own: What is invented.
        records: Real ones.
        learnt: Columns of names that are not invented, with their semantic types.
    """
    texts = {name: [str(text or "") for text in cells_of(records, name).to_pylist()] for name in own}
    kinds = {name: codec.column.semantic_type for name, codec in own.items()} | dict(learnt)
    of_kind = {
        kind: [name for name, one in kinds.items() if one == kind] for kind in (*_NAMES, "email", "username")
    }
    for kind in ("first_name", "last_name"):
        of_kind[kind] = [name for name in of_kind[kind] if name in learnt or not _is_alone(own[name])]
    whole, parts = _sources(of_kind, records)
    joined: list[tuple[str, ...]] = []
    for full, (kind, place) in product(whole, (("first_name", 0), ("last_name", 1))):
        for name in of_kind[kind]:
            if {*full.columns, name} <= own.keys():
                both = _pairs((names[place] for names in full.names), map(plain, texts[name]))
                joined += [(*full.columns, name)] if _are_equal(both) >= MIN_NAMED else []
    named = _full_names_of(whole, parts, own)
    handles: dict[str, tuple[Handle, ...]] = {}
    for name in (*of_kind["email"], *of_kind["username"]):
        found = _best(texts[name], (*whole, *parts)[: 2 * MAX_SOURCES])
        if found is not None:
            source, handles[name] = found
            source = named.get(source.columns[0], source)
            if own.keys() >= set(source.columns):
                joined.append((*source.columns, name))
            else:
                named[name] = source
    for mail, user in product(of_kind["email"], of_kind["username"]):
        if _are_equal(_pairs(map(_handle, texts[mail]), texts[user])) >= MIN_NAMED:
            joined.append((mail, user))
    return _united(joined, tuple(own)), handles, named


def _is_alone(codec: InventedCodec) -> bool:
    return codec.is_distinct and codec.n_values > _MANY_NAMES


def _sources(of_kind: Mapping[str, Sequence[str]], records: pa.Table) -> tuple[list[_Source], list[_Source]]:
    """Whole names, and pairs of first and last ones; twice where umlauts may be spelt as two letters."""
    whole, parts = [(name,) for name in of_kind["name"]], product(of_kind["first_name"], of_kind["last_name"])
    found: tuple[list[_Source], list[_Source]] = ([], [])
    for some, columns in zip(found, (whole, parts), strict=True):
        for names in list(columns)[:MAX_SOURCES]:
            cells = [cells_of(records, name) for name in names]
            short, long = (plain_names(cells, is_long=is_long) for is_long in (False, True))
            some.append(_Source(names, short, is_long=False))
            if short != long:
                some.append(_Source(names, long, is_long=True))
    return found


def _full_names_of(
    whole: Sequence[_Source], parts: Sequence[_Source], own: Mapping[str, InventedCodec]
) -> dict[str, _Source]:
    """Invented full names that are made of first and last ones of which one is learnt, and of which."""
    found: dict[str, _Source] = {}
    for full, pair in product(whole, parts):
        is_learnt = full.columns[0] in own and not own.keys() >= set(pair.columns)
        if (
            is_learnt
            and _share([one == two for one, two in zip(full.names, pair.names, strict=True)]) >= MIN_NAMED
        ):
            found.setdefault(full.columns[0], pair)
    return found


def _best(texts: Sequence[str], sources: Sequence[_Source]) -> tuple[_Source, tuple[Handle, ...]] | None:
    """Whose names these addresses are made of, and how; None: nobody's."""
    best: tuple[_Source, tuple[Handle, ...]] | None = None
    most = MIN_HANDLED
    for source in sources:
        pairs = zip(texts, source.names, strict=True)
        styles: list[Handle] = [
            handle_style(_handle(text), *names) for text, names in pairs if text and all(names)
        ]
        if (share := _share([style != UNRELATED for style in styles])) >= most:
            best, most = (source, shares_of(styles)), share + 0.01
    return best


def _pairs(ones: Iterable[str], others: Iterable[str]) -> Names:
    return list(zip(ones, others, strict=True))


def _are_equal(pairs: Names) -> float:
    """In which share of the records both are the same, of those that have both."""
    return _share([one == other for one, other in pairs if one and other])


def _handle(text: str) -> str:
    return text.partition("@")[0]


def _share(truths: Sequence[bool]) -> float:
    return sum(truths) / len(truths) if truths else 0.0


def _united(joined: Sequence[tuple[str, ...]], order: Sequence[str]) -> list[tuple[str, ...]]:
    """Groups of columns, each once, in the order of the table."""
    groups: list[set[str]] = []
    for names in joined:
        touched = [group for group in groups if group & set(names)]
        groups = [group for group in groups if not group & set(names)]
        groups.append(set(names).union(*touched))
    return [tuple(name for name in order if name in group) for group in groups]


def _whole(records: pa.Table, names: Sequence[str]) -> pa.Table:
    """The records that lack none of these cells."""
    lacking = np.logical_or.reduce([are_missing(cells_of(records, name)) for name in names])
    return records.filter(pa.array(~lacking))


def _keys(
    codecs: Sequence[AbstractColumnCodec], records: pa.Table, own: Mapping[str, InventedCodec]
) -> dict[str, np.ndarray]:
    """Columns whose values come again and may say who it is, numbered, likely ones first."""
    found: dict[str, np.ndarray] = {}
    names = [codec.column.name for codec in codecs if codec.column.name not in own]
    for name in sorted(names, key=lambda one: not is_id_name(one)):
        cells = cells_of(records, name)
        is_text = pa.types.is_string(cells.type) or pa.types.is_integer(cells.type)
        if is_text and MIN_KEYS <= len(pc.unique(cells)) <= 0.9 * len(cells):
            found[name] = codes_of(cells)
    return found


def _deciding(name: str, keys: Mapping[str, np.ndarray], records: pa.Table) -> str:
    """The column whose values decide this one's, nearly one for one; empty: none does."""
    cells = cells_of(records, name)
    values, n_values = codes_of(cells), len(pc.unique(cells))
    for key, codes in keys.items():
        n_keys = int(codes.max()) + 1
        if n_values < MIN_KEYS or not 0.5 * n_keys <= n_values <= n_keys + 1:
            continue
        n_pairs = len(np.unique(codes * np.int64(2**32) + values))
        if n_pairs <= n_keys + (1 - MIN_DECIDED) * len(codes):
            return key
    return ""
