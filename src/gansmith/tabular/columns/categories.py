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

from collections.abc import Sequence
from typing import Annotated, ClassVar, Final, final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int, Int64

from gansmith.errors import DataError, UsageError, did_you_mean
from gansmith.settings import settings
from gansmith.tabular.cells import Mask, are_in, are_missing, strings, texts_as, without
from gansmith.tabular.columns.base import AbstractKind, Attempt, Cells, Reading
from gansmith.tabular.columns.choices import Choices, Codes, Entries, Levels, check_missing, missing_cell
from gansmith.tabular.columns.codecs import (
    NOTHING,
    UNLIMITED,
    AbstractColumnCodec,
    Counts,
    Fitting,
    Strings,
    Suppressed,
    counted,
)
from gansmith.tabular.conditions import Condition
from gansmith.tabular.fields import must_be
from gansmith.tabular.keyed import Keyed
from gansmith.tabular.schema import TYPES, Column

MAX_STATES: Final = 100
"""Most states a column of categories has, a missing one apart."""
N_GROUPS: Final = 24
"""States that rare categories share, where there are more than `MAX_STATES` of them."""
N_TRIALS: Final = 5
"""Centres that are tried before the next one is chosen."""
N_ROUNDS: Final = 25
"""Of looking for groups: by then hardly a category changes its own."""
MIN_RECORDS_FOR_EMBEDDING: Final = 20
"""Records at which a category's own profile counts half, that of all records the other half."""


@final
@settings(error=DataError)
class CategoryCodec(AbstractColumnCodec):
    """States: missing (if it occurs), then categories or groups of categories."""

    name: ClassVar[str] = "category"
    values_called: ClassVar[tuple[str, str] | None] = ("category", "categories")

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
                texts_as(self.values, self.column.arrow_type)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise DataError(f"its 'values' are not of type {self.column.type}.") from error

    @classmethod
    def fit(cls, cells: pa.Array, column: Column, fitting: Fitting = UNLIMITED) -> CategoryCodec:
        """Count the categories and, when there are too many, group the rare ones.

        Without a profile they are grouped by frequency alone. True and false are always kept.
        """
        encoded = cells.cast(pa.string()).dictionary_encode()
        present = encoded.indices.drop_null().to_numpy()
        counts = np.bincount(present, minlength=len(encoded.dictionary))
        is_kept = np.full(len(counts), pa.types.is_boolean(cells.type)) | (counts >= fitting.min_count)
        order = np.argsort(-counts, kind="stable")
        order = order[is_kept[order]]
        states = np.arange(len(order))
        if len(order) > MAX_STATES:
            n_own = MAX_STATES - N_GROUPS
            groups = _group(order[n_own:], encoded.indices, counts, fitting)
            states[n_own:] = n_own + groups
            by_state = np.argsort(states, kind="stable")
            order, states = order[by_state], states[by_state]
        values = encoded.dictionary.take(pa.array(order))
        suppressed = Suppressed.of(~is_kept, counts)
        return cls(column, cells.null_count > 0, values, states, counts[order], suppressed)

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

    def decode(self, codes: Codes, levels: Levels, rng: np.random.Generator, made: Keyed) -> pa.Array:
        if not len(self.values):
            return pa.nulls(len(codes), self.column.arrow_type)
        states = codes - self.has_missing if self.n_states else np.zeros(len(codes), np.int64)
        is_missing = states < 0
        members = self._members(np.maximum(states, 0), rng)
        taken = pa.array(members, mask=is_missing)
        return texts_as(self.values.take(taken), self.column.arrow_type)

    def describe(self) -> str:
        n_values, n_states = len(self.values), self.n_states - self.has_missing
        grouped = f" in {n_states} states" if 0 < n_states < n_values else ""
        return (counted(n_values, "category", "categories") if n_values else "") + grouped

    def rare(self) -> Suppressed:
        return self.suppressed

    def listed(self) -> pa.Array:
        return self.values

    def knows(self, cells: pa.Array) -> Mask:
        return are_in(cells.cast(pa.string()), self.values)

    def can_be_told(self, cells: pa.Array) -> Mask:
        """See the base class: nothing is near a category."""
        return ~are_missing(cells) & self.knows(cells)

    def choices(self, condition: Condition) -> Choices:
        """See the base class: every category, those of a group too."""
        check_missing(condition, self.has_missing)
        parts = [missing_cell(condition, float(self.counts.sum()))] if self.has_missing else []
        cells = texts_as(self.values, condition.column.arrow_type)
        named = condition.named.drop_null()
        unknown = named.filter(pc.is_null(pc.index_in(named, value_set=cells)))
        if len(unknown):
            text, known = str(unknown[0].as_py()), [str(value) for value in self.values.to_pylist()]
            raise UsageError(
                f"column {condition.column.name!r} has no value {text!r}. {did_you_mean(text, known)}"
            )
        parts.append(Entries.singles(self.has_missing + self.states, self.counts.astype(float), cells))
        return Choices.among(parts, condition, "no value is left. Ask for less.")

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
    fitting: Fitting,
) -> Int[np.ndarray, " n_rare"]:
    """A group, 0..N_GROUPS - 1, for each rare category."""
    if (profile := fitting.profile) is None:
        return np.arange(len(rare)) * N_GROUPS // len(rare)
    is_present = pc.is_valid(indices).to_numpy(zero_copy_only=False)
    present = indices.drop_null().to_numpy()
    profile = profile[is_present[: len(profile)]]
    looked_at = present[: len(profile)]
    sums = np.zeros((len(counts), profile.shape[1]))
    np.add.at(sums, looked_at, profile - profile.mean(0))
    n_looked_at = np.bincount(looked_at, minlength=len(counts))
    embedding = sums[rare] / (n_looked_at[rare, None] + MIN_RECORDS_FOR_EMBEDDING)  # shrunk towards the mean
    n_groups = min(N_GROUPS, len(np.unique(embedding, axis=0)))
    return clusters(embedding, counts[rare].astype(float), n_groups, np.random.default_rng(fitting.seed))


