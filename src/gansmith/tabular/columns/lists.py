"""Lists in a cell, learnt by their rarest item.

The networks see one state for each list: the rarest of its items that enough records share. When a record is
made, the other items are drawn, each for itself, by how often they stand beside that one in real lists. So a
list goes together with the rest of its record, and each item with the others, by one item; that two frequent
items exclude each other is not kept, nor is any whole list. Items stand in the order that they usually have.
"""

from __future__ import annotations

from collections import Counter
from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
from jaxtyping import Float64

from gansmith.errors import DataError
from gansmith.tabular.columns.base import AbstractColumnCodec, Codes, Levels, Texts
from gansmith.tabular.files.semantic_types import items_of
from gansmith.tabular.schema import Column
from gansmith.settings import settings

MAX_ITEMS: Final = 99
"""Items that are learnt, the most frequent ones."""
MAX_LISTS_ORDERED: Final = 20_000
"""Lists that the usual order of items is taken from."""


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

    def __post_init__(self) -> None:
        n = len(self.items)
        if n > MAX_ITEMS or len(set(self.items)) < n:
            raise DataError(f"its 'items' are more than {MAX_ITEMS}, or two are alike.")
        for key, array, shape in (("ranks", self.ranks, (n,)), ("together", self.together, (n + 1, n))):
            if array.shape != shape or not ((array >= 0) & (array <= MAX_ITEMS)).all():
                raise DataError(f"its {key!r} do not fit its items.")

    @classmethod
    def fit(cls, column: pa.Array, schema: Column, min_count: int = 1) -> ListCodec:
        """Count the items.

        Args:
            column: Strings, nulls for missing cells.
            schema: What the column is; its `delimiter` is used.
            min_count: Records that must share an item before it comes out.
        """
        encoded = column.drop_null().dictionary_encode()
        counts = np.bincount(encoded.indices.to_numpy(), minlength=len(encoded.dictionary))
        lists = items_of(encoded.dictionary, schema.delimiter)
        seen: Counter[str] = Counter()
        for items, n in zip(lists, counts.tolist(), strict=True):
            seen.update(dict.fromkeys(items, n))
        kept = [item for item, n in seen.most_common(MAX_ITEMS) if n >= min_count]
        order = _ordered(lists, kept)
        ranks = np.array([kept.index(item) for item in order], float)
        together = np.zeros((len(order) + 1, len(order)))
        codec = cls(schema, column.null_count > 0, tuple(order), ranks, together)
        has = codec._has(lists)  # (n_lists, n_items)
        np.add.at(together, codec._states(has), has * counts[:, None])
        totals = np.bincount(codec._states(has), counts, minlength=len(order) + 1)
        together /= np.maximum(totals, 1)[:, None]
        return cls(schema, codec.has_missing, codec.items, ranks, together)

    @property
    def n_states(self) -> int:
        """Missing, items, and none of them."""
        return self.has_missing + len(self.items) + 1 if self.items else 2 * self.has_missing

    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """See the base class; an item unknown to the fit is not seen."""
        encoded = column.fill_null("").dictionary_encode()
        states = self._states(self._has(items_of(encoded.dictionary, self.column.delimiter)))
        codes = self.has_missing + states[encoded.indices.to_numpy()]
        if self.has_missing:
            codes[column.is_null().to_numpy(zero_copy_only=False)] = 0
        return codes, np.zeros(len(column), np.float32)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
        """See the base class."""
        if not self.items:
            return pa.nulls(len(codes), pa.string())
        states = codes - self.has_missing
        known = np.clip(states, 0, len(self.items))
        has = rng.random((len(codes), len(self.items))) < self.together[known]  # record by record
        bare = ~has.any(1)
        has[bare, int(np.argmin(self.ranks))] = True
        names = np.array(self.items, object)
        texts = [self.column.delimiter.join(names[row]) for row in has]
        return pa.array(texts, pa.string(), mask=states < 0)

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
