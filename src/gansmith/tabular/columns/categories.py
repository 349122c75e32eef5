"""Categories: a state each; above a cap the rare ones share states with those they resemble.

Where a column has more categories than a one-hot block should have, the frequent ones keep a state of their
own and the others are embedded by what the rest of their records looks like, and grouped by that. The
networks learn the group; the category within it is drawn as often as it occurs there. So a column of
any number of categories costs the same, and its frequencies are exact.

A category that too few records share is not kept at all, not even by name: it never comes out. Its records
are learnt from like all others, and count as of a category that is kept, drawn as often as it occurs. So the
frequencies of those that are kept keep their proportions, and no cell goes missing that was there.
"""

from __future__ import annotations

from typing import ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int, Int64

from gansmith.errors import DataError
from gansmith.tabular.columns.base import AbstractColumnCodec, Codes, Counts, Levels, Strings
from gansmith.tabular.columns.rare import NOTHING, Suppressed
from gansmith.tabular.schema import Column, must_be
from gansmith.settings import Annotated, settings

MAX_STATES: Final = 100
"""Most states a column of categories has, a missing one apart."""
N_GROUPS: Final = 24
"""States that rare categories share, where there are more than `MAX_STATES` of them."""
MIN_RECORDS_FOR_EMBEDDING: Final = 20
"""Records at which a category's own profile counts half, that of all records the other half."""


@final
@settings(error=DataError)
class CategoryCodec(AbstractColumnCodec):
    """States: missing (if it occurs), then categories or groups of categories."""

    name: ClassVar[str] = "category"

    values: Strings
    """The categories as strings, those of one state side by side."""
    states: Int64[np.ndarray, " n_values"]
    """The state of each, ascending, not counting the missing one."""
    counts: Annotated[Counts, must_be("1 or more", lambda counts: counts.min() >= 1)]
    """How many records have it."""
    suppressed: Suppressed = NOTHING
    """Categories that were too rare to be kept."""

    def __post_init__(self) -> None:
        if not len(self.values) == len(self.states) == len(self.counts):
            n = f"{len(self.values)} 'values', {len(self.states)} 'states' and {len(self.counts)} 'counts'"
            raise DataError(f"{n}. Wanted: as many of each.")
        if len(pc.unique(self.values)) < len(self.values):
            raise DataError("one of its 'values' is there twice.")
        steps = np.diff(self.states, prepend=-1)
        if len(steps) and not (
            steps[0] == 1 and np.isin(steps, (0, 1)).all() and self.states[-1] < MAX_STATES
        ):
            raise DataError(f"its 'states' do not go up from 0 to {MAX_STATES - 1} at most.")
        try:
            if len(self.values):  # nothing is of every type
                self.values.cast(self.column.arrow_type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(f"its 'values' are not of type {self.column.type}.") from error

    @classmethod
    def fit(
        cls,
        column: pa.Array,
        schema: Column,
        profile: Float[np.ndarray, "n d"] | None,
        seed: int,
        min_count: int = 1,
    ) -> CategoryCodec:
        """Count the categories and, when there are too many, group the rare ones.

        Args:
            column: Anything that can be spelt, nulls for missing cells.
            schema: What the column is.
            profile: The other columns of the same records as numbers of similar scale; None groups by
                frequency alone.
            seed: Of the grouping.
            min_count: Records that must share a category before it is kept; true and false are always kept.
        """
        encoded = column.cast(pa.string()).dictionary_encode()
        present = encoded.indices.drop_null().to_numpy()
        counts = np.bincount(present, minlength=len(encoded.dictionary))
        is_kept = np.full(len(counts), schema.kind == "boolean") | (counts >= min_count)
        order = np.argsort(-counts, kind="stable")
        order = order[is_kept[order]]
        states = np.arange(len(order))
        if len(order) > MAX_STATES:
            n_own = MAX_STATES - N_GROUPS
            groups = _group(order[n_own:], encoded.indices, counts, profile, seed)
            states[n_own:] = n_own + groups
            by_state = np.argsort(states, kind="stable")
            order, states = order[by_state], states[by_state]
        values = encoded.dictionary.take(pa.array(order))
        suppressed = Suppressed.of(~is_kept, counts)
        return cls(schema, column.null_count > 0, values, states, counts[order], suppressed)

    @property
    def n_states(self) -> int:
        """Missing, and categories or groups; a column that never varies needs none."""
        n_states = self.has_missing + (int(self.states[-1]) + 1 if len(self.states) else 0)
        return n_states if n_states > 1 else 0

    def encode(self, column: pa.Array, rng: np.random.Generator) -> tuple[Codes, Levels]:
        """See the base class; a category that is not kept counts as one that is, drawn by frequency.

        So does a missing cell where there were none.
        """
        codes = np.zeros(len(column), np.int64)
        if len(self.states):
            positions = pc.index_in(column.cast(pa.string()), value_set=self.values)
            is_known = pc.is_valid(positions).to_numpy(zero_copy_only=False)
            places = positions.fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
            upto = np.cumsum(self.counts)
            drawn = rng.random(int((~is_known).sum())) * upto[-1]
            places[~is_known] = np.searchsorted(upto, drawn, "right")
            codes = self.has_missing + self.states[places]
            if self.has_missing:
                codes[pc.is_null(column).to_numpy(zero_copy_only=False)] = 0
        return codes, np.zeros(len(column), np.float32)

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, first_index: int) -> pa.Array:
        """See the base class."""
        if not len(self.values):
            return pa.nulls(len(codes), self.column.arrow_type)
        states = codes - self.has_missing if self.n_states else np.zeros(len(codes), np.int64)
        is_missing = states < 0
        members = self._members(np.maximum(states, 0), rng)
        taken = pa.array(members, mask=is_missing)
        return self.values.take(taken).cast(self.column.arrow_type)

    def _members(self, states: Codes, rng: np.random.Generator) -> Codes:
        """One category of each state, drawn by how often it occurs there."""
        first = np.searchsorted(self.states, states, "left")
        if len(self.states) == int(self.states[-1]) + 1:  # one category a state: nothing to draw
            return first
        upto = np.concatenate([[0], np.cumsum(self.counts)])
        last = np.searchsorted(self.states, states, "right")
        drawn = upto[first] + rng.random(len(states)) * (upto[last] - upto[first])
        return np.searchsorted(upto, drawn, "right") - 1