def clusters(
    points: Float[np.ndarray, "n d"],
    weights: Float[np.ndarray, " n"],
    n_groups: int,
    rng: np.random.Generator,
) -> Int[np.ndarray, " n"]:
    """A group for each of some weighted points, numbered without gaps: k-means.

    Own code, as that of scikit-learn takes ten times as long to import as to run here.

    Source:
        Arthur and Vassilvitskii 2007, "k-means++: the advantages of careful seeding", SODA.
    """
    sizes, apart, chosen = (points**2).sum(1), np.full(len(points), np.inf), list[int]()
    for _ in range(n_groups):
        odds = weights * np.where(np.isinf(apart), 1.0, apart)
        tried = rng.choice(len(points), N_TRIALS, p=odds / odds.sum())
        distances = sizes - 2 * points[tried] @ points.T + sizes[tried, None]  # (n_trials, n)
        nearest = np.clip(distances, 0, apart)
        best = int((nearest * weights).sum(1).argmin())
        chosen.append(int(tried[best]))
        apart = nearest[best]
    centres, groups = points[chosen], np.zeros(len(points), np.int64)
    for _ in range(N_ROUNDS):
        groups = (points @ centres.T - (centres**2).sum(1) / 2).argmax(1)  # (n,)
        totals = np.bincount(groups, weights, n_groups)
        sums = np.zeros_like(centres)
        np.add.at(sums, groups, points * weights[:, None])
        centres = np.where(totals[:, None] > 0, sums / np.maximum(totals, 1e-12)[:, None], centres)
    return np.unique(groups, return_inverse=True)[1]


TRUTH_PAIRS: Final = (
    ("false", "true"), ("no", "yes"), ("f", "t"), ("n", "y"), ("off", "on"), ("nein", "ja"), ("n", "j"),
    ("non", "oui"), ("no", "si"), ("no", "sí"), ("no", "sì"), ("não", "sim"), ("nee", "ja"),
    ("nej", "ja"), ("nei", "ja"), ("nie", "tak"), ("ne", "ano"), ("falsch", "wahr"), ("faux", "vrai"),
    ("falso", "vero"), ("falso", "verdadero"), ("falso", "verdadeiro"), (".false.", ".true."),
)  # fmt: skip
"""How false and true are spelt, in lower case. Not 0 and 1: those are numbers until a type says otherwise."""


