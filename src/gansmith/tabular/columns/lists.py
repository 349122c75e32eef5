"""Lists in a cell, learnt by their rarest item.

The networks see one state for each list: the rarest of its items that enough records share. When a record is
made, it gets as many others as real lists of that one have, drawn by how often they stand beside it. So a
list goes together with the rest of its record, and each item with the others, by one item; that two frequent
items exclude each other is not kept, nor is any whole list. Items stand in the order that they usually have.

A column is one of lists where its cells are put together from items that come again in others, where lists
are of several lengths (a city and its state are no list), and where whole cells hardly ever come again: if
they do, they are categories.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float64

from gansmith.errors import DataError
from gansmith.settings import Annotated, Field, settings
from gansmith.tabular.cells import Counts, are_missing, strings, without
from gansmith.tabular.columns.base import AbstractKind, Attempt, Cells
from gansmith.tabular.columns.choices import Codes, Levels
from gansmith.tabular.columns.codecs import UNLIMITED, AbstractColumnCodec, Fitting, Texts, counted
from gansmith.tabular.fields import must_be
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import Column

_DELIMITERS: Final = (", ", "; ", " | ", "|", ";", ",")
_SAMPLE: Final = 2_000
_MIN_LISTS: Final = 50
_MIN_REPEATS: Final = 5
"""Cells that share an item, on the average."""
_MAX_ITEM_CHARACTERS: Final = 40
_MAX_SAME_LENGTH: Final = 0.9
_RARE: Final = 5
_MIN_RARE_SHARE: Final = 0.3
"""Share of the records whose whole list is rare; with less, lists are learnt better as categories."""
MAX_ITEMS: Final = 99
"""Items that are learnt, the most frequent ones."""
MAX_LISTS_ORDERED: Final = 20_000
"""Lists that the usual order of items is taken from."""


Curve = Annotated[
    tuple[Annotated[float, Field(ge=0, le=1)], ...],
    Field(strict=False, min_length=1, max_length=MAX_ITEMS + 1),
    must_be("shares that go up", lambda row: sorted(row) == list(row)),
]


@final
@settings(error=DataError)
class ListCodec(AbstractColumnCodec):
    """States: missing (if it occurs), one for each item, and one for lists without any of these."""

    name: ClassVar[str] = "list"

    items: Texts
    """In their usual order within a list."""
    ranks: Float64[np.ndarray, " n_items"]
    """How frequent each is: the rarest has the largest rank."""
    together: Float64[np.ndarray, "n_rows n_items"]
    """Share of the lists of each state, the one without items last, that have each item."""
    lengths: Annotated[tuple[Curve, ...], Field(strict=False)] = ()
    """Share of the lists of each state that have so many items or fewer, from none on; empty in files of
    before, where each item was drawn for itself."""

    def __post_init__(self) -> None:
        n = len(self.items)
        if n > MAX_ITEMS or len(set(self.items)) < n:
            raise DataError(f"its 'items' are more than {MAX_ITEMS}, or two are alike.")
        for key, array, shape in (("ranks", self.ranks, (n,)), ("together", self.together, (n + 1, n))):
            if array.shape != shape or not ((array >= 0) & (array <= MAX_ITEMS)).all():
                raise DataError(f"its {key!r} do not fit its items.")
        if self.lengths and (len(self.lengths) != n + 1 or len(set(map(len, self.lengths))) != 1):
            raise DataError("its 'lengths' do not fit its items.")

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> ListCodec:
        """Count the items."""
        encoded = cells.drop_null().dictionary_encode()
        counts = np.bincount(encoded.indices.to_numpy(), minlength=len(encoded.dictionary))
        lists = _items_of(encoded.dictionary, column.delimiter)
        seen: Counter[str] = Counter()
        for items, n in zip(lists, counts.tolist(), strict=True):
            seen.update(dict.fromkeys(items, n))
        kept = [item for item, n in seen.most_common(MAX_ITEMS) if n >= fitting.min_count]
        order = _ordered(lists, kept)
        ranks = np.array([kept.index(item) for item in order], float)
        nothing = np.zeros((len(order) + 1, len(order)))
        codec = cls(column, cells.null_count > 0, tuple(order), ranks, nothing)
        together, lengths = codec._counted(lists, counts) if order else (nothing, ())
        return cls(column, codec.has_missing, codec.items, ranks, together, lengths)

    def _counted(self, lists: list[list[str]], counts: Counts) -> tuple[np.ndarray, tuple[Curve, ...]]:
        """`together` and `lengths`; a list of rare items alone counts as one of the most frequent item."""
        has, usual = self._has(lists), int(np.argmin(self.ranks))  # (n_lists, n_items)
        states, none = self._states(has), len(self.items)
        has[np.array([bool(items) for items in lists], bool) & (states == none), usual] = True
        if none not in states:  # the networks may make one
            has, states = np.vstack([has, np.arange(none) == usual]), np.append(states, none)
            counts = np.append(counts, 1)
        together, lengths = np.zeros((none + 1, none)), np.zeros((none + 1, int(has.sum(1).max()) + 1))
        np.add.at(together, states, has * counts[:, None])
        np.add.at(lengths, (states, has.sum(1)), counts)
        totals = np.bincount(states, counts, minlength=none + 1)[:, None]
        upto = np.minimum(np.cumsum(lengths, 1) / np.maximum(totals, 1), 1.0)
        return together / np.maximum(totals, 1), tuple(map(tuple, upto.tolist()))

    @property
    def n_states(self) -> int:
        """Missing, items, and none of them."""
        return self.has_missing + len(self.items) + 1 if self.items else 2 * self.has_missing

    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """See the base class; an item unknown to the fit is not seen."""
        encoded = column.fill_null("").dictionary_encode()
        states = self._states(self._has(_items_of(encoded.dictionary, self.column.delimiter)))
        codes = self.has_missing + states[encoded.indices.to_numpy()]
        if self.has_missing:
            codes[are_missing(column)] = 0
        return codes, np.zeros(len(column), np.float32)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        if not self.items:
            return pa.nulls(len(codes), pa.string())
        states = codes - self.has_missing
        known = np.clip(states, 0, len(self.items))
        draws = rng.random((len(codes), len(self.items) + 1))  # record by record
        has = self._drawn(known, draws[:, :-1], draws[:, -1])
        names = np.array(self.items, object)
        texts = [self.column.delimiter.join(names[row]) for row in has]
        return pa.array(texts, pa.string(), mask=states < 0)

    def _drawn(
        self, states: Codes, draws: Float64[np.ndarray, "n n_items"], of_lengths: Float64[np.ndarray, " n"]
    ) -> np.ndarray:
        """Which items lists of these states get, shape (n, n_items).

        As many as `of_lengths` says, one after the other, each as likely as its odds are among those left.

        Source:
            Efraimidis and Spirakis 2006, "Weighted random sampling with a reservoir", Information Processing
            Letters 97.
        """
        shares = self.together[states]
        if not self.lengths:
            has = draws < shares
            has[~has.any(1), int(np.argmin(self.ranks))] = True
            return has
        odds = shares / np.maximum(1 - shares, 1e-9)
        order = np.where(odds > 0, np.log(np.maximum(draws, 1e-300)) / np.maximum(odds, 1e-300), -np.inf)
        wanted = (of_lengths[:, None] >= np.array(self.lengths)[states]).sum(1)
        places = np.argsort(np.argsort(-order, 1, "stable"), 1)
        return (places < wanted[:, None]) & (odds > 0)

    def describe(self) -> str:
        return f"lists of {counted(len(self.items), 'item', 'items')}"

    def _has(self, lists: list[list[str]]) -> np.ndarray:
        """Which lists have which items, shape (n_lists, n_items)."""
        places = {item: place for place, item in enumerate(self.items)}
        has = np.zeros((len(lists), len(self.items)), bool)
        for row, items in enumerate(lists):
            has[row, [places[item] for item in items if item in places]] = True
        return has

    def _states(self, has: np.ndarray) -> Codes:
        """The rarest item of each list, or the number of items where it has none."""
        if not self.items:
            return np.zeros(len(has), np.int64)
        rarest = np.where(has, self.ranks, -1.0)
        return np.where(has.any(1), rarest.argmax(1), len(self.items))


def _ordered(lists: list[list[str]], items: list[str]) -> list[str]:
    """Items in their usual order: first what most others come after."""
    places = {item: place for place, item in enumerate(items)}
    before = np.zeros((len(items), len(items)))
    for some in lists[:MAX_LISTS_ORDERED]:
        found = [places[item] for item in some if item in places]
        for at, place in enumerate(found):
            before[place, found[at + 1 :]] += 1
    n_after = (before > before.T).sum(1) - (before < before.T).sum(1)
    return [items[place] for place in np.lexsort((np.arange(len(items)), -n_after))]


def find_delimiter(cells: pa.Array, counts: Counts) -> str:
    """What stands between the items of the lists; empty where these are no lists.

    Args:
        cells: Distinct trimmed cells that are not missing.
        counts: How often each occurs.
    """
    if len(cells) < _MIN_LISTS or counts[counts < _RARE].sum() < _MIN_RARE_SHARE * counts.sum():
        return ""
    sample = strings(cells.slice(0, _SAMPLE))
    return next((delimiter for delimiter in _DELIMITERS if _are_lists(sample, delimiter)), "")


def _likely_delimiter(cells: pa.Array) -> str:
    """What most of the cells are likely to be split at, where a person says that they are lists."""
    sample = strings(cells.slice(0, _SAMPLE))
    return max(_DELIMITERS, key=lambda delimiter: sum(delimiter in cell for cell in sample))


def _are_lists(sample: list[str], delimiter: str) -> bool:
    lists = [cell.split(delimiter) for cell in sample]
    lengths = np.array([len(items) for items in lists])
    if 3 * int((lengths > 1).sum()) < len(lists):
        return False
    if int(np.bincount(lengths).max()) > _MAX_SAME_LENGTH * len(lists):
        return False
    seen = Counter(item for items in lists for item in items)
    is_item = all(0 < len(item) <= _MAX_ITEM_CHARACTERS and item == item.strip() for item in seen)
    is_set = all(len(set(items)) == len(items) for items in lists)
    return is_item and is_set and seen.total() >= _MIN_REPEATS * len(seen)


def _items_of(cells: pa.Array, delimiter: str) -> list[list[str]]:
    """The items of each cell, none of a missing one."""
    split = pc.split_pattern(pc.fill_null(cells, ""), pattern=delimiter)
    return [[item.strip() for item in items if item.strip()] for items in split.to_pylist()]


@final
class List(AbstractKind):
    """Several items in a cell, with something between them."""

    name: ClassVar[str] = "list"
    codec: ClassVar[type[AbstractColumnCodec]] = ListCodec
    sdtypes: ClassVar[tuple[str, ...]] = ("categorical",)
    wider: ClassVar[tuple[str, ...]] = ("list", "category")
    has_items: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        missing = cells.missing_texts
        delimiter = find_delimiter(cells.present(missing), cells.counts[~missing])
        return _split(cells, delimiter) if delimiter else None

    def read(self, cells: Cells) -> Attempt:
        if cells.wish.column is not None:
            return _split(cells, cells.wish.column.delimiter)
        missing = cells.missing_texts
        found = find_delimiter(cells.present(missing), cells.counts[~missing])
        return _split(cells, found or _likely_delimiter(cells.trimmed))


LIST: Final = List()


def _split(cells: Cells, delimiter: str) -> Attempt:
    missing = cells.missing_texts
    return Attempt(Column(cells.name, LIST.name, delimiter=delimiter), without(cells.raw, missing), missing)