def _group(
    rare: Int[np.ndarray, " n_rare"],
    indices: pa.Array,
    counts: Int[np.ndarray, " n_values"],
    profile: Float[np.ndarray, "n d"] | None,
    seed: int,
) -> Int[np.ndarray, " n_rare"]:
    """A group, 0..N_GROUPS - 1, for each rare category."""
    if profile is None:
        return np.arange(len(rare)) * N_GROUPS // len(rare)
    from sklearn.cluster import MiniBatchKMeans  # takes seconds to import; sampling does without

    is_present = pc.is_valid(indices).to_numpy(zero_copy_only=False)
    present = indices.drop_null().to_numpy()
    profile = profile[is_present[: len(profile)]]
    looked_at = present[: len(profile)]
    sums = np.zeros((len(counts), profile.shape[1]))
    np.add.at(sums, looked_at, profile - profile.mean(0))
    n_looked_at = np.bincount(looked_at, minlength=len(counts))
    embedding = sums[rare] / (n_looked_at[rare, None] + MIN_RECORDS_FOR_EMBEDDING)  # shrunk towards the mean
    n_groups = min(N_GROUPS, len(np.unique(embedding, axis=0)))
    clusters = MiniBatchKMeans(n_groups, random_state=seed, n_init="auto", batch_size=4096)
    found: Codes = clusters.fit_predict(embedding, sample_weight=counts[rare].astype(float)).astype(np.int64)
    return np.unique(found, return_inverse=True)[1]