@final
class Category(AbstractKind):
    """Texts, each of which many records may have; whatever is nothing else."""

    name: ClassVar[str] = "category"
    codec: ClassVar[type[AbstractColumnCodec]] = CategoryCodec
    sdtypes: ClassVar[tuple[str, ...]] = ("categorical",)
    wider: ClassVar[tuple[str, ...]] = ("category",)
    rare_as: ClassVar[str] = "text"
    is_late: ClassVar[bool] = True
    is_free_text: ClassVar[bool] = True
    is_exact: ClassVar[bool] = True
    is_deciding: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        return self.read(cells)


@final
class Boolean(AbstractKind):
    """True and false, whatever they are called."""

    name: ClassVar[str] = "boolean"
    types: ClassVar[tuple[str, ...]] = ("bool",)
    codec: ClassVar[type[AbstractColumnCodec]] = CategoryCodec
    sdtypes: ClassVar[tuple[str, ...]] = ("boolean", "categorical")
    is_natural: ClassVar[bool] = True
    wider: ClassVar[tuple[str, ...]] = ("category",)
    is_exact: ClassVar[bool] = True
    is_deciding: ClassVar[bool] = True

    def find(self, cells: Cells) -> Attempt | None:
        """A known pair of words."""
        return self._spelt(cells, _truths(strings(cells.present(cells.missing_values).slice(0, 3)))).fitting

    def read(self, cells: Cells) -> Attempt:
        """Any two words, as somebody says so."""
        words = strings(cells.present(cells.missing_values).slice(0, 3))
        found = cells.wish.given.spelling or _truths(words)
        return self._spelt(cells, found or ((min(words), max(words)) if len(words) == 2 else ()))

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        false, true = column.spelling or ("false", "true")
        nothing = pa.scalar(None, pa.bool_())
        return pc.if_else(pc.equal(cells, true), True, pc.if_else(pc.equal(cells, false), False, nothing))

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        false, true = column.spelling or ("false", "true")
        return pc.if_else(values, pa.scalar(true), pa.scalar(false))

    def _spelt(self, cells: Cells, spelling: tuple[str, ...]) -> Attempt:
        missing, column = cells.missing_values, Column(cells.name, self.name, spelling=spelling)
        if not spelling:
            return Attempt(column, pa.nulls(len(missing), pa.bool_()), missing)
        return Attempt(column, self.parse(without(cells.trimmed, missing), column), missing)


def _truths(words: Sequence[str]) -> tuple[str, ...]:
    """The two words as (false, true), when they are a known pair in any case."""
    folded = {word.casefold(): word for word in words}
    pair = next((pair for pair in TRUTH_PAIRS if set(folded) == set(pair)), None)
    return (folded[pair[0]], folded[pair[1]]) if pair and len(words) == 2 else ()


@final
class Constant(AbstractKind):
    """One value, of whatever type, or nothing at all."""

    name: ClassVar[str] = "constant"
    types: ClassVar[tuple[str, ...]] = ("string", *(name for name in TYPES if name != "string"))
    codec: ClassVar[type[AbstractColumnCodec]] = CategoryCodec
    sdtypes: ClassVar[tuple[str, ...]] = ("categorical", "numerical", "boolean", "datetime")
    is_natural: ClassVar[bool] = True
    wider: ClassVar[tuple[str, ...]] = ("", "category")
    is_varied: ClassVar[bool] = False
    is_exact: ClassVar[bool] = True

    def takes_over(self, reading: Reading) -> bool:
        return reading.is_single

    def of_type(self, name: str, values: pa.Array) -> tuple[Column, pa.Array]:
        return Column(name, self.name, "null"), values

    def parse(self, cells: pa.Array, column: Column) -> pa.Array:
        return pa.nulls(len(cells)) if column.type == "null" else super().parse(cells, column)

    def spell(self, values: pa.Array, column: Column) -> pa.Array:
        is_nothing = pa.types.is_null(values.type)
        return pc.cast(values, pa.string()) if is_nothing else super().spell(values, column)


CATEGORY: Final = Category()
BOOLEAN: Final = Boolean()
CONSTANT: Final = Constant()
